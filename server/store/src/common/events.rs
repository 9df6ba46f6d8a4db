//! Storing what arrives. The order of work is here; the statements that take whole batches are each
//! database's own (`insert`).

use super::{Adapter, Connection, insert, is_one_of, rows, unique};
use crate::{
    CounterDelta, EventStore, NewEvent, Recorded, Result, StoreError, StoredPayload,
    batch::{self, EventKey},
};
use async_trait::async_trait;
use domain::{event::Event, id::EventId};
use sqlx::{QueryBuilder, query};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The ids of these events' equals that were stored before.
async fn stored_before<'a>(
    connection: &mut Connection,
    events: &[&'a NewEvent],
) -> Result<HashMap<EventKey<'a>, EventId>> {
    if events.is_empty() {
        return Ok(HashMap::new());
    }
    let found = insert::find_events(connection, events).await?;
    // Matched by position in the question, so that nothing is compared twice.
    found
        .into_iter()
        .map(|(position, id)| {
            let new = usize::try_from(position).ok().and_then(|position| events.get(position));
            let new = new.ok_or_else(|| StoreError::Corrupt(format!("no event at {position}")))?;
            Ok((batch::key(new), EventId::new(id)))
        })
        .collect()
}

/// Somebody deleted the equal event between the refusal to insert this one and the search for that one.
fn lost(new: &NewEvent) -> StoreError {
    StoreError::Corrupt(format!("event {} is neither new nor known", new.event.id))
}

/// Whether jobs of these events may turn out to be done by others already.
fn looks_for_others(batch: &[NewEvent]) -> bool {
    batch.iter().any(|new| !new.unique.is_empty())
}

/// Stores events with their jobs, in the caller's transaction.
pub(super) async fn store(connection: &mut Connection, batch: &[NewEvent]) -> Result<Vec<Recorded>> {
    let distinct = batch::distinct(batch);
    if !looks_for_others(batch) {
        let stored = insert::events_and_jobs(connection, &distinct).await?;
        return recorded(connection, batch, &distinct, &stored).await;
    }
    let stored = insert::events(connection, &distinct).await?;
    let (fresh, _) = fresh_and_known(&distinct, &stored);
    let done = unique::claim(connection, &unique::wanted(&fresh)).await?;
    let jobs: Vec<_> =
        fresh.iter().flat_map(|new| &new.jobs).filter(|job| !done.contains_key(&job.id)).collect();
    insert::jobs(connection, &jobs).await?;
    insert::repeated_work(connection, &unique::repeated(&fresh, &done)).await?;
    recorded(connection, batch, &distinct, &stored).await
}

/// Those whose ids were stored just now, and the others, whose equals were there before.
fn fresh_and_known<'a>(distinct: &[&'a NewEvent], stored: &[Uuid]) -> (Vec<&'a NewEvent>, Vec<&'a NewEvent>) {
    let stored: HashSet<_> = stored.iter().collect();
    distinct.iter().partition(|new| stored.contains(&new.event.id.uuid()))
}

/// What became of each of the batch, of which `distinct` are those with different keys and `stored` the ids that are new.
async fn recorded(
    connection: &mut Connection,
    batch: &[NewEvent],
    distinct: &[&NewEvent],
    stored: &[Uuid],
) -> Result<Vec<Recorded>> {
    let (fresh, known) = fresh_and_known(distinct, stored);
    let mut ids = stored_before(connection, &known).await?;
    let mut fresh: HashMap<_, _> = fresh.iter().map(|new| (batch::key(new), new.event.id)).collect();
    batch
        .iter()
        .map(|new| {
            let key = batch::key(new);
            // The first of a key takes it out of the new ones; those after it find it among the known.
            let (id, duplicate) = match fresh.remove(&key) {
                Some(id) => {
                    ids.insert(key, id);
                    (id, false)
                }
                None => (*ids.get(&key).ok_or_else(|| lost(new))?, true),
            };
            Ok(Recorded { id, duplicate })
        })
        .collect()
}

#[async_trait]
impl EventStore for Adapter {
    async fn record(&self, batch: &[NewEvent], counters: &[CounterDelta]) -> Result<Vec<Recorded>> {
        if counters.is_empty() && !looks_for_others(batch) {
            let (mut connection, distinct) = (self.writer().await?, batch::distinct(batch));
            let stored = insert::events_at_once(&mut connection, &distinct).await?;
            // What was known is looked up behind the commit: were it deleted just then, the batch would be asked for again and
            // all of it answered as known.
            return recorded(&mut connection, batch, &distinct, &stored).await;
        }
        let mut transaction = self.begin().await?;
        let recorded = store(&mut transaction, batch).await?;
        insert::counters(&mut transaction, counters).await?;
        transaction.commit().await?;
        Ok(recorded)
    }

    async fn event(&self, id: EventId) -> Result<Event> {
        let row = query(concat!("select ", rows::event_columns!(), " from events where id = $1"))
            .bind(id.uuid())
            .fetch_one(&self.read)
            .await?;
        rows::event(&row)
    }

    async fn events_named(&self, ids: &[EventId]) -> Result<Vec<Event>> {
        let mut events =
            QueryBuilder::new(concat!("select ", rows::event_columns!(), " from events where id"));
        is_one_of(&mut events, ids.iter().map(|id| id.uuid()));
        rows::all(&events.build().fetch_all(&self.read).await?, rows::event)
    }

    async fn event_payloads(&self, ids: &[EventId]) -> Result<Vec<(EventId, StoredPayload)>> {
        let mut payloads =
            QueryBuilder::new("select event_id, headers, body, sealed from event_payloads where event_id");
        is_one_of(&mut payloads, ids.iter().map(|id| id.uuid()));
        rows::all(&payloads.build().fetch_all(&self.read).await?, |row| {
            Ok((EventId::new(rows::get(row, "event_id")?), rows::event_payload(row)?))
        })
    }

    async fn event_payload(&self, id: EventId) -> Result<StoredPayload> {
        let row = query("select headers, body, sealed from event_payloads where event_id = $1")
            .bind(id.uuid())
            .fetch_one(&self.read)
            .await?;
        rows::event_payload(&row)
    }
}
