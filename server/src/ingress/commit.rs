//! Group commit across requests: whatever waits while a commit is under way goes into the next one. No timer: a
//! lone request is written at once, a burst shares its disk syncs.

use super::room::Held;
use crate::wake::Wake;
use std::{sync::Arc, time::Duration};
use store::{NewEvent, Recorded, Store};
use tokio::sync::{mpsc, oneshot};

/// Rows of one transaction; more only makes the first of them wait.
const MAX_ROWS: usize = 500;
/// Bytes of bodies in one transaction.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Requests that may wait; beyond it senders are told to come back. Their bytes are bounded by [`super::room`].
const MAX_WAITING: usize = 20_000;

/// Longest a commit may take; vendors give up after 3 s and more.
const LONGEST: Duration = Duration::from_secs(15);
/// Pause after a commit that failed.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

type Waiting = (NewEvent, Held, oneshot::Sender<Result<Recorded, Refused>>);

/// Why an event is not known to be stored. Should it be all the same, its sender's next try is a repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Too many wait already.
    Full,
    /// The database did not take it.
    Unavailable,
}

/// The sending side; cheap to clone.
#[derive(Clone)]
pub struct Committer {
    queue: mpsc::Sender<Waiting>,
}

impl Committer {
    /// Starts the writer. It ends when the last [`Committer`] is gone, after writing what waits. `wake` is told
    /// after each commit that stored jobs.
    pub fn start(store: Arc<dyn Store>, wake: Arc<Wake>) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        (Self { queue }, tokio::spawn(write(store, wake, waiting)))
    }

    /// Stores one event, whose body counts as `held` until then; returns after the commit.
    pub async fn record(&self, event: NewEvent, held: Held) -> Result<Recorded, Refused> {
        let (done, stored) = oneshot::channel();
        self.queue.try_send((event, held, done)).map_err(|_| Refused::Full)?;
        stored.await.unwrap_or(Err(Refused::Unavailable))
    }
}

async fn write(store: Arc<dyn Store>, wake: Arc<Wake>, mut waiting: mpsc::Receiver<Waiting>) {
    while let Some(first) = waiting.recv().await {
        let mut bytes = first.0.payload.weight();
        let (mut events, mut held, mut senders) = (vec![first.0], vec![first.1], vec![first.2]);
        while events.len() < MAX_ROWS && bytes < MAX_BYTES {
            let Ok((event, place, sender)) = waiting.try_recv() else { break };
            bytes += event.payload.weight();
            events.push(event);
            held.push(place);
            senders.push(sender);
        }
        metrics::histogram!("tidegate_commit_rows").record(events.len() as f64);
        let answers = record(store.as_ref(), &events).await;
        let fresh = |answer: &Result<Recorded, Refused>| answer.is_ok_and(|recorded| !recorded.duplicate);
        let stored = events.iter().zip(&answers).filter(|(_, answer)| fresh(answer));
        wake.stored(stored.flat_map(|(event, _)| &event.jobs));
        drop((events, held));
        for (sender, answer) in senders.into_iter().zip(answers) {
            // A sender that hung up does not wait for its answer; the event is stored all the same.
            let _ = sender.send(answer);
        }
    }
}

/// Stores a batch. When the database refuses what it was given, the batch is halved until the event it cannot take is
/// alone, so that one sender's oddity is not everybody's 503.
async fn record(store: &dyn Store, events: &[NewEvent]) -> Vec<Result<Recorded, Refused>> {
    let error = match tokio::time::timeout(LONGEST, store.record(events, &[])).await {
        Ok(Ok(recorded)) => return recorded.into_iter().map(Ok).collect(),
        Ok(Err(error)) if !error.is_outage() && events.len() > 1 => {
            let (first, second) = events.split_at(events.len() / 2);
            let mut answers = Box::pin(record(store, first)).await;
            answers.extend(Box::pin(record(store, second)).await);
            return answers;
        }
        Ok(Err(error)) => error.to_string(),
        // Should it be committed after all, the sender's next try is a duplicate, which is right.
        Err(_) => "no answer in time".to_owned(),
    };
    tracing::error!(
        error,
        events = events.len(),
        "events could not be stored; their senders were told to come back"
    );
    // Gives a database that restarts a moment, instead of failing thousands of waiting requests at once.
    tokio::time::sleep(AFTER_FAILURE).await;
    vec![Err(Refused::Unavailable); events.len()]
}
