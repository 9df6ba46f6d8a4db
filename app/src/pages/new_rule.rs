//! Adding a rule.

use crate::{
    api::rules::{AddRule, list_rules},
    components::{
        empty::{LoadError, Nothing, Skeleton},
        form::{AreaField, CheckField, FormError, SelectField, Submit, TextField, fault_of},
        frame::OnlyFor,
        page_head::PageHead,
    },
    error::Field,
    view::connections::{Choice, RulePage},
};
use domain::{job::JobKind, role::Role, unique::UniqueBy};
use leptos::prelude::*;

/// Vendor, event type, action and its parameters.
#[component]
pub fn NewRulePage() -> impl IntoView {
    let page = Resource::new_blocking(|| (), |()| list_rules());
    let action = ServerAction::<AddRule>::new();
    let loaded = move || {
        Suspend::new(async move {
            match page.await {
                Ok(page) if page.vendors.is_empty() => view! { <NoVendor/> }.into_any(),
                Ok(page) => view! { <RuleForm page action/> }.into_any(),
                Err(error) => view! { <LoadError error href="/rules/new"/> }.into_any(),
            }
        })
    };
    view! {
        <PageHead title="Add rule" parent=("Rules", "/rules")/>
        <OnlyFor right=Role::may_configure>
            <Suspense fallback=|| view! { <Skeleton/> }>{loaded}</Suspense>
        </OnlyFor>
    }
    .into_any()
}

#[component]
fn NoVendor() -> impl IntoView {
    view! {
        <Nothing title="A rule needs a vendor" text="Rules begin with an event, and events come from vendors. Add one first.">
            <a class="button main" href="/vendors/new">"Add vendor"</a>
        </Nothing>
    }
    .into_any()
}

const fn job_words(job: JobKind) -> &'static str {
    match job {
        JobKind::Generate => "Generate: ask a model to write",
        JobKind::Publish => "Publish: make a post of the event itself",
        JobKind::Callback => "Callback: post a signed message",
        JobKind::Forward => "Forward: pass the event on",
    }
}

fn sameness() -> Vec<(String, String)> {
    let words = |by| match by {
        UniqueBy::Input => "contents",
        UniqueBy::Subject => "subject",
    };
    UniqueBy::ALL.iter().map(|by| (by.to_string(), words(*by).to_owned())).collect()
}

fn options<T: ToString>(choices: Vec<Choice<T>>) -> Vec<(String, String)> {
    choices.into_iter().map(|choice| (choice.id.to_string(), choice.label)).collect()
}

#[component]
fn RuleForm(page: RulePage, action: ServerAction<AddRule>) -> impl IntoView {
    let fault = fault_of(action);
    let jobs = JobKind::ALL.iter().map(|job| (job.to_string(), job_words(*job).into())).collect();
    view! {
        <section class="panel sheet two">
            <ActionForm action>
                <FormError fault/>
                <SelectField label="When this vendor" name="vendor" field=Field::Vendor fault options=options(page.vendors)/>
                <TextField label="sends events of type" name="pattern" field=Field::Pattern fault required=true placeholder="batch.*"
                    hint="* stands for any text; * alone for every event."/>
                <SelectField label="do" name="job" field=Field::Job fault options=jobs/>
                <SelectField label="with provider" name="provider" field=Field::Provider fault options=options(page.providers) none="None"
                    hint="Needed to generate."/>
                <SelectField label="and send the result to" name="destination" field=Field::Destination fault
                    options=options(page.destinations) none="Nowhere, keep it here"
                    hint="Needed for everything but generate."/>
                <TextField label="Longest answer in tokens" name="max_tokens" kind="number" field=Field::MaxTokens fault placeholder="1000"/>
                <AreaField label="Prompt" name="prompt" field=Field::Prompt fault
                    placeholder="Summarise for our readers in two short paragraphs:\n\n{{ event.data.text }}"
                    hint="The event’s JSON is at hand as event."/>
                <TextField label="Title" name="title" field=Field::Prompt fault placeholder="{{ event.data.title }}"
                    hint="Of the job and of the post."/>
                <AreaField label="Body" name="body" field=Field::Body fault
                    placeholder="{\"title\": {{ event.data.title }}, \"text\": {{ result.text }}}"
                    hint="What an HTTP endpoint gets. Values are written as JSON, with their quotes. Left empty, a forward passes the event on as it came, and what was generated is sent as our signed message."/>
                <TextField label="Tries" name="max_attempts" kind="number" field=Field::Tries fault placeholder="12"
                    hint="Left empty: 5 for models, 12 for deliveries."/>
                <TextField label="Wait first, in seconds" name="delay_s" kind="number" field=Field::Delay fault placeholder="0"
                    hint="Before the first try; up to seven days."/>
                <TextField label="Give up after, in seconds" name="deadline_s" kind="number" field=Field::Deadline fault placeholder="259200"
                    hint="Whatever tries are left; a minute to thirty days. Left empty: three days."/>
                <CheckField label="In order" name="in_order" id="in_order"
                    hint="What comes about one subject is worked off one after the other, as it came; other subjects do not wait. A dead letter does not stop those behind it."/>
                <TextField label="The same only once within, in seconds" name="unique_for_s" kind="number" field=Field::UniqueFor fault placeholder="600"
                    hint="An event that asks again meanwhile is kept and starts no job; its page says which job did it. What failed is done again. Up to thirty days."/>
                <SelectField label="The same is what has the same" name="unique_by" field=Field::UniqueBy fault options=sameness()
                    hint="Contents are the type and what the vendor calls data, or the whole body."/>
                <div class="actions wide">
                    <Submit words="Add rule" busy="Adding…" pending=action.pending()/>
                    <a class="button" href="/rules">"Cancel"</a>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}
