//! Unique jobs. One row per key decides: it is locked before it is looked at, so whoever comes second sees the job of the
//! first. Keys are locked in their order, so that two who ask for several never wait for each other.

use super::{Adapter, Connection, Database, LOCK, audit, insert, is_one_of, rows};
use crate::{AddedOnce, AuditEntry, NewEvent, Result, StoreError, UniqueKey, UniqueStore};
use async_trait::async_trait;
use domain::{
    id::{EventId, JobId},
    job::{Job, JobState},
    time::Timestamp,
};
use sqlx::{QueryBuilder, query, query_scalar};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// A key, the job that asks for it, since when it would be its, and when it is forgotten.
pub(super) type UniqueRow = ([u8; 32], JobId, Timestamp, Timestamp);

/// A job with the keys of its work.
pub(super) type Wanted<'a> = (&'a Job, Vec<&'a UniqueKey>);

/// The jobs of these events whose work is not to be done twice.
pub(super) fn wanted<'a>(events: &[&'a NewEvent]) -> Vec<Wanted<'a>> {
    let unique = events.iter().filter(|new| !new.unique.is_empty());
    unique
        .flat_map(|new| new.jobs.iter().map(move |job| (job, keys_of(new, job.id))))
        .filter(|(_, keys)| !keys.is_empty())
        .collect()
}

fn keys_of(new: &NewEvent, job: JobId) -> Vec<&UniqueKey> {
    new.unique.iter().filter(|(of, _)| *of == job).map(|(_, key)| key).collect()
}

/// Which of these events asked for what a job did already.
pub(super) fn repeated(events: &[&NewEvent], done: &HashMap<JobId, JobId>) -> Vec<(EventId, JobId)> {
    if done.is_empty() {
        return Vec::new();
    }
    let jobs = events.iter().flat_map(|new| new.jobs.iter().map(|job| (new.event.id, job.id)));
    jobs.filter_map(|(event, job)| Some((event, *done.get(&job)?))).collect()
}

/// Whose a key is.
struct Holder {
    job: JobId,
    made_at: Timestamp,
    failed: bool,
}

impl Holder {
    /// Whether it does the work of a job that is made at `now`.
    fn does(&self, key: &UniqueKey, now: Timestamp) -> bool {
        now.since(self.made_at) <= key.window && (key.even_if_failed || !self.failed)
    }
}

fn row(job: &Job, key: &UniqueKey) -> UniqueRow {
    (key.key, job.id, job.created_at, job.created_at.plus(key.window))
}

