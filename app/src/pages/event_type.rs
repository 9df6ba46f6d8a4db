//! One event type: what waits for its schema, the schema in versions, and the mappings that make new payloads fit.

use crate::{
    api::types::{LearnSchema, ReleaseHeld, SaveMapping, SaveSchema, UseMapping, UseSchema, read_type},
    components::{
        badge::{Badge, Tone},
        code::{Code, Folded},
        empty::{LoadError, Skeleton},
        facts::{Fact, Facts},
        form::{FormError, FormFault, Submit, fault_of},
        frame::viewer_may,
        page_head::PageHead,
        shape::{Diff, ModeBadge, ShapeFacts, mode_words},
        when::Ago,
    },
    error::Field,
    view::{
        types::{Draft, HeldCount, MappingRow, Preview, SchemaRow, TypePage, type_of_path},
        words::{count, number},
    },
};
use domain::{
    role::Role,
    schema::{SchemaMode, SchemaOrigin},
    time::Timestamp,
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

const PARENT: (&str, &str) = ("Event types", "/events/types");
const MAPPING_EXAMPLE: &str = "rename /data/heading /data/title\ndefault /data/lang \"en\"\ndrop /data/debug";

/// What the forms of this page do.
#[derive(Clone, Copy)]
struct Actions {
    save: ServerAction<SaveSchema>,
    learn: ServerAction<LearnSchema>,
    apply: ServerAction<UseSchema>,
    map: ServerAction<SaveMapping>,
    choose: ServerAction<UseMapping>,
    release: ServerAction<ReleaseHeld>,
}

/// The page of the type named in the path.
#[component]
pub fn EventTypePage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let part = move |name: &'static str| params.with(|params| params.get(name)).unwrap_or_default();
    let actions = Actions {
        save: ServerAction::new(),
        learn: ServerAction::new(),
        apply: ServerAction::new(),
        map: ServerAction::new(),
        choose: ServerAction::new(),
        release: ServerAction::new(),
    };
    let done = move || {
        [
            actions.save.version().get(),
            actions.learn.version().get(),
            actions.apply.version().get(),
            actions.map.version().get(),
            actions.choose.version().get(),
            actions.release.version().get(),
        ]
    };
    let page = Resource::new(
        move || {
            let draft = query.with(|query| query.get("draft"));
            // Not with every event: what is being typed must stay.
            (part("vendor"), type_of_path(&part("kind")), draft, done())
        },
        |(vendor, event_type, draft, ..)| read_type(vendor, event_type, draft),
    );
    view! {
        <Transition fallback=|| view! { <PageHead title="Event type" parent=PARENT/><Skeleton/> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => view! { <Loaded page actions/> }.into_any(),
                    Err(error) => view! {
                        <PageHead title="Event type" parent=PARENT/><LoadError error href="/events/types"/>
                    }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Loaded(page: TypePage, actions: Actions) -> impl IntoView {
    let query = use_query_map();
    let notice = move || query.with(|query| told(|name| query.get(name)));
    let row = page.row.clone();
    let now = page.now;
    let may = viewer_may(Role::may_configure);
    let schema = row.version.zip(row.mode);
    view! {
        <PageHead title=row.name() aside=row.vendor.clone() parent=PARENT/>
        <div role="status">{move || notice().map(|words| view! { <p class="notice good">{words}</p> })}</div>
        <div class="story-page">
            <div class="side">
                <Waiting held=page.held preview=page.preview row=(row.vendor.clone(), row.event_type.clone()) may actions/>
                <section class="panel" aria-labelledby="schema">
                    <h2 id="schema">"Schema"</h2>
                    <SchemaForm key=(row.vendor.clone(), row.event_type.clone()) draft=page.schema samples=page.samples may actions/>
                </section>
                <section class="panel" aria-labelledby="mapping">
                    <h2 id="mapping">"Mapping"</h2>
                    <MappingForm key=(row.vendor.clone(), row.event_type.clone()) draft=page.mapping may actions/>
                </section>
            </div>
            <div class="side">
                <section class="panel" aria-labelledby="seen">
                    <h2 id="seen">"Seen"</h2>
                    <Facts>
                        <Fact name="Schema"><ModeBadge schema/></Fact>
                        <Fact name="Events">{number(row.events)}</Fact>
                        <Fact name="Did not fit">{number(row.broken)}</Fact>
                        {row.drift_since.map(|at| view! { <Fact name="Drift began"><Ago at now/></Fact> })}
                        {row.shape_since.map(|at| view! { <Fact name="Structure since"><Ago at now/></Fact> })}
                        <Fact name="First seen"><Ago at=row.first_seen now/></Fact>
                        <Fact name="Last seen"><Ago at=row.last_seen now/></Fact>
                        <Fact name="Sample">
                            <a href=format!("/events/{}", row.sample)><code title=row.sample.to_string()>{row.sample.short()}</code></a>
                        </Fact>
                    </Facts>
                </section>
                {(!page.schemas.is_empty()).then(|| view! {
                    <Versions key=(row.vendor.clone(), row.event_type.clone()) mode=row.mode rows=page.schemas.clone() now may actions/>
                })}
                {(!page.mappings.is_empty()).then(|| view! {
                    <Mappings key=(row.vendor.clone(), row.event_type.clone()) rows=page.mappings.clone() now may actions/>
                })}
            </div>
        </div>
    }
    .into_any()
}

/// What the address says was done.
fn told(get: impl Fn(&str) -> Option<String>) -> Option<String> {
    let number_of = |name: &str| get(name).and_then(|text| text.parse::<i64>().ok());
    if let Some(released) = number_of("released") {
        return Some(match released {
            0 => "No held job fits yet, so none was released.".into(),
            some => format!("Released {}.", count(some, "job", "jobs")),
        });
    }
    if let Some(version) = number_of("mapping") {
        return Some(format!("Mapping v{version} is saved and in use."));
    }
    number_of("schema").map(|version| format!("Schema v{version} is saved and in use."))
}

/// The hidden fields that say which type a form is about.
#[component]
fn Of(key: (String, String)) -> impl IntoView {
    view! {
        <input type="hidden" name="vendor" value=key.0/>
        <input type="hidden" name="event_type" value=key.1/>
    }
    .into_any()
}

/// Jobs that wait, what is different about the oldest, and the way on.
#[component]
fn Waiting(
    held: HeldCount,
    preview: Option<Preview>,
    row: (String, String),
    may: bool,
    actions: Actions,
) -> impl IntoView {
    (held.held > 0).then(|| {
        let fault = fault_of(actions.release);
        let more = if held.more { "More than " } else { "" };
        let words = match held.fitting {
            0 => "None of them fits yet: add a mapping below, or another schema.".to_owned(),
            all if all == held.held => "All of them fit now.".to_owned(),
            some => format!("{} of them fit now.", number(some)),
        };
        view! {
            <section class="panel" aria-labelledby="held">
                <h2 id="held">"Held"</h2>
                <p class="held-count">
                    <Badge tone=Tone::Held words=format!("{more}{}", count(held.held, "job waits", "jobs wait"))/>
                    <span class="quiet">{words}</span>
                </p>
                {preview.map(|preview| view! { <Oldest preview/> })}
                {(may && held.fitting > 0).then(|| view! {
                    <ActionForm action=actions.release>
                        <Of key=row/>
                        <FormError fault/>
                        <button type="submit" class="button main" aria-disabled=move || actions.release.pending().get().then_some("true")>
                            {format!("Release {}{}", if held.more { "all that fit, at least " } else { "" }, count(held.fitting, "job", "jobs"))}
                        </button>
                    </ActionForm>
                })}
            </section>
        }
    })
}

/// The job that waits longest.
#[component]
fn Oldest(preview: Preview) -> impl IntoView {
    view! {
        <p class="quiet">"The "<a href=format!("/jobs/{}", preview.job_id)>"oldest"</a>" of them:"</p>
        <ShapeFacts report=preview.report/>
        {(!preview.changes.is_empty()).then(|| view! {
            <div class="shape">
                <h3>"What the mapping changes"</h3>
                <Diff lines=preview.changes label="What the mapping changes"/>
            </div>
        })}
    }
    .into_any()
}

/// The lines of an editor with the wrong one marked, below a notice that says what is wrong.
#[component]
fn Fault(draft: Draft, saved: FormFault, field: Field) -> impl IntoView {
    let general = move || saved.get().map(|error| error.about(field).unwrap_or_else(|| error.to_string()));
    let marked = draft.fault.map(|fault| {
        let line = draft.text.lines().nth(fault.line - 1).unwrap_or_default().trim().to_owned();
        view! {
            <div class="notice bad" role="alert">
                <p>"Not saved. Line "{fault.line}": "{fault.words}</p>
                {(!line.is_empty()).then(|| view! { <code class="wrong-line">{line}</code> })}
            </div>
        }
    });
    view! {
        {move || general().map(|words| view! { <p class="notice bad" role="alert">{words}</p> })}
        {marked}
    }
    .into_any()
}

#[component]
fn SchemaForm(
    key: (String, String),
    draft: Draft,
    samples: i64,
    may: bool,
    actions: Actions,
) -> impl IntoView {
    if !may {
        return match draft.text.is_empty() {
            true => view! { <p class="quiet">"No schema. Every payload is taken as it is."</p> }.into_any(),
            false => view! { <Code text=draft.text label="Schema in use"/> }.into_any(),
        };
    }
    let wrong = draft.fault.is_some();
    let text = draft.text.clone();
    let typed = text.clone();
    let rows = text.lines().count().clamp(8, 24).to_string();
    let learning = actions.learn;
    let of = key.clone();
    view! {
        <p class="lead">
            "A JSON Schema (draft 2020-12 or 7) of the whole body. Whatever does not fit is kept all the same: its jobs are marked or held."
        </p>
        <ActionForm action=actions.save>
            <Of key=key/>
            <Fault draft saved=fault_of(actions.save) field=Field::Schema/>
            <div class="field">
                <label for="schema-text">"Schema"</label>
                <textarea id="schema-text" name="text" prop:value=typed rows=rows spellcheck="false" aria-invalid=wrong.then_some("true")
                    placeholder="{\n  \"type\": \"object\",\n  \"required\": [\"id\", \"data\"]\n}">{text}</textarea>
            </div>
            <Submit words="Save as new version" busy="Saving…" pending=actions.save.pending()/>
        </ActionForm>
        <ActionForm action=actions.learn>
            <Of key=of/>
            <FormError fault=fault_of(learning)/>
            <div class="learn">
                <label for="samples">"or learn it from the last"</label>
                <input id="samples" name="samples" type="number" min="1" max="100" value=samples.clamp(1, 50).to_string()/>
                <span class="quiet">{format!("of {} at hand", count(samples, "event", "events"))}</span>
                <Submit words="Learn" busy="Learning…" pending=learning.pending() main=false/>
            </div>
            {move || fault_of(learning).get().and_then(|error| error.about(Field::Schema)).map(|_| view! {
                <p class="hint bad">"There is no stored event with a JSON body to learn from yet."</p>
            })}
        </ActionForm>
    }
    .into_any()
}

#[component]
fn MappingForm(key: (String, String), draft: Draft, may: bool, actions: Actions) -> impl IntoView {
    if !may {
        return match draft.text.is_empty() {
            true => view! { <p class="quiet">"No mapping. Templates see every payload as it came."</p> }
                .into_any(),
            false => view! { <Code text=draft.text label="Mapping in use"/> }.into_any(),
        };
    }
    let wrong = draft.fault.is_some();
    let text = draft.text.clone();
    let typed = text.clone();
    let from = draft.from_version.clone().unwrap_or_default();
    let fault = fault_of(actions.map);
    view! {
        <p class="lead">
            "Makes a changed payload fit again: one rule a line, places as JSON pointers, * for every element. The stored payload stays as it came; templates see the mapped one."
        </p>
        <ActionForm action=actions.map>
            <Of key/>
            <Fault draft saved=fault field=Field::Mapping/>
            <div class="field">
                <label for="mapping-text">"Rules"</label>
                <textarea id="mapping-text" name="text" prop:value=typed rows="5" spellcheck="false" aria-invalid=wrong.then_some("true")
                    placeholder=MAPPING_EXAMPLE>{text}</textarea>
            </div>
            <div class="field">
                <label for="from-version">"Only for the vendor’s version"<span class="aside">"optional"</span></label>
                <input id="from-version" name="from_version" type="text" value=from placeholder="2026-06-01" autocomplete="off" spellcheck="false"/>
                <p class="hint">"As the payload states it; empty for every version."</p>
            </div>
            <Submit words="Save mapping" busy="Saving…" pending=actions.map.pending()/>
        </ActionForm>
    }
    .into_any()
}

/// All versions of the schema, which is used, and how strictly.
#[component]
fn Versions(
    key: (String, String),
    mode: Option<SchemaMode>,
    rows: Vec<SchemaRow>,
    now: Timestamp,
    may: bool,
    actions: Actions,
) -> impl IntoView {
    let of = key.clone();
    let modes = may.then(|| {
        let button = move |choice: SchemaMode| {
            let current = mode == Some(choice);
            view! {
                <button type="submit" class="button" aria-pressed=if current { "true" } else { "false" }>
                    {mode_words(choice)}
                </button>
            }
        };
        let explained = match mode {
            Some(SchemaMode::Hold) => "Jobs of payloads that do not fit wait until they are released.",
            Some(SchemaMode::Warn) => "Jobs of payloads that do not fit run, and say so.",
            _ => "Nothing is checked.",
        };
        view! {
            <div class="modes" role="group" aria-label="What happens to payloads that do not fit">
                {SchemaMode::ALL.iter().rev().map(|choice| {
                    let key = of.clone();
                    view! {
                        <ActionForm action=actions.apply>
                            <Of key/>
                            <input type="hidden" name="mode" value=choice.as_str()/>
                            {button(*choice)}
                        </ActionForm>
                    }
                }).collect_view()}
            </div>
            <p class="hint">{explained}</p>
        }
    });
    let line = move |row: SchemaRow| {
        let key = key.clone();
        let origin = match row.origin {
            SchemaOrigin::Pasted => "pasted".to_owned(),
            SchemaOrigin::Learned => format!("learned from {}", number(row.samples.into())),
        };
        view! {
            <li>
                <span><strong>{format!("v{}", row.version)}</strong>" "{origin}
                    <span class="sub"><Ago at=row.created_at now/>" by "{row.created_by}</span>
                </span>
                {match row.used {
                    true => view! { <Badge tone=Tone::Good words="In use"/> }.into_any(),
                    false if may => view! {
                        <ActionForm action=actions.apply>
                            <Of key/>
                            <input type="hidden" name="version" value=row.version.to_string()/>
                            <button type="submit" class="button small-button">"Use"<span class="unseen">{format!(" schema v{}", row.version)}</span></button>
                        </ActionForm>
                    }.into_any(),
                    false => ().into_any(),
                }}
            </li>
        }
    };
    view! {
        <section class="panel" aria-labelledby="versions">
            <h2 id="versions">"Schema versions"</h2>
            {modes}
            <FormError fault=fault_of(actions.apply)/>
            <ol class="versions">{rows.into_iter().map(line).collect_view()}</ol>
        </section>
    }
    .into_any()
}

/// All versions of the mappings, and which are used.
#[component]
fn Mappings(
    key: (String, String),
    rows: Vec<MappingRow>,
    now: Timestamp,
    may: bool,
    actions: Actions,
) -> impl IntoView {
    let line = move |row: MappingRow| {
        let key = key.clone();
        let from = row.from_version.clone().map(|from| format!("for version {from}")).unwrap_or_default();
        let (words, next) = if row.active { ("Stop using", "false") } else { ("Use", "true") };
        let version = row.version;
        view! {
            <li>
                <span><strong>{format!("v{version}")}</strong>" "{from}
                    <span class="sub"><Ago at=row.created_at now/>" by "{row.created_by}</span>
                </span>
                <span class="version-end">
                    {row.active.then(|| view! { <Badge tone=Tone::Good words="In use"/> })}
                    {may.then(|| view! {
                        <ActionForm action=actions.choose>
                            <Of key/>
                            <input type="hidden" name="version" value=version.to_string()/>
                            <input type="hidden" name="active" value=next/>
                            <button type="submit" class="button small-button">{words}<span class="unseen">{format!(" mapping v{version}")}</span></button>
                        </ActionForm>
                    })}
                </span>
                <Folded title="Rules"><Code text=row.text label="Rules of this version"/></Folded>
            </li>
        }
    };
    view! {
        <section class="panel" aria-labelledby="mappings">
            <h2 id="mappings">"Mapping versions"</h2>
            <FormError fault=fault_of(actions.choose)/>
            <ol class="versions">{rows.into_iter().map(line).collect_view()}</ol>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn what_was_done_is_told_from_the_address_and_nonsense_is_not() {
        let say = |name: &'static str, text: &'static str| {
            told(move |asked| (asked == name).then(|| text.to_owned()))
        };
        assert_eq!(say("released", "3").as_deref(), Some("Released 3 jobs."));
        assert_eq!(say("released", "0").as_deref(), Some("No held job fits yet, so none was released."));
        assert_eq!(say("mapping", "2").as_deref(), Some("Mapping v2 is saved and in use."));
        assert_eq!(say("schema", "<b>"), None);
    }
}
