//! Where results go, each with a test that changes nothing there.

use crate::{
    api::destinations::{SwitchDestination, TestDestination, list_destinations},
    components::{
        badge::{Badge, Tone},
        destination::{
            facts::{auth_words, kind_words},
            report::Report,
        },
        flow::{BreakerPanel, PauseSwitch, PausedBadge},
        form::{FormError, Submit, fault_of, pending_for},
        frame::viewer_may,
        list_page::{Column, List, ListPage, NothingYet, Table},
    },
    live::Live,
    pages::destination::off_words,
    view::connections::{DestinationPage, DestinationRow},
};
use domain::{
    breaker::BreakerKey,
    destination::DestinationMethod,
    pause::PauseTarget,
    role::Role,
    time::{Timestamp, in_words},
};
use leptos::prelude::*;

static LIST: List = List {
    title: "Destinations",
    aside: "where results go",
    href: "/destinations",
    add: "Add destination",
    form: "/destinations/new",
    none: "No destinations yet",
    about: "A destination is a WordPress site that takes posts, or an HTTP endpoint that takes signed messages.",
    command: "tidegate destination add my-site --kind wordpress --url https://example.com --user tidegate --password-stdin",
};

/// All of them with their last test.
#[component]
pub fn DestinationsPage() -> impl IntoView {
    let test = ServerAction::<TestDestination>::new();
    let switch = ServerAction::<SwitchDestination>::new();
    let page = Resource::new(
        move || (Live::version(), test.version().get(), switch.version().get()),
        |_| list_destinations(),
    );
    let added = "The destination was added. Test it before the first result is sent.";
    view! {
        <ListPage list=&LIST page rows=move |page| rows(page, test, switch) added>
            <FormError fault=fault_of(test)/>
            <FormError fault=fault_of(switch)/>
        </ListPage>
    }
    .into_any()
}

fn rows(
    page: DestinationPage,
    test: ServerAction<TestDestination>,
    switch: ServerAction<SwitchDestination>,
) -> AnyView {
    let now = page.now;
    if page.rows.is_empty() {
        return view! { <NothingYet list=&LIST/> }.into_any();
    }
    let may_test = viewer_may(Role::may_configure);
    let mut columns =
        vec![Column::Words("Destination"), Column::Words("Signs in with"), Column::Words("Last test")];
    columns.extend(may_test.then_some(Column::Actions));
    let guarded = page.rows.iter().map(|row| (BreakerKey::Destination(row.id), row.slug.clone())).collect();
    view! {
        <Table caption="Destinations, by name" columns>
            {page.rows.into_iter().map(|row| view! { <Line row now may_test test switch/> }).collect_view()}
        </Table>
        <BreakerPanel targets=guarded/>
    }
    .into_any()
}

#[component]
fn Line(
    row: DestinationRow,
    now: Timestamp,
    may_test: bool,
    test: ServerAction<TestDestination>,
    switch: ServerAction<SwitchDestination>,
) -> impl IntoView {
    let this = row.id;
    let on = row.enabled;
    let switching = pending_for(switch, move |input| input.id == this);
    let called = called(&row, now);
    let pending = pending_for(test, move |input| input.id == this);
    let auth = auth_words(&row);
    view! {
        <tr>
            <th scope="row" class="c-main">
                <span class="title">
                    <a href=format!("/destinations/{this}")>{row.slug}</a><span class="aside">{kind_words(row.kind)}</span>
                    {(!row.enabled).then(|| view! {
                        <Badge tone=if row.off_reason.is_some() { Tone::Bad } else { Tone::Quiet } words="Off"/>
                    })}
                    <PausedBadge target=PauseTarget::Destination(this)/>
                </span>
                <span class="sub" title=row.url.clone()>{row.url.clone()}</span>
                {(!row.enabled).then(|| view! { <p class="sub wraps">{off_words(row.off_reason.as_deref())}</p> })}
            </th>
            <td class="c-wide" data-label="Signs in with">
                {auth}
                {row.secret_place.map(|place| view! { <code class="sub">{place}</code> })}
                {called.map(|words| view! { <span class="sub wraps">{words}</span> })}
            </td>
            <td class="c-report" data-label="Last test"><Report report=row.last_test now/></td>
            {may_test.then(|| view! {
                <td class="num c-act">
                    <div class="row-acts">
                        <ActionForm action=test>
                            <input type="hidden" name="id" value=this.to_string()/>
                            <Submit words="Test" busy="Testing…" pending main=false/>
                        </ActionForm>
                        <ActionForm action=switch>
                            <input type="hidden" name="id" value=this.to_string()/>
                            <input type="hidden" name="on" value=(!on).to_string()/>
                            <Submit words=if on { "Switch off" } else { "Switch on" } busy="Switching…" pending=switching main=false/>
                        </ActionForm>
                        <PauseSwitch target=PauseTarget::Destination(this)/>
                    </div>
                </td>
            })}
        </tr>
    }
    .into_any()
}

/// What calls to an endpoint carry, and an old secret that signs, too.
fn called(row: &DestinationRow, now: Timestamp) -> Option<String> {
    let method = (row.method != DestinationMethod::Post).then(|| row.method.as_str().to_uppercase());
    let headers = (!row.headers.is_empty()).then(|| format!("with {}", row.headers.join(", ")));
    let old = row.old_secret_until.map(|until| format!("old secret for {} more", in_words(until.since(now))));
    let parts: Vec<String> = [method, headers, old].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
