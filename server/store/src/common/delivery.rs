//! What delivery keeps beside the queue.

use super::{
    Adapter, Connection, Database, GIVES_UP_IN, LOCK, Row, along, audit::end_change, is_one_of,
    queue::held_by, rows,
};
use crate::{AuditEntry, DeliveryStore, Publishing, Result, Sealed, StoreError, SubjectTurn, text::clean};
use async_trait::async_trait;
use domain::{
    holder::Holder,
    id::{DestinationId, EventId, JobId, NodeId, ProviderId},
    outcome::SwitchedOff,
    time::Timestamp,
};
use sqlx::{QueryBuilder, query};

/// The target a job waits for, as its row names it.
const TARGETS: [(SwitchedOff, &str, &str); 2] = [
    (SwitchedOff::Destination, "destination_id", "destinations"),
    (SwitchedOff::Provider, "provider_id", "providers"),
];

/// Puts held jobs back in the queue whose target is on; those of one target, or of all.
async fn release(
    connection: &mut Connection,
    cause: SwitchedOff,
    of: Option<uuid::Uuid>,
    now: Timestamp,
    limit: i64,
) -> Result<u64> {
    let Some((_, column, table)) = TARGETS.iter().find(|(known, ..)| *known == cause) else { return Ok(0) };
    let mut release = QueryBuilder::<Database>::new(
        "update jobs set state = 'pending', held_by = null, reason = null, next_run_at = ",
    );
    release.push_bind(now.0).push(", updated_at = ").push_bind(now.0);
    // A job must not give up because of the time it was held.
    release.push(", gives_up_at = ").push_bind(now.0).push(GIVES_UP_IN);
    release.push(" where id in (select id from jobs");
    along(&mut release, "jobs_held_by");
    release.push(" where state = 'held' and held_by = ").push_bind(Holder::Off(cause).to_string());
    match of {
        Some(id) => release.push(format_args!(" and {column} = ")).push_bind(id),
        None => release.push(format_args!(" and {column} in (select id from {table} where enabled)")),
    };
    release.push(" order by id limit ").push_bind(limit).push(LOCK).push(")");
    Ok(release.build().execute(connection).await?.rows_affected())
}

/// Ends the turns of these jobs, whose tries ended; `done` are those that published.
pub(super) async fn end_turns(
    connection: &mut Connection,
    done: &[JobId],
    others: &[JobId],
    now: Timestamp,
) -> Result<()> {
    let free = "job_id = null, job_occurred_at = null, job_event_id = null, until = null";
    let published = "occurred_at = job_occurred_at, event_id = job_event_id, ";
    for (jobs, set) in [(done, published), (others, "")] {
        if jobs.is_empty() {
            continue;
        }
        let mut end =
            QueryBuilder::<Database>::new(format!("update subjects set {set}{free}, touched_at = "));
        end.push_bind(now.0).push(" where job_id");
        is_one_of(&mut end, jobs.iter().map(|id| id.uuid()));
        end.build().execute(&mut *connection).await?;
    }
    Ok(())
}

#[async_trait]
impl DeliveryStore for Adapter {
    async fn switch_destination(
        &self,
        destination: DestinationId,
        on: bool,
        reason: Option<&str>,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let changed =
            query("update destinations set enabled = $2, off_reason = $3 where id = $1 and enabled <> $2")
                .bind(destination.uuid())
                .bind(on)
                .bind(reason.map(clean))
                .execute(&mut *transaction)
                .await?;
        if on {
            let of = Some(destination.uuid());
            release(&mut transaction, SwitchedOff::Destination, of, now, i64::MAX).await?;
        }
        end_change(transaction, changed.rows_affected(), audit).await
    }

    async fn switch_provider(
        &self,
        provider: ProviderId,
        on: bool,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let changed = query("update providers set enabled = $2 where id = $1 and enabled <> $2")
            .bind(provider.uuid())
            .bind(on)
            .execute(&mut *transaction)
            .await?;
        if on {
            let of = Some(provider.uuid());
            release(&mut transaction, SwitchedOff::Provider, of, now, i64::MAX).await?;
        }
        end_change(transaction, changed.rows_affected(), audit).await
    }

