//! What holds for every page: it opens, reads once, says what to do while it is empty, and leads nowhere wrong.

use crate::{BAD_JOB, ENDPOINT, EVENT, FAILED_JOB, REFUSED, TOKEN_SITE, TYPE, VENDOR, busy, fake, fresh};
use domain::role::Role;
use std::sync::atomic::Ordering;

/// Pages that say so when the database does not answer.
const SHOWING_DATA: [&str; 16] = [
    "/",
    "/jobs",
    BAD_JOB,
    "/events",
    "/requests",
    REFUSED,
    "/vendors",
    VENDOR,
    "/destinations",
    ENDPOINT,
    TOKEN_SITE,
    "/providers",
    "/rules",
    "/schedules",
    "/limits",
    "/breakers",
];

#[test]
fn every_page_opens_for_owner_and_editor_with_a_title_of_its_own() {
    let pages = SHOWING_DATA.iter().copied().chain([EVENT, "/events/types", TYPE, "/nodes"]);
    for role in [Role::Owner, Role::Editor] {
        let mut titles = std::collections::BTreeSet::new();
        for page in pages.clone() {
            let answer = busy(role).get(page);
            assert_eq!(answer.status, 200, "{role} {page}");
            assert!(answer.has("<html lang=\"en\""), "{page}");
            let title = answer.html.split("<title>").nth(1).and_then(|rest| rest.split('<').next());
            assert!(titles.insert(title.unwrap_or_default().to_owned()), "{page}: {title:?}");
        }
    }
}

/// What is read twice may have changed in between, and then the page and the data it is hydrated with differ. Editors see
/// no forms, which for good reason read for themselves.
#[test]
fn no_page_reads_the_same_thing_twice() {
    for page in [
        "/",
        "/jobs",
        BAD_JOB,
        "/events",
        EVENT,
        "/requests",
        REFUSED,
        "/vendors",
        VENDOR,
        ENDPOINT,
        TOKEN_SITE,
        "/rules",
        "/schedules",
        "/events/types",
        TYPE,
        "/nodes",
        FAILED_JOB,
    ] {
        let answer = busy(Role::Editor).get(page);
        let mut data = answer.data();
        assert!(!data.is_empty(), "{page} brings no data");
        data.retain(|read| !read.contains("\"null\""));
        let distinct: std::collections::BTreeSet<_> = data.iter().collect();
        assert_eq!(data.len(), distinct.len(), "{page} reads something twice: {data:#?}");
    }
}

#[test]
fn an_empty_list_says_what_to_do_and_a_narrowed_one_how_to_widen_it() {
    let jobs = fresh(Role::Owner).get("/jobs");
    assert!(jobs.has("No jobs yet") && jobs.has("tidegate send VENDOR"));
    let none = busy(Role::Owner).get("/jobs?state=failed&kind=callback");
    assert!(none.has("No match") && none.has("Clear filters"));
    let lists = [
        ("/vendors", "tidegate vendor add"),
        ("/providers", "tidegate provider add"),
        ("/destinations", "tidegate destination add"),
        ("/rules", "tidegate rule add"),
        ("/schedules", "tidegate schedule add"),
    ];
    for (page, command) in lists {
        let owner = fresh(Role::Owner).get(page);
        assert!(owner.has(command) && owner.has(&format!("{page}/new")), "{page}");
        let editor = fresh(Role::Editor).get(page);
        assert!(!editor.has(command) && !editor.has(&format!("{page}/new")), "{page}");
    }
}

#[test]
fn a_page_that_cannot_load_names_its_request() {
    let site = busy(Role::Owner);
    site.fake.broken.store(true, Ordering::Relaxed);
    for page in SHOWING_DATA {
        let answer = site.get(page);
        assert_eq!(answer.status, 503, "{page}");
        assert!(
            answer.has("Could not load") && answer.has("Try again") && answer.has(fake::site::REQUEST),
            "{page}"
        );
    }
}

#[test]
fn an_address_without_a_page_answers_404() {
    for page in
        ["/nope", "/jobs/job_1", "/jobs/job_018f3c51000070008000000000ffffff", "/destinations/archive"]
    {
        assert_eq!(busy(Role::Owner).get(page).status, 404, "{page}");
    }
}

#[test]
fn no_page_has_a_link_that_leads_nowhere() {
    let site = busy(Role::Owner);
    let mut seen = std::collections::BTreeSet::from(["/".to_owned()]);
    let mut todo = vec!["/".to_owned()];
    while let Some(page) = todo.pop() {
        let answer = site.get(&page);
        assert_eq!(answer.status, 200, "{page}");
        // One job stands for all, one page of the list for its many filters.
        for link in answer.page().split("href=\"/").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = format!("/{}", link.replace("&amp;", "&"));
            let many = ["/jobs/", "/events/", "/requests/"].iter().any(|list| link.starts_with(list))
                || link.contains('?');
            let asset = link.starts_with("/pkg") || link.ends_with(".csv") || link.ends_with(".svg");
            if !asset && !many && seen.insert(link.clone()) {
                todo.push(link);
            }
        }
    }
    assert!(seen.len() >= 10, "{seen:?}");
}
