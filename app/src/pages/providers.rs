//! AI APIs.

use crate::{
    api::providers::list_providers,
    components::{
        badge::{Badge, Tone},
        empty::{LoadError, Nothing, Skeleton},
        form::AddedNotice,
        frame::viewer_may,
        page_head::PageHead,
        when::Ago,
    },
    live::Live,
    view::connections::{ProviderPage, ProviderRow},
};
use domain::{provider::ProviderKind, role::Role, time::Timestamp};
use leptos::prelude::*;

const COMMAND: &str = "tidegate provider add openai --kind openai --model gpt-5-mini --key-stdin";

/// All of them with their models.
#[component]
pub fn ProvidersPage() -> impl IntoView {
    let page = Resource::new(Live::version, |_| list_providers());
    view! {
        <PageHead title="Providers" aside="the AI that writes">
            {viewer_may(Role::may_configure).then(|| view! { <a class="button main" href="/providers/new">"Add provider"</a> })}
        </PageHead>
        <AddedNotice words="The provider was added. Rules can use it now."/>
        <Transition fallback=|| view! { <Skeleton/> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => view! { <Loaded page/> }.into_any(),
                    Err(error) => view! { <LoadError error href="/providers"/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Loaded(page: ProviderPage) -> impl IntoView {
    let now = page.now;
    if page.rows.is_empty() {
        let text = "A provider is an AI API: OpenAI, Anthropic, or any server that speaks like one of them, also in your own network.";
        return match viewer_may(Role::may_configure) {
            true => view! {
                <Nothing title="No providers yet" text command=COMMAND>
                    <a class="button main" href="/providers/new">"Add provider"</a>
                </Nothing>
            }
            .into_any(),
            false => view! { <Nothing title="No providers yet" text/> }.into_any(),
        };
    }
    view! {
        <div class="panel table-box">
            <table>
                <caption class="unseen">"Providers, by name"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Provider"</th>
                        <th scope="col">"Model"</th>
                        <th scope="col">"Key"</th>
                        <th scope="col" class="num">"Last answer"</th>
                    </tr>
                </thead>
                <tbody>{page.rows.into_iter().map(|row| line(row, now)).collect_view()}</tbody>
            </table>
        </div>
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

fn line(row: ProviderRow, now: Timestamp) -> impl IntoView {
    let place = row.base_url.unwrap_or_else(|| format!("{}’s own address", kind_words(row.kind)));
    view! {
        <tr>
            <th scope="row" class="c-main">
                <span class="title">
                    {row.slug}<span class="aside">{kind_words(row.kind)}</span>
                    {(!row.enabled).then(|| view! { <Badge tone=Tone::Quiet words="Off"/> })}
                </span>
                <span class="sub" title=place.clone()>{place.clone()}</span>
            </th>
            <td class="c-wide" data-label="Model">{row.model}</td>
            <td class="c-wide" data-label="Key">{if row.has_key { "stored" } else { "none" }}</td>
            <td class="num quiet" data-label="Last answer">
                {match row.last_used_at {
                    Some(at) => view! { <Ago at now/> }.into_any(),
                    None => "never".into_any(),
                }}
            </td>
        </tr>
    }
    .into_any()
}