    async fn release_switched_on(&self, now: Timestamp, limit: i64) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        let mut released = 0;
        for (cause, ..) in TARGETS {
            released += release(&mut transaction, cause, None, now, limit).await?;
        }
        transaction.commit().await?;
        Ok(released)
    }

    async fn rotate_destination(
        &self,
        destination: DestinationId,
        value: &Sealed,
        old: Option<(&Sealed, Timestamp)>,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let changed = query("update destinations set sealed = $2 where id = $1")
            .bind(destination.uuid())
            .bind(&*value.0)
            .execute(&mut *transaction)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        query("delete from destination_parts where destination_id = $1 and part = 'retiring'")
            .bind(destination.uuid())
            .execute(&mut *transaction)
            .await?;
        if let Some((old, until)) = old {
            query(
                "insert into destination_parts (destination_id, part, not_after, created_at, sealed)
                 values ($1, 'retiring', $2, $3, $4)",
            )
            .bind(destination.uuid())
            .bind(until.0)
            .bind(now.0)
            .bind(&*old.0)
            .execute(&mut *transaction)
            .await?;
        }
        end_change(transaction, 1, audit).await
    }

    async fn end_retiring_of_destination(
        &self,
        destination: DestinationId,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let ended = query(
            "delete from destination_parts where destination_id = $1 and part = 'retiring' and not_after > $2",
        )
        .bind(destination.uuid())
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, ended.rows_affected(), audit).await
    }

    async fn forget_retired(&self, now: Timestamp) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        let gone = query("delete from destination_parts where part = 'retiring' and not_after <= $1")
            .bind(now.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(gone.rows_affected())
    }

    async fn put_off(&self, node: NodeId, job: JobId, at: Timestamp, now: Timestamp) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        let mut put = QueryBuilder::new(
            "update jobs set state = 'pending', attempt = attempt - 1, node_id = null, lease_until = null,
                 next_run_at = ",
        );
        put.push_bind(at.0).push(", updated_at = ").push_bind(now.0);
        held_by(&mut put, node, &[job]);
        put.build().execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    async fn take_subject(&self, job: &Publishing, now: Timestamp, until: Timestamp) -> Result<SubjectTurn> {
        let mut transaction = self.begin_hasty().await?;
        let taken = query(
            "insert into subjects
                 (destination_id, external_id, job_id, job_occurred_at, job_event_id, until, touched_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (destination_id, external_id) do update set
                 job_id = excluded.job_id, job_occurred_at = excluded.job_occurred_at,
                 job_event_id = excluded.job_event_id, until = excluded.until,
                 touched_at = excluded.touched_at
             where (subjects.job_id is null or subjects.job_id = excluded.job_id or subjects.until <= $7)
                 and (subjects.occurred_at is null
                     or (subjects.occurred_at, subjects.event_id)
                         <= (excluded.job_occurred_at, excluded.job_event_id))",
        )
        .bind(job.destination_id.uuid())
        .bind(clean(&job.external_id))
        .bind(job.job_id.uuid())
        .bind(job.occurred_at.0)
        .bind(job.event_id.uuid())
        .bind(until.0)
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
        if taken.rows_affected() == 1 {
            transaction.commit().await?;
            return Ok(SubjectTurn::Yours);
        }
        let row = query(
            "select event_id from subjects
             where destination_id = $1 and external_id = $2
                 and (occurred_at, event_id) > ($3, $4)",
        )
        .bind(job.destination_id.uuid())
        .bind(clean(&job.external_id))
        .bind(job.occurred_at.0)
        .bind(job.event_id.uuid())
        .fetch_optional(&mut *transaction)
        .await?;
        let newer = |row: Row| Ok(SubjectTurn::Superseded(EventId::new(rows::get(&row, "event_id")?)));
        row.map_or(Ok(SubjectTurn::Busy), newer)
    }

    async fn forget_subjects(&self, before: Timestamp) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        let gone = query("delete from subjects where touched_at < $1 and job_id is null")
            .bind(before.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(gone.rows_affected())
    }
}
