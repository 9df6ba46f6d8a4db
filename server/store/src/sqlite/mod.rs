//! SQLite: one file, one writer, any number of readers.
//!
//! Owns the connections and the statements that differ: multi-row inserts (`insert`) and the queue's
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
mod journal;
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
#[cfg(test)]
mod test_file;
#[path = "../common/token_keys.rs"]
mod token_keys;
#[path = "../common/turns.rs"]
mod turns;
#[path = "../common/unique.rs"]
mod unique;
mod wake;
#[path = "../common/work_limits.rs"]
mod work_limits;
mod writer;

use self::journal::Journal;
use crate::{
    OpenOptions, Result, Schema, Store, StoreError,
    migrations::{self, Applied, compare},
};
use async_trait::async_trait;
use domain::time::Timestamp;
use sqlx::{
    AssertSqlSafe, Pool, QueryBuilder, Sqlite, SqliteConnection,
    migrate::Migrator,
    pool::{PoolConnection, PoolOptions},
    query_as, query_scalar, raw_sql,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous},
};
use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::{Arc, LazyLock},
    time::Duration,
};
use uuid::Uuid;

type Database = Sqlite;
type Connection = SqliteConnection;
type Row = SqliteRow;
type Transaction = sqlx::Transaction<'static, Database>;

const _: () = assert!(domain::outcome::GIVES_UP_AFTER == 259_200_000_000, "said in SQL below");
/// Goes on after a time: how long a job is tried from then on, by its rule or as usual (`JobParams::gives_up_after`).
const GIVES_UP_IN: &str = " + coalesce(json_extract(jobs.params, '$.deadline_s') * 1000000, 259200000000)";

/// Nothing: whoever writes is alone.
const LOCK: &str = "";

/// Nothing, for the same reason.
const SKIP_LOCKED: &str = "";

/// `=` in a condition that must not choose the index; here `along` chooses it.
const CHECKED_EQUALS: &str = " = ";

/// Pages that a connection keeps, in KiB (negative for SQLite). What it does not keep it reads from the system's cache, so
/// more than this saves little time (measured: none while 20,000 events are taken and delivered, against 32 MiB), and all
/// of it stays with the program.
const WRITER_CACHE: &str = "-8000";
const READER_CACHE: &str = "-2000";

/// The schema this program was built with.
static OURS: LazyLock<Migrator> = LazyLock::new(migrations::sqlite);

/// How long a statement waits for another process that writes the same file, such as a backup.
const BUSY: Duration = Duration::from_secs(5);
/// Pause before what SQLite does not wait for by itself is tried again.
const AGAIN: Duration = Duration::from_millis(20);

/// A SQLite file.
pub(crate) struct Adapter {
    read: Pool<Database>,
    /// One connection, so that writers queue in the program, where waiting is fair, and not in SQLite, where it
    /// is polling. Its commits are durable but for those of [`Self::begin_hasty`].
    write: Pool<Database>,
    journal: Arc<Journal>,
}

impl Adapter {
    /// Opens the file, and makes it (and its folder) when it is not there.
    pub(crate) async fn open(path: &Path, options: &OpenOptions) -> Result<Self> {
        if options.create {
            create(path).map_err(|error| StoreError::Unavailable(error.into()))?;
        } else if !path.exists() {
            return Err(StoreError::Missing(path.display().to_string()));
        }
        let file = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("temp_store", "memory");
        let journal = Arc::new(Journal::of(path));
        let write = || {
            let journal = journal.clone();
            PoolOptions::new()
                .max_connections(1)
                .acquire_timeout(options.acquire_timeout)
                // The one connection is never given up: reopening costs its cache and proves nothing.
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
                .after_connect(move |_, _| {
                    journal.begins_anew();
                    Box::pin(async { Ok(()) })
                })
                .after_release(|connection, _| Box::pin(async move { Ok(writer::restore(connection).await) }))
                // Every size of a batch is a statement of its own, and a large one; few are worth keeping.
                .connect_with(
                    file.clone()
                        .pragma("cache_size", WRITER_CACHE)
                        .pragma("journal_size_limit", journal::KEPT)
                        .journal_mode(SqliteJournalMode::Wal)
                        .synchronous(SqliteSynchronous::Full)
                        .statement_cache_capacity(16)
                        // The ids of a whole batch, so that SQLite need not wait until they are read.
                        .row_buffer_size(512),
                )
        };
        let write = patiently(write).await?;
        let read = PoolOptions::new()
            .max_connections(options.read_connections)
            .acquire_timeout(options.acquire_timeout)
            .max_lifetime(None)
            .test_before_acquire(false)
            // No memory map: it would count as memory of the program page by page as the file grows, and a disk that fails
            // would end the program instead of a statement.
            .connect_with(file.read_only(true).pragma("cache_size", READER_CACHE))
            .await?;
        Ok(Self { read, write, journal })
    }

    /// Begins a change that survives a power cut once committed. `immediate` takes the write lock at once: a
    /// transaction that reads first and writes later could find that another process wrote in between.
    async fn begin(&self) -> Result<Transaction> {
        self.begin_writing("begin immediate").await
    }

