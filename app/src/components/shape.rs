//! What is different about a payload: what its schema says, and what changed since the last good one.

use crate::{
    components::badge::{Badge, Tone},
    view::{
        types::{DiffKind, DiffLine, ShapeReport, type_name},
        words::count,
    },
};
use domain::schema::SchemaMode;
use leptos::prelude::*;

/// A mode as people read it.
pub const fn mode_words(mode: SchemaMode) -> &'static str {
    match mode {
        SchemaMode::Off => "Off",
        SchemaMode::Warn => "Warn",
        SchemaMode::Hold => "Hold",
    }
}

/// Which schema is in use, in one badge.
#[component]
pub fn ModeBadge(
    /// Version and mode; `None` without a schema.
    schema: Option<(i32, SchemaMode)>,
) -> impl IntoView {
    match schema {
        None => view! { <Badge tone=Tone::Quiet words="No schema"/> }.into_any(),
        Some((version, mode)) => {
            let tone = match mode {
                SchemaMode::Off => Tone::Quiet,
                SchemaMode::Warn => Tone::Waiting,
                SchemaMode::Hold => Tone::Held,
            };
            view! { <Badge tone words=format!("{} v{version}", mode_words(mode))/> }.into_any()
        }
    }
}

/// Differences, a line each: sign, place, words.
#[component]
pub fn Diff(
    /// The lines.
    lines: Vec<DiffLine>,
    /// What a screen reader calls the list.
    label: &'static str,
) -> impl IntoView {
    let line = |line: DiffLine| {
        let (class, sign, said) = match line.kind {
            DiffKind::Added => ("added", "+", "new"),
            DiffKind::Missing => ("missing", "−", "missing"),
            DiffKind::Changed => ("changed", "~", "changed"),
        };
        let place = if line.pointer.is_empty() { "the body".to_owned() } else { line.pointer };
        view! {
            <li class=class>
                <span class="sign" aria-hidden="true">{sign}</span>
                <span class="unseen">{said}": "</span>
                <code>{place}</code>" "<span class="quiet">{line.words}</span>
            </li>
        }
    };
    view! { <ul class="diff" aria-label=label>{lines.into_iter().map(line).collect_view()}</ul> }.into_any()
}

/// Everything about one payload's shape, below a heading of the caller's.
#[component]
pub fn ShapeFacts(
    /// What is known.
    report: ShapeReport,
) -> impl IntoView {
    let fits = report.misfits.is_empty();
    let misfits = report.misfits.len() as i64;
    let verdict = match (&report.schema, fits) {
        (None, _) => None,
        (Some((version, _)), true) => {
            let mapped =
                report.mapping.map_or_else(String::new, |mapping| format!(", with mapping v{mapping}"));
            Some((Tone::Good, format!("Fits schema v{version}{mapped}")))
        }
        (Some((version, _)), false) => {
            Some((Tone::Bad, format!("{} to schema v{version}", count(misfits, "difference", "differences"))))
        }
    };
    view! {
        <div class="shape">
            {verdict.map(|(tone, words)| view! { <p><Badge tone words/></p> })}
            {(!fits).then(|| view! { <Diff lines=report.misfits.clone() label="What does not fit the schema"/> })}
            {(report.good.is_some() && !report.diff.is_empty()).then(|| view! {
                <h3>"Since the last good payload"</h3>
                <Diff lines=report.diff.clone() label="What changed since the last good payload"/>
            })}
        </div>
    }
    .into_any()
}

/// A panel about an event's payload, with the way to its type. Empty where there is nothing to say.
#[component]
pub fn ShapePanel(
    /// What is known.
    report: ShapeReport,
    /// What did not fit when it arrived, where jobs ran nevertheless.
    warning: Option<String>,
) -> impl IntoView {
    report.is_worth_showing().then(|| {
        let href = report.href();
        let name = type_name(&report.event_type).to_owned();
        view! {
            <section class="panel" aria-labelledby="shape">
                <h2 id="shape">"Shape"</h2>
                {warning.map(|words| view! { <p class="notice warn">"When it arrived: "{words}</p> })}
                <ShapeFacts report/>
                <p class="shape-more"><a href=href>"Schema and mapping of "{name}</a></p>
            </section>
        }
    })
}
