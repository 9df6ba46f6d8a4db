//! A fresh database per test, on both engines, and the things tests store in it.

use domain::{
    event::{Event, EventPayload},
    id::{EventId, JobId, NodeId, RequestId, TenantId, VendorId},
    job::{Job, JobKind, JobParams},
    time::{MINUTE, Timestamp},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::{fs, future::Future, ops::Deref, path::PathBuf, sync::Arc};
use store::{AuditEntry, CounterDelta, DEFAULT_TENANT_ID, NewEvent, OpenOptions, Parked, Store, open};
use uuid::Uuid;

/// A moment all stories begin at.
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

/// A migrated database of its own.
#[derive(Clone)]
pub(crate) struct Db {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) url: String,
}

impl Deref for Db {
    type Target = dyn Store;
    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

/// Makes `sqlite::name` and `postgres::name` of each behaviour.
macro_rules! on_both {
    ($($behaviour:ident,)+) => {
        mod sqlite {
            $(#[tokio::test] async fn $behaviour() { crate::support::on_sqlite(super::$behaviour).await })+
        }
        mod postgres {
            $(#[tokio::test] async fn $behaviour() { crate::support::on_postgres(super::$behaviour).await })+
        }
    };
}
pub(crate) use on_both;

/// Runs a story in a file of its own.
pub(crate) async fn on_sqlite<F: Future<Output = ()> + Send + 'static>(story: fn(Db) -> F) {
    let folder = std::env::temp_dir().join(format!("tidegate-store-{}", Uuid::now_v7().simple()));
    let url = format!("sqlite://{}", folder.join("tidegate.db").display());
    let told = tokio::spawn(tell(url, story)).await;
    fs::remove_dir_all(&folder).unwrap();
    passed(told);
}

/// Runs a story in a database of its own.
#[expect(clippy::print_stdout, reason = "a skipped test must be seen")]
pub(crate) async fn on_postgres<F: Future<Output = ()> + Send + 'static>(story: fn(Db) -> F) {
    if std::env::var("TIDEGATE_SKIP_POSTGRES").is_ok_and(|skip| skip == "1") {
        println!("SKIPPED: nothing was tested on PostgreSQL, because TIDEGATE_SKIP_POSTGRES=1");
        return;
    }
    let admin = std::env::var("TIDEGATE_TEST_POSTGRES_URL").expect(
        "these tests need a PostgreSQL server: run `scripts/with-postgres.sh cargo test -p store`, \
         or set TIDEGATE_SKIP_POSTGRES=1 to leave them out",
    );
    // A schema, not a database: as far apart for this purpose, and made ten times as fast.
    let name = format!("store_{}", Uuid::now_v7().simple());
    let mut server = PgConnection::connect(&admin).await.unwrap();
    server.execute(AssertSqlSafe(format!("create schema {name}"))).await.unwrap();
    let joint = if admin.contains('?') { '&' } else { '?' };
    let told = tokio::spawn(tell(format!("{admin}{joint}options[search_path]={name}"), story)).await;
    server.execute(AssertSqlSafe(format!("drop schema {name} cascade"))).await.unwrap();
    passed(told);
}

async fn tell<F: Future<Output = ()>>(url: String, story: fn(Db) -> F) {
    let store = open(&url, &OpenOptions { write_connections: 8, ..OpenOptions::default() }).await.unwrap();
    store.migrate().await.unwrap();
    let db = Db { store, url };
    story(db.clone()).await;
    db.close().await;
}

/// Passes a failed story's panic on, after its database is gone.
fn passed(told: Result<(), tokio::task::JoinError>) {
    if let Err(error) = told {
        std::panic::resume_unwind(error.into_panic());
    }
}

/// The entry about a job that is parked.
pub(crate) fn parked(job: &Parked) -> AuditEntry {
    AuditEntry {
        tenant_id: Some(job.tenant_id),
        actor: domain::news::BY_ITSELF.into(),
        target: job.id.to_string(),
        detail: job.reason.clone(),
        ..audit("job.park")
    }
}

impl Db {
    /// Recovers where all leases and times go by one clock.
    pub(crate) async fn recover_expired(&self, now: Timestamp, limit: i64) -> store::Result<Vec<JobId>> {
        self.recover_over(now, now, limit, &parked).await
    }

    /// Runs a statement behind the store's back; for what the store itself would never write.
    pub(crate) async fn tamper(&self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        match self.url.strip_prefix("sqlite://") {
            Some(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(PathBuf::from(path));
                let mut file = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
                file.execute(statement).await.unwrap();
            }
            None => {
                PgConnection::connect(&self.url).await.unwrap().execute(statement).await.unwrap();
            }
        }
    }
}

/// An id nobody else has.
pub(crate) fn id<T>(new: fn(Uuid) -> T) -> T {
    new(Uuid::now_v7())
}

/// A webhook of `vendor` with this external id and body, which starts `jobs` jobs.
pub(crate) fn event(vendor: VendorId, external_id: &str, body: &str, jobs: usize) -> NewEvent {
    let event = Event {
        id: id(EventId::new),
        tenant_id: DEFAULT_TENANT_ID,
        vendor_id: vendor,
        external_id: external_id.into(),
        event_type: "batch.completed".into(),
        subject_id: Some("batch-7".into()),
        occurred_at: Some(NOW.plus(-5)),
        schema_version: None,
        received_at: NOW,
        request_id: id(RequestId::new),
        trace_id: "trace".into(),
        secret_version: Some(1),
        body_len: body.len() as i64,
    };
    // A stand-in for SHA-256: equal for equal short bodies is all the store relies on.
    let mut body_hash = [0; 32];
    body_hash[..body.len()].copy_from_slice(body.as_bytes());
    let jobs =
        (0..jobs).map(|_| Job { event_id: Some(event.id), vendor_id: Some(vendor), ..job() }).collect();
    let payload =
        EventPayload { headers: vec![("content-type".into(), "text/plain".into())], body: body.into() };
    NewEvent { event, body_hash, payload: payload.into(), jobs, unique: Vec::new() }
}

/// A job that is due.
pub(crate) fn job() -> Job {
    let id = id(JobId::new);
    Job {
        title: "Summarise the batch".into(),
        params: JobParams { prompt: Some("Say it shortly".into()), ..JobParams::default() },
        max_attempts: 3,
        subject_id: Some("batch-7".into()),
        occurred_at: Some(NOW.plus(-5)),
        gives_up_at: None,
        ..Job::new(id, DEFAULT_TENANT_ID, JobKind::Generate, NOW)
    }
}

/// An entry of the audit log.
pub(crate) fn audit(action: &str) -> AuditEntry {
    AuditEntry {
        id: Uuid::now_v7(),
        at: NOW,
        tenant_id: Some(DEFAULT_TENANT_ID),
        actor: "ada@example.org".into(),
        action: action.into(),
        target: "target".into(),
        detail: "detail".into(),
    }
}

/// An addition to a counter of the default tenant.
pub(crate) fn delta(node: NodeId, name: &str, add: i64) -> CounterDelta {
    CounterDelta {
        minute: Timestamp(NOW.0 - NOW.0 % MINUTE),
        tenant_id: DEFAULT_TENANT_ID,
        name: name.into(),
        node_id: node,
        add,
    }
}

/// Adds a second tenant.
pub(crate) async fn other_tenant(db: &Db) -> TenantId {
    let tenant = domain::tenant::Tenant {
        id: id(TenantId::new),
        slug: "other".parse().unwrap(),
        name: "Other".into(),
        created_at: NOW,
    };
    db.add_tenant(&tenant, &audit("tenant.add")).await.unwrap();
    tenant.id
}
