//! Token buckets that all nodes share.

use crate::support::{Db, NOW, on_both};
use store::Spent;

on_both! {
    what_is_taken_from_a_bucket_moves_the_moment_it_is_full_again,
    a_bucket_that_was_full_for_long_saves_nothing_up,
    what_is_taken_at_once_by_many_is_all_counted,
}

fn spent(bucket: &str, micros: i64) -> Spent {
    Spent { bucket: bucket.into(), micros }
}

async fn what_is_taken_from_a_bucket_moves_the_moment_it_is_full_again(db: Db) {
    let levels = db.spend(&[spent("b", 10), spent("a", 20)], NOW).await.unwrap();
    assert_eq!(levels, [NOW.plus(10), NOW.plus(20)]);
    let levels = db.spend(&[spent("a", 5), spent("b", 0)], NOW.plus(4)).await.unwrap();
    assert_eq!(levels, [NOW.plus(25), NOW.plus(10)]);
    assert!(db.spend(&[], NOW).await.unwrap().is_empty());
}

async fn a_bucket_that_was_full_for_long_saves_nothing_up(db: Db) {
    db.spend(&[spent("a", 10)], NOW).await.unwrap();
    assert_eq!(db.spend(&[spent("a", 10)], NOW.plus(1_000)).await.unwrap(), [NOW.plus(1_010)]);
    // A node whose clock is behind adds to what the others took.
    assert_eq!(db.spend(&[spent("a", 10)], NOW).await.unwrap(), [NOW.plus(1_020)]);
}

async fn what_is_taken_at_once_by_many_is_all_counted(db: Db) {
    let mut nodes = tokio::task::JoinSet::new();
    for n in 0..8 {
        let db = db.clone();
        let mut both = vec![spent("a", 10), spent("b", 1)];
        if n % 2 == 0 {
            both.reverse();
        }
        nodes.spawn(async move { db.spend(&both, NOW).await.unwrap() });
    }
    nodes.join_all().await;
    let levels = db.spend(&[spent("a", 0), spent("b", 0)], NOW).await.unwrap();
    assert_eq!(levels, [NOW.plus(80), NOW.plus(8)]);
}
