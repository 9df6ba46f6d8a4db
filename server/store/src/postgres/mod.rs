//! PostgreSQL, for more than one node.
//!
//! Owns the connections and the statements that differ: inserts from arrays (`insert`) and the queue's
//! (`locking`). The nouns of the seam are in `common/` and compiled here against this module's names.

#[path = "../common/accounts.rs"]
mod accounts;
#[path = "../common/archive.rs"]
mod archive;
#[path = "../common/audit.rs"]
mod audit;
#[path = "../common/breakers.rs"]
mod breakers;
#[path = "../common/buckets.rs"]
mod buckets;
#[path = "../common/chores.rs"]
mod chores;
#[path = "../common/config.rs"]
mod config;
#[path = "../common/counters.rs"]
mod counters;
#[path = "../common/delivery.rs"]
mod delivery;
#[path = "../common/event_list.rs"]
mod event_list;
#[path = "../common/events.rs"]
mod events;
mod finish;
#[path = "../common/greetings.rs"]
mod greetings;
#[path = "../common/holds.rs"]
mod holds;
mod insert;
#[path = "../common/job_changes.rs"]
mod job_changes;
#[path = "../common/job_edits.rs"]
mod job_edits;
#[path = "../common/jobs.rs"]
mod jobs;
#[path = "../common/keys.rs"]
mod keys;
#[path = "../common/lines.rs"]
mod lines;
mod locking;
#[path = "../common/news.rs"]
mod news;
#[path = "../common/nodes.rs"]
mod nodes;
#[cfg(test)]
mod plans;
#[path = "../common/policy.rs"]
mod policy;
#[path = "../common/privacy.rs"]
mod privacy;
#[path = "../common/queue.rs"]
mod queue;
#[path = "../common/refused.rs"]
mod refused;
#[path = "../common/replays.rs"]
mod replays;
#[path = "../common/retention.rs"]
mod retention;
#[path = "../common/rotation.rs"]
mod rotation;
#[path = "../common/rows.rs"]
mod rows;
#[path = "../common/schedules.rs"]
mod schedules;
#[path = "../common/schemas.rs"]
mod schemas;
#[path = "../common/sender_links.rs"]
mod sender_links;
#[path = "../common/sessions.rs"]
mod sessions;
#[path = "../common/switches.rs"]
mod switches;
#[path = "../common/token_keys.rs"]
mod token_keys;
#[path = "../common/turns.rs"]
mod turns;
#[path = "../common/unique.rs"]
mod unique;
mod wake;
#[path = "../common/work_limits.rs"]
mod work_limits;

use crate::{
    OpenOptions, Result, Schema, Store,
    migrations::{self, Applied, compare},
};
use async_trait::async_trait;
use domain::time::Timestamp;
use sqlx::{
    PgConnection, Pool, Postgres, QueryBuilder,
    migrate::Migrator,
    pool::{PoolConnection, PoolOptions},
    postgres::{PgConnectOptions, PgRow},
    query_as, query_scalar,
};
use std::sync::LazyLock;
use uuid::Uuid;

type Database = Postgres;
type Connection = PgConnection;
type Row = PgRow;
type Transaction = sqlx::Transaction<'static, Database>;

const _: () = assert!(domain::outcome::GIVES_UP_AFTER == 259_200_000_000, "said in SQL below");
/// Goes on after a time: how long a job is tried from then on, by its rule or as usual (`JobParams::gives_up_after`).
/// Read as text, for PostgreSQL takes no JSON apart in which any text holds an escaped NUL. A quote inside a text is
/// escaped, so nothing but the key itself looks like this.
const GIVES_UP_IN: &str = r#" + coalesce(substring(jobs.params from '"deadline_s":([0-9]{1,10})')::bigint * 1000000, 259200000000)"#;

/// Locks the rows a subquery finds, in its order.
const LOCK: &str = " for update";

/// Locks the rows a subquery finds, and passes over those another transaction works on.
const SKIP_LOCKED: &str = " for update skip locked";

/// `=` in a condition that must not choose the index: this form has no index support, so what is left to the
/// planner is the index that brings the rows in order.
const CHECKED_EQUALS: &str = " is not distinct from ";

/// What a connection is set to that writes: whatever the server's default is, what was committed survives a power cut. And a
/// node that stands still in the middle of a transaction keeps its locks, so that another node that stores the same webhook
/// would wait for them with all it has to store; no change of ours pauses for so long by itself.
const WRITING: [(&str, &str); 2] =
    [("synchronous_commit", "on"), ("idle_in_transaction_session_timeout", "3s")];

/// What a connection is set to that claims: a claim that a power cut undoes is made again. The claim's statement is long and
/// planned once; while the database thinks that the jobs are few, as in a new one, it would choose to read all of them for
/// the places of those it takes, and keep to it.
const CLAIMING: [(&str, &str); 3] =
    [("synchronous_commit", "off"), ("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off")];

/// The schema this program was built with.
static OURS: LazyLock<Migrator> = LazyLock::new(migrations::postgres);

/// A PostgreSQL database.
pub(crate) struct Adapter {
    read: Pool<Database>,
    /// Apart from the readers, so that a slow page never keeps an event or a lease waiting. Used through
    /// the `begin` methods, which say how durable each commit is, or for one statement that commits itself.
    write: Pool<Database>,
    /// For claims, set as [`CLAIMING`] says: one that commits by itself needs no words before and after it.
    claiming: Pool<Database>,
}

