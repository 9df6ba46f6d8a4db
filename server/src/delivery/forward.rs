//! Passing something on to an HTTP endpoint: the body a rule's template makes, or the event as it came.

use super::{Delivery, endpoint::Message};
use crate::{
    live::LiveDestination,
    worker::outcome::{Failure, Outcome, Success},
};
use domain::{event::EventPayload, outcome::ErrorClass, time::Timestamp};
use serde_json::Value;

/// Content type of a body whose destination names none.
pub const JSON: &str = "application/json";

/// Whether a content type is JSON: `application/json`, or one that ends in `+json`.
pub fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == JSON || (essence.contains('/') && essence.ends_with("+json"))
}

/// What is passed on.
pub struct Forwarded {
    /// Of what type `body` is.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Forwarded {
    /// What a template made.
    ///
    /// # Errors
    /// When it says that it is JSON and is not.
    pub fn made(text: String, content_type: &str) -> Result<Self, Failure> {
        if is_json(content_type)
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&text)
        {
            let words = format!("The template made a body that is no JSON: {error}");
            return Err(Failure { answer: Some(text), ..Failure::new(ErrorClass::BadInput, words) });
        }
        Ok(Self { content_type: content_type.to_owned(), body: text.into_bytes() })
    }

    /// An event as it came, with the type it came with.
    pub fn as_it_came(payload: EventPayload) -> Self {
        let came_with = payload.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let content_type = came_with.map(|(_, value)| value.clone()).filter(|value| {
            // It came from outside; what no header may hold is not sent on.
            value.parse::<http::HeaderValue>().is_ok()
        });
        Self { content_type: content_type.unwrap_or_else(|| JSON.to_owned()), body: payload.body }
    }

    /// An event's payload as a mapping made it.
    pub fn mapped(data: &Value) -> Self {
        Self { content_type: JSON.to_owned(), body: data.to_string().into_bytes() }
    }
}

impl Delivery {
    /// Passes something on to an HTTP destination.
    pub async fn forward(
        &self,
        live: &LiveDestination,
        forwarded: Forwarded,
        idempotency_key: String,
        now: Timestamp,
    ) -> Outcome {
        let Forwarded { content_type, body } = forwarded;
        let answer = self.to_endpoint(live, Message { content_type, body, idempotency_key }, now).await?;
        Ok(Success { status: Some(answer.status), ..Success::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_recognised_by_its_content_type() {
        for (content_type, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/vnd.acme+json", true),
            ("text/plain", false),
            ("application/jsonp", false),
            ("+json", false),
        ] {
            assert_eq!(is_json(content_type), json, "{content_type}");
        }
    }

    #[test]
    fn a_body_that_says_it_is_json_and_is_not_is_never_sent() {
        let failure = Forwarded::made("{\"a\": }".into(), JSON).err().unwrap();
        assert_eq!(failure.class, ErrorClass::BadInput);
        assert!(failure.words.contains("line 1"), "{}", failure.words);
        assert!(Forwarded::made("a,b\n1,2".into(), "text/csv").is_ok());
    }
}
