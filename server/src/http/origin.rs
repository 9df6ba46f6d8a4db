//! Refusing changes that another site's page asks for (cross-site request forgery), by what the browser says about
//! where a request comes from. Stands before the dashboard only; webhooks prove themselves by signature.

use super::problem::Problem;
use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use domain::id::RequestId;

/// Lets a request through unless it changes something and comes from another site.
pub async fn same_site(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    let id = request.extensions().get::<RequestId>().copied().unwrap_or(RequestId::new(uuid::Uuid::nil()));
    tracing::warn!(request.id = %id, "a change asked for by another site was refused");
    Problem::new(StatusCode::FORBIDDEN, "other_site", "This request came from another site's page.")
        .answer(id)
}

/// `Sec-Fetch-Site` where the browser sends it, else `Origin` against `Host`. A request with neither comes from a
/// program, not from a page, and carries no cookie it was not given.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match text(header::ORIGIN.as_str()) {
        Some(origin) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(header::HOST.as_str())
        }
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(pairs: &[(&'static str, &'static str)]) -> bool {
        is_same_origin(
            &pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect::<HeaderMap>(),
        )
    }

    #[test]
    fn a_form_of_another_site_is_recognised_with_and_without_fetch_metadata() {
        assert!(same(&[("sec-fetch-site", "same-origin")]) && same(&[]));
        assert!(!same(&[("sec-fetch-site", "cross-site")]) && !same(&[("sec-fetch-site", "same-site")]));
        assert!(same(&[("origin", "http://a:3000"), ("host", "a:3000")]));
        assert!(!same(&[("origin", "http://b:3000"), ("host", "a:3000")]));
        assert!(!same(&[("origin", "null"), ("host", "a:3000")]));
    }
}
