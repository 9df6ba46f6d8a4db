//! A scheme that was written by hand, changed after its vendor was added.

use crate::support::{Answer, Draft, NOON, Place, Server, admin};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, GreetingsPort, SchemesPort},
    view::connections::NewVendor,
};
use domain::id::VendorId;
use std::{collections::BTreeMap, time::Duration};
use store::DEFAULT_TENANT_ID;
use tidegate::services::Services;

const SECRET: &str = "a-secret-that-both-sides-know";
const FIRST: &str = r#"name = "Weather service"
algorithm = "hmac-sha256"
signature = { from = "header:x-weather-signature", encoding = "hex" }
signed = "{body}"
event = { id = ["json:id"], type = ["json:type"] }
"#;

fn second() -> String {
    FIRST.replace("x-weather-signature", "x-weather-sign").replace("\"{body}\"", "\"v2:{body}\"")
}

/// A webhook with this id, signed as the scheme says.
async fn send(server: &Server, scheme: &str, id: &str) -> Answer {
    let preset = signature::Preset::custom(scheme).unwrap();
    let body = serde_json::json!({"id": id, "type": "storm"}).to_string();
    let url = "http://127.0.0.1:3000/webhooks/weather";
    let sample =
        signature::Sample { url, method: "POST", body: body.as_bytes(), event_id: id, event_type: None };
    let signed = signature::sign(&preset, SECRET, &sample, NOON.unix()).unwrap();
    let bare = Draft::bare("POST", "/webhooks/weather");
    Draft { headers: signed.headers, body: signed.body, ..bare }.send(server).await
}

/// Waits until a server refuses what is signed by the first scheme; what it takes until then counts as nothing.
async fn follows(server: &Server) -> Answer {
    let refused = async {
        for n in 0.. {
            let answer = send(server, FIRST, &format!("early-{n}")).await;
            if answer.status >= 400 {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        unreachable!("numbers do not end")
    };
    tokio::time::timeout(Duration::from_secs(10), refused).await.unwrap()
}

/// A vendor that signs by the first scheme.
async fn weather(services: &Services, who: &Actor) -> VendorId {
    let new = NewVendor {
        slug: "weather".into(),
        secret: Some(SECRET.into()),
        scheme: Some(FIRST.into()),
        ..NewVendor::default()
    };
    services.create_vendor(who, new, BTreeMap::new()).await.unwrap();
    services.vendor_named(who, "weather").unwrap().vendor.id
}

#[tokio::test]
async fn every_node_judges_by_the_new_scheme_and_what_was_stored_stays_what_it_was() {
    let place = Place::new().await;
    let (services, who) = (&place.base.services, admin(DEFAULT_TENANT_ID));
    let vendor = weather(services, &who).await;
    let (one, two) = (place.serve(&[]).await, place.serve(&[]).await);
    let stored = send(&one, FIRST, "storm-1").await;
    assert_eq!(stored.status, 202);

    let set = services.set_scheme(&who, vendor, second()).await.unwrap();
    assert_eq!((set.href().as_str(), set.draft), ("/vendors/weather", None));
    let log = place.base.store.audit_log(None, NOON.plus(1), 1).await.unwrap();
    assert_eq!((log[0].action.as_str(), log[0].target.as_str()), ("vendor.scheme", "weather"));
    assert!(log[0].detail.contains("+ signed = \"v2:{body}\""), "{}", log[0].detail);
    for server in [&one, &two] {
        assert_eq!(follows(server).await.code(), "missing_header");
        let again = send(server, &second(), "storm-1").await;
        assert_eq!((again.status, again.json()["id"].clone()), (200, stored.json()["id"].clone()));
    }
    assert_eq!(send(&two, &second(), "storm-2").await.status, 202);
}

#[tokio::test]
async fn a_scheme_that_would_lock_its_vendor_out_or_change_what_is_stored_is_not_taken() {
    let place = Place::new().await;
    let (services, who) = (&place.base.services, admin(DEFAULT_TENANT_ID));
    let vendor = weather(services, &who).await;
    for (scheme, words) in [
        (FIRST.replace("signed =", "singed ="), "singed"),
        (FIRST.replace("json:id", "header:x-id"), "`event.id` was decided when the vendor was added"),
        (FIRST.replace("json:type", "json:kind"), "`event.type` was decided when the vendor was added"),
        (format!("key = \"hex\"\n{FIRST}"), "version 1 of the secret does not fit this scheme"),
    ] {
        let set = services.set_scheme(&who, vendor, scheme.clone()).await.unwrap();
        let draft = services.draft(&who, &set.draft.unwrap()).await.unwrap();
        assert!(draft.fault.contains(words), "{}", draft.fault);
        assert_eq!((draft.slug.as_str(), draft.scheme), ("weather", scheme), "what was typed is not lost");
    }
    assert_eq!(services.scheme(&who, vendor).await.unwrap().as_deref(), Some(FIRST));
    let log = place.base.store.audit_log(None, NOON.plus(1), 9).await.unwrap();
    assert!(log.iter().all(|entry| entry.action != "vendor.scheme"));

    let preset = place.acme().await;
    assert_eq!(services.scheme(&who, preset).await, Ok(None));
    let unfit = services.set_scheme(&who, preset, FIRST.into()).await;
    assert_eq!(unfit, Err(AppError::invalid(Field::Scheme, Reason::DoesNotFit)));
    let stranger = admin(place.add_tenant("north").await);
    assert_eq!(services.scheme(&stranger, vendor).await, Err(AppError::NotFound));
    assert_eq!(services.set_scheme(&stranger, vendor, second()).await, Err(AppError::NotFound));
}
