//! Token buckets that all nodes share.

use super::Adapter;
use crate::{BucketStore, Result, Spent, text::clean};
use async_trait::async_trait;
use domain::time::Timestamp;
use sqlx::query_scalar;

#[async_trait]
impl BucketStore for Adapter {
    async fn spend(&self, spent: &[Spent], now: Timestamp) -> Result<Vec<Timestamp>> {
        // By name, because two nodes that take the same rows in different orders would wait for each other.
        let mut order: Vec<usize> = (0..spent.len()).collect();
        order.sort_unstable_by(|a, b| spent[*a].bucket.cmp(&spent[*b].bucket));
        let mut levels = vec![now; spent.len()];
        let mut transaction = self.begin_hasty().await?;
        for at in order {
            // A node whose clock is behind finds a later moment and adds to that one.
            let full_at: i64 = query_scalar(
                "insert into buckets (name, full_at) values ($1, $2)
                 on conflict (name) do update set
                     full_at = case when buckets.full_at > $3 then buckets.full_at + $4
                                    else excluded.full_at end
                 returning full_at",
            )
            .bind(clean(&spent[at].bucket))
            .bind(now.0.saturating_add(spent[at].micros))
            .bind(now.0)
            .bind(spent[at].micros)
            .fetch_one(&mut *transaction)
            .await?;
            levels[at] = Timestamp(full_at);
        }
        transaction.commit().await?;
        Ok(levels)
    }
}
