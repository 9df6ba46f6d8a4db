//! Events: their versions, and running them again.

use crate::{COPY, EVENT, busy, fresh};
use domain::role::Role;

#[test]
fn an_event_shows_its_versions_and_a_way_to_its_bytes() {
    let site = busy(Role::Owner);
    let page = site.get("/events/evt_018f3c51000070008000000000000001");
    assert!(page.has("Version 2 of 2") && page.has("Version 1 of 2"), "{}", page.page());
    assert!(page.has("Show headers and body") && site.fake.calls.lock().unwrap().is_empty());
    assert!(page.has("Not run again so far.") && !page.has("Replayed copy"));
    assert!(site.get("/events?type=response.completed").has("resp_7"));
    assert!(site.get("/events?type=nothing").has("No match"));
    assert!(fresh(Role::Owner).get("/events").has("No events yet"));
}

#[test]
fn an_event_is_replayed_by_its_button_and_a_copy_names_its_origin() {
    let site = busy(Role::Admin);
    let answer = site.post(EVENT, "/ui/replay/start", "id=evt_018f3c51000070008000000000000001");
    assert_eq!(
        (answer.status, answer.location.as_str()),
        (302, "/replays?added=rpl_00000000000000000000000000000386")
    );
    let calls = site.fake.calls.lock().unwrap().clone();
    assert!(
        calls.len() == 1 && calls[0].starts_with("replay evt_018f3c51000070008000000000000001"),
        "{calls:?}"
    );
    let copy = site.get(COPY);
    assert!(copy.has("Replayed copy") && copy.has("it is a copy that was run again"), "{}", copy.page());
    assert!(copy.has(&format!("href=\"{EVENT}\"")));
    assert!(busy(Role::Owner).get("/events?type=a.b").has("href=\"/replays?type=a.b&amp;chosen=yes\""));
    let editor = busy(Role::Editor);
    assert!(!editor.get(EVENT).has("Replay this event") && !editor.get("/events").has("Replay these"));
}
