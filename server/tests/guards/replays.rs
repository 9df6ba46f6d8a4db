//! Captured requests that come again, where the scheme signs a time and leaves the id out.

use crate::support::{Draft, Place, admin};
use app::view::connections::NewVendor;
use std::collections::BTreeMap;
use store::DEFAULT_TENANT_ID;

const SECRET: &str = "a-secret-that-both-sides-know";

async fn add(place: &Place, slug: &str, options: &[(&str, &str)]) {
    let new = NewVendor {
        slug: slug.into(),
        preset: "generic_hex".into(),
        secret: Some(SECRET.into()),
        ..NewVendor::default()
    };
    let options: BTreeMap<String, String> =
        options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    place.base.services.create_vendor(&admin(DEFAULT_TENANT_ID), new, options).await.unwrap();
}

fn signed(slug: &str) -> Draft {
    let path = format!("/webhooks/{slug}");
    Draft::signed("generic_hex", SECRET, &path, br#"{"type":"a.b"}"#).with("x-event-id", "evt_1")
}

#[tokio::test]
async fn a_signed_text_that_counts_once_carries_no_second_event_and_may_be_repeated() {
    let place = Place::new().await;
    add(&place, "once", &[("one_time", "signed")]).await;
    let server = place.serve(&[]).await;
    let first = signed("once").send(&server).await;
    assert_eq!(first.status, 202);
    let again = signed("once").send(&server).await;
    assert_eq!((again.status, again.json()["id"].clone()), (200, first.json()["id"].clone()));
    let other = signed("once").with("x-event-id", "evt_2");
    let refused = other.send(&server).await;
    assert_eq!((refused.status, refused.code().as_str()), (401, "replayed"));
    // The same signature in other letters is no other signature.
    let hex = other.headers.iter().find(|(name, _)| name == "x-signature").unwrap().1.to_ascii_uppercase();
    assert_eq!(other.with("x-signature", &hex).send(&server).await.code(), "replayed");
    assert_eq!(signed("once").send(&server).await.status, 200, "and the first is still a repetition");
}

#[tokio::test]
async fn unless_that_was_chosen_two_ids_are_two_events() {
    let place = Place::new().await;
    add(&place, "many", &[]).await;
    let server = place.serve(&[]).await;
    for (id, status) in [("evt_1", 202), ("evt_2", 202), ("evt_1", 200)] {
        assert_eq!(signed("many").with("x-event-id", id).send(&server).await.status, status, "{id}");
    }
}
