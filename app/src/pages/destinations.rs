//! Where results go, each with a test that changes nothing there.

use crate::{
    api::destinations::{TestDestination, list_destinations},
    components::{
        badge::{Badge, Tone},
        empty::{LoadError, Nothing, Skeleton},
        form::{AddedNotice, FormError, Submit, fault_of},
        frame::viewer_may,
        page_head::PageHead,
    },
    live::Live,
    view::connections::{DestinationPage, DestinationRow, TestReport},
};
use domain::{
    destination::{DestinationAuth, DestinationKind},
    role::Role,
    time::{Timestamp, in_words},
};
use leptos::prelude::*;

const COMMAND: &str = "tidegate destination add my-site --kind wordpress --url https://example.com --user tidegate --password-stdin";

/// All of them with their last test.
#[component]
pub fn DestinationsPage() -> impl IntoView {
    let test = ServerAction::<TestDestination>::new();
    let page = Resource::new(move || (Live::version(), test.version().get()), |_| list_destinations());
    view! {
        <PageHead title="Destinations" aside="where results go">
            {viewer_may(Role::may_configure).then(|| view! { <a class="button main" href="/destinations/new">"Add destination"</a> })}
        </PageHead>
        <AddedNotice words="The destination was added. Test it before the first result is sent."/>
        <FormError fault=fault_of(test)/>
        <Transition fallback=|| view! { <Skeleton/> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => view! { <Loaded page test/> }.into_any(),
                    Err(error) => view! { <LoadError error href="/destinations"/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Loaded(page: DestinationPage, test: ServerAction<TestDestination>) -> impl IntoView {
    let now = page.now;
    let may_test = viewer_may(Role::may_configure);
    if page.rows.is_empty() {
        let text = "A destination is a WordPress site that takes posts, or an HTTP endpoint that takes signed messages.";
        return match may_test {
            true => view! {
                <Nothing title="No destinations yet" text command=COMMAND>
                    <a class="button main" href="/destinations/new">"Add destination"</a>
                </Nothing>
            }
            .into_any(),
            false => view! { <Nothing title="No destinations yet" text/> }.into_any(),
        };
    }
    view! {
        <div class="panel table-box">
            <table>
                <caption class="unseen">"Destinations, by name"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Destination"</th>
                        <th scope="col">"Signs in with"</th>
                        <th scope="col">"Last test"</th>
                        {may_test.then(|| view! { <th scope="col"><span class="unseen">"Actions"</span></th> })}
                    </tr>
                </thead>
                <tbody>
                    {page.rows.into_iter().map(|row| view! { <Line row now may_test test/> }).collect_view()}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What a destination is called.
pub(super) const fn kind_words(kind: DestinationKind) -> &'static str {
    match kind {
        DestinationKind::Wordpress => "WordPress",
        DestinationKind::Http => "HTTP endpoint",
    }
}

fn auth_words(row: &DestinationRow) -> String {
    match (row.auth, &row.user) {
        (DestinationAuth::AppPassword, Some(user)) => format!("application password of {user}"),
        (DestinationAuth::AppPassword, None) => "application password".into(),
        (DestinationAuth::Jwt, _) => "signed token".into(),
        (DestinationAuth::Signature, _) => "signature".into(),
    }
}

#[component]
fn Line(
    row: DestinationRow,
    now: Timestamp,
    may_test: bool,
    test: ServerAction<TestDestination>,
) -> impl IntoView {
    let id = row.id.to_string();
    let this = row.id;
    let pending = Signal::derive(move || {
        test.input().with(|input| input.as_ref().is_some_and(|input| input.id == this))
    });
    let auth = auth_words(&row);
    view! {
        <tr>
            <th scope="row" class="c-main">
                <span class="title">
                    {row.slug}<span class="aside">{kind_words(row.kind)}</span>
                    {(!row.enabled).then(|| view! { <Badge tone=Tone::Quiet words="Off"/> })}
                </span>
                <span class="sub" title=row.url.clone()>{row.url.clone()}</span>
            </th>
            <td class="c-wide" data-label="Signs in with">{auth}</td>
            <td class="c-report" data-label="Last test">{report(row.last_test, now)}</td>
            {may_test.then(|| view! {
                <td class="num c-act">
                    <ActionForm action=test>
                        <input type="hidden" name="id" value=id/>
                        <Submit words="Test" busy="Testing…" pending main=false/>
                    </ActionForm>
                </td>
            })}
        </tr>
    }
    .into_any()
}

fn report(report: Option<TestReport>, now: Timestamp) -> impl IntoView {
    let Some(report) = report else {
        return view! { <span class="quiet">"not tested yet"</span> }.into_any();
    };
    let (tone, words) = if report.ok { (Tone::Good, "Works") } else { (Tone::Bad, "Does not work") };
    let detail = format!("{}, {} in {}", report.words, report.at.ago(now), in_words(report.took));
    view! { <div class="report"><Badge tone words/><span class="sub">{detail}</span></div> }.into_any()
}
