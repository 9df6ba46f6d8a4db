//! What is known of the queues since they were looked at, so that a claim need not look again. Reads and writes nothing.
//!
//! A look costs a question to the database, and much more where old versions of jobs stand at the heads of queues, because a
//! transaction that stays open keeps PostgreSQL from clearing them away. So a look is used for a time that grows with what
//! it cost: what is claimed moves the heads on, and what is stored here meanwhile is told. And the next look begins behind
//! what is known to be taken; only seldom, the more so the dearer it is, are whole queues looked at.

use crate::{
    id::JobId,
    job::Job,
    queue::{Place, QueueHead, Take},
    time::{SECOND, Timestamp},
};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// Longest time between two looks where nothing is due: nobody is told of a job that falls due.
const LONGEST: i64 = SECOND / 2;
/// Shortest time the queues are left alone.
const SHORTEST: Duration = Duration::from_millis(1);
/// A look at queues with work is used for this long at least: what is stored meanwhile is told.
const SHORTEST_BUSY: i64 = SECOND / 50;
/// And for this many times what it cost.
const WORTH: i64 = 16;
/// But no longer than this: until then, what others put into the queue is not seen.
const LONGEST_BUSY: i64 = SECOND;
/// For so long at most looks begin behind what is taken. What somebody puts further ahead in a queue without a word, such as
/// a job that is given another priority, waits until then where a look at whole queues is dear.
const LONGEST_WHOLE: i64 = 10 * SECOND;
/// A look begins so long before the one before it at the latest: others may have stored by then what they made earlier.
const OVERLAP: i64 = 5 * SECOND;
/// Queues without jobs that are remembered.
const MOST_EMPTIED: usize = 2_000;

/// The queues as they were, and what became of them as far as is known.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// In the order of priority and number.
    heads: Vec<QueueHead>,
    /// Queues in which nothing was left, and where: nothing that waits is known before that.
    emptied: BTreeMap<(i16, i64), (Timestamp, JobId)>,
    /// Microseconds.
    lasts: i64,
    /// What was stored before this was seen.
    at: Timestamp,
    /// When whole queues were looked at.
    whole_at: Timestamp,
    /// For how long that is good enough, in microseconds.
    whole_lasts: i64,
}

impl Look {
    /// What the first look found, which ended at `now` and took `cost` microseconds. `heads` are in the order of priority and
    /// number.
    pub fn of(heads: Vec<QueueHead>, cost: i64, now: Timestamp) -> Self {
        Self::default().whole(heads, cost, now)
    }

    /// The same for the next look at whole queues.
    pub fn whole(self, heads: Vec<QueueHead>, cost: i64, now: Timestamp) -> Self {
        let whole_lasts = worth(cost).min(LONGEST_WHOLE);
        Self { whole_at: now, whole_lasts, ..self.behind(heads, cost, now) }
    }

    /// The same for the next look that begins behind what this one knows ([`Look::known`]).
    pub fn behind(self, heads: Vec<QueueHead>, cost: i64, now: Timestamp) -> Self {
        let at = now.plus(-cost.max(0));
        let mut emptied = self.emptied;
        emptied.extend(self.heads.iter().map(|head| (head.queue(), head.position())));
        heads.iter().for_each(|head| _ = emptied.remove(&head.queue()));
        emptied.values_mut().for_each(|position| *position = (at, JobId::new(Uuid::nil())));
        if emptied.len() > MOST_EMPTIED {
            emptied.clear();
        }
        Self { lasts: lasts(&heads, cost, now), heads, emptied, at, ..self }
    }

    /// Where the next look may begin in the queues that are known, in their order; `None` when whole queues are to be looked
    /// at.
    pub fn known(&self, now: Timestamp) -> Option<Vec<Place>> {
        if now < self.at || !(0..self.whole_lasts).contains(&now.since(self.whole_at)) {
            return None;
        }
        let mut known = self.emptied.clone();
        known.extend(self.heads.iter().map(|head| (head.queue(), head.position())));
        let latest = (self.at.plus(-OVERLAP), JobId::new(Uuid::nil()));
        Some(
            known
                .into_iter()
                .map(|(queue, position)| Place { queue, position: position.min(latest) })
                .collect(),
        )
    }

