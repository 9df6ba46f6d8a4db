//! Replays: choosing events, beginning, ending, and what one event has to do with them.

use super::{Services, sees, unavailable};
use crate::clock::fresh;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, ReplaysPort},
    view::{
        connections::Choice,
        replays::{Chosen, EventReplays, ReplayPage, ReplayRow},
    },
};
use async_trait::async_trait;
use domain::{
    id::{EventId, ReplayId, TenantId},
    replay::{MAX_PER_SECOND, Replay, ReplayState},
    selection::Selection,
};
use store::StoreError;

/// Replays on the page.
const SHOWN: i64 = 50;
/// Copies of one event on its page.
const COPIES: i64 = 100;

impl Services {
    /// The tenant a selection is about.
    async fn tenant_of_selection(&self, actor: &Actor, selection: &Selection) -> Result<TenantId, AppError> {
        let snapshot = self.live.now();
        let named = match (selection.id, selection.vendor_id) {
            (Some(id), _) => Some(self.store.event(id).await.map_err(unavailable)?.tenant_id),
            (None, Some(id)) => Some(snapshot.vendor(id).ok_or(AppError::NotFound)?.vendor.tenant_id),
            (None, None) => None,
        };
        match (named, actor.tenant) {
            (Some(tenant), _) if sees(actor, tenant) => Ok(tenant),
            (Some(_), _) => Err(AppError::NotFound),
            (None, Some(own)) => Ok(own),
            (None, None) => {
                let mut tenants = snapshot.tenants();
                match (tenants.next(), tenants.next()) {
                    (Some(only), None) => Ok(only.id),
                    _ => Err(AppError::invalid(Field::Vendor, Reason::Missing)),
                }
            }
        }
    }
}

#[async_trait]
impl ReplaysPort for Services {
    async fn list(&self, actor: &Actor) -> Result<ReplayPage, AppError> {
        let snapshot = self.live.now();
        let replays = self.store.replays(actor.tenant, SHOWN).await.map_err(unavailable)?;
        let rows = replays
            .into_iter()
            .map(|replay| ReplayRow {
                vendor: replay
                    .selection
                    .vendor_id
                    .and_then(|id| snapshot.vendor(id))
                    .map(|live| live.vendor.slug.to_string()),
                replay,
            })
            .collect();
        let mut vendors: Vec<_> = snapshot
            .vendors()
            .filter(|live| sees(actor, live.vendor.tenant_id))
            .map(|live| Choice { id: live.vendor.id, label: live.vendor.slug.to_string() })
            .collect();
        vendors.sort_by(|a, b| a.label.cmp(&b.label));
        Ok(ReplayPage { now: self.clock.now(), rows, vendors })
    }

    async fn choose(&self, actor: &Actor, selection: Selection) -> Result<Chosen, AppError> {
        let tenant_id = self.tenant_of_selection(actor, &selection).await?;
        let now = self.clock.now();
        let selection = Selection {
            // Nothing that arrives from now on, and no copy: a replay must come to an end.
            until: Some(selection.until.map_or(now, |until| until.min(now))),
            originals: selection.id.is_none(),
            ..selection
        };
        let count = self.store.count_events(Some(tenant_id), &selection).await.map_err(unavailable)?;
        Ok(Chosen { selection, tenant_id, count })
    }

    async fn start(&self, actor: &Actor, chosen: Chosen, per_second: i32) -> Result<ReplayId, AppError> {
        if !(1..=MAX_PER_SECOND).contains(&per_second) {
            return Err(AppError::invalid(Field::Rate, Reason::Malformed));
        }
        // Counted anew: what comes back from a form is not to be believed, and must still be the actor's.
        let chosen = self.choose(actor, chosen.selection).await?;
        if chosen.count == 0 {
            return Err(AppError::invalid(Field::Form, Reason::NoEvents));
        }
        let now = self.clock.now();
        let replay = Replay {
            id: ReplayId::new(fresh()),
            tenant_id: chosen.tenant_id,
            actor: actor.email.clone(),
            selection: chosen.selection,
            per_second,
            state: ReplayState::Running,
            total: chosen.count,
            done: 0,
            skipped: 0,
            at: None,
            next_step_at: now,
            created_at: now,
            finished_at: None,
        };
        let detail =
            format!("{} events: {}, {per_second} a second", replay.total, replay.selection.in_words());
        let audit = self.audit(actor, Some(replay.tenant_id), "replay.start", replay.id, detail);
        self.store.add_replay(&replay, &audit).await.map_err(unavailable)?;
        Ok(replay.id)
    }

    async fn cancel(&self, actor: &Actor, id: ReplayId) -> Result<(), AppError> {
        let replay = self.store.replay(actor.tenant, id).await.map_err(unavailable)?;
        let detail = format!("after {} of {} events", replay.done, replay.total);
        let audit = self.audit(actor, Some(replay.tenant_id), "replay.cancel", id, detail);
        let done = self.store.cancel_replay(actor.tenant, id, self.clock.now(), &audit).await;
        done.map_err(|error| match error {
            StoreError::Conflict => AppError::invalid(Field::Form, Reason::DoesNotFit),
            other => unavailable(other),
        })
    }

    async fn of_event(&self, actor: &Actor, event: EventId) -> Result<EventReplays, AppError> {
        let known = self.store.event(event).await.map_err(unavailable)?;
        if !sees(actor, known.tenant_id) {
            return Err(AppError::NotFound);
        }
        let origin = self.store.origins_of(&[event]).await.map_err(unavailable)?.pop();
        let copies = self.store.copies_of(event, COPIES).await.map_err(unavailable)?;
        Ok(EventReplays { origin, copies })
    }
}
