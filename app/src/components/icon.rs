//! Line icons on a 16-unit grid, drawn in the colour of the text beside them. Decoration only: hidden from
//! assistive technology, because a word always stands beside them.

use leptos::prelude::*;

/// Which icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// A pulse.
    Overview,
    /// Lines of a list.
    Jobs,
    /// A box: what was taken in.
    Events,
    /// A gate with an arrow.
    Requests,
    /// A shield: senders are checked.
    Vendors,
    /// An arrow out.
    Destinations,
    /// A chip.
    Providers,
    /// A fork.
    Rules,
    /// A clock.
    Schedules,
    /// A gauge.
    Limits,
    /// A switch that stands open.
    Breakers,
    /// Two machines, one above the other.
    Nodes,
    /// A page with lines.
    Audit,
    /// Three dots.
    More,
    /// A plus.
    Add,
    /// A tick.
    Done,
    /// An arrow leaving a box.
    External,
}

impl Glyph {
    const fn path(self) -> &'static str {
        match self {
            Self::Overview => "M1.5 8.5h3l2-5 3 9 2-4h3",
            Self::Jobs => "M2.5 4h11M2.5 8h11M2.5 12h7",
            Self::Events => "M2.5 5 8 2.2 13.5 5v6L8 13.8 2.5 11ZM2.5 5 8 7.8 13.5 5M8 7.8v6",
            Self::Requests => "M13.5 2.5v11M2 8h8M7 5l3 3-3 3",
            Self::Vendors => "M8 1.8 13.2 4v3.6c0 3.2-2.2 5.5-5.2 6.6-3-1.1-5.2-3.4-5.2-6.6V4Z",
            Self::Destinations => "M2 8h11.5M9.5 4l4 4-4 4",
            Self::Providers => "M3 3h10v10H3ZM6.2 6.2h3.6v3.6H6.2ZM6 1v2M10 1v2M6 13v2M10 13v2",
            Self::Rules => "M4 2.5v11M4 9c0-2.5 8-1.5 8-4.5M10 4.5l2-2 2 2",
            Self::Schedules => "M8 1.8a6.2 6.2 0 1 1 0 12.4 6.2 6.2 0 0 1 0-12.4M8 4.5V8l2.5 1.8",
            Self::Limits => "M2.2 12a6.3 6.3 0 1 1 11.6 0M8 10.5l3-4.5",
            Self::Breakers => "M1.5 10.5h3l6-5.5M11.5 10.5h3M4.5 10.5v.1M11.5 10.5v.1",
            Self::Nodes => "M2.5 2.5h11v4.5h-11ZM2.5 9h11v4.5h-11ZM5 4.8h1M5 11.2h1",
            Self::Audit => "M3.5 1.8h9v12.4h-9ZM6 5h4M6 8h4M6 11h2.5",
            Self::More => "M2.5 8h1M7.5 8h1M12.5 8h1",
            Self::Add => "M8 3v10M3 8h10",
            Self::Done => "M3 8.5 6.5 12 13 4.5",
            Self::External => "M9.5 2.5h4v4M13.5 2.5 7.5 8.5M6 4H3v9h9v-3",
        }
    }
}

/// One icon.
#[component]
pub fn Icon(
    /// Which one.
    glyph: Glyph,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=glyph.path()></path>
        </svg>
    }
    .into_any()
}

/// The mark of the program: two posts and the tide between them.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 20 20" aria-hidden="true">
            <path d="M2.5 2v16M17.5 2v16M2.5 6.5c2.5-2 5 2 7.5 0s5 2 7.5 0M2.5 12.5c2.5-2 5 2 7.5 0s5 2 7.5 0"></path>
        </svg>
    }
    .into_any()
}
