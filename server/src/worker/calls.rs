//! Calls this node made of late, on their way to the window all nodes share. Counting is a few additions in memory; what
//! was counted is written behind the calls, about once a second, one row per target that was called (see
//! [`super::gate::Gate::keep`]). What the window says is [`domain::calls`]'s.

use super::breaker::Said;
use domain::{
    breaker::BreakerKey,
    calls::CallBucket,
    id::{JobId, NodeId, TenantId},
    thresholds::Thresholds,
    time::Timestamp,
};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// What one node counted and the others do not know of yet.
pub struct CallLog {
    node: NodeId,
    /// A std mutex: held for a few additions, never across an await.
    tallies: Mutex<HashMap<BreakerKey, Tally>>,
    /// A call was counted.
    pub counted: Notify,
    /// So many jobs failed in a row here that others must know at once.
    pub urgent: Notify,
}

/// What is counted of one target.
struct Tally {
    tenant: TenantId,
    /// The breaker's revision all of it was counted under.
    revision: i64,
    /// How far back it is of use.
    window: i64,
    /// Oldest first; the last one is still added to.
    buckets: Vec<Waiting>,
    /// Whether a call failed or was slow that nobody judged yet.
    doubtful: bool,
    /// Different jobs that failed here since a call last went well.
    row: HashSet<JobId>,
}

/// A bucket, and whether the database has it as it is.
struct Waiting {
    bucket: CallBucket,
    written: bool,
}

/// What is to be told to the others.
#[derive(Debug, Default)]
pub struct Untold {
    /// Buckets as they are now.
    pub buckets: Vec<CallBucket>,
    /// Breakers that may have to open, with whose they are.
    pub doubtful: Vec<(BreakerKey, TenantId)>,
}

impl CallLog {
    /// Nothing counted yet.
    pub fn new(node: NodeId) -> Self {
        Self { node, tallies: Mutex::default(), counted: Notify::new(), urgent: Notify::new() }
    }

    /// Counts a call that ended at `now`, under this revision of its breaker and these thresholds.
    pub fn note(
        &self,
        (key, tenant): (&BreakerKey, TenantId),
        revision: i64,
        set: &Thresholds,
        (job, said): (JobId, &Said),
        now: Timestamp,
    ) {
        let begins_at = Timestamp(now.0.div_euclid(set.bucket()) * set.bucket());
        let mut tallies = self.lock();
        let tally = tallies.entry(key.clone()).or_insert_with(|| Tally::new(tenant, revision));
        if tally.revision != revision {
            *tally = Tally::new(tenant, revision);
        }
        tally.window = set.window;
        if tally.buckets.last().is_none_or(|last| last.bucket.begins_at != begins_at) {
            tally.buckets.retain(|waiting| !waiting.written);
            // While the database does not answer they pile up; what is older than the window is of no use.
            let oldest = now.plus(-set.window);
            tally.buckets.retain(|waiting| waiting.bucket.begins_at > oldest);
            let bucket = CallBucket::new(key.clone(), revision, self.node, begins_at);
            tally.buckets.push(Waiting { bucket, written: false });
        }
        let Some(last) = tally.buckets.last_mut() else { return };
        last.written = false;
        let mut urgent = false;
        match said {
            Said::Well | Said::There | Said::Slow => {
                last.bucket.went_well(*said == Said::Slow, now);
                tally.doubtful |= *said == Said::Slow;
                tally.row.clear();
            }
            Said::Ill { words, asked } | Said::Spent { words, asked } => {
                let asked = asked.map(|asked| i64::try_from(asked.as_micros()).unwrap_or(i64::MAX));
                last.bucket.went_wrong(job, words, asked.map(|asked| now.plus(asked)), now);
                tally.doubtful = true;
                // Only as many as are asked for are kept; the last one of them is told without delay.
                urgent = tally.row.len() < set.in_a_row
                    && tally.row.insert(job)
                    && tally.row.len() == set.in_a_row;
            }
        }
        drop(tallies);
        self.counted.notify_one();
        if urgent {
            self.urgent.notify_one();
        }
    }

    /// Takes out what is to be told. What could not be told is given back to [`CallLog::again`].
    pub fn take(&self) -> Untold {
        let mut untold = Untold::default();
        for (key, tally) in self.lock().iter_mut() {
            for waiting in tally.buckets.iter_mut().filter(|waiting| !waiting.written) {
                waiting.written = true;
                untold.buckets.push(waiting.bucket.clone());
            }
            if std::mem::take(&mut tally.doubtful) {
                untold.doubtful.push((key.clone(), tally.tenant));
            }
        }
        // Always in the same order, so that transactions do not wait for each other in circles.
        untold.buckets.sort_unstable_by(|a, b| (&a.key, a.begins_at).cmp(&(&b.key, b.begins_at)));
        untold
    }

