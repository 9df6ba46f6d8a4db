//! Adding a schedule.

use crate::{
    api::schedules::{AddSchedule, list_schedules},
    components::{
        empty::{LoadError, Nothing, Skeleton},
        form::{AreaField, FormError, SelectField, Submit, TextField, fault_of},
        frame::OnlyFor,
        page_head::PageHead,
    },
    error::Field,
    view::schedules::SchedulePage,
};
use domain::{role::Role, zone::Zone};
use leptos::prelude::*;

/// Name, what is made, and when.
#[component]
pub fn NewSchedulePage() -> impl IntoView {
    let page = Resource::new_blocking(|| (), |()| list_schedules());
    let action = ServerAction::<AddSchedule>::new();
    let loaded = move || {
        Suspend::new(async move {
            match page.await {
                Ok(page) if page.vendors.is_empty() => view! {
                    <Nothing title="A schedule needs a vendor" text="It makes events of a vendor. Add one first.">
                        <a class="button main" href="/vendors/new">"Add vendor"</a>
                    </Nothing>
                }
                .into_any(),
                Ok(page) => view! { <ScheduleForm page action/> }.into_any(),
                Err(error) => view! { <LoadError error href="/schedules/new"/> }.into_any(),
            }
        })
    };
    view! {
        <PageHead title="Add schedule" parent=("Schedules", "/schedules")/>
        <OnlyFor right=Role::may_configure>
            <Suspense fallback=|| view! { <Skeleton/> }>{loaded}</Suspense>
        </OnlyFor>
    }
    .into_any()
}

#[component]
fn ScheduleForm(page: SchedulePage, action: ServerAction<AddSchedule>) -> impl IntoView {
    let fault = fault_of(action);
    let vendors = page.vendors.into_iter().map(|choice| (choice.id.to_string(), choice.label)).collect();
    view! {
        <section class="panel sheet two">
            <ActionForm action>
                <FormError fault/>
                <TextField label="Name" name="slug" field=Field::Slug fault required=true placeholder="morning-digest"/>
                <SelectField label="Vendor" name="vendor" field=Field::Vendor fault options=vendors/>
                <TextField label="Event type" name="event_type" field=Field::Pattern fault required=true placeholder="digest.due"
                    hint="Rules for this type start what they start for events that arrive."/>
                <TextField label="Subject" name="subject" field=Field::Subject fault placeholder="digest"
                    hint="What the event is about. Events about the same one update the same post."/>
                <TextField label="Cron expression" name="cron" field=Field::Cron fault placeholder="0 7 * * 1-5"
                    hint="Minute, hour, day of the month, month, day of the week."/>
                <TextField label="Time zone" name="zone" field=Field::Zone fault value=Zone::UTC
                    hint="By whose clocks the cron expression goes, such as Europe/Berlin."/>
                <TextField label="Minutes apart" name="minutes" kind="number" field=Field::Every fault placeholder="15"
                    hint="Beginning now. Give this or a cron expression."/>
                <AreaField label="Payload" name="payload" field=Field::Payload fault placeholder="{\"of\": \"yesterday\"}"
                    hint="The event’s body: JSON. Left empty, it is {}."/>
                <div class="actions wide">
                    <Submit words="Add schedule" busy="Adding…" pending=action.pending()/>
                    <a class="button" href="/schedules">"Cancel"</a>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}
