//! Senders of webhooks.

use crate::{
    api::vendors::list_vendors,
    components::{
        badge::{Badge, Tone},
        flow::PausedBadge,
        list_page::{Column, List, ListPage, NothingYet, Table},
        when::Ago,
    },
    live::Live,
    view::{
        connections::{VendorPage, VendorRow},
        words::number,
    },
};
use domain::{
    pause::PauseTarget,
    secret::{SecretInfo, SecretState},
    time::{Timestamp, in_words},
};
use leptos::prelude::*;

static LIST: List = List {
    title: "Vendors",
    aside: "who sends webhooks",
    href: "/vendors",
    add: "Add vendor",
    form: "/vendors/new",
    none: "No vendors yet",
    about: "A vendor is a service that posts signed webhooks to a URL of its own. Its preset knows how it signs.",
    command: "tidegate vendor add openai --preset openai",
};

/// All of them with their URLs and secrets.
#[component]
pub fn VendorsPage() -> impl IntoView {
    let page = Resource::new(Live::version, |_| list_vendors());
    view! {
        <ListPage list=&LIST page rows=rows>
            <p class="lead"><a href="/events/types">"Event types"</a>" that were seen, and what they must look like"</p>
        </ListPage>
    }
    .into_any()
}

fn rows(page: VendorPage) -> AnyView {
    let now = page.now;
    if page.rows.is_empty() {
        return view! { <NothingYet list=&LIST/> }.into_any();
    }
    let columns = vec![
        Column::Words("Vendor"),
        Column::Words("Secret"),
        Column::Numbers("Accepted, 24 h"),
        Column::Numbers("Refused"),
        Column::Numbers("Last event"),
    ];
    view! {
        <Table caption="Vendors, by name" columns>
            {page.rows.into_iter().map(|row| line(row, now)).collect_view()}
        </Table>
    }
    .into_any()
}

fn line(row: VendorRow, now: Timestamp) -> impl IntoView {
    let refused = row.refused.filter(|refused| *refused > 0);
    let secret = match row.url {
        Some(_) => secret(&row.secrets, now),
        None => "needs none".to_owned(),
    };
    let tenant = row.address.tenant.as_ref().map(|tenant| format!(" · tenant {tenant}"));
    view! {
        <tr>
            <th scope="row" class="c-main">
                <span class="title">
                    <a href=row.address.href()>{row.address.slug.clone()}</a>
                    <span class="aside">{row.preset}{tenant}</span>
                    {(!row.enabled).then(|| view! { <Badge tone=Tone::Quiet words="Off"/> })}
                    <PausedBadge target=PauseTarget::Vendor(row.id)/>
                </span>
                {match row.url {
                    Some(url) => view! { <code class="sub url" title=url.clone()>{url.clone()}</code> }.into_any(),
                    None => view! { <span class="sub">"Its events are made here: what Tidegate does by itself"</span> }.into_any(),
                }}
            </th>
            <td class="c-wide" data-label="Secret">{secret}</td>
            <td class="num" data-label="Accepted">{row.accepted.map(number)}</td>
            <td class="num" class:alarm=refused.is_some() data-label="Refused">{row.refused.map(number)}</td>
            <td class="num quiet" data-label="Last event">
                {match row.last_event_at {
                    Some(at) => view! { <Ago at now/> }.into_any(),
                    None => "never".into_any(),
                }}
            </td>
        </tr>
    }
    .into_any()
}

/// Which versions are accepted, and until when an old one is.
fn secret(secrets: &[SecretInfo], now: Timestamp) -> String {
    let live: Vec<_> = secrets.iter().filter(|secret| secret.accepts(now)).collect();
    let active = live.iter().find(|secret| secret.state == SecretState::Active);
    let old = live.iter().find(|secret| secret.state == SecretState::Retiring);
    match (active, old) {
        (None, None) => "none".into(),
        (Some(active), None) => format!("v{}", active.version),
        (active, Some(old)) => {
            let end =
                old.not_after.map_or_else(String::new, |end| format!(" for {}", in_words(end.since(now))));
            let new = active.map_or_else(String::new, |active| format!("v{}, ", active.version));
            format!("{new}v{} still valid{end}", old.version)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        id::{SecretId, VendorId},
        time::HOUR,
    };

    #[test]
    fn a_secret_in_rotation_says_how_long_the_old_one_is_valid() {
        let now = Timestamp::from_unix(1_000);
        let version = |version, state, not_after| SecretInfo {
            id: SecretId::new(uuid::Uuid::nil()),
            vendor_id: VendorId::new(uuid::Uuid::nil()),
            version,
            state,
            not_after,
            created_at: now,
        };
        let active = version(2, SecretState::Active, None);
        let old = version(1, SecretState::Retiring, Some(now.plus(3 * HOUR)));
        assert_eq!(secret(&[active.clone(), old], now), "v2, v1 still valid for 3 h");
        assert_eq!((secret(&[active], now), secret(&[], now)), ("v2".into(), "none".into()));
    }
}