    /// Takes note that it is of no use any more but to begin the next one.
    pub fn outdate(&mut self) {
        self.lasts = 0;
    }

    /// Whether it is still of use when it is so old.
    pub fn is_good(&self, age: Duration) -> bool {
        age < self.lasts()
    }

    /// How long the queues can be left alone at `now`, when it is so old.
    pub fn rest(&self, age: Duration, now: Timestamp) -> Duration {
        let left = self.lasts().saturating_sub(age);
        let due = self.heads.iter().map(|head| head.due_at.since(now)).min();
        due.map_or(left, |due| left.min(micros(due))).max(SHORTEST)
    }

    const fn lasts(&self) -> Duration {
        micros(self.lasts)
    }

    /// The queues in which jobs wait, in the order of priority and number.
    pub fn heads(&self) -> &[QueueHead] {
        &self.heads
    }

    /// Takes note that a job is in a queue.
    pub fn add(&mut self, head: QueueHead) {
        match self.place(&head) {
            Ok(place) => {
                let known = &mut self.heads[place];
                if head.position() < known.position() {
                    *known = head;
                }
            }
            Err(place) => self.heads.insert(place, head),
        }
    }

    /// Moves on after a claim of `room` jobs: behind those that were taken, and away from queues that had no more.
    pub fn move_on(&mut self, takes: &[Take], room: i64, jobs: &[Job]) {
        let full = i64::try_from(jobs.len()).is_ok_and(|taken| taken >= room);
        let mut taken: BTreeMap<_, (i64, QueueHead)> = BTreeMap::new();
        for head in jobs.iter().map(QueueHead::of) {
            let (count, last) = taken.entry(head.queue()).or_insert_with(|| (0, head.clone()));
            *count += 1;
            if head.position() > last.position() {
                *last = head;
            }
        }
        for take in takes {
            let Ok(place) = self.place(&take.head) else { continue };
            match taken.remove(&take.head.queue()) {
                Some((count, last)) if full || count >= take.most => self.heads[place] = last,
                // There was no room for what it has.
                None if full => {}
                taken => {
                    let head = self.heads.remove(place);
                    let last = taken.map_or(head, |(_, last)| last);
                    self.emptied.insert(last.queue(), last.position());
                }
            }
        }
    }

    fn place(&self, head: &QueueHead) -> Result<usize, usize> {
        self.heads.binary_search_by_key(&head.queue(), QueueHead::queue)
    }
}

/// How long a look at `now` is used that found `heads`, in microseconds.
fn lasts(heads: &[QueueHead], cost: i64, now: Timestamp) -> i64 {
    match heads.iter().map(|head| head.due_at.since(now)).min() {
        Some(..=0) => worth(cost).clamp(SHORTEST_BUSY, LONGEST_BUSY),
        Some(due) => due.min(LONGEST),
        // Where nothing waits a look is dear, too, while old versions of jobs stand there.
        None => worth(cost).clamp(LONGEST, LONGEST_BUSY),
    }
}

/// How long what cost so much is used.
fn worth(cost: i64) -> i64 {
    cost.max(0).saturating_mul(WORTH)
}

