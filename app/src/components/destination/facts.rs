//! What a destination is: where it is, how it is called, and whether it works.

use crate::{
    components::{
        destination::report::Report,
        facts::{Fact, Facts},
        when::When,
    },
    view::{connections::DestinationRow, destination::DestinationView},
};
use domain::destination::{DestinationAuth, DestinationKind, WordpressRoute};
use leptos::prelude::*;

/// What a destination is called.
pub const fn kind_words(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Wordpress => "WordPress",
        DestinationKind::Http => "HTTP endpoint",
    }
}

/// How Tidegate proves to it who calls.
pub fn auth_words(row: &DestinationRow) -> String {
    match (row.auth, &row.user) {
        (DestinationAuth::AppPassword, Some(user)) => format!("application password of {user}"),
        (DestinationAuth::AppPassword, None) => "application password".into(),
        (DestinationAuth::Jwt, _) => "signed token".into(),
        (DestinationAuth::Signature, _) => "signature".into(),
    }
}

/// Which way posts take on a site.
const fn route_words(route: WordpressRoute) -> &'static str {
    match route {
        WordpressRoute::Auto => "the plugin where it is active, else WordPress’ own route",
        WordpressRoute::Plugin => "the plugin only",
        WordpressRoute::Core => "WordPress’ own route only",
    }
}

/// The facts of one destination.
#[component]
pub fn DestinationFacts(
    /// How it stands.
    view: DestinationView,
) -> impl IntoView {
    let DestinationView { now, row, secret_readable, created_at, .. } = view;
    let http = row.kind == DestinationKind::Http;
    let auth = auth_words(&row);
    view! {
        <Facts>
            <Fact name="URL"><code>{row.url}</code></Fact>
            {http.then(|| view! {
                <Fact name="Method">{row.method.as_str().to_uppercase()}</Fact>
                <Fact name="Headers">
                    {match row.headers.is_empty() {
                        true => view! { <span class="quiet">"none of its own"</span> }.into_any(),
                        false => view! { {row.headers.join(", ")}", values sealed" }.into_any(),
                    }}
                </Fact>
            })}
            {(!http).then(|| view! { <Fact name="Takes posts by">{route_words(row.route)}</Fact> })}
            <Fact name="Signs in with">
                {auth}
                {row.secret_place.filter(|_| !http).map(|place| view! { <code class="sub">{place}</code> })}
                {(secret_readable == Some(false)).then(|| view! {
                    <span class="sub alarm">"It cannot be read, so calls fail; tidegate doctor says why."</span>
                })}
            </Fact>
            <Fact name="Last test"><Report report=row.last_test now/></Fact>
            <Fact name="Added"><When at=created_at now/></Fact>
        </Facts>
    }
    .into_any()
}
