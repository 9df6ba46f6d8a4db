//! One post as our plugin takes it, and what the plugin says became of it. The same alone and among others.

use super::{
    sites::{explain, unreadable},
    text::{as_paragraphs, is_http},
};
use crate::{
    delivery::Package,
    live::LiveDestination,
    worker::outcome::{Failure, Outcome, Success},
};
use domain::{job::JobResult, outcome::ErrorClass};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Longest text the plugin takes as a summary, in characters; a longer one is sent as content as well.
const SUMMARY: usize = 60_000;

/// What is sent.
#[derive(Clone, Debug)]
pub(super) struct Post {
    /// The same for every try, alone and among others.
    pub(super) key: String,
    /// What the plugin is told.
    pub(super) fields: Map<String, Value>,
    title: String,
}

/// What the plugin answers.
#[derive(Deserialize)]
struct Ingested {
    post_id: i64,
    #[serde(default)]
    created: bool,
    #[serde(default)]
    updated: bool,
    #[serde(default)]
    superseded: bool,
    link: Option<String>,
    edit_link: Option<String>,
}

/// The beginning of what it answers about one of several.
#[derive(Deserialize)]
struct Item {
    status: u16,
    idempotency_key: String,
    retry_after: Option<u64>,
}

impl Post {
    /// What brings a package.
    pub(super) fn of(package: &Package) -> Self {
        let fields = json!({
            "external_id": package.external_id,
            "job_id": package.job_id,
            "event_id": package.event.id,
            "status": "succeeded",
            "title": package.title,
            "summary": package.text.chars().take(SUMMARY).collect::<String>(),
            "artifacts": [],
            "metadata": {
                "vendor": package.vendor,
                "event_type": package.event.event_type,
                "model": package.model,
                "input_tokens": package.usage.input_tokens,
                "output_tokens": package.usage.output_tokens,
            },
            "occurred_at": package.occurred_at.rfc3339(),
            "source": "tidegate",
            "trace_id": package.event.trace_id,
        });
        let mut fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        if package.text.chars().count() > SUMMARY {
            fields.insert("content".to_owned(), as_paragraphs(&package.text).into());
        }
        Self { key: package.idempotency_key.clone(), fields, title: package.title.clone() }
    }

    /// What came of it, from the answer to a call that brought nothing else.
    pub(super) fn alone(&self, status: u16, body: &[u8]) -> Outcome {
        match serde_json::from_slice(body) {
            Ok(ingested) => Ok(self.done(status, ingested)),
            Err(_) => Err(unreadable(body)),
        }
    }

    /// What came of it, from what a call that brought several says about the one in its place. An answer about another
    /// one is none: the next try carries the same key and finds out.
    pub(super) fn among_others(&self, live: &LiveDestination, item: Option<&Value>) -> Outcome {
        let Some(item) = item else {
            return Err(Failure::new(
                ErrorClass::BadAnswer,
                "WordPress did not say what became of this post",
            ));
        };
        let strange = || unreadable(item.to_string().as_bytes());
        let about = Item::deserialize(item).map_err(|_| strange())?;
        if about.idempotency_key != self.key {
            return Err(strange());
        }
        if (200..300).contains(&about.status) {
            let ingested = Ingested::deserialize(item).map_err(|_| strange())?;
            return Ok(self.done(about.status, ingested));
        }
        let failure = Failure {
            status: Some(about.status),
            answer: Some(item.to_string()),
            retry_after: about.retry_after.map(Duration::from_secs),
            ..Failure::new(ErrorClass::of_status(about.status), format!("{} from WordPress", about.status))
        };
        Err(explain(live, failure))
    }

    fn done(&self, status: u16, ingested: Ingested) -> Success {
        let change = match &ingested {
            Ingested { created: true, .. } => "created",
            Ingested { updated: true, .. } => "updated",
            Ingested { superseded: true, .. } => "superseded",
            _ => "unchanged",
        };
        Success {
            result: JobResult {
                title: Some(self.title.clone()),
                post_id: Some(ingested.post_id),
                post_change: Some(change.to_owned()),
                link: ingested.link.filter(|link| is_http(link)),
                edit_link: ingested.edit_link.filter(|link| is_http(link)),
                ..JobResult::default()
            },
            status: Some(status),
            ..Success::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::wordpress::sites;

    fn post() -> Post {
        Post { key: "job_1".to_owned(), fields: Map::new(), title: "A title".to_owned() }
    }

    fn site() -> LiveDestination {
        sites::tests::live(domain::destination::DestinationAuth::AppPassword)
    }

    #[test]
    fn a_post_among_others_ends_as_its_own_item_says() {
        let item = json!({"status": 201, "idempotency_key": "job_1", "post_id": 7, "created": true,
            "link": "javascript:alert(1)", "edit_link": "https://site.example/edit"});
        let success = post().among_others(&site(), Some(&item)).unwrap();
        assert_eq!(success.result.post_change.as_deref(), Some("created"));
        assert_eq!((success.result.post_id, success.status), (Some(7), Some(201)));
        assert_eq!((success.result.link, success.result.edit_link.is_some()), (None, true));

        let busy =
            json!({"status": 409, "idempotency_key": "job_1", "retry_after": 2, "code": "tidegate_busy"});
        let failure = post().among_others(&site(), Some(&busy)).unwrap_err();
        assert_eq!((failure.class, failure.retry_after), (ErrorClass::Server, Some(Duration::from_secs(2))));
        assert!(failure.answer.unwrap().contains("tidegate_busy"));

        let refused = json!({"status": 403, "idempotency_key": "job_1", "code": "tidegate_forbidden"});
        let failure = post().among_others(&site(), Some(&refused)).unwrap_err();
        assert_eq!(failure.class, ErrorClass::Rejected);
        assert!(failure.words.starts_with("403 from WordPress: "), "{}", failure.words);
    }

    #[test]
    fn an_item_that_is_missing_strange_or_about_another_post_is_no_answer() {
        for item in [
            None,
            Some(json!(null)),
            Some(json!("fine")),
            Some(json!({"status": 201, "post_id": 7, "created": true})),
            Some(json!({"status": 201, "idempotency_key": "job_2", "post_id": 7, "created": true})),
            Some(json!({"status": 201, "idempotency_key": "job_1"})),
            Some(json!({"status": 70_000, "idempotency_key": "job_1", "post_id": 7})),
        ] {
            let failure = post().among_others(&site(), item.as_ref()).unwrap_err();
            assert_eq!(failure.class, ErrorClass::BadAnswer, "{item:?}");
        }
    }
}
