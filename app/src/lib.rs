//! The dashboard: pages, their parts, and the seam to the rest of the program.
//!
//! - [`pages`]: one file per route; [`components`]: pieces that several pages share
//! - [`api`]: server functions, thin endpoints that check the role and call a port
//! - `ports` (server only): what the dashboard needs, as traits the server implements
//! - [`mod@view`]: view models, plain data that travels to the browser, and its words
//! - [`live`]: keeps the screen true while it is looked at
//! - [`error`]: what can go wrong, as one closed list
//!
//! Builds twice: with `ssr` into the server, with `hydrate` into the browser. Names no database, web framework,
//! password hash or session type.

pub mod api;
pub mod components;
pub mod error;
pub mod live;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod ports;
pub mod view;

use components::frame::Frame;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Stylesheet, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};
use live::Live;
use pages::{
    added::{DestinationAddedPage, DestinationRotatedPage, SecretRotatedPage, VendorAddedPage},
    audit::AuditPage,
    breakers::BreakersPage,
    change_jobs::ChangeJobsPage,
    destination::DestinationPage,
    destinations::DestinationsPage,
    edit_job::EditJobPage,
    event::EventPage,
    event_type::EventTypePage,
    events::EventsPage,
    job::JobPage,
    jobs::JobsPage,
    login::LoginPage,
    new_custom_vendor::NewCustomVendorPage,
    new_destination::NewDestinationPage,
    new_provider::NewProviderPage,
    new_rule::NewRulePage,
    new_schedule::NewSchedulePage,
    new_vendor::NewVendorPage,
    nodes::NodesPage,
    not_found::NotFoundPage,
    overview::OverviewPage,
    presets::PresetsPage,
    providers::ProvidersPage,
    replays::ReplaysPage,
    request::RequestPage,
    requests::RequestsPage,
    rules::RulesPage,
    schedule_times::ScheduleTimesPage,
    schedules::SchedulesPage,
    sender_link::SenderLinkPage,
    setup::SetupPage,
    types::TypesPage,
    vendor::VendorPage,
    vendors::VendorsPage,
    work_limits::WorkLimitsPage,
};

/// What stands in paths where a vendor's name stands in that of its page: no vendor can be called that.
pub const NO_VENDORS: [&str; 4] = ["added", "new", "presets", "rotated"];

/// The document around [`App`].
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="robots" content="noindex"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// All routes. Data of a page is in its HTML, so that it reads without JavaScript.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    Live::provide();
    // Known without waiting: the server reads it from the session, the browser from the page it was sent.
    provide_context(SharedValue::new(api::account::viewer).into_inner());
    // Tells tests that clicks are heard from now on.
    Effect::new(|_| {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-hydrated", "");
        }
    });
    let whole = SsrMode::Async;
    view! {
        <Stylesheet id="style" href="/pkg/tidegate.css"/>
        <Title formatter=|title: String| if title.is_empty() { "Tidegate".into() } else { format!("{title} · Tidegate") }/>
        <Router>
            <Routes fallback=|| view! { <NotFoundPage/> }>
                <Route path=path!("/login") view=LoginPage ssr=whole.clone()/>
                <Route path=path!("/setup") view=SetupPage ssr=whole.clone()/>
                <ParentRoute path=path!("") view=Frame ssr=whole.clone()>
                    <Route path=path!("") view=OverviewPage ssr=whole.clone()/>
                    <Route path=path!("/jobs") view=JobsPage ssr=whole.clone()/>
                    <Route path=path!("/jobs/change") view=ChangeJobsPage ssr=whole.clone()/>
                    // After the word above, which is no job's id.
                    <Route path=path!("/jobs/:id") view=JobPage ssr=whole.clone()/>
                    <Route path=path!("/jobs/:id/edit") view=EditJobPage ssr=whole.clone()/>
                    <Route path=path!("/events") view=EventsPage ssr=whole.clone()/>
                    <Route path=path!("/events/types") view=TypesPage ssr=whole.clone()/>
                    <Route path=path!("/events/types/:vendor/:kind") view=EventTypePage ssr=whole.clone()/>
                    <Route path=path!("/events/:id") view=EventPage ssr=whole.clone()/>
                    <Route path=path!("/requests") view=RequestsPage ssr=whole.clone()/>
                    <Route path=path!("/requests/sender") view=SenderLinkPage ssr=whole.clone()/>
                    <Route path=path!("/requests/:id") view=RequestPage ssr=whole.clone()/>
                    <Route path=path!("/vendors") view=VendorsPage ssr=whole.clone()/>
                    <Route path=path!("/vendors/new") view=NewVendorPage ssr=whole.clone()/>
                    <Route path=path!("/vendors/new/custom") view=NewCustomVendorPage ssr=whole.clone()/>
                    <Route path=path!("/vendors/presets") view=PresetsPage ssr=whole.clone()/>
                    <Route path=path!("/vendors/added") view=VendorAddedPage ssr=whole.clone()/>
                    <Route path=path!("/vendors/rotated") view=SecretRotatedPage ssr=whole.clone()/>
                    // After the words above, which are no vendor's name: see `NO_VENDORS`.
                    <Route path=path!("/vendors/:slug") view=VendorPage ssr=whole.clone()/>
                    <Route path=path!("/destinations") view=DestinationsPage ssr=whole.clone()/>
                    <Route path=path!("/destinations/new") view=NewDestinationPage ssr=whole.clone()/>
                    <Route path=path!("/destinations/added") view=DestinationAddedPage ssr=whole.clone()/>
                    <Route path=path!("/destinations/rotated") view=DestinationRotatedPage ssr=whole.clone()/>
                    // After the words above, which are no destination's id.
                    <Route path=path!("/destinations/:id") view=DestinationPage ssr=whole.clone()/>
                    <Route path=path!("/providers") view=ProvidersPage ssr=whole.clone()/>
                    <Route path=path!("/providers/new") view=NewProviderPage ssr=whole.clone()/>
                    <Route path=path!("/breakers") view=BreakersPage ssr=whole.clone()/>
                    <Route path=path!("/limits") view=WorkLimitsPage ssr=whole.clone()/>
                    <Route path=path!("/nodes") view=NodesPage ssr=whole.clone()/>
                    <Route path=path!("/replays") view=ReplaysPage ssr=whole.clone()/>
                    <Route path=path!("/rules") view=RulesPage ssr=whole.clone()/>
                    <Route path=path!("/rules/new") view=NewRulePage ssr=whole.clone()/>
                    <Route path=path!("/schedules") view=SchedulesPage ssr=whole.clone()/>
                    <Route path=path!("/schedules/new") view=NewSchedulePage ssr=whole.clone()/>
                    <Route path=path!("/schedules/:id/times") view=ScheduleTimesPage ssr=whole.clone()/>
                    <Route path=path!("/audit") view=AuditPage ssr=whole/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
