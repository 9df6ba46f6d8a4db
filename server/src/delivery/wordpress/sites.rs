//! Requests to the REST API of a WordPress site, signed in as its destination says.

use crate::{
    delivery::outbound::{Answer, Outbound},
    live::LiveDestination,
    worker::outcome::Failure,
};
use domain::outcome::ErrorClass;
use reqwest::{Method, RequestBuilder};

/// What failures call the far side.
const WHO: &str = "WordPress";

/// Makes and sends them; cheap to clone.
#[derive(Clone)]
pub(in crate::delivery) struct Sites {
    outbound: Outbound,
}

impl Sites {
    pub(in crate::delivery) fn new(outbound: Outbound) -> Self {
        Self { outbound }
    }

    /// A request to a REST path of the site.
    pub(in crate::delivery) fn request(
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
    pub(in crate::delivery) async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let answer = self.ask(request).await?;
        if answer.is_success() { Ok(answer) } else { Err(explain(answer.failure(WHO))) }
    }
}

/// Adds what to do to the failures people meet most.
pub(super) fn explain(mut failure: Failure) -> Failure {
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

/// The failure of an answer that is not what WordPress says.
pub(super) fn unreadable(body: &[u8]) -> Failure {
    Failure {
        answer: Some(String::from_utf8_lossy(body).into_owned()),
        ..Failure::new(ErrorClass::BadAnswer, "WordPress answered with something that is not its REST API")
    }
}
