//! Posts on a WordPress site: through our plugin's `tidegate/v1/ingest`, or through WordPress' own `wp/v2/posts`
//! with a slug made from the external id, so that a repeated delivery finds the first one's draft.

use super::{Delivery, Package};
use crate::{
    live::LiveDestination,
    worker::outcome::{Failure, Outcome, Success},
};
use domain::{destination::WordpressRoute, job::JobResult, outcome::ErrorClass, time::Timestamp};
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Longest text the plugin takes as a summary, in characters; a longer one is sent as content as well.
const SUMMARY: usize = 60_000;

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

/// What WordPress answers about a post.
#[derive(Deserialize)]
struct Post {
    id: i64,
    link: Option<String>,
}

impl Delivery {
    /// Brings a package to a WordPress site.
    pub async fn to_wordpress(&self, live: &LiveDestination, package: &Package, now: Timestamp) -> Outcome {
        let destination = &live.destination;
        let core = match destination.route {
            WordpressRoute::Plugin => false,
            WordpressRoute::Core => true,
            WordpressRoute::Auto => self.is_without_plugin(destination.id, now),
        };
        if core {
            return self.to_core(live, package).await;
        }
        match self.to_plugin(live, package).await {
            Err(failure) if destination.route == WordpressRoute::Auto && has_no_plugin(&failure) => {
                self.note_without_plugin(destination.id, now);
                self.to_core(live, package).await
            }
            outcome => outcome,
        }
    }

    async fn to_plugin(&self, live: &LiveDestination, package: &Package) -> Outcome {
        let mut body = json!({
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
        if package.text.chars().count() > SUMMARY {
            body["content"] = as_paragraphs(&package.text).into();
        }
        let request = self.request(live, reqwest::Method::POST, "tidegate/v1/ingest")?;
        let request = request.header("Idempotency-Key", &package.idempotency_key).json(&body);
        let answer = self.outbound.send(request, "WordPress").await?;
        if !answer.is_success() {
            return Err(explain(answer.failure("WordPress")));
        }
        let ingested: Ingested =
            serde_json::from_slice(&answer.body).map_err(|_| unreadable(&answer.body))?;
        let change = match &ingested {
            Ingested { created: true, .. } => "created",
            Ingested { updated: true, .. } => "updated",
            Ingested { superseded: true, .. } => "superseded",
            _ => "unchanged",
        };
        Ok(Success {
            result: JobResult {
                title: Some(package.title.clone()),
                post_id: Some(ingested.post_id),
                post_change: Some(change.to_owned()),
                link: ingested.link.filter(|link| is_http(link)),
                edit_link: ingested.edit_link.filter(|link| is_http(link)),
                ..JobResult::default()
            },
            status: Some(answer.status),
            ..Success::default()
        })
    }

    async fn to_core(&self, live: &LiveDestination, package: &Package) -> Outcome {
        let digest = hex::encode(Sha256::digest(package.external_id.as_bytes()));
        let slug = format!("tidegate-{}", &digest[..20]);
        let known = self.find_post(live, &slug).await?;
        let path = known.map_or("wp/v2/posts".to_owned(), |id| format!("wp/v2/posts/{id}"));
        let mut body = json!({"title": package.title, "content": as_paragraphs(&package.text)});
        if known.is_none() {
            body["slug"] = slug.into();
            body["status"] = "draft".into();
        }
        let request = self.request(live, reqwest::Method::POST, &path)?;
        let request = request.header("Idempotency-Key", &package.idempotency_key).json(&body);
        let answer = self.outbound.send(request, "WordPress").await?;
        if !answer.is_success() {
            return Err(explain(answer.failure("WordPress")));
        }
        let post: Post = serde_json::from_slice(&answer.body).map_err(|_| unreadable(&answer.body))?;
        let site = live.destination.url.trim_end_matches('/');
        Ok(Success {
            result: JobResult {
                title: Some(package.title.clone()),
                post_id: Some(post.id),
                post_change: Some(if known.is_some() { "updated" } else { "created" }.to_owned()),
                link: post.link.filter(|link| is_http(link)),
                edit_link: Some(format!("{site}/wp-admin/post.php?post={}&action=edit", post.id)),
                ..JobResult::default()
            },
            status: Some(answer.status),
            ..Success::default()
        })
    }

    async fn find_post(&self, live: &LiveDestination, slug: &str) -> Result<Option<i64>, Failure> {
        let path = format!("wp/v2/posts?slug={slug}&status=any&context=edit&_fields=id");
        let answer =
            self.outbound.send(self.request(live, reqwest::Method::GET, &path)?, "WordPress").await?;
        if !answer.is_success() {
            return Err(explain(answer.failure("WordPress")));
        }
        let posts: Vec<Post> = serde_json::from_slice(&answer.body).map_err(|_| unreadable(&answer.body))?;
        Ok(posts.first().map(|post| post.id))
    }

    /// A request to a REST path of the site, signed in as the destination says.
    pub(super) fn request(
        &self,
        live: &LiveDestination,
        method: reqwest::Method,
        path: &str,
    ) -> Result<RequestBuilder, Failure> {
        let destination = &live.destination;
        if let (None, Some(reference)) = (&live.secret, &live.reference) {
            return Err(Failure::unread(reference));
        }
        let url = format!("{}/wp-json/{path}", destination.url.trim_end_matches('/'));
        let url = self.outbound.check(&url)?;
        let request = self.outbound.client().request(method, url);
        match (&destination.user, &live.secret) {
            (Some(user), Some(password)) => Ok(request.basic_auth(user, Some(password.as_str()))),
            _ => Err(Failure::new(
                ErrorClass::BadInput,
                "This destination has no user name or application password that can be read.",
            )),
        }
    }
}

/// Whether a failure says that the site has no `tidegate/v1` route.
fn has_no_plugin(failure: &Failure) -> bool {
    failure.status == Some(404)
        && failure.answer.as_deref().is_some_and(|answer| answer.contains("rest_no_route"))
}

/// Adds what to do to the failures people meet most.
fn explain(mut failure: Failure) -> Failure {
    let hint = match failure.status {
        Some(401) => {
            "the user name or application password is wrong, or the server drops the Authorization header"
        }
        Some(403) => "this user may not write posts there",
        Some(404) => "there is no WordPress REST API at this address",
        _ => return failure,
    };
    failure.words = format!("{}: {hint}", failure.words);
    failure
}

fn unreadable(body: &[u8]) -> Failure {
    Failure {
        answer: Some(String::from_utf8_lossy(body).into_owned()),
        ..Failure::new(ErrorClass::BadAnswer, "WordPress answered with something that is not its REST API")
    }
}

/// Links come from another program and end up in an `href`.
fn is_http(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://")
}

/// Plain text as HTML paragraphs.
fn as_paragraphs(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let paragraphs: Vec<String> = escaped
        .split("\n\n")
        .filter(|part| !part.trim().is_empty())
        .map(|part| format!("<p>{}</p>", part.trim().replace('\n', "<br>")))
        .collect();
    paragraphs.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_paragraphs_and_its_markup_stays_text() {
        assert_eq!(as_paragraphs("a <b>\nc\n\n\nd & e"), "<p>a &lt;b&gt;<br>c</p>\n<p>d &amp; e</p>");
    }

    #[test]
    fn a_link_that_is_no_web_address_is_dropped() {
        assert!(is_http("https://example.com/?p=1") && !is_http("javascript:alert(1)"));
    }
}
