//! Limits of work over all nodes: what is set, and how much of it is left at a claim.
//!
//! Whoever claims jobs that are limited first takes the row of the limit's bucket, and has it to the end of its
//! transaction: so two nodes never see the same room. The rows are taken in the order of their names.

use super::{Adapter, Connection, Database, Row, along, audit::end_change, rows};
use crate::{AuditEntry, Result, WorkLimitStore};
use async_trait::async_trait;
use domain::{
    id::TenantId,
    job::Job,
    limit::{Limited, WorkLimit},
    queue::Take,
    time::Timestamp,
};
use sqlx::{QueryBuilder, query, query_scalar};

/// What a limit leaves.
pub(super) struct Room<'a> {
    limit: &'a WorkLimit,
    /// Jobs that may still be taken.
    left: i64,
}

/// The name of a limit's bucket.
fn bucket(of: Limited) -> String {
    format!("work:{of}")
}

/// What each limit that counts leaves at `now`. Other nodes that ask wait until this transaction ended.
pub(super) async fn rooms<'a>(
    connection: &mut Connection,
    limits: &'a [WorkLimit],
    now: Timestamp,
) -> Result<Vec<Room<'a>>> {
    let mut limits: Vec<&WorkLimit> = limits.iter().filter(|limit| limit.counts()).collect();
    limits.sort_unstable_by_key(|limit| bucket(limit.of));
    let mut rooms = Vec::with_capacity(limits.len());
    for limit in limits {
        let full_at: i64 = query_scalar(
            "insert into buckets (name, full_at) values ($1, $2)
             on conflict (name) do update set
                 full_at = case when buckets.full_at > excluded.full_at then buckets.full_at
                                else excluded.full_at end
             returning full_at",
        )
        .bind(bucket(limit.of))
        .bind(now.0)
        .fetch_one(&mut *connection)
        .await?;
        let mut left = i64::MAX;
        if let Some((interval, at_once)) = limit.pace() {
            let spent = full_at.saturating_sub(now.0).max(0);
            // What comes back of a job only partly is not there yet.
            left = at_once - (spent + interval - 1) / interval;
        }
        if let Some(at_once) = limit.at_once {
            left = left.min(i64::from(at_once) - running(connection, limit.of).await?);
        }
        rooms.push(Room { limit, left: left.max(0) });
    }
    Ok(rooms)
}

/// How many jobs run on all nodes.
async fn running(connection: &mut Connection, of: Limited) -> Result<i64> {
    let mut count = QueryBuilder::<Database>::new("select count(*) from jobs");
    // Those that run are few; the index of their leases holds no others.
    along(&mut count, "jobs_leases");
    count.push(" where state = 'running' and lease_until is not null and ");
    match of {
        Limited::Vendor(id) => count.push("vendor_id = ").push_bind(id.uuid()),
        Limited::Provider(id) => count.push("kind = 'generate' and provider_id = ").push_bind(id.uuid()),
        Limited::Destination(id) => {
            count.push("kind <> 'generate' and destination_id = ").push_bind(id.uuid())
        }
    };
    Ok(count.build_query_scalar().fetch_one(connection).await?)
}

/// What the limits leave of these takes.
pub(super) fn within(takes: &[Take], rooms: &mut [Room<'_>]) -> Vec<Take> {
    let mut left = Vec::with_capacity(takes.len());
    for take in takes {
        let room = rooms.iter().filter(|room| room.limit.of.covers(&take.head)).map(|room| room.left).min();
        let most = take.most.min(room.unwrap_or(i64::MAX));
        if most <= 0 {
            continue;
        }
        for room in rooms.iter_mut().filter(|room| room.limit.of.covers(&take.head)) {
            room.left -= most;
        }
        left.push(Take { head: take.head.clone(), most });
    }
    left
}

/// Notes that these jobs were begun.
pub(super) async fn spend(
    connection: &mut Connection,
    rooms: &[Room<'_>],
    jobs: &[Job],
    now: Timestamp,
) -> Result<()> {
    for Room { limit, .. } in rooms {
        let Some((interval, _)) = limit.pace() else { continue };
        let begun = jobs.iter().filter(|job| limit.of.covers_job(job)).count();
        if begun == 0 {
            continue;
        }
        let micros = interval.saturating_mul(i64::try_from(begun).unwrap_or(i64::MAX));
        query(
            "update buckets set full_at = case when full_at > $2 then full_at else $2 end + $3 where name = $1",
        )
        .bind(bucket(limit.of))
        .bind(now.0)
        .bind(micros)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn number(row: &Row, column: &str) -> Result<Option<u32>> {
    let number: Option<i64> = rows::get(row, column)?;
    Ok(number.and_then(|number| u32::try_from(number).ok()))
}

/// All limits that are set.
pub(super) async fn all(connection: &mut Connection) -> Result<Vec<WorkLimit>> {
    let found =
        query("select target, tenant_id, at_once, per_minute, weight from work_limits order by target")
            .fetch_all(connection)
            .await?;
    rows::all(&found, |row| {
        Ok(WorkLimit {
            of: rows::parse(row, "target")?,
            tenant_id: TenantId::new(rows::get(row, "tenant_id")?),
            at_once: number(row, "at_once")?,
            per_minute: number(row, "per_minute")?,
            weight: number(row, "weight")?.unwrap_or(1),
        })
    })
}

#[async_trait]
impl WorkLimitStore for Adapter {
    async fn set_work_limit(&self, limit: &WorkLimit, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let target = limit.of.to_string();
        if limit.counts() || limit.weight != 1 {
            query(
                "insert into work_limits (target, tenant_id, at_once, per_minute, weight)
                 values ($1, $2, $3, $4, $5)
                 on conflict (target) do update set at_once = excluded.at_once,
                     per_minute = excluded.per_minute, weight = excluded.weight",
            )
            .bind(target)
            .bind(limit.tenant_id.uuid())
            .bind(limit.at_once.map(i64::from))
            .bind(limit.per_minute.map(i64::from))
            .bind(i64::from(limit.weight))
            .execute(&mut *transaction)
            .await?;
        } else {
            query("delete from work_limits where target = $1")
                .bind(target)
                .execute(&mut *transaction)
                .await?;
        }
        end_change(transaction, 1, audit).await
    }
}
