//! Pages about vendors' sides of connections, the way a browser without JavaScript sees them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "names of tests are sentences; a panic is a failed test"
)]

pub mod fake;

use domain::{id::VendorId, role::Role};
use fake::{Fake, NOON, site::Site};

fn busy(role: Role) -> Site {
    Site::new(Fake::busy(NOON), Some(role))
}

#[test]
fn the_page_of_known_vendors_says_what_each_expects() {
    let page = busy(Role::Editor).get("/vendors/presets");
    for words in
        ["Notion", "Hands its secret over in the first request", "up to 8 times in 24 hours", "512 KiB"]
    {
        assert!(page.has(words), "{words} in {}", page.page());
    }
}

#[test]
fn a_scheme_that_cannot_be_used_comes_back_with_what_was_typed_and_what_is_wrong() {
    let site = busy(Role::Owner);
    let answer =
        site.post("/vendors/new/custom", "/ui/vendor/add/custom", "slug=acme&scheme=singed+%3D+true");
    assert_eq!((answer.status, answer.location.as_str()), (302, "/vendors/new/custom?draft=dr4ft"));
    let page = site.get(&answer.location);
    assert!(page.has("unknown field `singed` (line 1)"), "{}", page.page());
    assert!(page.has("singed = true") && page.has("value=\"acme\""));
    assert!(page.has("aria-invalid=\"true\""));
    let good = site.post("/vendors/new/custom", "/ui/vendor/add/custom", "slug=acme&scheme=signed+%3D+true");
    assert_eq!(good.location, "/vendors/added?once=h4ndle");
}

#[test]
fn only_those_who_may_configure_accept_or_dismiss_what_a_vendor_offered() {
    let vendor = VendorId::new(uuid::Uuid::nil());
    let offer = domain::id::OfferId::new(uuid::Uuid::nil());
    let forms = [
        ("/ui/vendor/offer/accept", format!("vendor={vendor}&offer={offer}")),
        ("/ui/vendor/offer/dismiss", format!("vendor={vendor}")),
        ("/ui/vendor/add/custom", "slug=x&scheme=y".to_owned()),
    ];
    for (path, form) in &forms {
        let site = busy(Role::Editor);
        site.post("/vendors", path, form);
        assert!(site.fake.calls.lock().unwrap().is_empty(), "{path}");
    }
    let site = busy(Role::Admin);
    let accepted = site.post("/vendors", forms[0].0, &forms[0].1);
    assert_eq!(accepted.location, "/vendors/added?once=h4ndle");
    site.post("/vendors", forms[1].0, &forms[1].1);
    let calls = site.fake.calls.lock().unwrap().clone();
    assert_eq!(calls, [format!("accept {offer}"), format!("dismiss {vendor}")]);
}