    /// What was taken could not be told; it is told next time.
    pub fn again(&self, untold: &Untold) {
        let mut tallies = self.lock();
        for bucket in &untold.buckets {
            let tally = tallies.get_mut(&bucket.key).filter(|tally| tally.revision == bucket.revision);
            let Some(tally) = tally else { continue };
            match tally.buckets.iter_mut().find(|one| one.bucket.begins_at == bucket.begins_at) {
                Some(waiting) => waiting.written = false,
                // Another one was begun meanwhile.
                None => tally.buckets.insert(0, Waiting { bucket: bucket.clone(), written: false }),
            }
        }
        for (key, _) in &untold.doubtful {
            if let Some(tally) = tallies.get_mut(key) {
                tally.doubtful = true;
            }
        }
        drop(tallies);
        self.counted.notify_one();
    }

    /// Forgets targets that were not called for longer than their window.
    pub fn forget(&self, now: Timestamp) {
        self.lock().retain(|_, tally| {
            let oldest = now.plus(-tally.window);
            tally.buckets.iter().any(|waiting| !waiting.written || waiting.bucket.begins_at > oldest)
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<BreakerKey, Tally>> {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tally {
    fn new(tenant: TenantId, revision: i64) -> Self {
        Self { tenant, revision, window: 0, buckets: Vec::new(), doubtful: false, row: HashSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        id::DestinationId,
        time::{MINUTE, SECOND},
    };
    use uuid::Uuid;

    const START: Timestamp = Timestamp(1_000 * MINUTE);

    fn key() -> BreakerKey {
        BreakerKey::Destination(DestinationId::new(Uuid::nil()))
    }

    fn log() -> CallLog {
        CallLog::new(NodeId::new(Uuid::nil()))
    }

    fn note(log: &CallLog, revision: i64, job: u128, said: &Said, now: Timestamp) {
        let set = Thresholds::of(false, &[], 30 * SECOND);
        let of = (&key(), TenantId::new(Uuid::nil()));
        log.note(of, revision, &set, (JobId::new(Uuid::from_u128(job)), said), now);
    }

    fn ill() -> Said {
        Said::Ill { words: "503".into(), asked: None }
    }

    #[test]
    fn however_many_calls_are_made_in_a_bucket_one_row_tells_of_them() {
        let log = log();
        for n in 0..1_000 {
            note(&log, 0, n, &Said::Well, START.plus(n as i64));
        }
        let untold = log.take();
        assert_eq!(untold.buckets.iter().map(|one| one.calls).collect::<Vec<_>>(), [1_000]);
        assert!(untold.doubtful.is_empty(), "nothing to judge");
        assert!(log.take().buckets.is_empty(), "told once");
        note(&log, 0, 1, &ill(), START.plus(SECOND));
        let untold = log.take();
        assert_eq!((untold.buckets[0].calls, untold.buckets[0].failed), (1_001, 1), "the whole bucket again");
        assert_eq!(untold.doubtful.len(), 1);
    }

    #[test]
    fn what_could_not_be_told_is_told_next_time_with_what_came_since() {
        let log = log();
        note(&log, 0, 1, &ill(), START);
        let untold = log.take();
        note(&log, 0, 2, &Said::Well, START.plus(6 * SECOND));
        log.again(&untold);
        let again = log.take();
        assert_eq!(again.buckets.iter().map(|one| one.calls).collect::<Vec<_>>(), [1, 1]);
        assert_eq!(again.doubtful.len(), 1);
    }

    #[test]
    fn a_breaker_that_changed_is_counted_anew() {
        let log = log();
        note(&log, 0, 1, &ill(), START);
        note(&log, 1, 2, &Said::Slow, START.plus(1));
        let told: Vec<_> =
            log.take().buckets.iter().map(|one| (one.revision, one.calls, one.failed)).collect();
        assert_eq!(told, [(1, 1, 0)]);
    }

    #[test]
    fn targets_that_are_not_called_any_more_are_forgotten() {
        let log = log();
        note(&log, 0, 1, &Said::Well, START);
        log.forget(START.plus(2 * MINUTE));
        assert_eq!(log.take().buckets.len(), 1, "not before it is told");
        log.forget(START.plus(2 * MINUTE));
        assert!(log.lock().is_empty());
    }
}
