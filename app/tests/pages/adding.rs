//! Forms that add connections, and what they show once.

use crate::{busy, fake};
use domain::role::Role;

#[test]
fn a_new_secret_is_shown_once_without_javascript() {
    let site = busy(Role::Owner);
    let answer = site.post("/vendors/new", "/ui/vendor/add", "slug=news&preset=standard&secret=");
    assert_eq!((answer.status, answer.location.as_str()), (302, "/vendors/added?once=h4ndle"));
    let first = site.get(&answer.location);
    assert!(
        first.has("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") && first.has("/webhooks/news"),
        "{}",
        first.page()
    );
    let second = site.get(&answer.location);
    assert!(second.has("Shown already") && !second.html.contains("whsec_"));
}

#[test]
fn a_taken_name_comes_back_to_the_form() {
    let site = busy(Role::Owner);
    let answer = site.post("/vendors/new", "/ui/vendor/add", "slug=openai&preset=openai");
    let back = answer.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("This name is in use already."));
}

#[test]
fn a_rule_says_how_often_and_how_long_its_jobs_are_tried() {
    let site = busy(Role::Owner);
    assert!(site.get("/rules").has(", in the order of each subject, up to 7 tries, for 2 h at most"));
    let form = site.get("/rules/new");
    assert!(form.has("name=\"deadline_s\"") && form.has("name=\"max_attempts\""));
    let form = "vendor=ven_018f3c51000070008000000000000001&pattern=*&job=forward&deadline_s=soon";
    let refused = site.post("/rules/new", "/ui/rule/add", form);
    let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("Give a number of seconds from 60 to 2,592,000"), "{back}");
}

#[test]
fn a_test_of_a_destination_shows_its_report_without_javascript() {
    let site = busy(Role::Owner);
    assert!(site.get("/destinations").has("not tested yet"));
    site.post("/destinations", "/ui/destination/test", "id=dst_018f3c51000070008000000000000003");
    assert!(!site.get("/destinations").has("not tested yet"));

    let gone = "It answered that it is gone (410)";
    assert!(site.get("/destinations").has(gone));
    site.post("/destinations", "/ui/destination/switch", "id=dst_018f3c51000070008000000000000003&on=true");
    assert!(!site.get("/destinations").has(gone));
}

#[test]
fn no_vendor_can_have_the_name_of_a_page_and_no_other_name_is_kept_from_vendors() {
    let words: std::collections::BTreeSet<String> = fake::site::paths()
        .iter()
        .filter_map(|path| path.strip_prefix("/vendors/")?.split('/').next().map(str::to_owned))
        .filter(|word| !word.starts_with(['{', ':']))
        .collect();
    assert_eq!(words.into_iter().collect::<Vec<_>>(), app::NO_VENDORS);
}

#[test]
fn what_a_preset_lets_one_choose_has_fields_and_errors_stand_there_without_javascript() {
    let site = busy(Role::Admin);
    let page = "/vendors/new?preset=standard";
    let empty = site.get(page);
    assert!(empty.has("<option value=\"standard\" selected"), "{}", empty.page());
    assert!(empty.has("name=\"options[tolerance]\"") && empty.has("placeholder=\"300\""));
    assert!(!site.get("/vendors/new").has("options["));
    let form = "slug=news&preset=standard&secret=";
    let bad = site.post(page, "/ui/vendor/add", &format!("{form}&options%5Btolerance%5D=bad"));
    let back = bad.location.trim_start_matches("http://tidegate.example").to_owned();
    let again = site.get(&back);
    assert!(again.has("Give a number of seconds from 1 to 86,400."), "{back} {}", again.page());
    assert!(again.has("name=\"options[tolerance]\""));
    site.post(page, "/ui/vendor/add", &format!("{form}&options%5Btolerance%5D=60&options%5Bprefix%5D="));
    let calls = site.fake.calls.lock().unwrap().clone();
    assert_eq!(calls, ["add vendor news {Tolerance: \"60\"}"]);
}
