//! What a vendor sent during the last 24 hours, kept true while it is looked at.

use crate::{
    api::vendor::read_vendor_figures,
    components::{
        empty::{LoadError, Skeleton},
        vendor::subject::{Subject, Told},
        when::Ago,
    },
    live::Live,
    view::{vendor::VendorFigures, words::number},
};
use leptos::prelude::*;

/// What the panel shows.
pub fn figures_of(subject: Subject) -> Told<VendorFigures> {
    subject.read(Live::version, read_vendor_figures)
}

/// Four figures.
#[component]
pub fn Figures(
    /// From [`figures_of`].
    figures: Told<VendorFigures>,
    /// Where the page stands.
    href: String,
) -> impl IntoView {
    view! {
        <Transition fallback=|| view! { <Skeleton rows=1/> }>
            {move || {
                let href = href.clone();
                Suspend::new(async move {
                    match figures.await {
                        Ok(figures) => view! { <Shown figures/> }.into_any(),
                        Err(error) => view! { <LoadError error href/> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}

#[component]
fn Shown(figures: VendorFigures) -> impl IntoView {
    let now = figures.now;
    let arrived = figures.accepted + figures.duplicate + figures.refused;
    let refused_share = match (figures.refused, arrived) {
        (0, _) | (_, 0) => "of what arrived: none".to_owned(),
        (refused, arrived) => format!("{:.1} % of what arrived", refused as f64 * 100.0 / arrived as f64),
    };
    view! {
        <div class="board">
            <section class="panel figure">
                <h2>"Accepted, 24 h"</h2>
                <p class="value">{number(figures.accepted)}</p>
                <p class="under">"stored, and their jobs started"</p>
            </section>
            <section class="panel figure" class:bad=figures.refused != 0>
                <h2>"Refused, 24 h"</h2>
                <p class="value">{number(figures.refused)}</p>
                <p class="under">{refused_share}</p>
            </section>
            <section class="panel figure">
                <h2>"Repeated, 24 h"</h2>
                <p class="value">{number(figures.duplicate)}</p>
                <p class="under">"sent again, answered with the first id"</p>
            </section>
            <section class="panel figure">
                <h2>"Last event"</h2>
                <p class="value">
                    {match figures.last_event_at {
                        Some(at) => view! { <Ago at now/> }.into_any(),
                        None => "never".into_any(),
                    }}
                </p>
                <p class="under">
                    {figures.last_event_at.map_or_else(|| "in the last 35 days".to_owned(), |at| at.in_list(now))}
                </p>
            </section>
        </div>
    }
    .into_any()
}
