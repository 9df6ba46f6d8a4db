//! States as badges: a sign, a colour and words, so that none of the three is needed alone.

use crate::view::words::state_words;
use domain::{job::JobState, time::Timestamp};
use leptos::prelude::*;

/// How a badge looks. The sign differs with the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Filled dot, green.
    Good,
    /// Open turning ring, blue.
    Busy,
    /// Dot, amber.
    Waiting,
    /// Two bars, violet.
    Held,
    /// Square, red.
    Bad,
    /// Dash, grey.
    Quiet,
}

impl Tone {
    /// The look of a job's state.
    pub const fn of(state: JobState) -> Self {
        match state {
            JobState::Succeeded => Self::Good,
            JobState::Running => Self::Busy,
            JobState::Pending => Self::Waiting,
            JobState::Held => Self::Held,
            JobState::Failed | JobState::Deadletter => Self::Bad,
            JobState::Cancelled => Self::Quiet,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Good => "badge good",
            Self::Busy => "badge busy",
            Self::Waiting => "badge waiting",
            Self::Held => "badge held",
            Self::Bad => "badge bad",
            Self::Quiet => "badge quiet",
        }
    }
}

/// A sign and words.
#[component]
pub fn Badge(
    /// How it looks.
    tone: Tone,
    /// What it says.
    #[prop(into)]
    words: String,
) -> impl IntoView {
    view! { <span class=tone.class()><i aria-hidden="true"></i>{words}</span> }.into_any()
}

/// The state of a job, with the time left where it waits.
#[component]
pub fn StateBadge(
    /// Which state.
    state: JobState,
    /// Tries begun so far.
    attempt: i32,
    /// Not before.
    next_run_at: Timestamp,
    /// The server's clock.
    now: Timestamp,
) -> impl IntoView {
    view! { <Badge tone=Tone::of(state) words=state_words(state, attempt, next_run_at, now)/> }.into_any()
}
