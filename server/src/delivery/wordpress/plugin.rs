//! Calls to our plugin on a WordPress site: one post, or several in one call.

use super::{
    offers::Offers,
    post::Post,
    sites::{Sites, unreadable},
};
use crate::{
    live::LiveDestination,
    worker::outcome::{Failure, Outcome},
};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The routes of the plugin.
const ONE: &str = "tidegate/v1/ingest";
const MANY: &str = "tidegate/v1/ingest/batch";

/// The way to all sites' plugins.
pub(in crate::delivery) struct Plugin {
    pub(in crate::delivery) sites: Sites,
    pub(in crate::delivery) offers: Arc<Offers>,
}

/// Several posts as they are sent.
#[derive(Serialize)]
struct Batch<'a> {
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    idempotency_key: &'a str,
    #[serde(flatten)]
    fields: &'a Map<String, Value>,
}

/// What is answered to several.
#[derive(Deserialize)]
struct Answers {
    items: Vec<Value>,
}

impl Plugin {
    /// Brings one post.
    pub(super) async fn bring(&self, live: &LiveDestination, post: &Post) -> Outcome {
        let request = self.sites.request(live, Method::POST, ONE).await?;
        let request = request.header("Idempotency-Key", &post.key).json(&post.fields);
        let answer = self.sites.send(live, request).await?;
        self.offers.note(live.destination.id, &answer);
        post.alone(answer.status, &answer.body)
    }

    /// Brings several in one call; what came of each, in their order.
    ///
    /// # Errors
    /// When the call as a whole failed. What became of the posts is then not known.
    pub(super) async fn bring_all(
        &self,
        live: &LiveDestination,
        posts: &[&Post],
    ) -> Result<Vec<Outcome>, Failure> {
        let items = posts.iter().map(|post| Item { idempotency_key: &post.key, fields: &post.fields });
        let batch = Batch { items: items.collect() };
        let request = self.sites.request(live, Method::POST, MANY).await?;
        let answer = self.sites.send(live, request.json(&batch)).await?;
        let answers: Answers = serde_json::from_slice(&answer.body).map_err(|_| unreadable(&answer.body))?;
        self.offers.note(live.destination.id, &answer);
        let each = posts.iter().enumerate().map(|(n, post)| post.among_others(live, answers.items.get(n)));
        Ok(each.collect())
    }
}
