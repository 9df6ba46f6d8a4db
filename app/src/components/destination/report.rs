//! What the last test of a destination found.

use crate::{
    components::badge::{Badge, Tone},
    view::connections::TestReport,
};
use domain::time::{Timestamp, in_words};
use leptos::prelude::*;

/// Whether it works, and what was found when.
#[component]
pub fn Report(
    /// What the test found; `None` while nobody tested it.
    report: Option<TestReport>,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    let Some(report) = report else {
        return view! { <span class="quiet">"not tested yet"</span> }.into_any();
    };
    let (tone, words) = if report.ok { (Tone::Good, "Works") } else { (Tone::Bad, "Does not work") };
    let detail = format!("{}, {} in {}", report.words, report.at.ago(now), in_words(report.took));
    view! { <div class="report"><Badge tone words/><span class="sub">{detail}</span></div> }.into_any()
}
