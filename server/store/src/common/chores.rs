//! Chores.

use super::{Adapter, Database, Row, SKIP_LOCKED, audit::end_change, rows};
use crate::{
    AuditEntry, ChoreEnd, ChoreHold, ChoreStore, ChoreTaker, Result,
    text::{clean, clean_opt},
};
use async_trait::async_trait;
use domain::{
    chore::{AtWork, Chore, ChoreName, LastRun},
    id::NodeId,
    schedule::Pace,
    time::Timestamp,
};
use sqlx::{QueryBuilder, query};

/// The columns [`chore`] reads.
const COLUMNS: &str = "name, pace, enabled, next_at, asked_by, run, failures, node_id, host, since, begun_for, \
                       lease_until, last_node, last_host, last_began, last_ended, last_for, last_count, last_error";

fn chore(row: &Row) -> Result<Chore> {
    let at_work = match (rows::id_opt(row, "node_id", NodeId::new)?, rows::time_opt(row, "since")?) {
        (Some(node), Some(since)) => Some(AtWork {
            node,
            host: rows::get::<Option<String>>(row, "host")?.unwrap_or_default(),
            since,
            asked_by: rows::get(row, "begun_for")?,
            lease_until: rows::time_opt(row, "lease_until")?.unwrap_or(since),
        }),
        _ => None,
    };
    let last = match (
        rows::id_opt(row, "last_node", NodeId::new)?,
        rows::time_opt(row, "last_began")?,
        rows::time_opt(row, "last_ended")?,
    ) {
        (Some(node), Some(began_at), Some(ended_at)) => Some(LastRun {
            node,
            host: rows::get::<Option<String>>(row, "last_host")?.unwrap_or_default(),
            began_at,
            ended_at,
            asked_by: rows::get(row, "last_for")?,
            removed: rows::get(row, "last_count")?,
            error: rows::get(row, "last_error")?,
        }),
        _ => None,
    };
    Ok(Chore {
        name: rows::parse(row, "name")?,
        pace: rows::parse(row, "pace")?,
        enabled: rows::get(row, "enabled")?,
        next_at: rows::time(row, "next_at")?,
        asked_by: rows::get(row, "asked_by")?,
        run: rows::get(row, "run")?,
        failures: rows::get(row, "failures")?,
        at_work,
        last,
    })
}

/// Goes on with which rows are meant: those this program knows. A newer one may have added others, and does them itself.
fn is_known(statement: &mut QueryBuilder<Database>, only: Option<ChoreName>) {
    statement.push(" name in (");
    let mut list = statement.separated(", ");
    for name in ChoreName::ALL.iter().filter(|name| only.is_none_or(|only| only == **name)) {
        list.push_bind(name.as_str());
    }
    statement.push(")");
}

/// Goes on with which of them can be taken.
fn is_free(statement: &mut QueryBuilder<Database>, taker: ChoreTaker<'_>, now: Timestamp) {
    statement.push(" and (lease_until is null or lease_until <= ").push_bind(taker.lease_from.0);
    statement.push(") and (asked_by is not null or (enabled and next_at <= ").push_bind(now.0);
    // Left by a node that went away.
    statement.push(") or (node_id is not null and (enabled or begun_for is not null)))");
}

