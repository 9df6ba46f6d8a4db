//! Requests to the REST API of a WordPress site, signed in as its destination says.

use crate::{
    delivery::outbound::{Answer, Outbound},
    live::LiveDestination,
    tokens::Tokens,
    worker::outcome::Failure,
};
use domain::{destination::DestinationAuth, outcome::ErrorClass};
use reqwest::{Method, RequestBuilder};
use std::sync::Arc;

/// What failures call the far side.
const WHO: &str = "WordPress";

/// Makes and sends them; cheap to clone.
#[derive(Clone)]
pub(in crate::delivery) struct Sites {
    outbound: Outbound,
    tokens: Arc<Tokens>,
}

impl Sites {
    pub(in crate::delivery) fn new(outbound: Outbound, tokens: Arc<Tokens>) -> Self {
        Self { outbound, tokens }
    }

    /// A request to a REST path of the site. A token is good for this one request.
    pub(in crate::delivery) async fn request(
        &self,
        live: &LiveDestination,
        method: Method,
        path: &str,
    ) -> Result<RequestBuilder, Failure> {
        let destination = &live.destination;
        if let (None, Some(reference)) = (&live.secret, &live.reference) {
            return Err(Failure::unread(reference));
        }
        let url = format!("{}/wp-json/{path}", destination.url.trim_end_matches('/'));
        let url = self.outbound.check(&url)?;
        let request = self.outbound.client().request(method, url);
        if destination.auth == DestinationAuth::Jwt {
            let token = self.tokens.for_site(&destination.url).await.map_err(|error| {
                Failure::new(ErrorClass::Internal, format!("No token could be signed: {error}."))
            })?;
            return Ok(request.bearer_auth(token));
        }
        match (&destination.user, &live.secret) {
            (Some(user), Some(password)) => Ok(request.basic_auth(user, Some(password.as_str()))),
            _ => Err(Failure::new(
                ErrorClass::BadInput,
                "This destination has no user name or application password that can be read.",
            )),
        }
    }

    /// Sends a request and reads its answer, whatever the status.
    pub(in crate::delivery) async fn ask(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        self.outbound.send(request, WHO).await
    }

    /// The same; an answer that is no success is a failure with what to do about it.
    pub(in crate::delivery) async fn send(
        &self,
        live: &LiveDestination,
        request: RequestBuilder,
    ) -> Result<Answer, Failure> {
        let answer = self.ask(request).await?;
        if answer.is_success() { Ok(answer) } else { Err(explain(live, answer.failure(WHO))) }
    }
}

/// The code of the plugin for a token whose key it does not know yet. It has the key fetched.
const UNKNOWN_KEY: &str = "\"tidegate_unknown_key\"";
/// WordPress' own code where a route is not there: the plugin is not.
const NO_ROUTE: &str = "\"rest_no_route\"";

/// Whether a failure says that the site has no `tidegate/v1` route.
pub(super) fn has_no_plugin(failure: &Failure) -> bool {
    failure.status == Some(404) && says(failure, NO_ROUTE)
}

fn says(failure: &Failure, code: &str) -> bool {
    failure.answer.as_deref().is_some_and(|answer| answer.contains(code))
}

/// Adds what to do to the failures people meet most.
pub(in crate::delivery) fn explain(live: &LiveDestination, mut failure: Failure) -> Failure {
    let by_token = live.destination.auth == DestinationAuth::Jwt;
    let hint = match failure.status {
        Some(401) if by_token && says(&failure, UNKNOWN_KEY) => {
            // It passes without anybody doing anything.
            failure.class = ErrorClass::Server;
            "the site does not know the key of our tokens yet and fetches it; if this stays, save Settings → Writing there"
        }
        Some(401) if by_token => {
            "the site does not believe our tokens: connect it under Settings → Writing with the public address of this server, and compare the site's address and the clocks"
        }
        Some(401) => {
            "the user name or application password is wrong, or the server drops the Authorization header"
        }
        Some(403) if by_token => "the account chosen there for our tokens may not write posts",
        Some(403) => "this user may not write posts there",
        Some(404) if by_token && has_no_plugin(&failure) => {
            "the Tidegate plugin is not active there, and WordPress by itself takes no signed tokens; activate it, or use an application password"
        }
        Some(404) => "there is no WordPress REST API at this address",
        _ => return failure,
    };
    failure.words = format!("{}: {hint}", failure.words);
    failure
}

/// The failure of an answer that is not what WordPress says.
pub(super) fn unreadable(body: &[u8]) -> Failure {
    Failure {
        answer: Some(String::from_utf8_lossy(body).into_owned()),
        ..Failure::new(ErrorClass::BadAnswer, "WordPress answered with something that is not its REST API")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::delivery::headers::Headers;
    use domain::{
        destination::{Destination, DestinationKind, DestinationMethod, WordpressRoute},
        id::{DestinationId, TenantId},
        outcome::Verdict,
        time::Timestamp,
    };

    pub(in crate::delivery::wordpress) fn live(auth: DestinationAuth) -> LiveDestination {
        let destination = Destination {
            id: DestinationId::new(uuid::Uuid::nil()),
            tenant_id: TenantId::new(uuid::Uuid::nil()),
            slug: "herald".parse().unwrap(),
            kind: DestinationKind::Wordpress,
            url: "https://herald.example".to_owned(),
            user: None,
            auth,
            route: WordpressRoute::Auto,
            has_secret: false,
            method: DestinationMethod::Post,
            enabled: true,
            off_reason: None,
            created_at: Timestamp(0),
        };
        LiveDestination {
            destination,
            secret: None,
            reference: None,
            headers: Headers::default(),
            retiring: None,
        }
    }

    fn told(auth: DestinationAuth, status: u16, code: &str) -> Failure {
        let failure = Failure {
            status: Some(status),
            answer: Some(format!(r#"{{"code":"{code}","message":"No."}}"#)),
            ..Failure::new(ErrorClass::of_status(status), format!("{status} from WordPress"))
        };
        explain(&live(auth), failure)
    }

    #[test]
    fn a_failure_says_what_to_look_at_for_the_way_of_signing_in() {
        use DestinationAuth::{AppPassword, Jwt};
        for (auth, status, code, says) in [
            (AppPassword, 401, "tidegate_not_logged_in", "application password is wrong"),
            (Jwt, 401, "tidegate_not_logged_in", "Settings → Writing"),
            (Jwt, 403, "tidegate_forbidden", "account chosen there"),
            (
                Jwt,
                404,
                "rest_no_route",
                "plugin is not active there, and WordPress by itself takes no signed tokens",
            ),
            (Jwt, 404, "other", "no WordPress REST API"),
        ] {
            let failure = told(auth, status, code);
            assert!(failure.words.contains(says), "{}", failure.words);
            assert_eq!(failure.class.verdict(), Verdict::Fail);
        }
    }

    #[test]
    fn a_key_the_site_does_not_know_yet_is_no_final_refusal() {
        let failure = told(DestinationAuth::Jwt, 401, "tidegate_unknown_key");
        assert_eq!(failure.class.verdict(), Verdict::Retry);
        let failure = told(DestinationAuth::AppPassword, 401, "tidegate_unknown_key");
        assert_eq!(failure.class.verdict(), Verdict::Fail);
    }
}
