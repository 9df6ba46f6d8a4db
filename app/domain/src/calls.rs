//! Calls to what a circuit breaker guards, counted by all nodes in buckets of time, and whether they open it.
//! Pure: buckets and time come as arguments.
//!
//! A bucket belongs to one node, which writes the whole of it again as it grows; so nothing is counted twice, and nodes
//! never wait for each other. The window is the sum of the buckets of all nodes. A bucket names the breaker's revision
//! its calls were made under: when the breaker changes, what was counted before says nothing any more.

use crate::{
    breaker::BreakerKey,
    id::{JobId, NodeId},
    thresholds::Thresholds,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Failed jobs a bucket remembers, the last ones: as many as anybody asks for in a row.
const REMEMBERED: usize = 10;
/// A rate of failures counts when so many different jobs failed: one that always fails is its own fault.
const DIFFERENT: i64 = 5;

/// A job that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Which.
    pub job: JobId,
    /// When its last call ended.
    pub at: Timestamp,
}

/// The calls one node made in one bucket of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallBucket {
    /// Whose breaker.
    pub key: BreakerKey,
    /// The breaker's revision at that time; 0 before it ever changed.
    pub revision: i64,
    /// When the bucket begins.
    pub begins_at: Timestamp,
    /// Who counts.
    pub node_id: NodeId,
    /// Calls that say something of their target.
    pub calls: i64,
    /// Those that failed.
    pub failed: i64,
    /// Those that went well but too slowly.
    pub slow: i64,
    /// When one last went well.
    pub good_at: Option<Timestamp>,
    /// Jobs that failed last, each once, the latest at the end.
    pub ill: Vec<Failed>,
    /// What the last failure was, in words.
    pub words: String,
    /// Until when the far side asked to be left alone.
    pub asked_until: Option<Timestamp>,
}

impl CallBucket {
    /// One without calls.
    pub fn new(key: BreakerKey, revision: i64, node_id: NodeId, begins_at: Timestamp) -> Self {
        Self {
            key,
            revision,
            begins_at,
            node_id,
            calls: 0,
            failed: 0,
            slow: 0,
            good_at: None,
            ill: Vec::new(),
            words: String::new(),
            asked_until: None,
        }
    }

    /// Counts a call that ended well at `now`.
    pub fn went_well(&mut self, slow: bool, now: Timestamp) {
        self.calls += 1;
        self.slow += i64::from(slow);
        self.good_at = self.good_at.max(Some(now));
    }

    /// Counts a call that failed at `now`.
    pub fn went_wrong(&mut self, job: JobId, words: &str, asked_until: Option<Timestamp>, now: Timestamp) {
        self.calls += 1;
        self.failed += 1;
        self.ill.retain(|failed| failed.job != job);
        if self.ill.len() == REMEMBERED {
            self.ill.remove(0);
        }
        self.ill.push(Failed { job, at: now });
        words.clone_into(&mut self.words);
        self.asked_until = self.asked_until.max(asked_until);
    }
}

/// What the window holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Calls.
    pub calls: i64,
    /// Those that failed.
    pub failed: i64,
    /// Those that were slow.
    pub slow: i64,
    /// Different jobs that failed, as far as anybody asks for.
    pub jobs: usize,
    /// Of those, the ones since a call last went well.
    pub in_a_row: usize,
}

/// Why a breaker is to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// In plain words.
    pub why: String,
    /// Until when the far side asked to be left alone.
    pub asked_until: Option<Timestamp>,
}

/// The buckets of a breaker at `revision` that lie in its window at `now`. What a node counted whose clock is wrong by
/// more than a window is left out.
fn within(
    buckets: &[CallBucket],
    revision: i64,
    window: i64,
    now: Timestamp,
) -> impl Iterator<Item = &CallBucket> + Clone {
    let (from, to) = (now.plus(-window), now.plus(window));
    buckets.iter().filter(move |one| one.revision == revision && one.begins_at > from && one.begins_at <= to)
}

/// Adds up one breaker's buckets.
pub fn count(buckets: &[CallBucket], revision: i64, window: i64, now: Timestamp) -> Counted {
    let within = within(buckets, revision, window, now);
    let good_at = within.clone().filter_map(|one| one.good_at).max();
    let failed = within.clone().flat_map(|one| &one.ill);
    let jobs: HashSet<JobId> = failed.clone().map(|failed| failed.job).collect();
    let in_a_row: HashSet<JobId> =
        failed.filter(|failed| Some(failed.at) > good_at).map(|failed| failed.job).collect();
    let mut counted = Counted { jobs: jobs.len(), in_a_row: in_a_row.len(), ..Counted::default() };
    for one in within {
        counted.calls += one.calls;
        counted.failed += one.failed;
        counted.slow += one.slow;
    }
    counted
}

