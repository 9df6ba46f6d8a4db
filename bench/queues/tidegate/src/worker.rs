//! The worker's way with the queue, around jobs that do nothing: as many are claimed as slots are free, each keeps its
//! slot until its end is written, and ends are written in batches that form while the last one is being written.
//! (`server/src/worker/runner.rs` and `finish.rs`, without what happens in between.)

use crate::{
    interface::Began,
    jobs::{now, number},
};
use domain::{
    attempt::Attempt,
    id::NodeId,
    job::{Job, JobResult},
    time::{SECOND, Timestamp},
};
use std::{sync::Arc, time::Duration};
use store::{Finished, Next, Store};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

/// Longest time between two looks at the queue.
const POLL: Duration = Duration::from_millis(500);
/// Outcomes of one transaction.
const MAX_ROWS: usize = 500;
/// How long a claim lasts, in microseconds.
const LEASE: i64 = 15 * SECOND;
/// Jobs run at the same time when nothing else is said, as in the program.
const WORKERS: usize = 32;

type Ended = (Finished, oneshot::Sender<()>);

/// Runs jobs for ever.
pub(crate) async fn run(store: Arc<dyn Store>, node: NodeId, wake: Arc<Notify>, began: Began) {
    let workers = std::env::var("QUEUE_WORKERS").ok().and_then(|set| set.parse().ok()).unwrap_or(WORKERS);
    let slots = Arc::new(Semaphore::new(workers));
    let (queue, waiting) = mpsc::channel(MAX_ROWS * 4);
    tokio::spawn(finish(store.clone(), waiting));
    while let Ok(slot) = slots.clone().acquire_owned().await {
        let free = 1 + slots.available_permits();
        let at = now();
        let jobs = match store.claim(node, free as i64, at, at.plus(LEASE)).await {
            Ok(jobs) => jobs,
            Err(error) => give_up("claim", &error),
        };
        if jobs.is_empty() {
            drop(slot);
            let _ = tokio::time::timeout(pause(store.as_ref()).await, wake.notified()).await;
            continue;
        }
        let mut slot = Some(slot);
        for job in jobs {
            let Some(slot) = slot.take().or_else(|| slots.clone().try_acquire_owned().ok()) else { break };
            let (queue, began) = (queue.clone(), began.clone());
            tokio::spawn(async move {
                began(number(&job));
                let (done, written) = oneshot::channel();
                if queue.send((ended(&job, node, now()), done)).await.is_ok() {
                    let _ = written.await;
                }
                drop(slot);
            });
        }
    }
}

/// How long the queue can be left alone.
async fn pause(store: &dyn Store) -> Duration {
    match store.next_due().await {
        Ok(Some(due)) => {
            Duration::from_micros(due.since(now()).clamp(1_000, POLL.as_micros() as i64).unsigned_abs())
        }
        _ => POLL,
    }
}

fn ended(job: &Job, node: NodeId, began: Timestamp) -> Finished {
    let mut attempt = Attempt::of(job, node, began, now());
    attempt.status = Some(200);
    Finished { attempt, next: Next::Succeeded { result: JobResult::default(), then: Vec::new() } }
}

async fn finish(store: Arc<dyn Store>, mut waiting: mpsc::Receiver<Ended>) {
    let mut batch: Vec<Ended> = Vec::new();
    while waiting.recv_many(&mut batch, MAX_ROWS).await > 0 {
        let (outcomes, senders): (Vec<Finished>, Vec<_>) = batch.drain(..).unzip();
        match store.finish(&outcomes, now(), &[]).await {
            Ok(held) if held.iter().all(|held| *held) => {}
            Ok(_) => give_up("finish", &"a lease was lost"),
            Err(error) => give_up("finish", &error),
        }
        for sender in senders {
            let _ = sender.send(());
        }
    }
}

/// A run in which anything fails counts for nothing.
fn give_up(what: &str, why: &dyn std::fmt::Display) -> ! {
    eprintln!("{what}: {why}");
    std::process::exit(1)
}
