//! What one event has to do with replays, for its page: where it comes from, what was made of it, and the button that
//! runs it again.

use crate::{
    api::replays::{StartReplay, read_event_replays},
    components::{
        facts::{Fact, Facts},
        form::{FormError, Submit, fault_of},
        frame::viewer_may,
    },
    error::AppError,
    live::Live,
    view::{replays::EventReplays, words::count},
};
use domain::{id::EventId, replay::ReplayLink, role::Role};
use leptos::prelude::*;

/// What is known of an event's replays, and the action that begins one. Made once per page, outside of whatever is
/// drawn anew when something changes.
#[derive(Clone, Copy)]
pub struct Replaying {
    known: Resource<Result<EventReplays, AppError>>,
    start: ServerAction<StartReplay>,
}

impl Replaying {
    /// Of the event with this id.
    pub fn of(id: impl Fn() -> Option<EventId> + Send + Sync + 'static) -> Self {
        let known = Resource::new(
            move || (id(), Live::version()),
            |(id, _)| async move { read_event_replays(id.ok_or(AppError::NotFound)?).await },
        );
        Self { known, start: ServerAction::new() }
    }
}

/// The panel.
#[component]
pub fn ReplayPanel(
    /// Which event.
    event: EventId,
    /// From [`Replaying::of`].
    replaying: Replaying,
) -> impl IntoView {
    let Replaying { known, start } = replaying;
    let fault = fault_of(start);
    view! {
        <section class="panel" aria-labelledby="replay">
            <h2 id="replay">"Replay"</h2>
            <Transition>
                {move || Suspend::new(async move { known.await.ok().map(|known| view! { <Links known/> }) })}
            </Transition>
            {viewer_may(Role::may_configure).then(|| view! {
                <ActionForm action=start>
                    <input type="hidden" name="id" value=event.to_string()/>
                    <p class="hint">
                        "Runs this event again as a new one, by the rules as they are now; models are paid again. A post that came of it is updated, not made twice."
                    </p>
                    <FormError fault/>
                    <div class="actions">
                        <Submit words="Replay this event" busy="Beginning…" pending=start.pending() main=false/>
                    </div>
                </ActionForm>
            })}
        </section>
    }
    .into_any()
}

/// Where it comes from, and what was made of it.
#[component]
fn Links(known: EventReplays) -> impl IntoView {
    let EventReplays { origin, copies } = known;
    if origin.is_none() && copies.is_empty() {
        return view! { <p class="quiet">"Not run again so far."</p> }.into_any();
    }
    view! {
        {origin.map(|origin| view! {
            <p class="hint">"This event did not arrive: it is a copy that was run again."</p>
            <Facts>
                <Fact name="Origin"><EventLink id=origin.origin_id/></Fact>
                <Fact name="Replay"><BatchLink link=origin/></Fact>
            </Facts>
        })}
        {(!copies.is_empty()).then(|| view! { <Copies links=copies/> })}
    }
    .into_any()
}

#[component]
fn Copies(links: Vec<ReplayLink>) -> impl IntoView {
    let words = count(i64::try_from(links.len()).unwrap_or(i64::MAX), "copy", "copies");
    view! {
        <p class="hint">{format!("Run again: {words}, oldest first.")}</p>
        <ul class="chain">
            {links.into_iter().map(|link| view! { <li><EventLink id=link.event_id/><span class="quiet">"replay "<BatchLink link/></span></li> }).collect_view()}
        </ul>
    }
    .into_any()
}

#[component]
fn EventLink(id: EventId) -> impl IntoView {
    view! { <a href=format!("/events/{id}")><code title=id.to_string()>{id.short()}</code></a> }.into_any()
}

#[component]
fn BatchLink(link: ReplayLink) -> impl IntoView {
    let id = link.replay_id;
    view! { <a href=format!("/replays#{id}")><code title=id.to_string()>{id.short()}</code></a> }.into_any()
}