impl Adapter {
    /// Connects; fails at once when the server does not answer.
    pub(crate) async fn open(url: &str, options: &OpenOptions) -> Result<Self> {
        // A server that hangs, or a lock nobody gives back, must become an error that callers can answer.
        let server: PgConnectOptions = url.parse()?;
        let server = server.options([("statement_timeout", "30s"), ("lock_timeout", "10s")]);
        let pool = |connections: u32| {
            PoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(options.acquire_timeout)
                // A round trip saved each time; connections are tested when they come back, and every caller
                // must bear one that breaks anyway.
                .test_before_acquire(false)
        };
        let writing = server.clone().options(WRITING);
        let claiming = pool(1).connect_lazy_with(writing.clone().options(CLAIMING));
        let write = pool(options.write_connections).connect_with(writing).await?;
        let read = pool(options.read_connections).connect_with(server).await?;
        Ok(Self { read, write, claiming })
    }

    /// For one statement, which commits itself and survives a power cut then.
    async fn writer(&self) -> Result<PoolConnection<Database>> {
        Ok(self.write.acquire().await?)
    }

    /// Begins a change that survives a power cut once committed.
    async fn begin(&self) -> Result<Transaction> {
        Ok(self.write.begin().await?)
    }

    /// Begins a change that a power cut may undo (never halfway): for what is merely done again when it is lost.
    /// Its commit does not wait for the disk.
    async fn begin_hasty(&self) -> Result<Transaction> {
        Ok(self.write.begin_with("begin; set local synchronous_commit = off").await?)
    }

    /// Begins a claim, which is made again when it is lost.
    async fn begin_claim(&self) -> Result<Transaction> {
        Ok(self.claiming.begin().await?)
    }

    /// Begins writing how tries ended, durably. [`finish`] says why it leaves the planner one way.
    async fn begin_finish(&self) -> Result<Transaction> {
        Ok(self
            .write
            .begin_with(
                "begin; set local plan_cache_mode = force_generic_plan; set local enable_hashjoin = off;
                 set local enable_mergejoin = off; set local enable_seqscan = off",
            )
            .await?)
    }

    /// Begins reading at one instant.
    async fn snapshot(&self) -> Result<Transaction> {
        Ok(self.read.begin_with("begin isolation level repeatable read, read only").await?)
    }
}

/// How far the schema of the database is.
async fn schema(pool: &Pool<Database>) -> Result<Schema> {
    let mut connection = pool.acquire().await?;
    let migrated: bool = query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await?;
    let applied: Vec<Applied> = match migrated {
        false => Vec::new(),
        true => {
            query_as("select version, checksum from _sqlx_migrations where success order by version")
                .fetch_all(&mut *connection)
                .await?
        }
    };
    Ok(compare(&OURS, &applied))
}

/// ` = any (…)`: one bind, so one prepared statement, for any number of ids.
fn is_one_of(statement: &mut QueryBuilder<Database>, ids: impl IntoIterator<Item = Uuid>) {
    let ids: Vec<Uuid> = ids.into_iter().collect();
    statement.push(" = any (").push_bind(ids).push(")");
}

/// Goes on with a condition: a column fits a pattern in which each `*` stands for any text, as rules match.
fn fits(statement: &mut QueryBuilder<Database>, column: &'static str, pattern: &str) {
    let like = pattern.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_").replace('*', "%");
    statement.push(format_args!(" and {column} like ")).push_bind(like);
}

/// Nothing: the planner knows how many rows each partial index holds, and knows no hints.
fn along(_: &mut QueryBuilder<Database>, _: &'static str) {}

/// A list of jobs in some state reads the jobs; others are in the order of what never changes of a job, whose indexes are
/// not written at every change.
fn listed(statement: &mut QueryBuilder<Database>, index: &'static str) -> jobs::Listed {
    match index {
        "jobs_newest" | "jobs_of_tenant" | "jobs_of_vendor" | "jobs_callback" | "jobs_forward" => {
            statement.push(" from job_facts join jobs on id = job_id");
            jobs::Listed {
                made_at: "made_at",
                id: "job_id",
                tenant: "of_tenant",
                vendor: "of_vendor",
                kind: "of_kind",
            }
        }
        _ => {
            statement.push(" from jobs");
            jobs::Listed::JOBS
        }
    }
}

#[async_trait]
impl Store for Adapter {
    fn engine(&self) -> &'static str {
        "postgres"
    }

    fn writers(&self) -> usize {
        2
    }

    async fn migrate(&self) -> Result<()> {
        // One question and no lock where there is nothing to do, as at nearly every start. What cannot be read, or is
        // wrong, is the migrator's to say.
        // Asked where it writes, because what a start asks next it asks where it reads: a connection that comes back is not
        // there at once, and another would be made.
        if schema(&self.write).await.is_ok_and(|schema| schema.require().is_ok()) {
            return Ok(());
        }
        // A migration of a large table may take longer than any other statement may.
        let patient =
            PgConnectOptions::clone(&self.write.connect_options()).options([("statement_timeout", "0")]);
        let alone: Pool<Database> = PoolOptions::new().max_connections(1).connect_with(patient).await?;
        OURS.run(&alone).await?;
        alone.close().await;
        Ok(())
    }

    async fn time(&self) -> Result<Timestamp> {
        let millis: i64 = query_scalar("select (extract(epoch from clock_timestamp()) * 1000)::bigint")
            .fetch_one(&self.read)
            .await?;
        Ok(Timestamp(millis.saturating_mul(1_000)))
    }

    async fn schema(&self) -> Result<Schema> {
        schema(&self.read).await
    }

    async fn ping(&self) -> Result<()> {
        self.schema().await?.require()
    }

    async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
        self.claiming.close().await;
    }
}
