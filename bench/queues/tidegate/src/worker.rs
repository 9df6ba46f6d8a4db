//! The worker's way with the queue, around jobs that do nothing: as many are claimed as slots are free and as many more as
//! ended since, each keeps its slot until its end is written, and ends are written in batches that form while the last one
//! is being written. (`server/src/worker/claims.rs`, `runner.rs` and `finish.rs`, without what happens in between.)

use crate::{
    Wake,
    interface::Began,
    jobs::{now, number},
};
use domain::{
    attempt::Attempt,
    id::NodeId,
    job::{Job, JobResult},
    look::Look,
    queue::share,
    time::{SECOND, Timestamp},
};
use std::{
    collections::VecDeque,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use store::{Finished, Next, Store, StoreError};
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};

/// Pause where others are just taking the jobs that are due.
const BLOCKED: Duration = Duration::from_millis(50);
/// Outcomes of one transaction.
const MAX_ROWS: usize = 1_000;
/// How long a claim lasts, in microseconds.
const LEASE: i64 = 15 * SECOND;
/// Jobs run at the same time when nothing else is said, as in the program.
const WORKERS: usize = 32;

type Ended = (Finished, oneshot::Sender<()>);

/// Runs jobs for ever.
pub(crate) async fn run(store: Arc<dyn Store>, node: NodeId, wake: Arc<Wake>, began: Began) {
    let workers = std::env::var("QUEUE_WORKERS").ok().and_then(|set| set.parse().ok()).unwrap_or(WORKERS);
    let slots = Arc::new(Semaphore::new(workers));
    let ended_since = Arc::new(AtomicUsize::new(0));
    let (queue, waiting) = mpsc::channel(MAX_ROWS * 4);
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..store.writers() {
        tokio::spawn(finish(store.clone(), waiting.clone()));
    }
    let (mut ready, mut known) = (VecDeque::new(), None);
    while let Ok(slot) = slots.clone().acquire_owned().await {
        if ready.is_empty() {
            let ahead = ended_since.swap(0, Ordering::Relaxed).min(workers);
            match claim(store.as_ref(), node, &wake, &mut known, 1 + slots.available_permits() + ahead).await
            {
                Ok((jobs, _)) if !jobs.is_empty() => ready.extend(jobs),
                Ok((_, pause)) => {
                    drop(slot);
                    let _ = tokio::time::timeout(pause, wake.here.notified()).await;
                    continue;
                }
                Err(error) => give_up("claim", &error),
            }
        }
        let Some(job) = ready.pop_front() else { continue };
        let (queue, began, ended_since) = (queue.clone(), began.clone(), ended_since.clone());
        tokio::spawn(async move {
            began(number(&job));
            let (done, written) = oneshot::channel();
            if queue.send((ended(&job, node, now()), done)).await.is_ok() {
                let _ = written.await;
            }
            ended_since.fetch_add(1, Ordering::Relaxed);
            drop(slot);
        });
    }
}

/// Claims up to `room` jobs; says how long the queues can be left alone when there are none.
async fn claim(
    store: &dyn Store,
    node: NodeId,
    wake: &Wake,
    known: &mut Option<(Look, Instant)>,
    room: usize,
) -> Result<(Vec<Job>, Duration), StoreError> {
    let room = i64::try_from(room).unwrap_or(i64::MAX);
    let stored = std::mem::take(&mut *wake.stored.lock().unwrap_or_else(PoisonError::into_inner));
    if let Some((look, _)) = known {
        stored.into_iter().for_each(|head| look.add(head));
    }
    let mut is_good = known.as_ref().is_some_and(|(look, at)| look.is_good(at.elapsed()));
    loop {
        let (mut look, at) = match known.take() {
            Some(known) if is_good => known,
            before => (store.look(before.map(|(look, _)| look), false, &now).await?, Instant::now()),
        };
        let time = now();
        let takes = share(look.heads(), room, time, i64::MIN, |_| 1);
        if takes.is_empty() {
            let pause = look.rest(at.elapsed(), time);
            *known = Some((look, at));
            return Ok((Vec::new(), pause));
        }
        let jobs = store.claim_from(node, &takes, room, &[], time, time.plus(LEASE)).await?;
        look.move_on(&takes, room, &jobs);
        *known = Some((look, at));
        if !is_good || !jobs.is_empty() {
            return Ok((jobs, BLOCKED));
        }
        is_good = false;
    }
}

fn ended(job: &Job, node: NodeId, began: Timestamp) -> Finished {
    let mut attempt = Attempt::of(job, node, began, now());
    attempt.status = Some(200);
    Finished { attempt, next: Next::Succeeded { result: JobResult::default(), then: Vec::new() } }
}

async fn finish(store: Arc<dyn Store>, waiting: Arc<Mutex<mpsc::Receiver<Ended>>>) {
    let mut batch: Vec<Ended> = Vec::new();
    while waiting.lock().await.recv_many(&mut batch, MAX_ROWS).await > 0 {
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
