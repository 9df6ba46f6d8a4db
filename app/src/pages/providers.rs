//! AI APIs.

use crate::{
    api::providers::list_providers,
    components::{
        badge::{Badge, Tone},
        flow::{BreakerPanel, PauseSwitch, PausedBadge},
        frame::viewer_may,
        list_page::{Column, List, ListPage, NothingYet, Table},
        when::Ago,
    },
    live::Live,
    view::connections::{ProviderPage, ProviderRow},
};
use domain::{breaker::BreakerKey, pause::PauseTarget, provider::ProviderKind, role::Role, time::Timestamp};
use leptos::prelude::*;

static LIST: List = List {
    title: "Providers",
    aside: "the AI that writes",
    href: "/providers",
    add: "Add provider",
    form: "/providers/new",
    none: "No providers yet",
    about: "A provider is an AI API: OpenAI, Anthropic, or any server that speaks like one of them, also in your own network.",
    command: "tidegate provider add openai --kind openai --model gpt-5-mini --key-stdin",
};

/// All of them with their models.
#[component]
pub fn ProvidersPage() -> impl IntoView {
    let page = Resource::new(Live::version, |_| list_providers());
    view! { <ListPage list=&LIST page rows=rows added="The provider was added. Rules can use it now."/> }
        .into_any()
}

fn rows(page: ProviderPage) -> AnyView {
    let now = page.now;
    if page.rows.is_empty() {
        return view! { <NothingYet list=&LIST/> }.into_any();
    }
    let columns = vec![
        Column::Words("Provider"),
        Column::Words("Model"),
        Column::Words("Key"),
        Column::Numbers("Last answer"),
    ];
    let may_pause = viewer_may(Role::may_configure);
    let columns: Vec<Column> = columns.into_iter().chain(may_pause.then_some(Column::Actions)).collect();
    let guarded = page
        .rows
        .iter()
        .map(|row| {
            let key = BreakerKey::Model(row.id, row.model.clone());
            (key, format!("{} · {}", row.slug, row.model))
        })
        .collect();
    view! {
        <Table caption="Providers, by name" columns>
            {page.rows.into_iter().map(|row| line(row, now, may_pause)).collect_view()}
        </Table>
        <BreakerPanel targets=guarded/>
    }
    .into_any()
}

/// What a wire format is called.
pub(super) const fn kind_words(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Openai => "OpenAI",
        ProviderKind::Anthropic => "Anthropic",
    }
}

fn line(row: ProviderRow, now: Timestamp, may_pause: bool) -> impl IntoView {
    let place = row.base_url.unwrap_or_else(|| format!("{}’s own address", kind_words(row.kind)));
    view! {
        <tr>
            <th scope="row" class="c-main">
                <span class="title">
                    {row.slug}<span class="aside">{kind_words(row.kind)}</span>
                    {(!row.enabled).then(|| view! { <Badge tone=Tone::Quiet words="Off"/> })}
                    <PausedBadge target=PauseTarget::Provider(row.id)/>
                </span>
                <span class="sub" title=place.clone()>{place.clone()}</span>
            </th>
            <td class="c-wide" data-label="Model">{row.model}</td>
            <td class="c-wide" data-label="Key">{match row.key_place {
                Some(place) => view! { <code>{place}</code> }.into_any(),
                None => (if row.has_key { "stored" } else { "none" }).into_any(),
            }}</td>
            <td class="num quiet" data-label="Last answer">
                {match row.last_used_at {
                    Some(at) => view! { <Ago at now/> }.into_any(),
                    None => "never".into_any(),
                }}
            </td>
            {may_pause.then(|| view! {
                <td class="num c-act"><PauseSwitch target=PauseTarget::Provider(row.id)/></td>
            })}
        </tr>
    }
    .into_any()
}
