//! Signing in and out.

use crate::fake::Fake;
use crate::fake::NOON;
use crate::fake::site::Site;
use crate::{busy, signed_out};
use domain::role::Role;
use std::sync::atomic::Ordering;

#[test]
fn a_signed_out_visitor_is_sent_to_sign_in_and_back() {
    let answer = signed_out().get("/jobs?state=failed");
    assert_eq!((answer.status, answer.location.as_str()), (302, "/login?next=/jobs%3Fstate%3Dfailed"));
    assert!(!answer.has("Council minutes"));
    let login = signed_out().get("/login?next=/jobs%3Fstate%3Dfailed");
    assert!(login.has("value=\"/jobs?state=failed\""), "{}", login.page());
}

#[test]
fn signing_in_leads_to_where_one_wanted_to_go_but_never_to_another_site() {
    let site = signed_out();
    for (next, to) in [("%2Fjobs", "/jobs"), ("%2F%2Fevil.example", "/"), ("", "/")] {
        let form = format!("email=a%40b.example&password=correct+horse&next={next}");
        let answer = site.post("/login", "/ui/login", &form);
        assert_eq!((answer.status, answer.location.as_str()), (302, to));
    }
    assert!(site.session.0.load(Ordering::Relaxed));
}

#[test]
fn a_wrong_password_is_said_beside_its_field_without_javascript() {
    let site = signed_out();
    let answer = site.post("/login", "/ui/login", "email=a%40b.example&password=wrong");
    assert_eq!(answer.status, 302);
    let back = answer.location.trim_start_matches("http://tidegate.example").to_owned();
    let page = site.get(&back);
    assert!(page.has("E-mail address or password is wrong."), "{}", page.page());
    assert!(page.has("aria-invalid=\"true\""));
    assert!(!site.session.0.load(Ordering::Relaxed));
}

#[test]
fn before_the_first_account_signing_in_points_to_the_one_time_link() {
    let site = Site::new(Fake::fresh(NOON), None);
    site.fake.empty_users.store(true, Ordering::Relaxed);
    assert!(site.get("/login").has("Nobody has an account yet"));
    assert!(site.get("/setup?token=once").has("value=\"once\""));
    let answer =
        site.post("/setup?token=once", "/ui/setup", "token=once&email=a%40b.example&password=long+enough+1");
    assert_eq!((answer.status, answer.location.as_str()), (302, "/"));
    assert!(site.get("/setup?token=once").has("set up already"));
}

#[test]
fn signing_out_ends_the_session() {
    let site = busy(Role::Owner);
    let answer = site.post("/", "/ui/logout", "");
    assert_eq!((answer.status, answer.location.as_str()), (302, "/login"));
    assert!(!site.session.0.load(Ordering::Relaxed));
}
