//! A vendor's page: its secret, limits and options.

use crate::{VENDOR, busy};
use domain::role::Role;

#[test]
fn a_row_of_the_vendors_leads_to_its_page_also_in_another_tenant() {
    let site = busy(Role::Owner);
    let list = site.get("/vendors");
    assert!(list.has("href=\"/vendors/openai\"") && list.has("href=\"/vendors/slack?tenant=weekly-mirror\""));
    let page = site.get("/vendors/slack?tenant=weekly-mirror");
    assert!(page.status == 200 && page.has("tenant weekly-mirror") && page.has("/webhooks/slack"));
    assert!(site.get("/vendors/slack").has("This vendor is switched off"));
    for unknown in ["/vendors/nobody", "/vendors/openai?tenant=nobody"] {
        let page = site.get(unknown);
        assert!(page.status == 404 && page.has("No such vendor"), "{unknown}");
    }
}

#[test]
fn the_versions_of_a_secret_say_until_when_they_are_accepted_and_how_much_they_are_used() {
    let admin = busy(Role::Admin).get(VENDOR);
    for words in [
        "v6",
        "Active",
        "v5",
        "Retiring, 21 h left",
        "still used",
        "214",
        "v4",
        "Ended",
        "vault:kv/tidegate/openai#secret",
        "Vault does not answer",
    ] {
        assert!(admin.has(words), "{words}");
    }
    assert!(admin.has("Replace it") && admin.has("after 6 hours without a match"));
    let editor = busy(Role::Editor).get(VENDOR);
    assert!(editor.has("Retiring, 21 h left") && !editor.has("Replace it") && !editor.has("End a version"));
}

#[test]
fn a_secret_is_replaced_without_javascript_and_shown_once() {
    let site = busy(Role::Admin);
    let vendor = "vendor=ven_018f3c51000070008000000000000000";
    let refused = site.post(VENDOR, "/ui/vendor/rotate", &format!("{vendor}&secret=&overlap_hours=0"));
    let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("214 requests matched this version during the last hour"));
    let done = site.post(VENDOR, "/ui/vendor/rotate", &format!("{vendor}&secret=&overlap_hours=0&force=on"));
    assert_eq!((done.status, done.location.as_str()), (302, "/vendors/rotated?once=h4ndle"));
    let first = site.get(&done.location);
    assert!(first.has("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD") && first.has("Replaced"));
    assert!(!site.get(&done.location).html.contains("whsec_"));
    assert_eq!(*site.fake.calls.lock().unwrap(), ["rotate 0 false"]);
}

#[test]
fn a_version_in_use_ends_only_when_that_is_ticked() {
    let site = busy(Role::Admin);
    let form = "vendor=ven_018f3c51000070008000000000000000&version=5";
    for (path, more) in [("/ui/vendor/revoke", ""), ("/ui/vendor/overlap", "&overlap_hours=0")] {
        let refused = site.post(VENDOR, path, &format!("{form}{more}"));
        let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
        assert!(site.get(&back).has("214 requests matched"), "{path}");
        assert!(site.fake.calls.lock().unwrap().is_empty(), "{path}");
    }
    site.post(VENDOR, "/ui/vendor/revoke", &format!("{form}&force=on"));
    site.post(VENDOR, "/ui/vendor/overlap", &format!("{form}&overlap_hours=72"));
    site.post(VENDOR, "/ui/vendor/quiet", &format!("{}&hours=", &form[..form.len() - 10]));
    let calls = site.fake.calls.lock().unwrap().clone();
    assert_eq!(calls, ["revoke v5", "overlap v5 259200000000", "quiet None"]);
}

#[test]
fn a_vendors_limits_are_shown_to_all_and_set_without_javascript() {
    let site = busy(Role::Admin);
    let page = site.get(VENDOR);
    assert!(page.has("50 a second, 200 at once") && page.has("203.0.113.0/24, 2001:db8::/32"));
    assert!(page.has("512 KiB, as its preset says") && page.has("name=\"burst\""));
    let editor = busy(Role::Editor).get(VENDOR);
    assert!(editor.has("50 a second, 200 at once") && !editor.has("Change the limits"));

    let form = "vendor=ven_018f3c51000070008000000000000000&burst=&max_body=";
    for (more, words) in [
        ("&allow=here&rate=5", "Give networks such as 203.0.113.0/24"),
        ("&allow=&rate=many", "Give a whole number from 1 to 1,000,000."),
        ("&allow=&rate=&max_body=1+GiB", "Give a size from 1 KiB to 32 MiB"),
    ] {
        let form = if more.contains("max_body") { form.trim_end_matches("&max_body=") } else { form };
        let refused = site.post(VENDOR, "/ui/vendor/limits/set", &format!("{form}{more}"));
        let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
        assert!(site.get(&back).has(words), "{more}");
    }
    site.post(VENDOR, "/ui/vendor/limits/set", &format!("{form}&allow=192.0.2.1&rate=5"));
    assert_eq!(*site.fake.calls.lock().unwrap(), ["limit Some(5)"]);
}

