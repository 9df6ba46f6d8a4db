//! How often the page for a vendor's engineer checks signatures. The clock stands still but for what a test lets pass.

use crate::support::{Answer, Draft, Place, Server, admin};
use app::ports::SenderPort;
use domain::time::SECOND;
use store::DEFAULT_TENANT_ID;

/// Checks one address may make within five minutes.
const CHECKS: usize = 30;

async fn link(place: &Place) -> String {
    let vendor = place.acme().await;
    let sender: &dyn SenderPort = place.base.services.as_ref();
    let url = sender.link(&admin(DEFAULT_TENANT_ID), vendor).await.unwrap().url;
    url.split_once("/sender/").map(|(_, token)| format!("/sender/{token}")).unwrap()
}

async fn check(server: &Server, path: &str, from: [u8; 4]) -> Answer {
    let form = Draft::bare("POST", path).with("content-type", "application/x-www-form-urlencoded");
    let form = Draft { body: b"headers=webhook-id%3A+msg_1&body=%7B%7D".to_vec(), from, ..form };
    form.send(server).await
}

#[tokio::test]
async fn who_checks_too_often_is_told_when_to_come_back_and_others_are_not_held_up() {
    let place = Place::new().await;
    let path = link(&place).await;
    let server = place.serve_as("dashboard", &[]).await;
    let (one, other) = ([127, 0, 0, 1], [127, 0, 0, 2]);
    for n in 0..CHECKS {
        let answer = check(&server, &path, one).await;
        assert_eq!((answer.status, answer.header("retry-after")), (200, None), "{n}");
    }
    let over = check(&server, &path, one).await;
    // The clock stands four minutes into a window of five.
    assert_eq!((over.status, over.header("retry-after")), (429, Some("60")));
    assert!(over.text().contains("Too much at once"), "{}", over.text());
    assert_eq!(check(&server, &path, other).await.status, 200);
    assert_eq!(Draft::bare("GET", &path).send(&server).await.status, 200, "reading is no check");
    place.clock.advance(59 * SECOND);
    let over = check(&server, &path, one).await;
    assert_eq!((over.status, over.header("retry-after")), (429, Some("1")));
    place.clock.advance(SECOND);
    assert_eq!(check(&server, &path, one).await.status, 200);
}

#[tokio::test]
async fn many_addresses_together_have_a_limit_as_well() {
    let place = Place::new().await;
    let path = link(&place).await;
    let server = place.serve_as("dashboard", &[]).await;
    for n in 0..300_u16 {
        let from = [127, 0, 1, u8::try_from(n / 30 + 1).unwrap()];
        assert_eq!(check(&server, &path, from).await.status, 200, "{n}");
    }
    assert_eq!(check(&server, &path, [127, 0, 1, 200]).await.status, 429);
}