/// Why a breaker at `revision` that is closed is to open at `now`, if it is.
pub fn judge(buckets: &[CallBucket], revision: i64, set: &Thresholds, now: Timestamp) -> Option<Cause> {
    let counted = count(buckets, revision, set.window, now);
    let Counted { calls, failed, slow, jobs, in_a_row } = counted;
    let reaches = |some: i64, rate: i64| calls >= set.min_calls && some * 100 >= calls * rate;
    let within = within(buckets, revision, set.window, now);
    let last =
        within.clone().filter(|one| !one.ill.is_empty()).max_by_key(|one| one.ill.last().map(|ill| ill.at));
    let words = last.map_or("", |one| one.words.as_str());
    let different = i64::try_from(jobs).unwrap_or(i64::MAX) >= DIFFERENT.min(set.min_calls);
    let why = if set.in_a_row > 0 && in_a_row >= set.in_a_row {
        format!("{in_a_row} jobs in a row failed, the last with: {words}")
    } else if different && reaches(failed, set.failure_rate) {
        format!("{failed} of the last {calls} calls failed, the last with: {words}")
    } else if reaches(slow, set.slow_rate) {
        format!("{slow} of the last {calls} calls were slow")
    } else {
        return None;
    };
    Some(Cause { why, asked_until: within.filter_map(|one| one.asked_until).max() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::DestinationId,
        time::{MINUTE, SECOND},
    };
    use uuid::Uuid;

    const START: Timestamp = Timestamp(1_000 * MINUTE);

    #[derive(Clone, Copy)]
    enum Call {
        Well,
        Slow,
        Ill,
    }
    use Call::{Ill, Slow, Well};

    fn job(n: usize) -> JobId {
        JobId::new(Uuid::from_u128(n as u128))
    }

    fn usual() -> Thresholds {
        Thresholds::of(false, &[], 30 * SECOND)
    }

    /// What happens among `nodes` that take turns with these calls, one a second.
    struct World {
        nodes: usize,
        set: Thresholds,
        now: Timestamp,
        buckets: Vec<CallBucket>,
    }

    impl World {
        fn of(nodes: usize, set: Thresholds) -> Self {
            Self { nodes, set, now: START, buckets: Vec::new() }
        }

        fn call(&mut self, n: usize, id: usize, call: Call) -> Option<Cause> {
            let node = NodeId::new(Uuid::from_u128((n % self.nodes) as u128));
            let begins = Timestamp(self.now.0.div_euclid(self.set.bucket()) * self.set.bucket());
            let found = self.buckets.iter().position(|one| one.node_id == node && one.begins_at == begins);
            let at = found.unwrap_or_else(|| {
                let key = BreakerKey::Destination(DestinationId::new(Uuid::nil()));
                self.buckets.push(CallBucket::new(key, 0, node, begins));
                self.buckets.len() - 1
            });
            match call {
                Well => self.buckets[at].went_well(false, self.now),
                Slow => self.buckets[at].went_well(true, self.now),
                Ill => self.buckets[at].went_wrong(job(id), "503 from blog", None, self.now),
            }
            let cause = judge(&self.buckets, 0, &self.set, self.now);
            self.now = self.now.plus(SECOND);
            cause
        }

        /// At which of these calls, each of a job of its own, it opens.
        fn opens(&mut self, calls: impl IntoIterator<Item = Call>) -> Option<usize> {
            calls.into_iter().enumerate().position(|(n, call)| self.call(n, n, call).is_some())
        }
    }

    #[test]
    fn failures_spread_over_three_nodes_open_it_at_the_same_call_as_those_of_one() {
        let half = |n: usize| if n.is_multiple_of(2) { Well } else { Ill };
        for nodes in [1, 3] {
            assert_eq!(World::of(nodes, usual()).opens((0..9).map(|_| Ill)), Some(4), "{nodes}");
            assert_eq!(World::of(nodes, usual()).opens((0..40).map(half)), Some(9), "{nodes}");
            assert_eq!(World::of(nodes, usual()).opens((0..40).map(|_| Slow)), Some(9), "{nodes}");
        }
    }

    #[test]
    fn a_call_that_goes_well_on_any_node_ends_the_row() {
        for nodes in [1, 3] {
            let calls = [Ill, Ill, Ill, Ill, Well, Ill, Ill, Ill];
            let set = Thresholds { min_calls: 100, ..usual() };
            assert_eq!(World::of(nodes, set).opens(calls), None);
            assert_eq!(World::of(nodes, set).opens([Ill, Well, Ill, Ill, Ill, Ill, Ill]), Some(6));
        }
    }

    #[test]
    fn one_job_that_fails_again_and_again_opens_nothing_on_however_many_nodes_it_runs() {
        let mut world = World::of(3, usual());
        assert!((0..50).all(|n| world.call(n, 7, Ill).is_none()));
        assert_eq!(count(&world.buckets, 0, usual().window, world.now).jobs, 1);
        // Nor do four, however often each is tried.
        let mut world = World::of(3, usual());
        assert!((0..50).all(|n| world.call(n, n % 4, Ill).is_none()));
    }

    #[test]
    fn below_the_least_number_of_calls_no_rate_opens_it() {
        let set = Thresholds { in_a_row: 0, min_calls: 20, ..usual() };
        assert_eq!(World::of(3, set).opens((0..19).map(|_| Ill)), None);
        assert_eq!(World::of(3, set).opens((0..20).map(|_| Ill)), Some(19));
        assert_eq!(World::of(3, set).opens((0..19).map(|_| Slow)), None);
        assert_eq!(World::of(3, set).opens((0..20).map(|_| Slow)), Some(19));
    }

    #[test]
    fn rates_below_the_thresholds_open_nothing() {
        let third = |n: usize| if n.is_multiple_of(3) { Ill } else { Well };
        assert_eq!(World::of(3, usual()).opens((0..60).map(third)), None);
        let half = |n: usize| if n.is_multiple_of(2) { Slow } else { Well };
        assert_eq!(World::of(3, usual()).opens((0..60).map(half)), None);
        let set = Thresholds { failure_rate: 30, slow_rate: 50, ..usual() };
        assert!(World::of(3, set).opens((0..60).map(third)).is_some());
        assert!(World::of(3, set).opens((0..60).map(half)).is_some());
    }

    #[test]
    fn calls_older_than_the_window_or_from_before_its_last_change_say_nothing() {
        let mut world = World::of(1, usual());
        assert_eq!(world.opens([Ill, Ill, Ill, Ill]), None);
        let later = Counted { calls: 4, failed: 4, jobs: 4, in_a_row: 4, slow: 0 };
        assert_eq!(count(&world.buckets, 0, world.set.window, world.now), later);
        assert_eq!(
            count(&world.buckets, 1, world.set.window, world.now),
            Counted::default(),
            "another revision"
        );
        world.now = START.plus(world.set.window + world.set.bucket());
        assert_eq!(world.opens([Ill, Ill, Ill, Ill]), None, "eight failed, four of them too long ago");
        assert_eq!(world.opens([Ill]), None, "the job is the same as one before");
        assert!(world.call(9, 9, Ill).is_some());
    }

    #[test]
    fn the_window_slides_by_a_twelfth_of_itself() {
        let set =
            Thresholds { in_a_row: 0, min_calls: 12, failure_rate: 100, window: 12 * SECOND, ..usual() };
        let mut world = World::of(1, set);
        assert_eq!(world.opens((0..11).map(|_| Ill)), None);
        assert_eq!(count(&world.buckets, 0, set.window, START.plus(11 * SECOND)).calls, 11);
        assert_eq!(count(&world.buckets, 0, set.window, START.plus(12 * SECOND)).calls, 10);
        assert_eq!(count(&world.buckets, 0, set.window, START.plus(22 * SECOND)).calls, 0);
    }

    #[test]
    fn what_a_node_counts_whose_clock_is_an_hour_off_is_left_out_by_the_others() {
        let mut world = World::of(1, usual());
        assert_eq!(world.opens([Ill, Ill, Ill, Ill]), None);
        for wrong in [-60, 60] {
            let mut off = world.buckets[0].clone();
            off.begins_at = off.begins_at.plus(wrong * MINUTE);
            off.ill = vec![Failed { job: job(99), at: START.plus(wrong * MINUTE) }];
            let both = [world.buckets.clone(), vec![off]].concat();
            assert_eq!(judge(&both, 0, &usual(), world.now), None, "{wrong}");
        }
    }

    #[test]
    fn the_longest_pause_that_was_asked_for_is_told() {
        let mut world = World::of(1, usual());
        assert_eq!(world.opens([Ill, Ill, Ill, Ill]), None);
        let until = START.plus(10 * MINUTE);
        world.buckets[0].asked_until = Some(until);
        let cause = world.call(4, 4, Ill).unwrap();
        assert_eq!(cause.asked_until, Some(until));
        assert_eq!(cause.why, "5 jobs in a row failed, the last with: 503 from blog");
    }
}
