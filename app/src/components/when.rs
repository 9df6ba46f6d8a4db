//! A point in time: short in the text, whole on hover, exact for machines. All in UTC, so that the server and
//! every browser write the same.

use domain::time::Timestamp;
use leptos::prelude::*;

/// A time as lists show it: the clock today, the day before that.
#[component]
pub fn When(
    /// Which time.
    at: Timestamp,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    view! { <time datetime=at.rfc3339() title=at.long()>{at.in_list(now)}</time> }.into_any()
}

/// How long ago, in words.
#[component]
pub fn Ago(
    /// Which time.
    at: Timestamp,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    view! { <time datetime=at.rfc3339() title=at.long()>{at.ago(now)}</time> }.into_any()
}

/// The clock with milliseconds, for steps of a story.
#[component]
pub fn Clock(
    /// Which time.
    at: Timestamp,
) -> impl IntoView {
    view! { <time datetime=at.rfc3339() title=at.long()>{at.clock()}</time> }.into_any()
}