#[async_trait]
impl ChoreStore for Adapter {
    async fn add_chores(&self, names: &[ChoreName], now: Timestamp) -> Result<()> {
        let mut insert = QueryBuilder::<Database>::new(
            "insert into chores (name, pace, enabled, next_at, run, failures) ",
        );
        insert.push_values(names, |mut row, name| {
            row.push_bind(name.as_str())
                .push_bind(name.usual_pace().to_string())
                .push_bind(true)
                .push_bind(now.0)
                .push_bind(0_i64)
                .push_bind(0_i64);
        });
        insert.push(" on conflict (name) do nothing");
        let mut transaction = self.begin().await?;
        insert.build().execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    async fn chores(&self) -> Result<Vec<Chore>> {
        let mut select = QueryBuilder::<Database>::new("select ");
        select.push(COLUMNS).push(" from chores where");
        is_known(&mut select, None);
        select.push(" order by name");
        rows::all(&select.build().fetch_all(&self.read).await?, chore)
    }

    async fn take_chore(
        &self,
        taker: ChoreTaker<'_>,
        now: Timestamp,
        only: Option<ChoreName>,
    ) -> Result<Option<Chore>> {
        // Nodes look every second and nearly always find nothing: that costs no writer anything.
        let mut look = QueryBuilder::<Database>::new("select 1 from chores where");
        is_known(&mut look, only);
        is_free(&mut look, taker, now);
        if look.push(" limit 1").build().fetch_optional(&self.read).await?.is_none() {
            return Ok(None);
        }
        let mut take = QueryBuilder::<Database>::new("update chores set node_id = ");
        take.push_bind(taker.node.uuid());
        take.push(", host = ").push_bind(clean(taker.host));
        take.push(", since = ").push_bind(now.0);
        take.push(", lease_until = ").push_bind(taker.lease_until.0);
        take.push(", begun_for = coalesce(asked_by, case when node_id is not null then begun_for end)");
        take.push(", asked_by = null, run = run + 1 where name = (select name from chores where");
        is_known(&mut take, only);
        is_free(&mut take, taker, now);
        take.push(" order by next_at, name limit 1").push(SKIP_LOCKED).push(") returning ").push(COLUMNS);
        // One that is taken by nobody after a power cut is merely taken again.
        let mut transaction = self.begin_hasty().await?;
        let taken = take.build().fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        taken.as_ref().map(chore).transpose()
    }

    async fn extend_chore(&self, hold: ChoreHold, lease_until: Timestamp) -> Result<bool> {
        let mut transaction = self.begin_hasty().await?;
        let extended =
            query("update chores set lease_until = $3 where name = $1 and run = $2 and node_id is not null")
                .bind(hold.name.as_str())
                .bind(hold.run)
                .bind(lease_until.0)
                .execute(&mut *transaction)
                .await?;
        transaction.commit().await?;
        Ok(extended.rows_affected() == 1)
    }

    async fn give_chore_back(&self, hold: ChoreHold) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        query(
            "update chores set asked_by = coalesce(asked_by, begun_for), node_id = null, host = null, since = null,
                 begun_for = null, lease_until = null
             where name = $1 and run = $2 and node_id is not null",
        )
        .bind(hold.name.as_str())
        .bind(hold.run)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn end_chore(&self, hold: ChoreHold, end: &ChoreEnd) -> Result<bool> {
        let (removed, error) = match &end.outcome {
            Ok(removed) => (Some(*removed), None),
            Err(words) => (None, Some(words)),
        };
        let mut transaction = self.begin_hasty().await?;
        let ended = query(
            "update chores set
                 last_node = node_id, last_host = host, last_began = since, last_for = begun_for,
                 last_ended = $3, last_count = $4, last_error = $5,
                 failures = case when $6 then failures + 1 else 0 end,
                 next_at = case when next_at = $7 then $8 else next_at end,
                 node_id = null, host = null, since = null, begun_for = null, lease_until = null
             where name = $1 and run = $2 and node_id is not null",
        )
        .bind(hold.name.as_str())
        .bind(hold.run)
        .bind(end.at.0)
        .bind(removed)
        .bind(clean_opt(error))
        .bind(error.is_some())
        .bind(end.was_due.0)
        .bind(end.next_at.0)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(ended.rows_affected() == 1)
    }

    async fn ask_for_chore(&self, name: ChoreName, who: &str, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        let asked = query("update chores set asked_by = $2 where name = $1")
            .bind(name.as_str())
            .bind(clean(who))
            .execute(&mut *transaction)
            .await?;
        end_change(transaction, asked.rows_affected(), audit).await
    }

    async fn set_chore(
        &self,
        name: ChoreName,
        enabled: bool,
        pace: &Pace,
        next_at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let set = query("update chores set enabled = $2, pace = $3, next_at = $4 where name = $1")
            .bind(name.as_str())
            .bind(enabled)
            .bind(clean(&pace.to_string()))
            .bind(next_at.0)
            .execute(&mut *transaction)
            .await?;
        end_change(transaction, set.rows_affected(), audit).await
    }
}
