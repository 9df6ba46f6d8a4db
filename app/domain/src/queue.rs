//! Queues: which jobs wait behind each other, and how those that wait in different ones take turns. Reads and writes
//! nothing.
//!
//! Jobs of one vendor that call the same far side stand in one queue, so that a vendor that sends very much, and a
//! destination that is slow, hold up nobody else. Queues are served at the same time, each as much as its weight says
//! (weighted fair queueing, counted in jobs).

use crate::{
    id::{JobId, TenantId, VendorId},
    job::{Called, Job},
    limit::WorkLimit,
    time::Timestamp,
};

impl Job {
    /// The number of the queue it stands in. Two queues that should get the same number by chance take turns as one.
    pub fn queue(&self) -> i64 {
        let low = |id: uuid::Uuid| id.as_u128() as u64;
        let vendor = self.vendor_id.map_or(0, |id| low(id.uuid()));
        let far_side = match self.calls() {
            Some(Called::Provider(id)) => low(id.uuid()),
            Some(Called::Destination(id)) => low(id.uuid()),
            None => 0,
        };
        // Turned differently, so that parts that are alike do not take each other away.
        (low(self.tenant_id.uuid()) ^ vendor.rotate_left(21) ^ far_side.rotate_left(42)) as i64
    }
}

/// The first job that waits in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueHead {
    /// Smaller is sooner: queues of a greater number wait while there is work in these.
    pub priority: i16,
    /// Which queue.
    pub number: i64,
    /// When it is due.
    pub due_at: Timestamp,
    /// The job.
    pub id: JobId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Whose event started it.
    pub vendor_id: Option<VendorId>,
    /// Whom it calls.
    pub calls: Option<Called>,
}

impl QueueHead {
    /// This job, should it be the first of its queue.
    pub fn of(job: &Job) -> Self {
        Self {
            priority: job.priority,
            number: job.queue(),
            due_at: job.next_run_at,
            id: job.id,
            tenant_id: job.tenant_id,
            vendor_id: job.vendor_id,
            calls: job.calls(),
        }
    }

    /// What tells its queue from others, in the order in which they are served.
    pub const fn queue(&self) -> (i16, i64) {
        (self.priority, self.number)
    }

    /// Where in its queue the job stands.
    pub const fn position(&self) -> (Timestamp, JobId) {
        (self.due_at, self.id)
    }
}

/// A place in a queue, whether a job stands there or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The queue, as [`QueueHead::queue`] tells it.
    pub queue: (i16, i64),
    /// Where in it, as [`QueueHead::position`] tells it.
    pub position: (Timestamp, JobId),
}

/// How many jobs of a queue are to be claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// Which queue.
    pub head: QueueHead,
    /// At most so many.
    pub most: i64,
}

/// Shares `room` among the queues that have work at `now`, those of each priority for themselves. `heads` are in the
/// order of priority and number; of one priority, those behind `after` come first, so that everybody's turn comes even
/// where there are more queues than room. What a queue does not use is shared at the next look.
pub fn share(
    heads: &[QueueHead],
    room: i64,
    now: Timestamp,
    after: i64,
    weight: impl Fn(&QueueHead) -> u32,
) -> Vec<Take> {
    let due: Vec<&QueueHead> = heads.iter().filter(|head| head.due_at <= now).collect();
    let mut takes = Vec::new();
    for level in due.chunk_by(|a, b| a.priority == b.priority) {
        let weights: i64 = level.iter().map(|head| i64::from(weight(head).max(1))).sum();
        let (before, behind) = level.split_at(level.partition_point(|head| head.number <= after));
        let mut left = room;
        for head in behind.iter().chain(before) {
            if left <= 0 {
                break;
            }
            let share = room.saturating_mul(i64::from(weight(head).max(1))) / weights;
            let most = share.clamp(1, left);
            left -= most;
            takes.push(Take { head: (*head).clone(), most });
        }
    }
    takes
}

/// The weight of a queue: that of its vendor times that of what it calls.
pub fn weight(head: &QueueHead, limits: &[WorkLimit]) -> u32 {
    limits.iter().filter(|limit| limit.of.covers(head)).map(|limit| limit.weight).product()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{id::DestinationId, limit::Limited};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_000);

    pub(crate) fn head(priority: i16, number: i64) -> QueueHead {
        QueueHead {
            priority,
            number,
            due_at: NOW,
            id: JobId::new(Uuid::nil()),
            tenant_id: TenantId::new(Uuid::nil()),
            vendor_id: Some(VendorId::new(Uuid::from_u128(number as u128))),
            calls: None,
        }
    }

    fn shares(
        heads: &[QueueHead],
        room: i64,
        after: i64,
        weight: impl Fn(&QueueHead) -> u32,
    ) -> Vec<(i64, i64)> {
        share(heads, room, NOW, after, weight).iter().map(|take| (take.head.number, take.most)).collect()
    }

    #[test]
    fn queues_that_have_work_get_as_much_each() {
        let heads = [head(0, 1), head(0, 2), QueueHead { due_at: NOW.plus(1), ..head(0, 3) }];
        assert_eq!(shares(&heads, 10, 0, |_| 1), [(1, 5), (2, 5)]);
        assert_eq!(shares(&heads[..1], 10, 0, |_| 1), [(1, 10)]);
        assert!(shares(&[], 10, 0, |_| 1).is_empty());
    }

    #[test]
    fn a_queue_of_greater_weight_gets_more() {
        let heads = [head(0, 1), head(0, 2)];
        assert_eq!(shares(&heads, 8, 0, |head| if head.number == 2 { 3 } else { 1 }), [(1, 2), (2, 6)]);
    }

    #[test]
    fn where_there_are_more_queues_than_room_all_get_their_turn() {
        let heads: Vec<_> = (1..=5).map(|number| head(0, number)).collect();
        assert_eq!(shares(&heads, 2, 0, |_| 1), [(1, 1), (2, 1)]);
        assert_eq!(shares(&heads, 2, 2, |_| 1), [(3, 1), (4, 1)]);
        assert_eq!(shares(&heads, 2, 4, |_| 1), [(5, 1), (1, 1)]);
    }

    #[test]
    fn each_priority_is_shared_for_itself_the_most_urgent_first() {
        let heads = [head(-1, 9), head(0, 1), head(0, 2)];
        assert_eq!(shares(&heads, 4, 0, |_| 1), [(9, 4), (1, 2), (2, 2)]);
    }

    #[test]
    fn the_weights_of_vendor_and_destination_are_multiplied() {
        let tenant_id = TenantId::new(Uuid::nil());
        let site = DestinationId::new(Uuid::from_u128(7));
        let limit = |of, weight| WorkLimit { of, tenant_id, at_once: None, per_minute: None, weight };
        let limits = [
            limit(Limited::Vendor(VendorId::new(Uuid::from_u128(1))), 2),
            limit(Limited::Destination(site), 3),
        ];
        let to_site = QueueHead { calls: Some(Called::Destination(site)), ..head(0, 1) };
        assert_eq!(weight(&to_site, &limits), 6);
        assert_eq!(weight(&head(0, 1), &limits), 2);
        assert_eq!(weight(&head(0, 5), &limits), 1);
    }
}
