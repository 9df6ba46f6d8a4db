//! The versions of a vendor's secret: how long each is accepted and how much it is used; replacing and ending one.
//! The table is kept true while it is looked at; the forms below it are drawn anew only when one of them was sent.

use crate::{
    api::rotation::{RevokeSecret, RotateSecret, SetOverlap, SetQuietHours, read_secrets},
    components::{
        badge::{Badge, Tone},
        code::Folded,
        empty::{LoadError, Skeleton},
        form::{CheckField, FormError, FormFault, SelectField, Submit, TextField, done_count, fault_of},
        frame::viewer_may,
        overlap::overlaps,
        vendor::subject::{Subject, Told},
        when::{Ago, When},
    },
    error::Field,
    live::Live,
    view::{
        secrets::{SecretPlace, SecretVersion, Secrets},
        words::{count, number},
    },
};
use domain::{
    id::VendorId,
    role::Role,
    secret::SecretState,
    time::{Timestamp, in_words},
};
use leptos::prelude::*;

/// The forms of the panel.
#[derive(Clone, Copy)]
struct Actions {
    rotate: ServerAction<RotateSecret>,
    overlap: ServerAction<SetOverlap>,
    revoke: ServerAction<RevokeSecret>,
    quiet: ServerAction<SetQuietHours>,
    /// Changes whenever one of them was answered well.
    done: Memo<usize>,
}

impl Actions {
    fn new() -> Self {
        let (rotate, overlap) = (ServerAction::new(), ServerAction::new());
        let (revoke, quiet) = (ServerAction::new(), ServerAction::new());
        let counts = [done_count(rotate), done_count(overlap), done_count(revoke), done_count(quiet)];
        let done = Memo::new(move |_| counts.iter().map(|count| count.get()).sum());
        Self { rotate, overlap, revoke, quiet, done }
    }
}

/// What the panel shows and does.
#[derive(Clone, Copy)]
pub struct Rotation {
    now: Told<Secrets>,
    /// What the forms begin with; read anew only when something was done.
    then: Option<Told<Secrets>>,
    actions: Actions,
}

impl Rotation {
    /// Reads it.
    pub fn of(subject: Subject) -> Self {
        let actions = Actions::new();
        let forms = || subject.read(move || actions.done.get(), read_secrets);
        Self {
            now: subject.read(move || (Live::version(), actions.done.get()), read_secrets),
            then: viewer_may(Role::may_configure).then(forms),
            actions,
        }
    }
}

/// Versions as a table, and for those who may what can be done with them.
#[component]
pub fn SecretsPanel(
    /// Whose.
    id: VendorId,
    /// From [`Rotation::of`].
    rotation: Rotation,
    /// Where the page stands.
    href: String,
) -> impl IntoView {
    let Rotation { now, then, actions } = rotation;
    let href = StoredValue::new(href);
    view! {
        <section class="panel" aria-labelledby="secrets">
            <h2 id="secrets">"Secret"</h2>
            <Transition fallback=|| view! { <Skeleton rows=2/> }>
                {move || Suspend::new(async move {
                    match now.await {
                        Ok(secrets) => view! { <Versions secrets/> }.into_any(),
                        Err(error) => view! { <LoadError error href=href.get_value()/> }.into_any(),
                    }
                })}
            </Transition>
            {then.map(|then| view! { <Forms id then actions/> })}
        </section>
    }
    .into_any()
}

