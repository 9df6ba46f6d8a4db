//! Writing how tries ended, batched across jobs the way ingress batches events. A result is never dropped because
//! the database is away for a moment: a paid answer is kept in memory and written when it is back.

use crate::{clock::SharedClock, wake::Wake};
use std::{sync::Arc, time::Duration};
use store::{Finished, Next, Store};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::{JoinHandle, JoinSet},
};

/// Outcomes of one transaction.
const MAX_ROWS: usize = 1_000;
/// First pause after a failed write; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause between two tries to write.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Longest one write may take.
const LONGEST: Duration = Duration::from_secs(15);

type Waiting = (Finished, oneshot::Sender<bool>);

/// The sending side; cheap to clone.
#[derive(Clone)]
pub struct Finisher {
    queue: mpsc::Sender<Waiting>,
}

impl Finisher {
    /// Starts as many writers as the database is worth. They end when the last [`Finisher`] is gone, after writing what
    /// waits. `wake` is told when a finished job started another.
    pub fn start(store: Arc<dyn Store>, clock: SharedClock, wake: Arc<Wake>) -> (Self, JoinHandle<()>) {
        let (queue, waiting) = mpsc::channel(MAX_ROWS * 4);
        let waiting = Arc::new(Mutex::new(waiting));
        let writers: JoinSet<()> = (0..store.writers())
            .map(|_| write(store.clone(), clock.clone(), wake.clone(), waiting.clone()))
            .collect();
        (Self { queue }, tokio::spawn(async move { drop(writers.join_all().await) }))
    }

    /// Writes one outcome. `false` when the lease was lost meanwhile and nothing was written.
    pub async fn finish(&self, finished: Finished) -> bool {
        let (done, written) = oneshot::channel();
        // The writer lives as long as this sender, so neither side can be gone.
        self.queue.send((finished, done)).await.is_ok() && written.await.unwrap_or(false)
    }
}

async fn write(
    store: Arc<dyn Store>,
    clock: SharedClock,
    wake: Arc<Wake>,
    waiting: Arc<Mutex<mpsc::Receiver<Waiting>>>,
) {
    let mut batch: Vec<Waiting> = Vec::new();
    // Whoever waits for the next batch has the queue to itself; the others write.
    while waiting.lock().await.recv_many(&mut batch, MAX_ROWS).await > 0 {
        let (outcomes, senders): (Vec<Finished>, Vec<_>) = batch.drain(..).unzip();
        let mut pause = FIRST_PAUSE;
        let held = loop {
            let error = match tokio::time::timeout(LONGEST, store.finish(&outcomes, clock.now(), &[])).await {
                Ok(Ok(held)) => break held,
                Ok(Err(error)) => error.to_string(),
                // Fenced by the try, so writing it a second time changes nothing.
                Err(_) => "no answer in time".to_owned(),
            };
            tracing::error!(error, outcomes = outcomes.len(), "outcomes could not be written yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        let goes_on = outcomes.iter().flat_map(|one| match &one.next {
            Next::Succeeded { then, .. } => then.as_slice(),
            _ => &[],
        });
        wake.stored(goes_on);
        if outcomes.iter().any(|one| matches!(one.next, Next::Retry { .. })) {
            wake.ring();
        }
        for (sender, held) in senders.into_iter().zip(held) {
            let _ = sender.send(held);
        }
    }
}
