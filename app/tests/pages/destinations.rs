//! A destination's page: what it is, its signing secret, what stops its jobs.

use crate::{ENDPOINT, SITE, TOKEN_SITE, busy};
use domain::role::Role;

#[test]
fn a_row_of_the_destinations_leads_to_its_page() {
    let site = busy(Role::Owner);
    assert!(site.get("/destinations").has(&format!("href=\"{ENDPOINT}\"")));
    let page = site.get(ENDPOINT);
    assert!(page.has("https://archive.example/in") && page.has("authorization, x-tenant, values sealed"));
    assert!(page.has("Its jobs are held until it is switched on.") && page.has("Circuit breakers"));
    let unknown = site.get("/destinations/dst_018f3c510000700080000000000000ff");
    assert!(unknown.status == 404 && unknown.has("No such destination"));
}

#[test]
fn the_panel_says_which_secrets_sign_and_only_an_endpoint_has_one() {
    let admin = busy(Role::Admin);
    let page = admin.get(ENDPOINT);
    for words in ["In use", "Active", "Retiring, 20 h left", "Replace it"] {
        assert!(page.has(words), "{words}");
    }
    let editor = busy(Role::Editor).get(ENDPOINT);
    assert!(editor.has("Retiring, 20 h left") && !editor.has("Replace it") && !editor.has("Switch on"));
    let wordpress = admin.get(SITE);
    assert!(wordpress.has("application password of tidegate") && !wordpress.has("Signing secret"));
}

#[test]
fn a_signing_secret_is_replaced_without_javascript_and_shown_once() {
    let site = busy(Role::Admin);
    let id = ENDPOINT.trim_start_matches("/destinations/");
    let form = format!("id={id}&secret=");
    let refused = site.post(ENDPOINT, "/ui/destination/rotate", &format!("{form}&overlap_hours=1000"));
    let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("7 days"), "says how long it can be");
    let done = site.post(ENDPOINT, "/ui/destination/rotate", &format!("{form}&overlap_hours=24"));
    assert_eq!((done.status, done.location.as_str()), (302, "/destinations/rotated?once=h4ndle"));
    let first = site.get(&done.location);
    assert!(
        first.has("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
            && first.has("Enter the new secret at the endpoint")
    );
    let again = site.get(&done.location);
    assert!(!again.html.contains("whsec_") && again.has("tidegate destination rotate NAME --overlap 24h"));
    assert_eq!(*site.fake.calls.lock().unwrap(), ["replace secret of archive 86400000000 false"]);
}

#[test]
fn an_old_signing_secret_is_ended_early_without_javascript_and_only_with_a_reason() {
    let site = busy(Role::Admin);
    let id = ENDPOINT.trim_start_matches("/destinations/");
    let page = site.get(ENDPOINT);
    assert!(page.has("End the old one now") && page.has("This cannot be undone."));
    assert!(!busy(Role::Editor).get(ENDPOINT).has("End the old one now"));
    let refused = site.post(ENDPOINT, "/ui/destination/end-old", &format!("id={id}&why=+"));
    let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("The reason is missing."), "{back}");
    site.post(ENDPOINT, "/ui/destination/end-old", &format!("id={id}&why=it+leaked"));
    assert_eq!(*site.fake.calls.lock().unwrap(), ["end old secret of archive: it leaked"]);
    // One that has none retiring: there is no form, and one that was open says why it did nothing.
    let other = SITE.trim_start_matches("/destinations/");
    assert!(!site.get(SITE).has("End the old one now"));
    let late = site.post(ENDPOINT, "/ui/destination/end-old", &format!("id={other}&why=it+leaked"));
    let back = late.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("This old secret has ended already."), "{back}");
}

#[test]
fn the_key_of_tokens_is_shown_to_all_and_replaced_by_owners_without_javascript() {
    let site = busy(Role::Owner);
    let page = site.get(TOKEN_SITE);
    for words in [
        "S5hGGnDTyQ0nhWyE1jvSMPmmCwVzVAJmzGfZ0LkzDFc",
        "Signs",
        "Published, signs in 23 h",
        "https://hooks.example.com",
        "Replace the key",
    ] {
        assert!(page.has(words), "{words}");
    }
    assert!(!site.get(ENDPOINT).has("Signed tokens"));
    let admin = busy(Role::Admin);
    assert!(admin.get(TOKEN_SITE).has("Published, signs in 23 h"));
    assert!(!admin.get(TOKEN_SITE).has("Replace the key"), "it is all tenants'");
    admin.post(TOKEN_SITE, "/ui/tokens/rotate", "lead_hours=24");
    assert!(admin.fake.calls.lock().unwrap().is_empty());

    let refused = site.post(TOKEN_SITE, "/ui/tokens/rotate", "lead_hours=1000");
    let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("Give a time from 10 minutes to 30 days."));
    site.post(TOKEN_SITE, "/ui/tokens/rotate", "lead_hours=24");
    site.post(TOKEN_SITE, "/ui/tokens/rotate", "lead_hours=0");
    let calls = site.fake.calls.lock().unwrap().clone();
    assert_eq!(calls, ["replace token key Some(86400000000)", "replace token key None"]);
}
