//! How full the queue is, and whose requests are refused for it: the tenants that filled it, not those that wait behind
//! them. Owns the decision; `beat` looks into the queue.

use domain::{
    id::TenantId,
    time::{SECOND, Timestamp},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Seconds to wait when nothing tells how fast the queue empties.
const UNKNOWN_WAIT: i64 = 60;
/// Bounds of what senders are told, in seconds. Sooner than the next look is useless.
const WAITS: std::ops::RangeInclusive<i64> = 2..=300;

/// How many jobs wait, as last looked up, and how many are too many.
#[derive(Debug)]
pub struct Pressure {
    limit: i64,
    /// A std mutex: held for a look, never across an await.
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Nobody has looked yet.
    nothing: bool,
    at: Timestamp,
    total: i64,
    by_tenant: HashMap<TenantId, i64>,
    retry_after: i64,
}

impl Pressure {
    /// None waiting, up to `limit` allowed.
    pub fn new(limit: i64) -> Self {
        Self { limit: limit.max(1), seen: Mutex::default() }
    }

    /// The same before anybody looked: senders are let in, what is made here waits.
    pub fn unseen(limit: i64) -> Self {
        Self { seen: Mutex::new(Seen { nothing: true, ..Seen::default() }), ..Self::new(limit) }
    }

    /// Notes that fewer wait than are allowed.
    pub fn relieve(&self, at: Timestamp, total: i64) {
        self.note(at, total, HashMap::new());
    }

    /// Notes how many of each tenant's wait.
    pub fn note(&self, at: Timestamp, total: i64, by_tenant: HashMap<TenantId, i64>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = seen.total - total;
        let micros = at.since(seen.at);
        let wait = if gone > 0 && micros > 0 {
            (total - self.limit + 1).max(0).saturating_mul(micros) / gone / SECOND + 1
        } else {
            UNKNOWN_WAIT
        };
        *seen = Seen {
            nothing: false,
            at,
            total,
            by_tenant,
            retry_after: wait.clamp(*WAITS.start(), *WAITS.end()),
        };
    }

    /// Seconds after which a request of this tenant may be sent again, when it must be refused now.
    ///
    /// Once too many wait, a tenant is refused while it has its share of the queue or more; the others may still fill
    /// theirs, until twice as many wait as should.
    pub fn refuses(&self, tenant: TenantId) -> Option<u64> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.total < self.limit {
            return None;
        }
        let own = seen.by_tenant.get(&tenant).copied().unwrap_or(0);
        let sharing = seen.by_tenant.len() as i64 + i64::from(!seen.by_tenant.contains_key(&tenant));
        let full = seen.total >= self.limit.saturating_mul(2) || own >= (self.limit / sharing).max(1);
        full.then_some(u64::try_from(seen.retry_after).unwrap_or_default())
    }

    /// Whether too many wait, whoever filled the queue, as far as anybody knows.
    pub fn is_full(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.nothing || seen.total >= self.limit
    }

    /// How many are too many.
    pub const fn limit(&self) -> i64 {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(n: u128) -> TenantId {
        TenantId::new(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn before_anybody_looked_senders_are_let_in_and_what_is_made_here_waits() {
        let pressure = Pressure::unseen(100);
        assert!(pressure.refuses(tenant(1)).is_none() && pressure.is_full());
        pressure.relieve(Timestamp(0), 7);
        assert!(!pressure.is_full());
    }

    #[test]
    fn a_tenant_that_filled_the_queue_is_refused_and_one_that_did_not_is_taken() {
        let pressure = Pressure::new(100);
        assert_eq!(pressure.refuses(tenant(1)), None);
        pressure.note(Timestamp(0), 110, HashMap::from([(tenant(1), 105), (tenant(2), 5)]));
        assert_eq!(pressure.refuses(tenant(1)), Some(60));
        assert_eq!((pressure.refuses(tenant(2)), pressure.refuses(tenant(3))), (None, None));
        pressure.note(Timestamp(0), 200, HashMap::from([(tenant(1), 195), (tenant(2), 5)]));
        assert!(pressure.refuses(tenant(2)).is_some() && pressure.refuses(tenant(3)).is_some());
        pressure.relieve(Timestamp(0), 99);
        assert_eq!(pressure.refuses(tenant(1)), None);
    }

    #[test]
    fn a_sole_tenant_may_have_the_whole_queue() {
        let pressure = Pressure::new(100);
        pressure.note(Timestamp(0), 100, HashMap::from([(tenant(1), 100)]));
        assert!(pressure.refuses(tenant(1)).is_some());
    }

    #[test]
    fn the_wait_is_how_long_the_queue_takes_to_fall_below_its_limit_at_the_speed_it_falls_now() {
        let pressure = Pressure::new(100);
        let all = |total| HashMap::from([(tenant(1), total)]);
        pressure.note(Timestamp(0), 190, all(190));
        // Ten in two seconds; 81 must go.
        pressure.note(Timestamp(2 * SECOND), 180, all(180));
        assert_eq!(pressure.refuses(tenant(1)), Some(17));
        // Growing: nobody can tell.
        pressure.note(Timestamp(4 * SECOND), 185, all(185));
        assert_eq!(pressure.refuses(tenant(1)), Some(60));
    }
}
