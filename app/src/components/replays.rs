//! What one event has to do with replays, for the pages of events and jobs: where it comes from, what was made of it,
//! and the button that runs it again.

use crate::{
    api::replays::{StartReplay, read_event_replays},
    components::{
        facts::{Fact, Facts},
        form::{FormError, Submit, fault_of},
        frame::viewer_may,
    },
    view::words::count,
};
use domain::{id::EventId, replay::ReplayLink, role::Role};
use leptos::prelude::*;

/// The panel.
#[component]
pub fn ReplayPanel(
    /// Which event.
    event: EventId,
) -> impl IntoView {
    let start = ServerAction::<StartReplay>::new();
    let fault = fault_of(start);
    let known = Resource::new(move || event, read_event_replays);
    view! {
        <section class="panel" aria-labelledby="replay">
            <h2 id="replay">"Replay"</h2>
            <Transition>
                {move || Suspend::new(async move {
                    known.await.ok().map(|known| view! {
                        {known.origin.map(|origin| view! {
                            <p class="hint">"This event did not arrive: it is a copy that was run again."</p>
                            <Facts>
                                <Fact name="Origin"><EventLink id=origin.origin_id/></Fact>
                                <Fact name="Replay"><BatchLink link=origin/></Fact>
                            </Facts>
                        })}
                        {(!known.copies.is_empty()).then(|| view! { <Copies links=known.copies/> })}
                    })
                })}
            </Transition>
            {viewer_may(Role::may_configure).then(|| view! {
                <ActionForm action=start>
                    <input type="hidden" name="id" value=event.to_string()/>
                    <p class="hint">
                        "Runs this event again as a new one, by the rules as they are now. A post that came of it is updated, not made twice."
                    </p>
                    <Submit words="Replay this event" busy="Beginning…" pending=start.pending() main=false/>
                    <FormError fault/>
                </ActionForm>
            })}
        </section>
    }
    .into_any()
}

#[component]
fn Copies(links: Vec<ReplayLink>) -> impl IntoView {
    let words = count(i64::try_from(links.len()).unwrap_or(i64::MAX), "copy", "copies");
    view! {
        <p class="hint">{format!("Run again: {words}")}</p>
        <ul class="chain">
            {links.into_iter().map(|link| view! { <li><EventLink id=link.event_id/><BatchLink link/></li> }).collect_view()}
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
