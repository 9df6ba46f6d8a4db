//! Which posts go to a site together. Those that are ready while a call to it is under way wait for its end and go in the
//! next one, as many as the site takes: batches form by themselves under load, and a post that finds the site idle goes at
//! once. There is no timer.
//!
//! Each post keeps its own key, outcome and further tries. A call runs in a task of its own, so that a job that is stopped
//! meanwhile takes no other down; what it has not sent yet is not sent.

use super::{plugin::Plugin, post::Post};
use crate::{
    live::LiveDestination,
    worker::outcome::{Failure, Outcome},
};
use domain::{
    id::DestinationId,
    outcome::{ErrorClass, Verdict},
};
use futures::FutureExt;
use std::{
    collections::{HashMap, VecDeque},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::oneshot;

/// Most bytes of one call. Many servers refuse more than a megabyte.
const BYTES: usize = 512 * 1024;

/// The posts that wait for the end of a call, per destination. A destination that has a line has a task that drives it.
pub(in crate::delivery) struct Gather {
    plugin: Arc<Plugin>,
    /// A std mutex: held for a few instructions, never across an await.
    lines: Mutex<HashMap<DestinationId, VecDeque<Waiting>>>,
}

struct Waiting {
    live: Arc<LiveDestination>,
    post: Post,
    /// How often the number of those it may go with is halved.
    halvings: u32,
    bytes: usize,
    done: oneshot::Sender<Outcome>,
}

impl Gather {
    pub(in crate::delivery) fn new(plugin: Arc<Plugin>) -> Arc<Self> {
        Arc::new(Self { plugin, lines: Mutex::default() })
    }

    /// Brings a post to the site, with others where that can be.
    pub(super) async fn bring(
        self: &Arc<Self>,
        live: &Arc<LiveDestination>,
        post: Post,
        halvings: u32,
    ) -> Outcome {
        let id = live.destination.id;
        let (done, outcome) = oneshot::channel();
        let bytes = post.fields.values().map(size).sum();
        let waiting = Waiting { live: live.clone(), post, halvings, bytes, done };
        let begins = {
            let mut lines = self.lines();
            let begins = !lines.contains_key(&id);
            lines.entry(id).or_default().push_back(waiting);
            begins
        };
        if begins {
            tokio::spawn(self.clone().drive(id));
        }
        outcome.await.unwrap_or_else(|_| {
            Err(Failure::new(
                ErrorClass::Internal,
                "The call that brought this post ran into a fault of Tidegate.",
            ))
        })
    }

    /// Calls a site until nothing waits for it.
    async fn drive(self: Arc<Self>, id: DestinationId) {
        while let Some(batch) = self.next(id) {
            // A fault here must not leave a line that nobody drives. The jobs of the batch see their senders go.
            if AssertUnwindSafe(self.call(id, batch)).catch_unwind().await.is_err() {
                tracing::error!(destination = %id, "a call to a site ran into a fault");
            }
        }
    }

    /// What goes in the next call; `None` when nothing waits, and then the line is gone.
    fn next(&self, id: DestinationId) -> Option<Vec<Waiting>> {
        let offers = &self.plugin.offers;
        let mut most = offers.most(id);
        let mut lines = self.lines();
        let line = lines.get_mut(&id)?;
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(first) = line.pop_front() {
            if first.done.is_closed() {
                continue;
            }
            // No post is in a call that is too large for it, nor makes one too large for those in it.
            let with_it = most.min(offers.most_halved(id, first.halvings));
            if !batch.is_empty() && (batch.len() >= with_it || bytes + first.bytes > BYTES) {
                line.push_front(first);
                break;
            }
            most = with_it;
            bytes += first.bytes;
            batch.push(first);
        }
        if batch.is_empty() {
            lines.remove(&id);
            return None;
        }
        Some(batch)
    }

    async fn call(&self, id: DestinationId, batch: Vec<Waiting>) {
        // What its settings say now is what the last one saw.
        let Some(live) = batch.last().map(|last| last.live.clone()) else { return };
        if batch.len() > 1 {
            tracing::debug!(destination = %live.destination.slug, posts = batch.len(), "posts go together");
            let posts: Vec<&Post> = batch.iter().map(|waiting| &waiting.post).collect();
            match self.plugin.bring_all(&live, &posts).await {
                Ok(outcomes) => return tell(batch, outcomes),
                Err(failure) if is_about_each(&failure) => {
                    let outcomes = batch.iter().map(|_| Err(failure.clone())).collect();
                    return tell(batch, outcomes);
                }
                // The site, or something before it, takes no such calls, or not this one. That says nothing about each
                // post, and a post that offends must not take the others with it.
                Err(failure) => {
                    tracing::info!(destination = %live.destination.slug, posts = batch.len(), status = failure.status, "a site refused a call with several posts; they go one by one");
                    self.plugin.offers.forget(id);
                }
            }
        }
        let mut silent: Option<Failure> = None;
        for waiting in batch.into_iter().filter(|waiting| !waiting.done.is_closed()) {
            let outcome = match &silent {
                Some(failure) => Err(failure.clone()),
                None => self.plugin.bring(&live, &waiting.post).await,
            };
            // A site that does not answer is not asked again for each: they would wait for one another.
            silent = outcome.as_ref().err().filter(|failure| is_silence(failure)).cloned();
            let _ = waiting.done.send(outcome);
        }
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<DestinationId, VecDeque<Waiting>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the failure of a call with several posts is the failure of each: whatever may pass, and what says something
/// about the account or the address.
fn is_about_each(failure: &Failure) -> bool {
    failure.class.verdict() != Verdict::Fail || matches!(failure.status, None | Some(401 | 410))
}

fn is_silence(failure: &Failure) -> bool {
    matches!(failure.class, ErrorClass::Timeout | ErrorClass::Connection)
}

/// Tells each job what came of its post. Of those that failed in this call one says so for all.
fn tell(batch: Vec<Waiting>, outcomes: Vec<Outcome>) {
    let mut said = false;
    for (waiting, mut outcome) in batch.into_iter().zip(outcomes) {
        if let Err(failure) = &mut outcome {
            failure.shared = std::mem::replace(&mut said, true);
        }
        // A job that was stopped meanwhile does not listen.
        let _ = waiting.done.send(outcome);
    }
}

/// About how many bytes of JSON a value becomes.
fn size(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) => text.len() + 32,
        other => other.to_string().len() + 32,
    }
}
