//! How many calls this node makes at the same time to one destination and to one provider. A job that finds no room
//! waits for a moment where room is about to come, and is put off otherwise, so that a slow target holds up the slots of
//! nobody else.
//!
//! A site that takes several posts in one call has room for some more: they wait in their slots and go together in the
//! next call (see [`crate::delivery::wordpress`]), so that there are not more calls.
//!
//! Each node counts for itself: three nodes make three times as many calls. What is limited over all nodes is counted when
//! jobs are claimed (`domain::limit`).

use crate::{clock::SharedClock, delivery::wordpress::offers::Offers, tries};
use domain::{
    job::{Called, Job},
    outcome::SHORTEST_WAIT,
    time::{SECOND, Timestamp},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Longest a job waits in its worker's slot, in microseconds: no longer than a look at the queue takes.
const PATIENCE: i64 = SECOND / 20;
/// Longest a job is put off, in microseconds: a target that becomes quicker is noticed within this.
const LONGEST_WAIT: i64 = 15 * SECOND;

/// Posts that may wait for the next call to a site that takes several in one, for each call it may get.
const BESIDE: usize = 3;
/// As long as a call there takes less than this, in microseconds: slots are for those that are served.
const QUICK: i64 = 2 * SECOND;

struct Lane {
    room: Arc<Semaphore>,
    /// Room of posts that wait for the call of another one.
    beside: Arc<Semaphore>,
    /// How long a call takes lately, in microseconds; 0 while none ended.
    took: i64,
    /// Jobs that wait in a slot.
    waiting: i64,
    /// When the next job that is put off is due: they are lined up as far apart as the target takes them.
    next: Timestamp,
}

/// The lanes of all targets that are called.
pub struct Lanes {
    clock: SharedClock,
    destination: usize,
    provider: usize,
    /// Which sites take several posts in one call.
    offers: Arc<Offers>,
    /// A std mutex: held for a few instructions, never across an await.
    lanes: Mutex<HashMap<Called, Lane>>,
}

/// Room for one call; given back when it is dropped.
pub struct Room {
    lanes: Arc<Lanes>,
    /// `None` where the job calls nothing that is known.
    of: Option<(Called, OwnedSemaphorePermit)>,
    /// `None` when it was not used, so that nothing is learned from it.
    since: Option<Timestamp>,
}

impl Room {
    /// Gives it back without a call.
    pub fn unused(mut self) {
        self.since = None;
    }
}

impl Lanes {
    /// So many calls at once to one destination, and to one provider; at least one. `offers` says which sites take
    /// several posts in one.
    pub fn new(clock: SharedClock, destination: u32, provider: u32, offers: Arc<Offers>) -> Arc<Self> {
        let at_least_one = |limit: u32| limit.max(1) as usize;
        Arc::new(Self {
            clock,
            offers,
            destination: at_least_one(destination),
            provider: at_least_one(provider),
            lanes: Mutex::default(),
        })
    }

    /// Room for a job's call, or when to ask again.
    pub async fn enter(self: &Arc<Self>, job: &Job) -> Result<Room, Timestamp> {
        let Some(target) = job.calls() else { return Ok(self.room(None)) };
        let room = {
            let mut lanes = self.lock();
            let lane = lanes.entry(target).or_insert_with(|| self.lane(target));
            if let Ok(permit) = lane.room.clone().try_acquire_owned() {
                return Ok(self.room(Some((target, permit))));
            }
            let limit = self.limit_now(target, lane, job);
            if limit > self.limit(target)
                && let Ok(permit) = lane.beside.clone().try_acquire_owned()
            {
                return Ok(self.room(Some((target, permit))));
            }
            if (lane.waiting + 1).saturating_mul(lane.took) / limit as i64 > PATIENCE {
                return Err(lane.put_off(self.clock.now(), limit));
            }
            lane.waiting += 1;
            lane.room.clone()
        };
        let got = tokio::time::timeout(Duration::from_micros(PATIENCE as u64), room.acquire_owned()).await;
        let mut lanes = self.lock();
        let lane = lanes.entry(target).or_insert_with(|| self.lane(target));
        lane.waiting -= 1;
        match got {
            Ok(Ok(permit)) => Ok(self.room(Some((target, permit)))),
            _ => {
                let limit = self.limit_now(target, lane, job);
                Err(lane.put_off(self.clock.now(), limit))
            }
        }
    }

    /// How many jobs like this one have room at its target at the moment. One that goes alone makes a call of its own.
    fn limit_now(&self, target: Called, lane: &Lane, job: &Job) -> usize {
        let limit = self.limit(target);
        let together = |id| self.offers.most_halved(id, tries::halvings(job)) > 1;
        match target {
            Called::Destination(id) if lane.took < QUICK && together(id) => limit * (1 + BESIDE),
            _ => limit,
        }
    }

    fn room(self: &Arc<Self>, of: Option<(Called, OwnedSemaphorePermit)>) -> Room {
        Room { lanes: self.clone(), of, since: Some(self.clock.now()) }
    }

    fn lane(&self, target: Called) -> Lane {
        let room = Arc::new(Semaphore::new(self.limit(target)));
        let beside = Arc::new(Semaphore::new(self.limit(target) * BESIDE));
        Lane { room, beside, took: 0, waiting: 0, next: Timestamp(0) }
    }

    const fn limit(&self, target: Called) -> usize {
        match target {
            Called::Destination(_) => self.destination,
            Called::Provider(_) => self.provider,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Called, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    /// When a job that found no room asks again.
    fn put_off(&mut self, now: Timestamp, limit: usize) -> Timestamp {
        let apart = (self.took / limit as i64).max(1);
        let at = self.next.max(now.plus(SHORTEST_WAIT)).min(now.plus(LONGEST_WAIT));
        self.next = at.plus(apart);
        at
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let (Some((target, _)), Some(since)) = (&self.of, self.since) else { return };
        let took = self.lanes.clock.now().since(since).max(0);
        if let Some(lane) = self.lanes.lock().get_mut(target) {
            // The last few calls count most.
            lane.took = if lane.took == 0 { took } else { (3 * lane.took + took) / 4 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, ManualClock};
    use domain::{
        id::{DestinationId, JobId, ProviderId, TenantId},
        job::JobKind,
    };

    const NOON: Timestamp = Timestamp(1_790_000_000_000_000);

    fn lanes() -> (Arc<ManualClock>, Arc<Lanes>) {
        let clock = Arc::new(ManualClock::at(NOON));
        (clock.clone(), Lanes::new(clock, 2, 1, Arc::default()))
    }

    fn to(destination: u128) -> Job {
        let nil = uuid::Uuid::nil();
        let id = DestinationId::new(uuid::Uuid::from_u128(destination));
        let job = Job::new(JobId::new(nil), TenantId::new(nil), JobKind::Publish, NOON);
        Job { destination_id: Some(id), ..job }
    }

    #[tokio::test]
    async fn a_target_gets_so_many_calls_at_once_and_others_are_not_held_up() {
        let (_, lanes) = lanes();
        let first = lanes.enter(&to(1)).await.ok().unwrap();
        let _second = lanes.enter(&to(1)).await.ok().unwrap();
        let at = lanes.enter(&to(1)).await.err().unwrap();
        assert!(at > NOON && at.since(NOON) <= LONGEST_WAIT);
        assert!(lanes.enter(&to(2)).await.is_ok());
        drop(first);
        assert!(lanes.enter(&to(1)).await.is_ok());
    }

    #[tokio::test]
    async fn a_job_waits_a_moment_for_room_that_is_about_to_come() {
        let (_, lanes) = lanes();
        let first = lanes.enter(&to(1)).await.ok().unwrap();
        let _second = lanes.enter(&to(1)).await.ok().unwrap();
        let waits = tokio::spawn({
            let lanes = lanes.clone();
            async move { lanes.enter(&to(1)).await.is_ok() }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert!(waits.await.unwrap());
    }

    #[tokio::test]
    async fn jobs_of_a_slow_target_wait_in_no_slot_and_are_lined_up() {
        let (clock, lanes) = lanes();
        let slow = lanes.enter(&to(1)).await.ok().unwrap();
        clock.advance(4 * SECOND);
        drop(slow);
        let now = clock.now();
        let _rooms = [lanes.enter(&to(1)).await.ok().unwrap(), lanes.enter(&to(1)).await.ok().unwrap()];
        let before = std::time::Instant::now();
        let mut due = Vec::new();
        for _ in 0..20 {
            due.push(lanes.enter(&to(1)).await.err().unwrap().since(now));
        }
        assert!(before.elapsed() < Duration::from_micros(PATIENCE as u64), "nobody waited");
        assert_eq!(due[..3], [SHORTEST_WAIT, SHORTEST_WAIT + 2 * SECOND, SHORTEST_WAIT + 4 * SECOND]);
        assert!(due.iter().all(|wait| *wait <= LONGEST_WAIT));
    }

    #[tokio::test]
    async fn a_site_that_takes_several_posts_in_a_call_has_room_for_more_while_it_is_quick() {
        let clock = Arc::new(ManualClock::at(NOON));
        let offers = Arc::new(Offers::default());
        let lanes = Lanes::new(clock.clone(), 2, 1, offers.clone());
        let Some(Called::Destination(id)) = to(1).calls() else { panic!("it calls a destination") };
        offers.set(id, 50);
        let mut rooms = Vec::new();
        while let Ok(room) = lanes.enter(&to(1)).await {
            rooms.push(room);
        }
        assert_eq!(rooms.len(), 2 * (1 + BESIDE));
        rooms.clear();
        // One that failed often goes alone and makes a call of its own.
        let again = Job { attempt: 7, ..to(1) };
        let _rooms = [lanes.enter(&again).await.ok().unwrap(), lanes.enter(&again).await.ok().unwrap()];
        assert!(lanes.enter(&again).await.is_err());
        assert!(lanes.enter(&Job { attempt: 2, ..to(1) }).await.is_ok());
        assert!(lanes.enter(&to(1)).await.is_ok());

        let slow = lanes.enter(&to(1)).await.ok().unwrap();
        clock.advance(4 * QUICK);
        drop(slow);
        assert!(lanes.enter(&to(1)).await.is_err());
    }

    #[tokio::test]
    async fn providers_have_a_limit_of_their_own() {
        let (_, lanes) = lanes();
        let asks = Job {
            kind: JobKind::Generate,
            provider_id: Some(ProviderId::new(uuid::Uuid::nil())),
            // Where its result goes later; it does not call there.
            ..to(1)
        };
        let _room = lanes.enter(&asks).await.ok().unwrap();
        assert!(lanes.enter(&asks).await.is_err());
        assert!(lanes.enter(&to(1)).await.is_ok());
    }
}
