//! Counting what happens: adds up in memory and writes counter rows once a second, so that counting costs the hot
//! path nothing. What a crash loses is at most a second of statistics; jobs and events are never counted from here.

use crate::clock::SharedClock;
use domain::{
    id::{NodeId, TenantId},
    time::{MINUTE, Timestamp},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::{CounterDelta, Store};
use tokio_util::sync::CancellationToken;

/// Names of counters. A histogram has one counter per bucket, named by its upper bound.
pub mod name {
    use domain::id::VendorId;

    /// Webhooks stored.
    pub const ACCEPTED: &str = "accepted";
    /// Webhooks that were there already.
    pub const DUPLICATE: &str = "duplicate";
    /// Requests turned away.
    pub const REFUSED: &str = "refused";
    /// Jobs that ended well and started no other.
    pub const DONE: &str = "done";
    /// Results that reached their destination.
    pub const DELIVERED: &str = "delivered";
    /// Tokens read by models.
    pub const INPUT_TOKENS: &str = "input_tokens";
    /// Tokens written by models.
    pub const OUTPUT_TOKENS: &str = "output_tokens";
    /// Prefix of the histogram of answer times.
    pub const ANSWER: &str = "answer";
    /// Prefix of the histograms of model times; the model's name follows.
    pub const MODEL: &str = "model";

    /// Requests whose signature this version of a vendor's secret made.
    pub fn secret(vendor: VendorId, version: i32) -> String {
        format!("secret:{vendor}:{version}")
    }
}

/// Upper bounds of histogram buckets in microseconds: each about 1.25 times the one before, from 0.1 ms to 10 min.
pub fn bucket(micros: i64) -> i64 {
    let mut bound = 100_i64;
    while bound < micros.min(600_000_000) {
        bound += (bound / 4).max(1);
    }
    bound
}

/// The value below which `share` (0…1) of a histogram's entries lie; buckets as `(upper bound, count)`, in any order.
pub fn percentile(buckets: &mut [(i64, i64)], share: f64) -> Option<i64> {
    let total: i64 = buckets.iter().map(|(_, count)| count).sum();
    if total == 0 {
        return None;
    }
    buckets.sort_unstable();
    let rank = (total as f64 * share).ceil() as i64;
    let mut seen = 0;
    buckets.iter().find_map(|(bound, count)| {
        seen += count;
        (seen >= rank).then_some(*bound)
    })
}

type Sums = HashMap<(Timestamp, TenantId, String), i64>;

/// Sums that wait to be written.
pub struct Stats {
    clock: SharedClock,
    node: NodeId,
    /// A std mutex: held for one map operation, never across an await.
    sums: Mutex<Sums>,
}

impl Stats {
    /// Nothing counted yet.
    pub fn new(clock: SharedClock, node: NodeId) -> Arc<Self> {
        Arc::new(Self { clock, node, sums: Mutex::default() })
    }

    /// Counts `add` more of `name`.
    pub fn add(&self, tenant: TenantId, name: &str, add: i64) {
        let minute = Timestamp(self.clock.now().0.div_euclid(MINUTE) * MINUTE);
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        *sums.entry((minute, tenant, name.to_owned())).or_default() += add;
    }

    /// Counts one length of time into the histogram `name`.
    pub fn time(&self, tenant: TenantId, name: &str, micros: i64) {
        self.add(tenant, &format!("{name}:{}", bucket(micros)), 1);
    }

    /// Takes the sums out.
    pub fn take(&self) -> Vec<CounterDelta> {
        let sums = std::mem::take(&mut *self.sums.lock().unwrap_or_else(PoisonError::into_inner));
        sums.into_iter()
            .map(|((minute, tenant_id, name), add)| CounterDelta {
                minute,
                tenant_id,
                name,
                node_id: self.node,
                add,
            })
            .collect()
    }

    /// Writes the sums once a second until `stop`, and a last time then.
    pub async fn write(self: Arc<Self>, store: Arc<dyn Store>, stop: CancellationToken) {
        loop {
            let more = stop.run_until_cancelled(tokio::time::sleep(Duration::from_secs(1))).await.is_some();
            let deltas = self.take();
            if !deltas.is_empty()
                && let Err(error) = store.count(&deltas).await
            {
                tracing::warn!(%error, "a second of statistics could not be written");
            }
            if !more {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_never_smaller_than_what_falls_into_it_and_at_most_a_quarter_larger() {
        for micros in [0, 1, 99, 100, 101, 5_000, 123_456, 9_999_999] {
            let bound = bucket(micros);
            assert!(
                bound >= micros && (micros <= 100 || bound <= micros + micros / 4 + 1),
                "{micros} in {bound}"
            );
        }
        assert!(bucket(i64::MAX) >= 600_000_000);
    }

    #[test]
    fn a_percentile_is_the_bound_of_the_bucket_it_falls_into() {
        let mut buckets = [(400, 9), (100, 90), (900, 1)];
        assert_eq!(percentile(&mut buckets, 0.5), Some(100));
        assert_eq!(percentile(&mut buckets, 0.99), Some(400));
        assert_eq!(percentile(&mut buckets, 1.0), Some(900));
        assert_eq!(percentile(&mut [], 0.5), None);
    }
}
