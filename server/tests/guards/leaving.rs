//! A process that was asked to stop, while a balancer still sends requests to it.

use crate::support::{Draft, Place};

#[tokio::test]
async fn a_process_that_was_asked_to_stop_is_not_ready_and_takes_requests_until_balancers_noticed() {
    let place = Place::new().await;
    place.acme().await;
    // Longer than the test: it ends when the test does.
    let server = place.serve(&["--drain-seconds", "600"]).await;
    let ready = Draft::bare("GET", "/readyz").kept().send(&server).await;
    assert_eq!((ready.status, ready.header("connection")), (200, None));
    assert_eq!(ready.json()["checks"]["stays"], "pass");

    server.stop();
    // The word is passed on by a task of its own.
    let leaving = loop {
        let answer = Draft::bare("GET", "/readyz").kept().send(&server).await;
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!((leaving.status, leaving.header("connection")), (503, Some("close")));
    assert_eq!(leaving.json()["checks"]["stays"], "fail");
    assert_eq!(leaving.json()["checks"]["database"], "pass");
    let accepted = Draft::acme().kept().send(&server).await;
    assert_eq!((accepted.status, accepted.header("connection")), (202, Some("close")));
    let alive = Draft::bare("GET", "/healthz").send(&server).await;
    assert_eq!(alive.status, 200, "it lives until it ends");
}