/// Finds out, in the caller's transaction, which of these jobs are not to be made, each with the one that does its work.
/// The keys of the others are theirs from now on.
pub(super) async fn claim(
    connection: &mut Connection,
    wanted: &[Wanted<'_>],
) -> Result<HashMap<JobId, JobId>> {
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let mut first = BTreeMap::new();
    for (job, keys) in wanted {
        for key in keys {
            first.entry(key.key).or_insert_with(|| row(job, key));
        }
    }
    let first: Vec<UniqueRow> = first.into_values().collect();
    let before = insert::unique_keys(connection, &first).await?;
    let before = before
        .into_iter()
        .map(|(key, job, made_at)| {
            let key = <[u8; 32]>::try_from(key);
            let key = key.map_err(|_| StoreError::Corrupt("a key of unique work is not 32 bytes".into()))?;
            Ok((key, (JobId::new(job), Timestamp(made_at))))
        })
        .collect::<Result<HashMap<_, _>>>()?;

    // A key that was free until now is one of ours, and nobody's until its job is known to be made.
    let ours: HashSet<JobId> = wanted.iter().map(|(job, _)| job.id).collect();
    let others = before.values().map(|(job, _)| *job).filter(|job| !ours.contains(job)).collect();
    let states = states(connection, others).await?;
    let mut holders: HashMap<[u8; 32], Holder> = HashMap::new();
    for (key, (job, made_at)) in &before {
        // One that is not there any more does nobody's work.
        if let Some(state) = states.get(job) {
            holders.insert(*key, Holder { job: *job, made_at: *made_at, failed: ended_badly(*state) });
        }
    }
    let (mut done, mut taken) = (HashMap::new(), HashMap::new());
    for (job, keys) in wanted {
        let holder = keys
            .iter()
            .find_map(|key| holders.get(&key.key).filter(|holder| holder.does(key, job.created_at)));
        if let Some(holder) = holder {
            done.insert(job.id, holder.job);
            continue;
        }
        for key in keys {
            holders.insert(key.key, Holder { job: job.id, made_at: job.created_at, failed: false });
            taken.insert(key.key, row(job, key));
        }
    }
    for (key, (job, _)) in &before {
        match taken.get(key) {
            Some(row) if row.1 != *job => hand_over(connection, row).await?,
            Some(_) => {}
            None if ours.contains(job) => drop_key(connection, key).await?,
            None => {}
        }
    }
    Ok(done)
}

const fn ended_badly(state: JobState) -> bool {
    matches!(state, JobState::Failed | JobState::Deadletter | JobState::Cancelled)
}

/// The states of those of these jobs that there are. A statement of its own after the keys are locked: only a later one
/// sees the jobs of a transaction that was waited for.
async fn states(connection: &mut Connection, jobs: HashSet<JobId>) -> Result<HashMap<JobId, JobState>> {
    if jobs.is_empty() {
        return Ok(HashMap::new());
    }
    let mut find = QueryBuilder::<Database>::new("select id, state from jobs where id");
    is_one_of(&mut find, jobs.iter().map(|id| id.uuid()));
    let found = find.build().fetch_all(connection).await?;
    let states = rows::all(&found, |row| Ok((JobId::new(rows::get(row, "id")?), rows::parse(row, "state")?)));
    Ok(states?.into_iter().collect())
}

async fn hand_over(connection: &mut Connection, (key, job, made_at, forget_at): &UniqueRow) -> Result<()> {
    query("update unique_jobs set job_id = $2, made_at = $3, forget_at = $4 where key = $1")
        .bind(key.as_slice())
        .bind(job.uuid())
        .bind(made_at.0)
        .bind(forget_at.0)
        .execute(connection)
        .await?;
    Ok(())
}

async fn drop_key(connection: &mut Connection, key: &[u8; 32]) -> Result<()> {
    query("delete from unique_jobs where key = $1").bind(key.as_slice()).execute(connection).await?;
    Ok(())
}

#[async_trait]
impl UniqueStore for Adapter {
    async fn add_job_once(
        &self,
        job: &Job,
        keys: &[UniqueKey],
        audit: Option<&AuditEntry>,
    ) -> Result<AddedOnce> {
        let mut transaction = self.begin().await?;
        let done = claim(&mut transaction, &[(job, keys.iter().collect())]).await?;
        if let Some(already) = done.get(&job.id) {
            transaction.rollback().await?;
            return Ok(AddedOnce::Already(*already));
        }
        insert::jobs(&mut transaction, &[job]).await?;
        if let Some(audit) = audit {
            audit::write(&mut transaction, audit).await?;
        }
        transaction.commit().await?;
        Ok(AddedOnce::Added)
    }

    async fn done_already(&self, event: EventId) -> Result<Vec<JobId>> {
        let found: Vec<Uuid> =
            query_scalar("select job_id from repeated_work where event_id = $1 order by job_id")
                .bind(event.uuid())
                .fetch_all(&self.read)
                .await?;
        Ok(found.into_iter().map(JobId::new).collect())
    }

    async fn asked_again(&self, job: JobId, limit: i64) -> Result<Vec<EventId>> {
        let found: Vec<Uuid> =
            query_scalar("select event_id from repeated_work where job_id = $1 order by event_id limit $2")
                .bind(job.uuid())
                .bind(limit)
                .fetch_all(&self.read)
                .await?;
        Ok(found.into_iter().map(EventId::new).collect())
    }

    async fn forget_unique(&self, now: Timestamp, limit: i64) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        // Locked in the order of keys, as by those who ask.
        let mut delete = QueryBuilder::<Database>::new(
            "delete from unique_jobs where key in (select key from unique_jobs where forget_at < ",
        );
        delete.push_bind(now.0).push(" order by key limit ").push_bind(limit).push(LOCK).push(")");
        let gone = delete.build().execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(gone.rows_affected())
    }
}
