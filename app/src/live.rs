//! Keeps what is on the screen true: the server says "something changed", pages read anew.
//! Runs in the browser only. Without the stream it falls back to asking every five seconds while the page is
//! looked at; without JavaScript a page shows the moment it was loaded.

use leptos::{
    ev,
    leptos_dom::helpers::{IntervalHandle, set_interval_with_handle},
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
    web_sys::{Event, EventSource, VisibilityState},
};
use std::time::Duration;

/// Where the server says that something changed: `event: changed` with any data that is not empty (browsers drop
/// events without). The answer is 401 without a session; then the stream stays closed.
const STREAM: &str = "/events/stream";
/// Several changes within this time are one.
const GATHER: Duration = Duration::from_millis(300);
/// How often to ask while the stream is down.
const POLL: Duration = Duration::from_secs(5);

/// Counts changes. Resources that show living things have it among their sources.
#[derive(Clone, Copy)]
pub struct Live(RwSignal<u32>);

impl Live {
    /// Provides a counter that stands still until [`Live::start`].
    pub fn provide() {
        provide_context(Self(RwSignal::new(0)));
    }

    /// The counter; 0 for ever where none is provided.
    pub fn version() -> u32 {
        use_context::<Self>().map_or(0, |live| live.0.get())
    }

    /// Counts a change every few seconds as well, while the page is looked at: for what becomes untrue by itself, without
    /// anything having changed. Ends with the component that called it. Call it in an effect.
    pub fn age() {
        let Some(Self(version)) = use_context() else { return };
        let tick = set_interval_with_handle(
            move || {
                if visible() {
                    version.try_update(|version| *version = version.wrapping_add(1));
                }
            },
            POLL,
        );
        on_cleanup(move || {
            let _ = tick.as_ref().map(IntervalHandle::clear);
        });
    }

    /// Begins to listen; ends with the component that called it. Call it in an effect: effects run in browsers only.
    pub fn start() {
        let Some(Self(version)) = use_context() else { return };
        let state = Listener { version, waiting: StoredValue::new(false), missed: StoredValue::new(false) };
        let source = StoredValue::new_local(open(state));
        let back = window_event_listener(ev::visibilitychange, move |_| state.look());
        let poll = set_interval_with_handle(
            move || {
                let live = source.try_with_value(is_open).unwrap_or(true);
                if !live && visible() {
                    state.heard();
                }
            },
            POLL,
        );
        on_cleanup(move || {
            back.remove();
            let _ = poll.as_ref().map(IntervalHandle::clear);
            source.try_update_value(|source| {
                if let Some((source, _)) = source.take() {
                    source.close();
                }
            });
        });
    }
}

/// The stream and the closure it calls, which must live as long.
type Stream = Option<(EventSource, Closure<dyn FnMut(Event)>)>;

fn open(state: Listener) -> Stream {
    let source = EventSource::new(STREAM).ok()?;
    let heard = Closure::<dyn FnMut(Event)>::new(move |_| state.heard());
    source.add_event_listener_with_callback("changed", heard.as_ref().unchecked_ref()).ok()?;
    Some((source, heard))
}

fn is_open(stream: &Stream) -> bool {
    stream.as_ref().is_some_and(|(source, _)| source.ready_state() == EventSource::OPEN)
}

fn visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// Turns many messages into few readings.
#[derive(Clone, Copy)]
struct Listener {
    version: RwSignal<u32>,
    waiting: StoredValue<bool>,
    missed: StoredValue<bool>,
}

impl Listener {
    fn heard(self) {
        if !visible() {
            self.missed.try_set_value(true);
        } else if self.waiting.try_get_value() == Some(false) {
            self.waiting.set_value(true);
            set_timeout(
                move || {
                    self.waiting.try_set_value(false);
                    self.version.try_update(|version| *version = version.wrapping_add(1));
                },
                GATHER,
            );
        }
    }

    /// The page is looked at again.
    fn look(self) {
        if visible() && self.missed.try_get_value() == Some(true) {
            self.missed.set_value(false);
            self.heard();
        }
    }
}