/// A length of time; none is shorter than nothing.
const fn micros(length: i64) -> Duration {
    Duration::from_micros(if length > 0 { length.unsigned_abs() } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{JobId, VendorId},
        job::JobKind,
        queue::tests::head,
        time::MINUTE,
    };
    use uuid::Uuid;

    const MILLI: i64 = 1_000;
    const NOW: Timestamp = Timestamp(SECOND);

    /// Job `number` of a vendor, due so many milliseconds after [`NOW`].
    fn job(vendor: u128, number: u128, due: i64) -> Job {
        let id = JobId::new(Uuid::from_u128(number));
        let vendor_id = Some(VendorId::new(Uuid::from_u128(vendor)));
        Job { vendor_id, ..Job::new(id, head(0, 0).tenant_id, JobKind::Publish, NOW.plus(due * MILLI)) }
    }

    fn look(jobs: &[Job]) -> Look {
        let mut look = Look::of(Vec::new(), 0, NOW);
        for job in jobs {
            look.add(QueueHead::of(job));
        }
        look
    }

    fn take(job: &Job, most: i64) -> Take {
        Take { head: QueueHead::of(job), most }
    }

    fn positions(look: &Look) -> Vec<(Timestamp, JobId)> {
        let mut positions: Vec<_> = look.heads().iter().map(QueueHead::position).collect();
        positions.sort();
        positions
    }

    #[test]
    fn a_look_that_was_cheap_is_soon_made_again_and_a_dear_one_is_used_for_longer() {
        let lasts = |cost| Look::of(vec![QueueHead { due_at: NOW, ..head(0, 1) }], cost, NOW).lasts;
        assert_eq!([lasts(MILLI / 4), lasts(MILLI), lasts(2 * MILLI)], [20 * MILLI, 20 * MILLI, 32 * MILLI]);
        assert_eq!(lasts(20 * MILLI), 320 * MILLI);
        assert_eq!([lasts(SECOND), lasts(i64::MAX)], [LONGEST_BUSY; 2]);
        // The clock went back meanwhile.
        assert_eq!(lasts(-SECOND), SHORTEST_BUSY);
    }

    #[test]
    fn where_nothing_is_due_the_next_look_is_when_something_is_or_after_half_a_second() {
        let lasts = |heads| Look::of(heads, MILLI, NOW).lasts;
        assert_eq!(lasts(Vec::new()), LONGEST);
        let due = |milli| QueueHead { due_at: NOW.plus(milli * MILLI), ..head(0, 1) };
        assert_eq!(lasts(vec![due(90)]), 90 * MILLI);
        assert_eq!(lasts(vec![due(9_000)]), LONGEST);
    }

    #[test]
    fn the_queues_are_left_alone_until_a_job_is_due_or_the_look_is_of_no_use_any_more() {
        let age = Duration::from_millis;
        let idle = Look::of(Vec::new(), 0, NOW);
        assert_eq!([idle.rest(age(0), NOW), idle.rest(age(470), NOW)], [age(500), age(30)]);
        assert!(idle.is_good(age(499)) && !idle.is_good(age(500)));
        let soon = look(&[job(7, 3, 40)]);
        assert_eq!(soon.rest(age(10), NOW.plus(10 * MILLI)), age(30));
        // However late it is.
        assert_eq!([soon.rest(age(10), NOW.plus(SECOND)), idle.rest(age(900), NOW)], [SHORTEST; 2]);
    }

    #[test]
    fn what_is_added_counts_where_it_comes_before_what_was_known() {
        let (first, second) = (job(7, 1, 0), job(7, 2, 0));
        assert_eq!(positions(&look(&[second.clone(), first.clone()])), [QueueHead::of(&first).position()]);
        assert_eq!(positions(&look(&[first.clone(), second])), [QueueHead::of(&first).position()]);
        let later = look(&[job(7, 3, 40)]);
        assert_eq!(later.rest(Duration::ZERO, NOW), Duration::from_millis(40));
        let queues: Vec<_> =
            look(&[job(9, 1, 0), job(8, 2, 0)]).heads().iter().map(QueueHead::queue).collect();
        assert!(queues.is_sorted() && queues.len() == 2);
    }

    #[test]
    fn a_queue_that_gave_all_it_was_asked_for_goes_on_behind_it() {
        let jobs = [job(7, 1, 0), job(7, 2, 0), job(7, 3, 1)];
        let mut look = look(&jobs);
        // In whatever order the jobs are.
        look.move_on(&[take(&jobs[0], 3)], 9, &[jobs[2].clone(), jobs[0].clone(), jobs[1].clone()]);
        assert_eq!(positions(&look), [QueueHead::of(&jobs[2]).position()]);
    }

    #[test]
    fn a_queue_that_gave_less_has_no_more() {
        let jobs = [job(7, 1, 0), job(8, 2, 0)];
        let mut look = look(&jobs);
        look.move_on(&[take(&jobs[0], 3), take(&jobs[1], 3)], 9, &jobs[..1]);
        assert!(look.heads().is_empty());
    }

    /// In which queues the next look begins so many milliseconds after [`NOW`], and at a job due when, in seconds after it.
    fn known(look: &Look, after: i64) -> Option<Vec<(i64, i64)>> {
        let known = look.known(NOW.plus(after * MILLI))?;
        assert!(known.iter().map(|place| place.queue).is_sorted());
        let vendor =
            |place: &Place| (7..10).find(|vendor| job(*vendor, 0, 0).queue() == place.queue.1).unwrap();
        let mut told: Vec<_> =
            known.iter().map(|place| (vendor(place) as i64, place.position.0.since(NOW) / SECOND)).collect();
        told.sort_unstable();
        Some(told)
    }

    #[test]
    fn the_next_look_begins_behind_what_was_taken_in_queues_that_have_more_and_in_those_that_have_not() {
        let jobs = [job(7, 1, -9_000), job(7, 2, -8_000), job(8, 3, -7_000), job(9, 4, -6_000)];
        let mut first = Look::of(look(&jobs).heads().to_vec(), 20 * MILLI, NOW);
        let takes = [take(&jobs[0], 2), take(&jobs[2], 2), take(&jobs[3], 2)];
        first.move_on(&takes, 9, &jobs[..3]);
        assert_eq!((first.heads().len(), known(&first, 0)), (1, Some(vec![(7, -8), (8, -7), (9, -6)])));
        // The dearer a look at whole queues is, the more seldom is one made; the clock may go back.
        assert_eq!([known(&first, 319).is_some(), known(&first, 320).is_some()], [true, false]);
        assert_eq!(known(&first, -30), None);

        // A queue that is found to be empty is so up to the time of that look; the rest begins at what was found.
        let next = first.behind(vec![QueueHead::of(&job(8, 5, -6_000))], 4 * MILLI, NOW.plus(4 * MILLI));
        assert_eq!((next.lasts, known(&next, 4)), (64 * MILLI, Some(vec![(7, -5), (8, -6), (9, -5)])));
        assert_eq!((next.heads().len(), known(&next, 320)), (1, None));
        // So it is after a look at whole queues.
        let whole = next.whole(Vec::new(), 20 * MILLI, NOW.plus(320 * MILLI));
        assert_eq!(known(&whole, 639).map(|known| known.len()), Some(3));
    }

    #[test]
    fn the_next_look_begins_no_later_than_five_seconds_before_the_last_one_began() {
        let heads = look(&[job(7, 1, -9_000), job(8, 2, -2_000), job(9, 3, 60_000)]).heads().to_vec();
        let look = Look::of(heads, 2 * SECOND, NOW);
        assert_eq!(known(&look, 0), Some(vec![(7, -9), (8, -7), (9, -7)]));
    }

    #[test]
    fn queues_without_jobs_are_forgotten_when_there_are_very_many() {
        let heads: Vec<_> =
            (0..=MOST_EMPTIED as u128).map(|vendor| QueueHead::of(&job(vendor, vendor, 0))).collect();
        let look = look(&[]).whole(heads, SECOND, NOW).behind(Vec::new(), MILLI, NOW);
        assert_eq!(look.known(NOW).map(|known| known.len()), Some(0));
    }

    #[test]
    fn a_look_that_is_outdated_still_says_where_the_next_one_begins() {
        let mut look = Look::of(vec![QueueHead::of(&job(7, 1, 0))], SECOND, NOW);
        assert!(look.is_good(Duration::from_millis(999)));
        look.outdate();
        assert!(!look.is_good(Duration::ZERO));
        assert_eq!(look.known(NOW).map(|known| known.len()), Some(1));
        let ever = Look::of(Vec::new(), MINUTE, NOW);
        assert!(
            ever.known(NOW.plus(LONGEST_WHOLE - 1)).is_some()
                && ever.known(NOW.plus(LONGEST_WHOLE)).is_none()
        );
    }

    #[test]
    fn a_queue_for_which_there_was_no_room_stays_as_it_is() {
        let jobs = [job(7, 1, 0), job(8, 2, 0), job(9, 3, 0)];
        let mut look = look(&jobs);
        look.move_on(&[take(&jobs[0], 1), take(&jobs[1], 3), take(&jobs[2], 3)], 2, &jobs[..2]);
        assert_eq!(look.heads().len(), 3);
    }
}
