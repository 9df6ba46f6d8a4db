//! Which events start which job.

use crate::{
    api::rules::list_rules,
    components::{
        badge::{Badge, Tone},
        list_page::{Column, List, ListPage, NothingYet, Table},
        when::When,
    },
    live::Live,
    view::{
        connections::{RulePage, RuleRow},
        words::kind_name,
    },
};
use domain::{
    job::JobKind,
    time::{SECOND, Timestamp, in_words},
    unique::UniqueBy,
};
use leptos::prelude::*;

static LIST: List = List {
    title: "Rules",
    aside: "which events start which job",
    href: "/rules",
    add: "Add rule",
    form: "/rules/new",
    none: "No rules yet",
    about: "A rule ties it together: when this vendor sends that kind of event, do this with it.",
    command: "tidegate rule add --vendor openai --type 'batch.*' --job generate --provider openai --destination my-site",
};

/// All of them as sentences.
#[component]
pub fn RulesPage() -> impl IntoView {
    let page = Resource::new(Live::version, |_| list_rules());
    view! { <ListPage list=&LIST page rows=rows added="The rule was added. It applies to events from now on."/> }
        .into_any()
}

fn rows(page: RulePage) -> AnyView {
    let now = page.now;
    if page.rows.is_empty() {
        return view! { <NothingYet list=&LIST/> }.into_any();
    }
    let columns = vec![Column::Words("When"), Column::Words("Then"), Column::Numbers("Added")];
    view! {
        <Table caption="Rules, oldest first" columns>
            {page.rows.into_iter().map(|row| line(row, now)).collect_view()}
        </Table>
    }
    .into_any()
}

/// What a rule does, as a sentence.
fn then(row: &RuleRow) -> String {
    let to = row.destination.as_deref();
    let what = match (row.job, row.provider.as_deref(), to) {
        (JobKind::Generate, provider, Some(to)) => {
            format!("ask {}, then publish to {to}", provider.unwrap_or("a model"))
        }
        (JobKind::Generate, provider, None) => {
            format!("ask {} and keep the text", provider.unwrap_or("a model"))
        }
        (JobKind::Publish, _, to) => format!("publish to {}", to.unwrap_or("–")),
        (JobKind::Callback, _, to) => format!("call back {}", to.unwrap_or("–")),
        (JobKind::Forward, _, to) => format!("forward to {}", to.unwrap_or("–")),
    };
    let wait = row.delay_s.map(|seconds| format!("wait {}, ", in_words(i64::from(seconds) * SECOND)));
    let order = if row.in_order { ", in the order of each subject" } else { "" };
    let once = row.unique.map(|unique| {
        let same = match unique.by {
            UniqueBy::Input => "contents",
            UniqueBy::Subject => "subject",
        };
        format!(", once in {} for the same {same}", in_words(i64::from(unique.for_s) * SECOND))
    });
    // What is usual for the kind of job is not said again in every line.
    let tries = row.max_attempts.map(|tries| match tries {
        1 => ", one try".to_owned(),
        tries => format!(", up to {tries} tries"),
    });
    let within = row.deadline_s.map(|_| format!(", for {} at most", in_words(row.gives_up_after())));
    let [wait, tries, within, once] = [wait, tries, within, once].map(Option::unwrap_or_default);
    format!("{wait}{what}{order}{tries}{within}{once}")
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
