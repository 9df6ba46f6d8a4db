//! Which events start which job.

use crate::{
    api::rules::list_rules,
    components::{
        badge::{Badge, Tone},
        empty::{LoadError, Nothing, Skeleton},
        form::AddedNotice,
        frame::viewer_may,
        page_head::PageHead,
        when::When,
    },
    live::Live,
    view::{
        connections::{RulePage, RuleRow},
        words::kind_name,
    },
};
use domain::{job::JobKind, role::Role, time::Timestamp};
use leptos::prelude::*;

const COMMAND: &str = "tidegate rule add --vendor openai --type 'batch.*' --job generate --provider openai --destination my-site";

/// All of them as sentences.
#[component]
pub fn RulesPage() -> impl IntoView {
    let page = Resource::new(Live::version, |_| list_rules());
    view! {
        <PageHead title="Rules" aside="which events start which job">
            {viewer_may(Role::may_configure).then(|| view! { <a class="button main" href="/rules/new">"Add rule"</a> })}
        </PageHead>
        <AddedNotice words="The rule was added. It applies to events from now on."/>
        <Transition fallback=|| view! { <Skeleton/> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => view! { <Loaded page/> }.into_any(),
                    Err(error) => view! { <LoadError error href="/rules"/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Loaded(page: RulePage) -> impl IntoView {
    let now = page.now;
    if page.rows.is_empty() {
        let text = "A rule ties it together: when this vendor sends that kind of event, do this with it.";
        return match viewer_may(Role::may_configure) {
            true => view! {
                <Nothing title="No rules yet" text command=COMMAND>
                    <a class="button main" href="/rules/new">"Add rule"</a>
                </Nothing>
            }
            .into_any(),
            false => view! { <Nothing title="No rules yet" text/> }.into_any(),
        };
    }
    view! {
        <div class="panel table-box">
            <table>
                <caption class="unseen">"Rules, oldest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col">"Then"</th>
                        <th scope="col" class="num">"Added"</th>
                    </tr>
                </thead>
                <tbody>{page.rows.into_iter().map(|row| line(row, now)).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What a rule does, as a sentence.
fn then(row: &RuleRow) -> String {
    let to = row.destination.as_deref();
    match (row.job, row.provider.as_deref(), to) {
        (JobKind::Generate, provider, Some(to)) => {
            format!("ask {}, then publish to {to}", provider.unwrap_or("a model"))
        }
        (JobKind::Generate, provider, None) => {
            format!("ask {} and keep the text", provider.unwrap_or("a model"))
        }
        (JobKind::Publish, _, to) => format!("publish to {}", to.unwrap_or("–")),
        (JobKind::Callback, _, to) => format!("call back {}", to.unwrap_or("–")),
        (JobKind::Forward, _, to) => format!("forward to {}", to.unwrap_or("–")),
    }
}

fn line(row: RuleRow, now: Timestamp) -> impl IntoView {
    let then = then(&row);
    let prompt = row.prompt.unwrap_or_default();
    view! {
        <tr>
            <th scope="row" class="c-rule">
                <span class="title">
                    {row.vendor}" sends "<code>{row.pattern}</code>
                    {(!row.enabled).then(|| view! { <Badge tone=Tone::Quiet words="Off"/> })}
                </span>
                <span class="sub">{kind_name(row.job)}</span>
            </th>
            <td class="c-main" data-label="Then">
                <span>{then}</span>
                <span class="sub" title=prompt.clone()>{prompt.clone()}</span>
            </td>
            <td class="num quiet" data-label="Added"><When at=row.created_at now/></td>
        </tr>
    }
    .into_any()
}
