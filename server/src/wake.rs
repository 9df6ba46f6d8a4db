//! Telling workers that there may be work: those of this process at once and in which queues, those of other nodes through
//! the database, a few times in a second. Nothing depends on it: who is not told looks by itself a moment later.

use domain::{
    job::{Job, JobState},
    queue::QueueHead,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use store::{Store, Word};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Shortest time between two words to other nodes.
const APART: Duration = Duration::from_millis(25);
/// Pause after the database could not be listened to.
const PAUSE: Duration = Duration::from_secs(1);

/// Queues that are remembered; where work came into more, all are looked at.
const MOST: usize = 1_000;

/// What was said since the last time.
#[derive(Default)]
pub struct News {
    /// The first job of each queue in which this process stored some.
    pub heads: Vec<QueueHead>,
    /// Whether other nodes stored some, in queues that they did not name.
    pub elsewhere: bool,
    /// Whether there may be work anywhere, even ahead of what was seen in a queue.
    pub anywhere: bool,
}

impl News {
    /// Whether there may be work in other queues, too.
    pub const fn is_more(&self) -> bool {
        self.elsewhere || self.anywhere
    }
}

/// The bell of this process.
#[derive(Default)]
pub struct Wake {
    here: Notify,
    others: Notify,
    /// Whether others are to be told of work anywhere.
    tell_anywhere: AtomicBool,
    news: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    heads: BTreeMap<(i16, i64), QueueHead>,
    elsewhere: bool,
    anywhere: bool,
}

impl Wake {
    /// Says that there may be work, anywhere.
    pub fn ring(&self) {
        self.told(Word::Anywhere);
        self.tell_anywhere.store(true, Ordering::Release);
        self.others.notify_one();
    }

    /// Says that these jobs are stored. Those that are held wait for something else than a worker.
    pub fn stored<'a>(&self, jobs: impl IntoIterator<Item = &'a Job>) {
        let mut waiting = jobs.into_iter().filter(|job| job.state == JobState::Pending).peekable();
        if waiting.peek().is_none() {
            return;
        }
        {
            let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
            for head in waiting.map(QueueHead::of) {
                let known = news.heads.get(&head.queue());
                if known.is_none_or(|known| head.position() < known.position()) {
                    news.heads.insert(head.queue(), head);
                }
            }
            if news.heads.len() > MOST {
                *news = Heard { anywhere: true, ..Heard::default() };
            }
        }
        self.here.notify_one();
        self.others.notify_one();
    }

    /// What was said since the last time.
    pub fn news(&self) -> News {
        let heard = std::mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner));
        News {
            heads: heard.heads.into_values().collect(),
            elsewhere: heard.elsewhere,
            anywhere: heard.anywhere,
        }
    }

    fn told(&self, word: Word) {
        {
            let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
            match word {
                Word::Stored => news.elsewhere = true,
                Word::Anywhere => news.anywhere = true,
            }
        }
        self.here.notify_one();
    }

    /// Waits until somebody says so; returns at once when that happened since the last time.
    pub async fn heard(&self) {
        self.here.notified().await;
    }

    /// Tells other nodes what is said here until `stop`.
    pub async fn pass_on(self: Arc<Self>, store: Arc<dyn Store>, stop: CancellationToken) {
        while stop.run_until_cancelled(self.others.notified()).await.is_some() {
            let word = match self.tell_anywhere.swap(false, Ordering::Acquire) {
                true => Word::Anywhere,
                false => Word::Stored,
            };
            if let Err(error) = store.tell_nodes(word).await {
                tracing::debug!(%error, "other nodes could not be told that there is work");
            }
            if stop.run_until_cancelled(tokio::time::sleep(APART)).await.is_none() {
                return;
            }
        }
    }

    /// Listens to other nodes until `stop`.
    pub async fn listen(self: Arc<Self>, store: Arc<dyn Store>, stop: CancellationToken) {
        let listen = async {
            loop {
                match store.listen().await {
                    // There are no others.
                    Ok(None) => return,
                    Ok(Some(mut nodes)) => {
                        // What was said while nobody listened.
                        self.told(Word::Anywhere);
                        while let Ok(word) = nodes.heard().await {
                            self.told(word);
                        }
                    }
                    Err(error) => tracing::debug!(%error, "other nodes cannot be listened to"),
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let _ = stop.run_until_cancelled(listen).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        id::{JobId, TenantId, VendorId},
        job::JobKind,
        time::Timestamp,
    };
    use uuid::Uuid;

    fn job(vendor: usize, due: i64) -> Job {
        let id = |number: u128| Uuid::from_u128(number);
        let job = Job::new(JobId::new(id(1)), TenantId::new(id(2)), JobKind::Publish, Timestamp(due));
        Job { vendor_id: Some(VendorId::new(id(vendor as u128))), ..job }
    }

    #[test]
    fn jobs_stored_here_are_told_by_the_first_of_each_queue_and_once() {
        let wake = Wake::default();
        wake.stored(&[job(7, 30), job(8, 20)]);
        wake.stored(&[job(7, 10)]);
        let news = wake.news();
        let mut due: Vec<i64> = news.heads.iter().map(|head| head.due_at.0).collect();
        due.sort_unstable();
        assert_eq!((due.as_slice(), news.is_more()), ([10, 20].as_slice(), false));
        assert!(wake.news().heads.is_empty());
    }

    #[test]
    fn jobs_that_are_held_wake_nobody() {
        let wake = Wake::default();
        wake.stored(&[Job { state: JobState::Held, ..job(7, 30) }]);
        assert!(wake.news().heads.is_empty());
    }

    #[test]
    fn other_work_is_told_without_its_queue() {
        let wake = Wake::default();
        wake.ring();
        assert!(wake.news().anywhere && !wake.news().is_more());
        wake.told(Word::Stored);
        let news = wake.news();
        assert!(news.elsewhere && !news.anywhere);
    }

    #[test]
    fn work_in_very_many_queues_is_told_as_work_anywhere() {
        let wake = Wake::default();
        let jobs: Vec<Job> = (0..=MOST).map(|vendor| job(vendor, 10)).collect();
        wake.stored(&jobs);
        let news = wake.news();
        assert!(news.anywhere && news.heads.is_empty());
    }
}
