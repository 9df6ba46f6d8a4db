//! Tests: which way SQLite takes through its indexes where another would cost more with every job that waits.

use super::{queue, test_file::TestFile};
use sqlx::{QueryBuilder, Row};

#[tokio::test]
async fn looking_at_the_queues_jumps_from_one_to_the_next() {
    let file = TestFile::new().await;

    let mut explain = QueryBuilder::new("explain query plan ");
    queue::push_heads(&mut explain);
    explain.push_bind(100_i64);
    let steps = explain.build().fetch_all(&file.db.read).await.unwrap();
    let steps: Vec<String> = steps.iter().map(|step| step.get("detail")).collect();

    let within =
        |step: &&String| step.starts_with("SEARCH next") && step.contains("(priority=? AND queue>?)");
    assert!(steps.iter().any(|step| within(&step)), "{steps:#?}");
    // What walks over the index from its beginning looks for the very first job alone.
    assert_eq!(steps.iter().filter(|step| step.starts_with("SCAN jobs")).count(), 1, "{steps:#?}");
    file.remove().await;
}
