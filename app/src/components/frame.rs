//! The frame around every page that needs an account: skip link, rail, content. Owns who may come in.

use super::{
    empty::LoadError,
    flow::{Flow, PauseBanner},
    icon::{Glyph, Icon, Mark},
};
use crate::{
    api::{account::LogOut, overview::count_attention},
    error::AppError,
    live::Live,
    view::{account::Viewer, escape::escape, words::number},
};
use domain::role::Role;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::{
    components::{Outlet, Redirect},
    hooks::use_location,
};

/// Lets signed-in visitors through to the page, sends others to sign in and back here afterwards.
#[component]
pub fn Frame() -> impl IntoView {
    match use_context::<Option<Viewer>>().flatten() {
        Some(viewer) => view! { <Inside viewer/> }.into_any(),
        None => {
            let here = use_location();
            let to = login_for(&here.pathname.get_untracked(), &here.search.get_untracked());
            view! { <Redirect path=to/> }.into_any()
        }
    }
}

/// Where to sign in for a page.
fn login_for(path: &str, query: &str) -> String {
    match (path, query) {
        ("/", "") => "/login".into(),
        (path, "") => format!("/login?next={}", escape(path)),
        (path, query) => format!("/login?next={}", escape(&format!("{path}?{query}"))),
    }
}

/// Whether the person looking may do what `right` asks; nobody may where nobody is known.
pub fn viewer_may(right: fn(Role) -> bool) -> bool {
    use_context::<Option<Viewer>>().flatten().is_some_and(|viewer| right(viewer.role))
}

/// Shows its inside to those who may, and says so to others.
#[component]
pub fn OnlyFor(
    /// What they must be allowed to do.
    right: fn(Role) -> bool,
    /// The inside.
    children: Children,
) -> impl IntoView {
    if viewer_may(right) {
        children().into_any()
    } else {
        view! { <LoadError error=AppError::NotAllowed href="/"/> }.into_any()
    }
}

#[component]
fn Inside(viewer: Viewer) -> impl IntoView {
    Effect::new(|_| Live::start());
    let flow = Flow::provide();
    view! {
        <a class="skip" href="#main" rel="external">"Skip to content"</a>
        <div class="frame">
            <Rail viewer/>
            <main id="main" class="content" tabindex="-1"><PauseBanner flow/><Outlet/></main>
        </div>
    }
    .into_any()
}

#[component]
fn Rail(viewer: Viewer) -> impl IntoView {
    let attention = Resource::new(Live::version, |_| count_attention());
    let count = move || {
        Suspend::new(async move {
            attention.await.ok().filter(|count| *count > 0).map(|count| {
                view! { <span class="count"><span class="unseen">"need attention: "</span>{number(count)}</span> }
            })
        })
    };
    let email = viewer.email.clone();
    view! {
        <nav class="rail" aria-label="Main">
            <a class="brand" href="/"><Mark/>"Tidegate"</a>
            <ul>
                <Place href="/" glyph=Glyph::Overview words="Overview"/>
                <Place href="/jobs" glyph=Glyph::Jobs words="Jobs"><Transition>{count}</Transition></Place>
                <Place href="/events" glyph=Glyph::Events words="Events" class="wide-only"/>
                <Place href="/requests" glyph=Glyph::Requests words="Requests"/>
            </ul>
            <h2>"Connections"</h2>
            <ul>
                <Place href="/vendors" glyph=Glyph::Vendors words="Vendors"/>
                <Place href="/destinations" glyph=Glyph::Destinations words="Destinations" class="wide-only"/>
                <Place href="/providers" glyph=Glyph::Providers words="Providers" class="wide-only"/>
                <Place href="/rules" glyph=Glyph::Rules words="Rules" class="wide-only"/>
                <Place href="/schedules" glyph=Glyph::Schedules words="Schedules" class="wide-only"/>
                <Place href="/limits" glyph=Glyph::Limits words="Limits" class="wide-only"/>
                <Place href="/breakers" glyph=Glyph::Breakers words="Breakers" class="wide-only"/>
            </ul>
            <h2>"Installation"</h2>
            <ul>
                <Place href="/nodes" glyph=Glyph::Nodes words="Nodes" class="wide-only"/>
                {viewer_may(Role::may_configure).then(|| view! {
                    <Place href="/audit" glyph=Glyph::Audit words="Audit" class="wide-only"/>
                })}
            </ul>
            <Account email=viewer.email role=viewer.role.as_str()/>
            <details class="more">
                <summary><Icon glyph=Glyph::More/>"More"</summary>
                <ul on:click=close_around>
                    <Place href="/events" glyph=Glyph::Events words="Events"/>
                    <Place href="/destinations" glyph=Glyph::Destinations words="Destinations"/>
                    <Place href="/providers" glyph=Glyph::Providers words="Providers"/>
                    <Place href="/rules" glyph=Glyph::Rules words="Rules"/>
                    <Place href="/schedules" glyph=Glyph::Schedules words="Schedules"/>
                    <Place href="/limits" glyph=Glyph::Limits words="Limits"/>
                    <Place href="/breakers" glyph=Glyph::Breakers words="Breakers"/>
                    <Place href="/nodes" glyph=Glyph::Nodes words="Nodes"/>
                    {viewer_may(Role::may_configure).then(|| view! { <Place href="/audit" glyph=Glyph::Audit words="Audit"/> })}
                    <li><Account email role=viewer.role.as_str()/></li>
                </ul>
            </details>
        </nav>
    }
    .into_any()
}

/// Closes the menu that was chosen from; without JavaScript the next page begins with it closed.
fn close_around(event: leptos::ev::MouseEvent) {
    use leptos::{wasm_bindgen::JsCast, web_sys::Element};
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let link = target.and_then(|target| target.closest("a").ok().flatten());
    if let Some(menu) = link.and_then(|link| link.closest("details").ok().flatten()) {
        let _ = menu.remove_attribute("open");
    }
}

/// Who is signed in, and the way out.
#[component]
fn Account(email: String, role: &'static str) -> impl IntoView {
    view! {
        <div class="account">
            <p title=email.clone()>{email.clone()}<span>{role}</span></p>
            <form method="post" action=LogOut::url()><button class="plain" type="submit">"Sign out"</button></form>
        </div>
    }
    .into_any()
}

/// One place in the navigation.
#[component]
fn Place(
    href: &'static str,
    glyph: Glyph,
    words: &'static str,
    #[prop(optional)] class: &'static str,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let path = use_location().pathname;
    let current = move || is_at(&path.read(), href).then_some("page");
    view! {
        <li class=class>
            <a href=href aria-current=current>
                <Icon glyph/><span>{words}</span>{children.map(|children| children())}
            </a>
        </li>
    }
    .into_any()
}

/// Whether a path lies at or below a place.
fn is_at(path: &str, place: &str) -> bool {
    path == place || (place != "/" && path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_current_on_the_pages_below_it() {
        assert!(is_at("/jobs/job_1", "/jobs") && is_at("/", "/"));
        assert!(!is_at("/jobs", "/") && !is_at("/jobsearch", "/jobs"));
    }

    #[test]
    fn a_way_back_survives_being_part_of_a_query() {
        assert_eq!(login_for("/jobs", "state=failed"), "/login?next=/jobs%3Fstate%3Dfailed");
        assert_eq!(login_for("/", ""), "/login");
    }
}
