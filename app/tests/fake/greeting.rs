//! A vendor's side of a connection.

use super::sample::uuid;
use app::view::greeting::{ConnectionView, OfferRow, PresetFacts, Stage};
use domain::{
    connection::Connection,
    id::{OfferId, RequestId},
    time::{MINUTE, Timestamp},
};

/// A vendor that tried the address out and offered a secret.
pub(super) fn connection(now: Timestamp) -> ConnectionView {
    ConnectionView {
        now,
        stage: Stage::NeedsSecret,
        connection: Connection { greeted_at: Some(now.plus(-MINUTE)), greetings: 2, follow_up: None },
        facts: PresetFacts {
            id: "notion".into(),
            name: "Notion".into(),
            doc_url: "https://developers.notion.com/reference/webhooks".into(),
            notes: "The secret is the verification token that Notion sends once.".into(),
            greeting: Some("Hands its secret over in the first request; an admin accepts it.".into()),
            deadline: None,
            retries: "up to 8 times in 24 hours".into(),
            max_body: 512 * 1024,
            tolerance: None,
            secret: "It hands one over; an admin accepts it here.".into(),
            keys_from: None,
            signs_body: true,
            options: vec![],
        },
        keys: None,
        offers: vec![OfferRow {
            id: OfferId::new(uuid(900)),
            request_id: RequestId::new(uuid(901)),
            offered_at: now.plus(-MINUTE),
            ending: Some("x7Qz".into()),
        }],
    }
}