#[component]
fn Versions(secrets: Secrets) -> impl IntoView {
    let now = secrets.now;
    if secrets.versions.is_empty() {
        return view! { <p class="quiet">"There is no secret yet."</p> }.into_any();
    }
    let tallest =
        secrets.versions.iter().flat_map(|version| version.per_hour.iter().copied()).max().unwrap_or(0);
    let rows = secrets.versions.into_iter().map(|version| row(version, tallest, now)).collect_view();
    view! {
        <div class="table-box inner">
            <table class="versions">
                <caption class="unseen">"Versions of the secret, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Version"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Added"</th>
                        <th scope="col">"Last matched"</th>
                        <th scope="col" class="num">"Last hour"</th>
                        <th scope="col">"Last 24 hours"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(version: SecretVersion, tallest: i64, now: Timestamp) -> impl IntoView {
    let (tone, words) = match (version.state, version.until) {
        (SecretState::Active, _) => (Tone::Good, "Active".to_owned()),
        (SecretState::Retiring, Some(end)) => {
            (Tone::Waiting, format!("Retiring, {} left", in_words(end.since(now))))
        }
        (SecretState::Retiring, None) | (SecretState::Revoked, _) => (Tone::Quiet, "Ended".to_owned()),
    };
    let until = version.until.map(|end| end.long());
    let still_used = version.state == SecretState::Retiring && version.last_hour > 0;
    view! {
        <tr>
            <th scope="row">
                <strong>{format!("v{}", version.version)}</strong>
                {version.place.map(|place| view! { <Place place now/> })}
            </th>
            <td title=until><Badge tone words/></td>
            <td class="quiet" data-label="Added"><When at=version.created_at now/></td>
            <td data-label="Last matched">
                {match version.last_match_at {
                    Some(at) => view! { <Ago at now/> }.into_any(),
                    None => view! { <span class="quiet">"never"</span> }.into_any(),
                }}
            </td>
            <td class="num" data-label="Last hour">
                {number(version.last_hour)}
                {still_used.then(|| view! { <span class="sub">"still used"</span> })}
            </td>
            <td data-label="Last 24 hours"><Spark hours=version.per_hour tallest/></td>
        </tr>
    }
    .into_any()
}

/// Where a value is that is not in the database.
#[component]
fn Place(place: SecretPlace, now: Timestamp) -> impl IntoView {
    let version = place.version.map(|version| format!("version {version}"));
    let read = place.read_at.map(|at| format!("read {}", at.ago(now)));
    let words = [version, read].into_iter().flatten().collect::<Vec<_>>().join(", ");
    view! {
        <code class="sub" title=place.reference.clone()>{place.reference.clone()}</code>
        <span class="sub">{words}</span>
        {place.problem.map(|problem| view! { <span class="sub alarm">{problem}</span> })}
    }
    .into_any()
}

/// One bar an hour, all versions in the same measure.
#[component]
fn Spark(hours: Vec<i64>, tallest: i64) -> impl IntoView {
    let total = hours.iter().sum::<i64>();
    if total == 0 {
        return view! { <span class="quiet">"none"</span> }.into_any();
    }
    let bars = hours.iter().enumerate().filter(|(_, matches)| **matches > 0).map(|(at, matches)| {
        let height = (*matches as f64 / tallest.max(1) as f64 * 20.0).max(1.5);
        view! {
            <rect x=(at * 5).to_string() y=format!("{:.1}", 20.0 - height) width="4" height=format!("{height:.1}")></rect>
        }
    });
    let words = count(total, "match", "matches");
    view! {
        <span class="spark">
            <svg viewBox="0 0 120 20" aria-hidden="true"><path d="M0 20h120"></path>{bars.collect_view()}</svg>
            <span class="quiet">{words}</span>
        </span>
    }
    .into_any()
}

/// What can be done.
#[component]
fn Forms(id: VendorId, then: Told<Secrets>, actions: Actions) -> impl IntoView {
    view! {
        <Transition>
            {move || Suspend::new(async move {
                then.await.ok().map(|secrets| view! { <FormsFor id secrets actions/> })
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn FormsFor(id: VendorId, secrets: Secrets, actions: Actions) -> impl IntoView {
    let named = |version: &SecretVersion| (version.version.to_string(), format!("v{}", version.version));
    let retiring: Vec<_> =
        secrets.accepted().filter(|version| version.state == SecretState::Retiring).map(named).collect();
    // The oldest first: that is the one to end.
    let mut accepted: Vec<_> = secrets.accepted().map(named).collect();
    accepted.reverse();
    let fault = [
        fault_of(actions.rotate),
        fault_of(actions.overlap),
        fault_of(actions.revoke),
        fault_of(actions.quiet),
    ];
    let open = move |at: usize| fault[at].get_untracked().is_some();
    view! {
        <div class="deeds">
            <Folded title="Replace it" open=open(0)>
                <Rotate id can_make=secrets.can_make action=actions.rotate fault=fault[0]/>
            </Folded>
            {(!retiring.is_empty()).then(|| view! {
                <Folded title="Change how long the old one is accepted" open=open(1)>
                    <Overlap id versions=retiring action=actions.overlap fault=fault[1]/>
                </Folded>
            })}
            {(!accepted.is_empty()).then(|| view! {
                <Folded title="End a version now" open=open(2)>
                    <Revoke id versions=accepted action=actions.revoke fault=fault[2]/>
                </Folded>
            })}
            <Folded title="End old versions by themselves" aside=quiet_words(secrets.quiet_hours) open=open(3)>
                <Quiet id hours=secrets.quiet_hours action=actions.quiet fault=fault[3]/>
            </Folded>
        </div>
    }
    .into_any()
}

fn quiet_words(hours: Option<i32>) -> String {
    match hours {
        Some(hours) => format!("after {} without a match", count(hours.into(), "hour", "hours")),
        None => "only when their time is over".into(),
    }
}

const FORCE: &str = "End it although it is still used";

#[component]
fn Rotate(
    id: VendorId,
    can_make: bool,
    action: ServerAction<RotateSecret>,
    fault: FormFault,
) -> impl IntoView {
    let hint = match can_make {
        true => {
            "Leave it empty to have one made; it is shown once. Or say where it is: env:NAME, file:/path or vault:mount/path#field."
        }
        false => {
            "The vendor hands it out: copy it from there. Or say where it is: env:NAME, file:/path or vault:mount/path#field."
        }
    };
    view! {
        <ActionForm action=action>
            <input type="hidden" name="vendor" value=id.to_string()/>
            <FormError fault/>
            <TextField label="New secret" name="secret" field=Field::Secret fault kind="password" autocomplete="new-password" hint required=!can_make/>
            <SelectField label="Accept the old one for" name="overlap_hours" field=Field::Overlap fault options=overlaps()
                hint="Both are accepted meanwhile, so nothing is lost while the vendor changes over."/>
            <CheckField label=FORCE name="force" id="force-rotate" hint="Needed only where the old one ends within the hour."/>
            <Submit words="Replace secret" busy="Replacing…" pending=action.pending()/>
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Overlap(
    id: VendorId,
    versions: Vec<(String, String)>,
    action: ServerAction<SetOverlap>,
    fault: FormFault,
) -> impl IntoView {
    view! {
        <ActionForm action=action>
            <input type="hidden" name="vendor" value=id.to_string()/>
            <FormError fault/>
            <SelectField label="Old version" name="version" id="overlap-version" field=Field::Version fault options=versions/>
            <SelectField label="Accept it from now for" name="overlap_hours" id="overlap-hours" field=Field::Overlap fault options=overlaps()/>
            <CheckField label=FORCE name="force" id="force-overlap"/>
            <Submit words="Change overlap" busy="Changing…" pending=action.pending() main=false/>
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Revoke(
    id: VendorId,
    versions: Vec<(String, String)>,
    action: ServerAction<RevokeSecret>,
    fault: FormFault,
) -> impl IntoView {
    view! {
        <ActionForm action=action>
            <input type="hidden" name="vendor" value=id.to_string()/>
            <FormError fault/>
            <SelectField label="Version" name="version" id="revoke-version" field=Field::Version fault options=versions
                hint="Requests signed with it are refused from then on. This cannot be undone."/>
            <CheckField label=FORCE name="force" id="force-revoke"/>
            <Submit words="End version" busy="Ending…" pending=action.pending() main=false/>
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Quiet(
    id: VendorId,
    hours: Option<i32>,
    action: ServerAction<SetQuietHours>,
    fault: FormFault,
) -> impl IntoView {
    view! {
        <ActionForm action=action>
            <input type="hidden" name="vendor" value=id.to_string()/>
            <FormError fault/>
            <TextField label="Hours without a match" name="hours" field=Field::QuietHours fault kind="number"
                value=hours.map(|hours| hours.to_string()).unwrap_or_default()
                hint="1 to 720. An old version that nobody used for so long ends before its time. Leave it empty to wait for its time."/>
            <Submit words="Save" busy="Saving…" pending=action.pending() main=false/>
        </ActionForm>
    }
    .into_any()
}