    /// Begins a change that a power cut may undo (never halfway, and nothing before it): for what is merely
    /// done again when it is lost. Its commit does not wait for the disk.
    async fn begin_hasty(&self) -> Result<Transaction> {
        self.begin_writing("pragma synchronous = normal; begin immediate").await
    }

    async fn begin_writing(&self, begin: &'static str) -> Result<Transaction> {
        let limit = self.journal.limit();
        // Nothing in it comes from outside.
        let words = AssertSqlSafe(limit.map_or_else(String::new, journal::words) + begin);
        let transaction = self.write.begin_with(words).await?;
        limit.inspect(|pages| self.journal.was_told(*pages));
        Ok(transaction)
    }

    /// For statements that are asked for at once, with the words that begin and end their transaction; what they
    /// change survives a power cut then.
    async fn writer(&self) -> Result<PoolConnection<Database>> {
        let mut connection = self.write.acquire().await?;
        if let Some(pages) = self.journal.limit() {
            raw_sql(AssertSqlSafe(journal::words(pages))).execute(&mut *connection).await?;
            self.journal.was_told(pages);
        }
        Ok(connection)
    }

    /// Begins a claim, which is made again when it is lost.
    async fn begin_claim(&self) -> Result<Transaction> {
        self.begin_hasty().await
    }

    /// Begins writing how tries ended, durably.
    async fn begin_finish(&self) -> Result<Transaction> {
        self.begin().await
    }

    /// Begins reading at one instant.
    async fn snapshot(&self) -> Result<Transaction> {
        Ok(self.read.begin().await?)
    }
}

/// Connects. Switching a new file to its journal is the one thing SQLite does not wait for another process with, so
/// two that open a new file at once would fail without this.
async fn patiently<F: Future<Output = sqlx::Result<Pool<Database>>>>(
    connect: impl Fn() -> F,
) -> Result<Pool<Database>> {
    let give_up = tokio::time::Instant::now() + BUSY;
    loop {
        match connect().await {
            Err(sqlx::Error::Database(error))
                if is_busy(error.as_ref()) && tokio::time::Instant::now() < give_up =>
            {
                tokio::time::sleep(AGAIN).await;
            }
            other => return Ok(other?),
        }
    }
}

/// Whether another process holds a lock; the kind of lock is above the low byte.
fn is_busy(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// Makes file and folder, readable by their owner alone; SQLite gives its side files the same rights.
fn create(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// ` in (…)`: one bind per id.
fn is_one_of(statement: &mut QueryBuilder<Database>, ids: impl IntoIterator<Item = Uuid>) {
    statement.push(" in (");
    let mut list = statement.separated(", ");
    for id in ids {
        list.push_bind(id);
    }
    statement.push(")");
}

/// Goes on with a condition: a column fits a pattern in which each `*` stands for any text, as rules match.
fn fits(statement: &mut QueryBuilder<Database>, column: &'static str, pattern: &str) {
    let glob = pattern.replace('[', "[[]").replace('?', "[?]");
    statement.push(format_args!(" and {column} glob ")).push_bind(glob);
}

/// Makes a statement read a table along this index. SQLite plans without statistics: left alone, it prefers any
/// index with an equality to a partial one, however few rows that one holds.
fn along(statement: &mut QueryBuilder<Database>, index: &'static str) {
    statement.push(" indexed by ").push(index);
}

/// A list reads the jobs along the index that brings them in its order.
fn listed(statement: &mut QueryBuilder<Database>, index: &'static str) -> jobs::Listed {
    along(statement.push(" from jobs"), index);
    jobs::Listed::JOBS
}

#[async_trait]
impl Store for Adapter {
    fn engine(&self) -> &'static str {
        "sqlite"
    }

    fn writers(&self) -> usize {
        1
    }

    async fn migrate(&self) -> Result<()> {
        // One transaction around all of it: another process that migrates the same file waits for its end, and then
        // finds nothing left to do. (Of itself the migrator locks nothing here.)
        let mut transaction = self.begin().await?;
        OURS.run_direct(None, &mut *transaction, false).await?;
        Ok(transaction.commit().await?)
    }

    async fn time(&self) -> Result<Timestamp> {
        let millis: i64 = query_scalar("select cast(round(unixepoch('now', 'subsec') * 1000) as integer)")
            .fetch_one(&self.read)
            .await?;
        Ok(Timestamp(millis.saturating_mul(1_000)))
    }

    async fn schema(&self) -> Result<Schema> {
        let migrated: i64 =
            query_scalar("select count(*) from sqlite_schema where name = '_sqlx_migrations'")
                .fetch_one(&self.read)
                .await?;
        let applied: Vec<Applied> = match migrated {
            0 => Vec::new(),
            _ => {
                query_as("select version, checksum from _sqlx_migrations where success order by version")
                    .fetch_all(&self.read)
                    .await?
            }
        };
        Ok(compare(&OURS, &applied))
    }

    async fn ping(&self) -> Result<()> {
        self.schema().await?.require()
    }

    async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}
