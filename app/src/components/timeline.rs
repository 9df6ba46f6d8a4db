//! A story as a line of steps, each a sentence with its time at the right.

use super::{
    code::Code,
    icon::{Glyph, Icon},
    when::Clock,
};
use crate::view::telling::{Mark, Step};
use leptos::prelude::*;

const fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Good => "good",
        Mark::Bad => "bad",
        Mark::Busy => "busy",
        Mark::Waiting => "waiting",
        Mark::Resting => "resting",
    }
}

/// What the ring beside a step means, for those who do not see it.
const fn spoken(mark: Mark) -> &'static str {
    match mark {
        Mark::Good => "Done: ",
        Mark::Bad => "Failed: ",
        Mark::Busy => "Under way: ",
        Mark::Waiting => "Waiting: ",
        Mark::Resting => "",
    }
}

/// All steps, first to last.
#[component]
pub fn Timeline(
    /// The steps.
    steps: Vec<Step>,
) -> impl IntoView {
    view! { <ol class="story">{steps.into_iter().map(one).collect_view()}</ol> }.into_any()
}

fn one(step: Step) -> impl IntoView {
    view! {
        <li class=class(step.mark)>
            <div class="step-head">
                <p>
                    <span class="unseen">{spoken(step.mark)}</span>
                    <strong>{step.title}</strong>
                    <span class="with">{step.aside}</span>
                </p>
                <span class="step-time">
                    {step.at.map(|at| view! { <Clock at/> })}
                    {step.until.map(|at| view! { " – "<Clock at/> })}
                </span>
            </div>
            {(!step.detail.is_empty()).then(|| view! { <p class="detail">{step.detail}</p> })}
            {(!step.why.is_empty()).then(|| view! { <p class="detail why">{step.why}</p> })}
            {step.answer.map(|text| view! { <Code text label="What the far side answered"/> })}
            {step.link.map(|(words, href)| view! {
                <a class="out" href=href rel="external noreferrer">{words}<Icon glyph=Glyph::External/></a>
            })}
        </li>
    }
    .into_any()
}
