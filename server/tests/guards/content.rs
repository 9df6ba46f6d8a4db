//! Forms of bodies, methods and paths.

use crate::support::{Draft, Place, SECRET};
use app::view::limits::NewLimits;
use store::DEFAULT_TENANT_ID;

#[tokio::test]
async fn every_usual_form_of_a_body_is_taken_and_kept_byte_for_byte() {
    let place = Place::new().await;
    place.acme().await;
    place.add_vendor(DEFAULT_TENANT_ID, "code", "github", "a secret of ours").await;
    let server = place.serve(&[]).await;
    let acme = |body: &[u8]| Draft::signed("std_webhooks", SECRET, "/webhooks/acme", body);
    let code = |body: &[u8]| Draft::signed("github", "a secret of ours", "/webhooks/code", body);
    let json = br#"{"type":"order.paid","data":{"n":1}}"#;
    let form = "application/x-www-form-urlencoded";
    let cases: Vec<(&str, Draft)> = vec![
        ("JSON", acme(json)),
        ("JSON with a charset", acme(json).with("content-type", "application/json; charset=utf-8")),
        ("JSON of a vendor's own kind", acme(json).with("content-type", "application/cloudevents+json")),
        ("JSON sent as text", acme(json).with("content-type", "text/plain; charset=UTF-8")),
        ("a JSON array", acme(br#"[{"type":"a"},{"type":"b"}]"#)),
        ("a JSON text", acme(br#""just words""#)),
        ("line ends of two characters", acme(b"{\r\n  \"type\": \"a.b\",\r\n  \"n\": 1\r\n}\r\n")),
        ("letters beyond ASCII", acme("{\"type\":\"größe.geändert\",\"name\":\"日本\"}".as_bytes())),
        ("JSON in a form", code(b"payload=%7B%22action%22%3A%22opened%22%7D").with("content-type", form)),
        ("one byte a chunk", Draft { chunks: vec![1; json.len()], ..acme(json) }),
        (
            "chunks that split a letter",
            Draft { chunks: vec![10, 1, 3], ..acme("{\"type\":\"größe\"}".as_bytes()) },
        ),
    ];
    for (what, draft) in cases {
        let answer = draft.send(&server).await;
        assert_eq!(answer.status, 202, "{what}: {answer:?}");
        assert_eq!(place.stored(&answer).await, draft.body, "{what}");
    }
}

#[tokio::test]
async fn a_form_that_is_signed_field_by_field_is_taken() {
    let place = Place::new().await;
    place.add_vendor(DEFAULT_TENANT_ID, "calls", "twilio", "token").await;
    let server = place.serve(&[]).await;
    let draft = Draft::signed("twilio", "token", "/webhooks/calls", b"CallSid=CA1&From=%2B49123&Body=a+b");
    let answer = draft.send(&server).await;
    assert!(answer.status < 300, "{answer:?}");
}

#[tokio::test]
async fn what_no_vendor_sends_is_refused_with_the_reason() {
    let place = Place::new().await;
    let vendor = place.acme().await;
    let limits = NewLimits { max_body: Some(2048), ..NewLimits::default() };
    place.limit(vendor, DEFAULT_TENANT_ID, limits).await;
    let server = place.serve(&[]).await;
    let large = Draft::signed("std_webhooks", SECRET, "/webhooks/acme", &[b' '; 2049]);
    let many = (0..64).fold(Draft::acme(), |draft, n| draft.with(&format!("x-{n}"), "1"));
    let cases: Vec<(u16, &str, Draft)> = vec![
        (415, "content_type", Draft::acme().with("content-type", "multipart/form-data; boundary=x")),
        (415, "content_type", Draft::acme().with("content-type", "application/xml")),
        (413, "body_too_large", large.clone()),
        (413, "body_too_large", Draft { chunks: vec![500; 4], ..large }),
        (431, "headers_too_large", many),
        (431, "headers_too_large", Draft::acme().with("x-long", &"x".repeat(40_000))),
        (400, "body_not_json", Draft::signed("std_webhooks", SECRET, "/webhooks/acme", b"{not json")),
        (405, "method_not_allowed", Draft { method: "PUT", ..Draft::acme() }),
        (404, "unknown_vendor", Draft { path: "/webhooks/nobody".into(), ..Draft::acme() }),
        (404, "unknown_vendor", Draft { path: "/webhooks/nobody/acme".into(), ..Draft::acme() }),
    ];
    for (status, code, draft) in cases {
        let answer = draft.send(&server).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
        assert!(answer.header("x-request-id").is_some());
    }
    for path in
        ["/webhooks", "/webhooks/", "/webhooks/acme/", "/webhooks/default/acme/more", "/Webhooks/acme"]
    {
        assert_eq!(Draft { path: path.into(), ..Draft::acme() }.send(&server).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_method_that_is_not_taken_is_told_those_that_are() {
    let place = Place::new().await;
    for (slug, preset, secret) in
        [("acme", "std_webhooks", SECRET), ("meta", "meta", "a secret"), ("cards", "trello", "a secret")]
    {
        place.add_vendor(DEFAULT_TENANT_ID, slug, preset, secret).await;
    }
    let server = place.serve(&[]).await;
    for (slug, allow) in [("acme", "POST"), ("meta", "POST, GET"), ("cards", "POST, HEAD")] {
        for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
            let answer = Draft::bare(method, &format!("/webhooks/{slug}")).send(&server).await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {slug}");
        }
    }
    assert_eq!(Draft::bare("GET", "/webhooks/acme").send(&server).await.status, 405);
    assert_eq!(Draft::bare("HEAD", "/webhooks/cards").send(&server).await.status, 200);
}
