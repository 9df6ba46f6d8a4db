//! Tests: which way SQLite takes through its indexes where another would cost more with every job that waits.

use super::{Adapter, insert, queue};
use crate::{NewEvent, OpenOptions, Store};
use domain::{
    event::{Event, EventPayload},
    id::{EventId, JobId, RequestId, TenantId, VendorId},
    job::{Job, JobKind},
    time::Timestamp,
};
use sqlx::{AssertSqlSafe, QueryBuilder, Row, query};
use std::path::PathBuf;
use uuid::Uuid;

async fn opened() -> (Adapter, PathBuf) {
    let folder = std::env::temp_dir().join(format!("tidegate-plans-{}", Uuid::now_v7()));
    let options = OpenOptions { create: true, ..OpenOptions::default() };
    let db = Adapter::open(&folder.join("plans.db"), &options).await.unwrap();
    db.migrate().await.unwrap();
    (db, folder)
}

#[tokio::test]
async fn looking_at_the_queues_jumps_from_one_to_the_next() {
    let (db, folder) = opened().await;
    let mut explain = QueryBuilder::new("explain query plan ");
    queue::push_heads(&mut explain);
    explain.push_bind(100_i64);
    let steps = explain.build().fetch_all(&db.read).await.unwrap();
    let steps: Vec<String> = steps.iter().map(|step| step.get("detail")).collect();

    let within =
        |step: &&String| step.starts_with("SEARCH next") && step.contains("(priority=? AND queue>?)");
    assert!(steps.iter().any(|step| within(&step)), "{steps:#?}");
    // What walks over the index from its beginning looks for the very first job alone.
    assert_eq!(steps.iter().filter(|step| step.starts_with("SCAN jobs")).count(), 1, "{steps:#?}");
    db.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn bodies_and_jobs_of_a_batch_find_their_events_by_id() {
    let (db, folder) = opened().await;
    let batch = [webhook(), webhook()];
    let statements = insert::at_once(&batch.iter().collect::<Vec<_>>()).unwrap().into_sql();
    let statements: Vec<&str> = statements.as_str().split("; ").collect();
    let [_begin, _events, bodies, jobs, _commit] = statements[..] else { panic!("{statements:#?}") };
    for statement in [bodies, jobs] {
        let explain = format!("explain query plan {statement}");
        let steps = query(AssertSqlSafe(explain)).fetch_all(&db.read).await.unwrap();
        let steps: Vec<String> = steps.iter().map(|step| step.get("detail")).collect();
        assert_eq!(
            steps,
            ["SCAN 2-ROW VALUES CLAUSE", "USING INDEX sqlite_autoindex_events_1 FOR IN-OPERATOR"]
        );
    }
    db.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

fn webhook() -> NewEvent {
    let tenant_id = TenantId::new(Uuid::now_v7());
    let event = Event {
        id: EventId::new(Uuid::now_v7()),
        tenant_id,
        vendor_id: VendorId::new(Uuid::now_v7()),
        external_id: "1".into(),
        event_type: "batch.completed".into(),
        subject_id: None,
        occurred_at: None,
        schema_version: None,
        received_at: Timestamp(0),
        request_id: RequestId::new(Uuid::now_v7()),
        trace_id: "trace".into(),
        secret_version: None,
        body_len: 0,
    };
    let job = Job::new(JobId::new(Uuid::now_v7()), tenant_id, JobKind::Generate, Timestamp(0));
    NewEvent {
        jobs: vec![Job { event_id: Some(event.id), ..job }],
        event,
        body_hash: [0; 32],
        payload: EventPayload { headers: Vec::new(), body: Vec::new() }.into(),
        unique: Vec::new(),
    }
}
