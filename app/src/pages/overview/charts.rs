//! Traffic and funnel, drawn with attributes alone so that a strict content policy allows them. Each says its
//! numbers in words as well.

use crate::view::{
    overview::{Funnel, Minute},
    words::{count, number},
};
use leptos::prelude::*;

/// Height of the traffic picture in its own units.
const HEIGHT: i64 = 100;
/// Width of one minute, gap included.
const STEP: usize = 10;

/// Webhooks per minute, the refused ones on top in red.
#[component]
pub fn TrafficPanel(
    /// Minutes, oldest first.
    traffic: Vec<Minute>,
) -> impl IntoView {
    let most = traffic.iter().map(|minute| minute.accepted + minute.refused).max().unwrap_or(0).max(1);
    let accepted: i64 = traffic.iter().map(|minute| minute.accepted).sum();
    let refused: i64 = traffic.iter().map(|minute| minute.refused).sum();
    let span = traffic.first().zip(traffic.last()).map(|(first, last)| (first.at, last.at));
    let words = format!("last hour: {} taken in, ", number(accepted));
    let quiet = accepted + refused == 0;
    let bars = traffic.iter().enumerate().map(|(i, minute)| bar(i, *minute, most)).collect_view();
    let width = traffic.len() * STEP - 2;
    view! {
        <section class="panel traffic" aria-labelledby="traffic">
            <h2 id="traffic">
                "Webhooks per minute"
                <span class="aside">{words}<a href="/requests?outcome=refused">{format!("{} refused", number(refused))}</a></span>
            </h2>
            {if quiet {
                view! { <p class="no-traffic">"No webhook during the last hour."</p> }.into_any()
            } else {
                view! {
                    <svg viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none" role="img" aria-labelledby="traffic">
                        {bars}
                    </svg>
                }.into_any()
            }}
            {span.filter(|_| !quiet).map(|(first, last)| view! {
                <p class="axis">
                    <span>{short(first.clock())}</span>
                    <span>{format!("at most {} a minute", number(most))}</span>
                    <span>{short(last.clock())}</span>
                </p>
            })}
        </section>
    }
    .into_any()
}

/// `12:31:04.120` as `12:31`.
fn short(clock: String) -> String {
    clock.chars().take(5).collect()
}

fn bar(i: usize, minute: Minute, most: i64) -> impl IntoView + use<> {
    let tall = |n: i64| if n == 0 { 0 } else { (n * HEIGHT / most).max(2) };
    let (good, bad) = (tall(minute.accepted), tall(minute.refused));
    let said = format!(
        "{} UTC: {}, {} refused",
        short(minute.at.clock()),
        count(minute.accepted, "webhook", "webhooks"),
        number(minute.refused)
    );
    let x = (i * STEP).to_string();
    view! {
        <g>
            <title>{said}</title>
            <rect class="ground" x=x.clone() y="0" width="8" height=HEIGHT.to_string()></rect>
            <rect class="good" x=x.clone() y=(HEIGHT - good).to_string() width="8" height=good.to_string()></rect>
            <rect class="bad" x=x y=(HEIGHT - good - bad).max(0).to_string() width="8" height=bad.to_string()></rect>
        </g>
    }
    .into_any()
}

/// How many webhooks came how far.
#[component]
pub fn FunnelPanel(
    /// The counts.
    funnel: Funnel,
) -> impl IntoView {
    let whole = funnel.received.max(funnel.done).max(1);
    let line = move |name: AnyView, n: i64, class: &'static str| {
        let width = format!("{}%", (n * 100 / whole).clamp(i64::from(n > 0), 100));
        view! {
            <div>
                <dt>{name}</dt>
                <dd>
                    <svg class="bar" aria-hidden="true"><rect class=class height="100%" width=width></rect></svg>
                    <span>{number(n)}</span>
                </dd>
            </div>
        }
    };
    view! {
        <section class="panel funnel-panel" aria-labelledby="funnel">
            <h2 id="funnel">"From webhook to post"<span class="aside">"last 24 hours"</span></h2>
            <dl class="funnel">
                {line("Received".into_any(), funnel.received, "fill")}
                {line(view! { <a href="/events">"Accepted"</a> }.into_any(), funnel.accepted, "fill")}
                {line(view! { <a href="/requests?outcome=refused">"Refused"</a> }.into_any(), funnel.refused, "bad")}
                {line("Jobs done".into_any(), funnel.done, "good")}
                {line("Delivered".into_any(), funnel.delivered, "good")}
            </dl>
        </section>
    }
    .into_any()
}
