//! How many requests are taken, by one process and by two on one database. The clock stands still, so nothing is
//! refilled but what a test refills.

use crate::support::{Answer, Draft, Place, SECRET, Server};
use app::view::limits::NewLimits;
use domain::time::SECOND;
use store::DEFAULT_TENANT_ID;

fn rate(rate: u32, burst: u32) -> NewLimits {
    NewLimits { rate: Some(rate), burst: Some(burst), ..NewLimits::default() }
}

/// The answers to `each` webhooks sent to every server at once.
async fn flood(servers: &[&Server], each: usize) -> Vec<Answer> {
    let sent = servers
        .iter()
        .flat_map(|server| (0..each).map(move |_| async move { Draft::acme().send(server).await }));
    futures::future::join_all(sent).await
}

fn taken(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status == 202).count()
}

#[tokio::test]
async fn a_vendor_over_its_rate_is_told_when_to_come_back_and_is_taken_then() {
    let place = Place::new().await;
    let vendor = place.acme().await;
    place.limit(vendor, DEFAULT_TENANT_ID, rate(2, 6)).await;
    let server = place.serve(&[]).await;
    let answers = flood(&[&server], 10).await;
    assert_eq!(taken(&answers), 6);
    for refused in answers.iter().filter(|answer| answer.status != 202) {
        assert_eq!((refused.status, refused.code().as_str()), (429, "rate_limited"));
        assert_eq!(refused.header("retry-after"), Some("1"));
    }
    place.clock.advance(SECOND - 500_001);
    assert_eq!(taken(&flood(&[&server], 3).await), 0);
    place.clock.advance(500_001);
    assert_eq!(taken(&flood(&[&server], 5).await), 2);
}

#[tokio::test]
async fn requests_that_prove_nothing_use_up_nothing() {
    let place = Place::new().await;
    let vendor = place.acme().await;
    place.limit(vendor, DEFAULT_TENANT_ID, rate(1, 3)).await;
    let server = place.serve(&[]).await;
    for _ in 0..10 {
        let forged = Draft::acme().with("webhook-signature", "v1,AAAA");
        assert_eq!(forged.send(&server).await.status, 401);
    }
    assert_eq!(taken(&flood(&[&server], 5).await), 3);
    // Now it costs nothing to refuse them, so it is done before they are looked at.
    assert_eq!(Draft::acme().with("webhook-signature", "v1,AAAA").send(&server).await.status, 429);
}

#[tokio::test]
async fn two_processes_on_one_database_share_a_vendors_limit() {
    let place = Place::new().await;
    let vendor = place.acme().await;
    place.limit(vendor, DEFAULT_TENANT_ID, rate(5, 40)).await;
    let (one, two) = (place.serve(&[]).await, place.serve(&[]).await);
    // A slice, a tenth of the burst, is what one may take before it has heard of the other.
    let first = taken(&flood(&[&one, &two], 60).await);
    assert!((40..=44).contains(&first), "{first}");
    // What was too much is paid back.
    place.clock.advance(4 * SECOND);
    let both = first + taken(&flood(&[&one, &two], 40).await);
    assert!((60..=64).contains(&both), "{both}");
}

#[tokio::test]
async fn the_installation_has_a_limit_of_its_own_over_all_vendors() {
    let place = Place::new().await;
    place.acme().await;
    place.add_vendor(DEFAULT_TENANT_ID, "other", "std_webhooks", SECRET).await;
    let server = place.serve(&["--max-rate", "8"]).await;
    assert_eq!(taken(&flood(&[&server], 6).await), 6);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let draft = Draft::signed("std_webhooks", SECRET, "/webhooks/other", br#"{"type":"a"}"#);
        let answer = draft.send(&server).await;
        if answer.status == 429 {
            assert_eq!(answer.code(), "installation_rate_limited");
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [202, 202, 429, 429]);
}