#[test]
fn a_vendors_options_are_shown_to_all_and_set_without_javascript() {
    let site = busy(Role::Admin);
    let page = site.get(VENDOR);
    assert!(page.has("as its preset says") && page.has("name=\"options[one_time]\""));
    assert!(page.has("selected") && !page.has("name=\"options[event_id]\""), "decided when it was added");
    let editor = busy(Role::Editor).get(VENDOR);
    assert!(editor.has("Options of its preset") && !editor.has("Change the options"));

    let form = "vendor=ven_018f3c51000070008000000000000000&options%5Balgorithm%5D=";
    let refused = site.post(VENDOR, "/ui/vendor/signing/set", &format!("{form}&options%5Btolerance%5D=bad"));
    let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("Give a number of seconds from 1 to 86,400."));
    site.post(VENDOR, "/ui/vendor/signing/set", &format!("{form}&options%5Bone_time%5D=signed"));
    assert_eq!(*site.fake.calls.lock().unwrap(), ["sign {OneTime: \"signed\"}"]);
}

#[test]
fn a_vendor_is_switched_off_and_on_without_javascript() {
    let site = busy(Role::Admin);
    for (page, words, enabled) in [(VENDOR, "Switch off", "false"), ("/vendors/slack", "Switch on", "true")] {
        let shown = site.get(page).page();
        assert!(
            shown.contains(words) && shown.contains(&format!("name=\"enabled\" value=\"{enabled}\"")),
            "{page}"
        );
        assert!(!busy(Role::Editor).get(page).has(words), "{page}");
    }
    let id = "ven_018f3c51000070008000000000000000";
    let answer = site.post(VENDOR, "/ui/vendor/switch", &format!("vendor={id}&enabled=false"));
    assert_eq!(answer.location.trim_end_matches('?'), format!("http://tidegate.example{VENDOR}"));
    assert_eq!(*site.fake.calls.lock().unwrap(), [format!("switch {id} false")]);
}

#[test]
fn how_a_vendor_signs_is_shown_to_all_and_changed_without_javascript_where_it_was_written_by_hand() {
    let site = busy(Role::Admin);
    let at = "/vendors/weather";
    let page = site.get(at);
    assert!(page.has("How it signs") && page.has("{ts}.{body}") && page.has("Change how it signs"));
    assert!(!page.has("Options of its preset") && !site.get(VENDOR).has("Change how it signs"));
    let editor = busy(Role::Editor).get(at);
    assert!(editor.has("{ts}.{body}") && !editor.has("Change how it signs"));

    let form = "vendor=ven_018f3c51000070008000000000000004&scheme=";
    let back = site.post(at, "/ui/vendor/scheme/set", &format!("{form}singed+%3D+true"));
    assert_eq!(back.location, "/vendors/weather?draft=dr4ft#scheme-panel");
    let shown = site.get("/vendors/weather?draft=dr4ft");
    assert!(shown.has("unknown field `singed` (line 1)") && shown.has("singed = true</textarea>"));
    assert!(site.fake.calls.lock().unwrap().is_empty());
    let done = site.post(at, "/ui/vendor/scheme/set", &format!("{form}signed+%3D+1"));
    assert_eq!(done.location, at);
    assert_eq!(*site.fake.calls.lock().unwrap(), ["scheme signed = 1"]);
}

#[test]
fn the_vendor_that_is_tidegate_itself_says_what_it_tells_in_place_of_a_url_and_a_secret() {
    let site = busy(Role::Admin);
    let list = site.get("/vendors");
    assert!(
        list.has("href=\"/vendors/alerts\"")
            && list.has("Its events are made here")
            && list.has("needs none")
    );
    let page = site.get("/vendors/alerts");
    for words in ["Tidegate itself", "destination.gone", "Who is told", "href=\"/rules/new\"", "Switch off"] {
        assert!(page.has(words), "{words}: {}", page.page());
    }
    assert!(
        !page.has("Enter this URL at the vendor") && !page.has("Replace it") && !page.has("/requests/sender")
    );
    let editor = busy(Role::Editor).get("/vendors/alerts");
    assert!(editor.has("What it tells") && !editor.has("Add rule") && !editor.has("Switch off"));
}
