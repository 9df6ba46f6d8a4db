//! Captured requests that come again, where the scheme signs a time and leaves the id out.

use crate::support::{Draft, Place, admin};
use app::{
    error::{AppError, Field, Reason},
    ports::SigningPort,
    view::{connections::NewVendor, preset_options::PresetOption},
};
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

#[tokio::test]
async fn a_vendor_that_is_there_already_is_told_later_that_a_signed_text_counts_once() {
    use PresetOption::{EventId, OneTime, Tolerance};
    let place = Place::new().await;
    add(&place, "late", &[("event_id", "header:x-event-id")]).await;
    let server = place.serve(&[]).await;
    assert_eq!(signed("late").send(&server).await.status, 202);
    assert_eq!(signed("late").with("x-event-id", "evt_2").send(&server).await.status, 202);

    let (services, who) = (&place.base.services, admin(DEFAULT_TENANT_ID));
    let id = services.vendor_named(&who, "late").unwrap().vendor.id;
    let set = async |options: &[(PresetOption, &str)]| {
        let options = options.iter().map(|(option, text)| (*option, (*text).to_owned())).collect();
        services.set_signing(&who, id, options).await
    };
    for (option, text, reason) in [
        (OneTime, "nowhere:x", Reason::Malformed),
        (Tolerance, "0", Reason::Malformed),
        (PresetOption::Audience, "me", Reason::DoesNotFit),
        (EventId, "json:id", Reason::DecidedOnce),
    ] {
        assert_eq!(set(&[(option, text)]).await, Err(AppError::invalid(Field::Option(option), reason)));
    }
    set(&[(OneTime, "signed"), (Tolerance, "600")]).await.unwrap();
    let log = place.base.store.audit_log(None, crate::support::NOON.plus(1), 1).await.unwrap();
    assert_eq!(
        (log[0].action.as_str(), log[0].detail.as_str()),
        ("vendor.signing", "one_time=signed; tolerance=600")
    );
    let live = services.vendor_named(&who, "late").unwrap();
    assert_eq!(live.vendor.options["event_id"], "header:x-event-id", "what says where the id is stays");
    let stranger = admin(place.add_tenant("north").await);
    let foreign = services.set_signing(&stranger, id, BTreeMap::new()).await;
    assert_eq!(foreign, Err(AppError::NotFound));

    // The serving process is another one and hears of it by the version of the configuration.
    let refused = async {
        let mut n = 3;
        loop {
            let answer = signed("late").with("x-event-id", &format!("evt_{n}")).send(&server).await;
            if answer.status == 401 {
                return answer.code();
            }
            n += 1;
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let code = tokio::time::timeout(std::time::Duration::from_secs(10), refused).await.unwrap();
    assert_eq!(code, "replayed");
}
