//! Requests, refused ones, and the page for a vendor's engineer.

use crate::fake::NOON;
use crate::{BY_HAND, NOT_KEPT, REFUSED, SENDER_LINK, busy, fresh};
use domain::role::Role;

#[test]
fn requests_are_listed_accepted_and_refused_together_and_narrowed_by_their_url() {
    let site = busy(Role::Editor);
    let all = site.get("/requests");
    assert!(all.has("response.completed") && all.has("Signature does not fit") && all.has("Revoked secret"));
    let refused = site.get("/requests?outcome=refused&reason=body_too_large");
    assert!(refused.has("Body too large") && !refused.has("response.completed"), "{}", refused.page());
    assert!(site.get("/requests?outcome=accepted&reason=body_too_large").has("No match"));
    assert!(fresh(Role::Owner).get("/requests").has("No requests yet"));
}

#[test]
fn a_refused_request_tells_what_was_checked_why_it_failed_and_shows_headers_as_text() {
    let page = busy(Role::Owner).get(REFUSED);
    for words in
        ["What was checked", "Failed", "Not reached", "Revoked secret", "which is revoked", "192.0.2.7"]
    {
        assert!(page.has(words), "{words}: {}", page.page());
    }
    assert!(page.has("&lt;script&gt;alert('header')") && !page.html.contains("<script>alert('header')"));
    assert!(busy(Role::Owner).get(NOT_KEPT).has("is not kept"));
    assert!(busy(Role::Owner).get(BY_HAND).has("Open the event"));
}

#[test]
fn a_body_is_read_only_when_asked_for_and_only_by_those_who_may() {
    let site = busy(Role::Admin);
    assert!(!site.get(REFUSED).has("the\": \"body"));
    assert!(site.fake.calls.lock().unwrap().is_empty());
    let shown = site.get(&format!("{REFUSED}?show=body"));
    assert!(shown.page().contains("&quot;the&quot;") || shown.has("\"the\": \"body\""), "{}", shown.page());
    assert_eq!(site.fake.calls.lock().unwrap().len(), 1);
    let editor = busy(Role::Editor);
    editor.get(&format!("{REFUSED}?show=body"));
    assert!(editor.fake.calls.lock().unwrap().is_empty());
}

#[test]
fn checking_again_and_accepting_work_without_javascript_and_only_for_those_who_may() {
    let id = REFUSED.trim_start_matches("/requests/");
    let site = busy(Role::Admin);
    site.post(REFUSED, "/ui/request/recheck", &format!("id={id}"));
    assert!(site.get(REFUSED).has("Would be accepted"));
    let refused = site.post(REFUSED, "/ui/request/accept", &format!("id={id}"));
    assert!(refused.location.contains("__err="));
    let accepted = site.post(REFUSED, "/ui/request/accept", &format!("id={id}&anyway=yes"));
    assert_eq!(accepted.location, "/events/evt_018f3c51000070008000000000000002");
    assert!(site.get(&accepted.location).has("Taken in by hand"));
    let editor = busy(Role::Editor);
    for path in ["/ui/request/recheck", "/ui/request/accept", "/ui/request/body"] {
        editor.post(REFUSED, path, &format!("id={id}&anyway=yes"));
    }
    assert!(editor.fake.calls.lock().unwrap().is_empty());
    assert!(!editor.get(REFUSED).has("Accept as event"));
}

#[test]
fn a_link_to_the_sender_page_is_made_and_ended_by_those_who_may() {
    let site = busy(Role::Admin);
    assert!(site.get(SENDER_LINK).has("https://hooks.example.com/sender/t0ken"));
    let form = "vendor=ven_018f3c51000070008000000000000001";
    let answer = site.post(SENDER_LINK, "/ui/sender/end", form);
    assert!(answer.location.contains("ended=yes"));
    assert!(site.get(&answer.location).has("have ended"));
    let editor = busy(Role::Editor);
    assert!(!editor.get(SENDER_LINK).has("t0ken"));
    editor.post(SENDER_LINK, "/ui/sender/end", form);
    assert!(editor.fake.calls.lock().unwrap().is_empty());
}

#[test]
fn the_sender_page_is_one_document_without_script_and_shows_typed_text_as_text() {
    use app::{pages::sender::*, view::sender::*};
    let page = SenderPage {
        now: NOON,
        vendor: "acme".into(),
        url: "https://hooks.example.com/webhooks/acme".into(),
        expires_at: NOON.plus(1),
        recipe: Recipe {
            preset: "Standard Webhooks".into(),
            doc_url: None,
            facts: vec![("Algorithm".into(), "HMAC-SHA256".into())],
            script: Some("curl".into()),
        },
        refusals: vec![],
    };
    let verdict = SignatureVerdict {
        valid: false,
        code: "signature_mismatch".into(),
        words: "No.".into(),
        likely: None,
    };
    let checked = Checked {
        verdict: Ok(verdict),
        headers: "a: 1".into(),
        body: "</textarea><script>alert('typed')</script>".into(),
    };
    let html = sender_document(Ok(page), Some(checked));
    assert!(html.starts_with("<!DOCTYPE html><html") && !html.contains("<script"), "{html}");
    assert!(html.contains("Would be refused") && html.contains("noindex") && html.contains("HMAC-SHA256"));
    assert!(html.contains("&lt;/textarea&gt;"), "{html}");
    let closed = sender_document(Err(app::error::AppError::NotFound), None);
    assert!(closed.contains("This link does not work"));
}
