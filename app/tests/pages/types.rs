//! Event types with their schemas and mappings.

use crate::{TYPE, busy};
use domain::role::Role;

#[test]
fn the_page_of_a_type_shows_what_waits_and_forms_only_to_those_who_may_change_it() {
    let admin = busy(Role::Admin).get(TYPE);
    for part in [
        "14 jobs wait",
        "12 of them fit now",
        "/data/heading",
        "is new (string)",
        "Release 12 jobs",
        "learned from 50",
    ] {
        assert!(admin.has(part), "{part}: {}", admin.page());
    }
    let editor = busy(Role::Editor).get(TYPE);
    assert!(editor.has("14 jobs wait") && editor.has("/data/heading"));
    for part in ["Release 12", "Save mapping", "<textarea", "Learn</"] {
        assert!(!editor.has(part), "{part}");
    }
    assert_eq!(busy(Role::Admin).get("/events/types/nobody/story.ready").status, 404);
}

#[test]
fn a_schema_that_could_not_be_saved_stands_in_its_editor_with_the_wrong_line() {
    let answer = busy(Role::Admin).get(&format!("{TYPE}?draft=abc"));
    assert!(answer.has("Not saved. Line 2"), "{}", answer.page());
    assert!(answer.has("aria-invalid=\"true\""));
}

#[test]
fn an_editor_cannot_change_schemas_mappings_or_release_by_calling_the_functions() {
    let site = busy(Role::Editor);
    let of = "vendor=acme&event_type=story.ready";
    for (path, form) in [
        ("/ui/schema/save", format!("{of}&text=%7B%7D")),
        ("/ui/schema/learn", format!("{of}&samples=5")),
        ("/ui/schema/use", format!("{of}&mode=off")),
        ("/ui/mapping/save", format!("{of}&text=drop+%2Fa")),
        ("/ui/mapping/use", format!("{of}&version=1&active=false")),
        ("/ui/schema/release", of.to_owned()),
    ] {
        site.post(TYPE, path, &form);
        assert!(site.fake.calls.lock().unwrap().is_empty(), "{path}");
    }
    let admin = busy(Role::Admin);
    let answer = admin.post(TYPE, "/ui/mapping/save", &format!("{of}&text=drop+%2Fa&from_version="));
    assert_eq!((answer.status, answer.location.as_str()), (302, "/events/types/acme/story.ready?mapping=1"));
    let answer = admin.post(TYPE, "/ui/schema/release", of);
    assert_eq!(
        (answer.status, answer.location.as_str()),
        (302, "/events/types/acme/story.ready?released=12")
    );
    assert_eq!(*admin.fake.calls.lock().unwrap(), ["mapping drop /a", "release"]);
}
