//! The four figures of the first page. Each leads to where one can do something about it.

use crate::view::{
    overview::Overview,
    words::{count, money, number},
};
use domain::time::{MINUTE, in_words};
use leptos::prelude::*;

/// Oldest waiting, need attention, webhook answer, spent.
#[component]
pub fn Figures(
    /// All figures.
    overview: Overview,
) -> impl IntoView {
    view! {
        {waiting(&overview)}
        {attention(&overview)}
        {answer(&overview)}
        {spent(&overview)}
    }
    .into_any()
}

fn waiting(overview: &Overview) -> impl IntoView + use<> {
    let age = overview.oldest_waiting.map(|due| overview.now.since(due).max(0));
    // Jobs that are planned for later are in the queue, but none of them waits for its turn.
    let words = match age {
        Some(age) => in_words(age),
        None if overview.waiting > 0 => "None due".into(),
        None => "Nothing".into(),
    };
    let queue = if age.is_none() { "planned for later" } else { "in queue" };
    let under = format!("{} {queue}, {} running", number(overview.waiting), number(overview.running));
    figure(
        "Oldest waiting",
        words,
        under,
        Some("/jobs?state=pending"),
        age.is_some_and(|age| age > 5 * MINUTE),
        None,
    )
}

fn attention(overview: &Overview) -> impl IntoView + use<> {
    let newest = overview.troubles.first();
    let under = match newest {
        Some(row) => format!("newest {}", row.updated_at.ago(overview.now)),
        None if overview.attention == 0 => "no failed or held jobs".into(),
        None => "failed, dead letter or held".into(),
    };
    let bad = overview.attention > 0;
    figure("Need attention", number(overview.attention), under, Some("/jobs?state=deadletter"), bad, None)
}

fn answer(overview: &Overview) -> impl IntoView + use<> {
    let words = overview.answer_p99.map_or_else(|| "–".into(), in_words);
    let under = match overview.answer_p50 {
        Some(p50) => format!("half within {}", in_words(p50)),
        None => "no webhook yet".into(),
    };
    figure("Webhook answer, p99", words, under, None, false, None)
}

fn spent(overview: &Overview) -> impl IntoView + use<> {
    let tokens = count(overview.tokens_today, "token", "tokens");
    let Some(spent) = overview.spent_today else {
        return figure(
            "Tokens today",
            number(overview.tokens_today),
            "no prices known".into(),
            None,
            false,
            None,
        );
    };
    let share =
        overview.budget_day.filter(|budget| *budget > 0).map(|budget| (spent * 100 / budget).clamp(0, 999));
    let under = share.map_or(tokens, |share| format!("{share} % of the daily budget"));
    figure("Spent today", money(spent), under, None, share.is_some_and(|share| share >= 100), share)
}

fn figure(
    name: &'static str,
    words: String,
    under: String,
    href: Option<&'static str>,
    bad: bool,
    share: Option<i64>,
) -> impl IntoView + use<> {
    view! {
        <section class="panel figure" class:bad=bad>
            <h2>{match href {
                Some(href) => view! { <a href=href>{name}</a> }.into_any(),
                None => name.into_any(),
            }}</h2>
            <p class="value">{words}</p>
            <p class="under">{under}</p>
            {share.map(|share| view! {
                <svg class="bar" aria-hidden="true"><rect class="fill" height="100%" width=format!("{}%", share.min(100))></rect></svg>
            })}
        </section>
    }
    .into_any()
}
