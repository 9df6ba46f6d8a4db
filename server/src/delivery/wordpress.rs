//! Posts on a WordPress site: through our plugin's `tidegate/v1/ingest`, or through WordPress' own `wp/v2/posts`
//! with a slug made from the external id, so that a repeated delivery finds the first one's draft.
//!
//! - `sites`: requests to a site's REST API, signed in
//! - `post`: a post as the plugin takes it; `text`: what text becomes
//! - `plugin`: calls to the plugin, with one post or several; `offers`: how many a site takes
//! - `gather`: which posts go together

mod gather;
pub mod offers;
mod plugin;
mod post;
mod sites;
mod text;

pub(in crate::delivery) use gather::Gather;
pub(in crate::delivery) use plugin::Plugin;
pub(in crate::delivery) use sites::{Sites, explain};

use super::{Delivery, Package};
use crate::{
    live::LiveDestination,
    worker::outcome::{Failure, Outcome, Success},
};
use domain::{destination::WordpressRoute, job::JobResult, time::Timestamp};
use post::Post;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use sites::{has_no_plugin, unreadable};
use std::sync::Arc;
use text::{as_paragraphs, is_http};

/// What WordPress answers about a post.
#[derive(Deserialize)]
struct Known {
    id: i64,
    link: Option<String>,
}

impl Delivery {
    /// Brings a package to a WordPress site.
    pub async fn to_wordpress(
        &self,
        live: &Arc<LiveDestination>,
        package: &Package,
        now: Timestamp,
    ) -> Outcome {
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

    async fn to_plugin(&self, live: &Arc<LiveDestination>, package: &Package) -> Outcome {
        let post = Post::of(package);
        if self.offers.most_halved(live.destination.id, package.halvings) > 1 {
            return self.gather.bring(live, post, package.halvings).await;
        }
        self.plugin.bring(live, &post).await
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
        let request = self.sites.request(live, Method::POST, &path).await?;
        let request = request.header("Idempotency-Key", &package.idempotency_key).json(&body);
        let answer = self.sites.send(live, request).await?;
        let post: Known = serde_json::from_slice(&answer.body).map_err(|_| unreadable(&answer.body))?;
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
        let request = self.sites.request(live, Method::GET, &path).await?;
        let answer = self.sites.send(live, request).await?;
        let posts: Vec<Known> = serde_json::from_slice(&answer.body).map_err(|_| unreadable(&answer.body))?;
        Ok(posts.first().map(|post| post.id))
    }
}
