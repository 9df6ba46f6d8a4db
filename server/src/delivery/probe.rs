//! Asking a destination whether it would take a result, in a way that changes nothing there.

use super::{Delivery, wordpress::explain};
use crate::{live::LiveDestination, worker::outcome::Failure};
use domain::{
    destination::{DestinationAuth, DestinationKind},
    outcome::ErrorClass,
};
use reqwest::Method;
use serde_json::Value;

impl Delivery {
    /// What was found, in words; a failure says what would go wrong.
    pub async fn probe(&self, live: &LiveDestination) -> Result<String, Failure> {
        match live.destination.kind {
            DestinationKind::Wordpress => self.probe_wordpress(live).await,
            DestinationKind::Http => self.probe_http(live).await,
        }
    }

    /// The plugin says who we are; without it, WordPress' own answer about the current user does.
    async fn probe_wordpress(&self, live: &LiveDestination) -> Result<String, Failure> {
        let request = self.sites.request(live, Method::GET, "tidegate/v1/status").await?;
        let answer = self.sites.ask(request).await?;
        let read = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap_or_default();
        if answer.is_success() {
            self.offers.note(live.destination.id, &answer);
            let status = read(&answer.body);
            let version = status["version"]
                .as_str()
                .or_else(|| status["plugin_version"].as_str())
                .unwrap_or("?")
                .to_owned();
            // Whom tokens stand for, the site decides.
            let user = live.destination.user.as_deref().or_else(|| status["user"]["login"].as_str());
            let user = user.unwrap_or("?");
            return Ok(format!("The Tidegate plugin {version} answered; {user} may write posts."));
        }
        let code = read(&answer.body)["code"].as_str().unwrap_or_default().to_owned();
        let by_token = live.destination.auth == DestinationAuth::Jwt;
        if answer.status != 404 || code != "rest_no_route" || by_token {
            return Err(explain(live, answer.failure("WordPress")));
        }
        let request = self.sites.request(live, Method::GET, "wp/v2/users/me?context=edit").await?;
        let answer = self.sites.ask(request).await?;
        if !answer.is_success() {
            return Err(explain(live, answer.failure("WordPress")));
        }
        let me = read(&answer.body);
        if me["capabilities"]["edit_posts"].as_bool() != Some(true) {
            return Err(Failure::new(ErrorClass::Rejected, "This user may not write posts there."));
        }
        Ok("WordPress answered; the Tidegate plugin is not active there, so results become plain drafts."
            .to_owned())
    }

    /// An HTTP endpoint has no call that changes nothing, so only the way to it is tried.
    async fn probe_http(&self, live: &LiveDestination) -> Result<String, Failure> {
        let url = self.outbound.check(&live.destination.url)?;
        let mut request = self.outbound.client().head(url);
        for (name, value) in live.headers.iter() {
            request = request.header(name, value);
        }
        let answer = self.outbound.send(request, live.destination.slug.as_str()).await?;
        Ok(format!(
            "The server answered with {}; whether it takes our signature shows at the first delivery.",
            answer.status
        ))
    }
}
