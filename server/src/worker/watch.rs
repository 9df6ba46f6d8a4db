//! Stops tries whose row is not this node's any more: a person cancelled the job, or another node took it over.
//! Leases notice the same, but only when they are extended; a person who cancels a job sees it end within a second.

use super::leases::{Held, Try};
use domain::id::{JobId, NodeId};
use std::{collections::HashSet, sync::Arc, time::Duration};
use store::Store;
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(500);

/// Looks until `stop`.
pub async fn keep(store: Arc<dyn Store>, node: NodeId, held: Arc<Held>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        look(store.as_ref(), node, &held).await;
    }
}

/// Looks once.
pub async fn look(store: &dyn Store, node: NodeId, held: &Held) {
    let leases = held.all();
    if leases.is_empty() {
        return;
    }
    let ids: Vec<JobId> = leases.iter().map(|lease| lease.of.0).collect();
    match store.tries_held(node, &ids).await {
        Ok(still) => {
            let still: HashSet<Try> = still.into_iter().collect();
            for lease in leases.iter().filter(|lease| !still.contains(&lease.of)) {
                held.stop(lease);
            }
        }
        Err(error) => tracing::warn!(%error, "running jobs could not be looked up"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        id::TenantId,
        job::{Job, JobKind, JobState},
        time::Timestamp,
    };
    use store::{AuditEntry, JobChange, OpenOptions};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

    #[tokio::test]
    async fn a_running_job_that_a_person_cancelled_is_stopped_and_others_are_not() {
        let folder = std::env::temp_dir().join(format!("tidegate-watch-{}", Uuid::now_v7().simple()));
        let url = format!("sqlite://{}", folder.join("tidegate.db").display());
        let store = store::open(&url, &OpenOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let new = || Job::new(JobId::new(Uuid::now_v7()), TenantId::new(Uuid::nil()), JobKind::Publish, NOW);
        store.add_jobs(&[new(), new()]).await.unwrap();
        let node = NodeId::new(Uuid::now_v7());
        let running = store.claim(node, 2, NOW, NOW.plus(1_000_000)).await.unwrap();
        let held = Held::default();
        let tokens: Vec<_> = running.iter().map(|job| held.add((job.id, job.attempt)).lost).collect();

        look(store.as_ref(), node, &held).await;
        assert!(!tokens[0].is_cancelled() && !tokens[1].is_cancelled());

        let cancel = JobChange::Cancel { reason: "cancelled".into(), note: "cancelled while it ran".into() };
        let audit = AuditEntry {
            id: Uuid::now_v7(),
            at: NOW,
            tenant_id: None,
            actor: "ada".into(),
            action: "job.cancel".into(),
            target: "job".into(),
            detail: String::new(),
        };
        store.change_jobs(None, &[running[0].id], &cancel, NOW, &audit).await.unwrap();
        look(store.as_ref(), node, &held).await;
        assert!(tokens[0].is_cancelled() && !tokens[1].is_cancelled());
        assert_eq!(store.job(None, running[0].id).await.unwrap().state, JobState::Cancelled);
        assert_eq!(held.len(), 1);
        store.close().await;
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
