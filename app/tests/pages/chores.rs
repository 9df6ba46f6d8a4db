//! Maintenance: what the installation does for itself.

use crate::{busy, signed_out};
use domain::role::Role;
use std::sync::atomic::Ordering;

#[test]
fn maintenance_says_how_each_chore_went_last_and_when_it_is_done_next() {
    let page = busy(Role::Owner).get("/nodes");
    for words in
        ["Maintenance", "retention", "every 10 min", "took 2.0 s", "1,234", "in 6 min", "while it is on"]
    {
        assert!(page.has(words), "{words}: {}", page.page());
    }
    assert!(page.has("Failed 3 times in a row and is tried again: the database is unavailable: full"));
    assert!(page.has("on gate-2, begun just now") && page.has("not yet"));
}

#[test]
fn an_editor_sees_that_a_chore_failed_and_not_why_an_admin_runs_it_and_an_owner_switches_it_off() {
    let editor = busy(Role::Editor).get("/nodes");
    assert!(editor.has("Failed 3 times in a row") && !editor.has("the database is unavailable"));
    assert!(!editor.has("Run now") && !editor.has("Switch off"));
    let admin = busy(Role::Admin).get("/nodes");
    assert!(admin.has("Run now") && !admin.has("Switch off"));
    let owner = busy(Role::Owner).get("/nodes");
    assert!(owner.has("Run now") && owner.has("Switch off") && owner.has("Switch on"));
}

#[test]
fn a_chore_is_run_and_switched_without_javascript_by_those_who_may() {
    let site = busy(Role::Owner);
    site.post("/nodes", "/ui/chore/run", "name=unique-keys");
    site.post("/nodes", "/ui/chore/switch", "name=counters&on=true");
    assert_eq!(*site.fake.calls.lock().unwrap(), ["run unique-keys", "switch counters true"]);
    let unknown = busy(Role::Owner);
    unknown.post("/nodes", "/ui/chore/run", "name=polish-brass");
    let admin = busy(Role::Admin);
    admin.post("/nodes", "/ui/chore/switch", "name=counters&on=true");
    let editor = busy(Role::Editor);
    editor.post("/nodes", "/ui/chore/run", "name=counters");
    let nobody = signed_out();
    nobody.post("/nodes", "/ui/chore/run", "name=counters");
    for site in [unknown, admin, editor, nobody] {
        assert!(site.fake.calls.lock().unwrap().is_empty());
    }
}

#[test]
fn nodes_and_maintenance_that_cannot_be_loaded_say_so() {
    let site = busy(Role::Owner);
    site.fake.broken.store(true, Ordering::Relaxed);
    let page = site.get("/nodes");
    assert!(page.status == 503 && page.page().matches("Could not load").count() == 2, "{}", page.page());
}
