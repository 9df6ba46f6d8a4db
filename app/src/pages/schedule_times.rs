//! Changing at which times a schedule makes events.

use crate::{
    api::schedules::{SetSchedule, list_schedules},
    components::{
        empty::{LoadError, Skeleton},
        form::{FormError, Submit, TextField, fault_of},
        frame::OnlyFor,
        page_head::PageHead,
    },
    error::{AppError, Field},
    view::schedules::ScheduleRow,
};
use domain::{id::ScheduleId, role::Role, schedule::Pace, zone::Zone};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The form for the schedule named in the path.
#[component]
pub fn ScheduleTimesPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params.with(|params| params.get("id")).and_then(|id| id.parse::<ScheduleId>().ok())
    });
    let action = ServerAction::<SetSchedule>::new();
    // Not read anew while the page is open, so that it is not drawn anew under somebody who types.
    let row = Resource::new_blocking(
        move || id.get(),
        |id| async move {
            let page = list_schedules().await?;
            page.rows.into_iter().find(|row| Some(row.id) == id).ok_or(AppError::NotFound)
        },
    );
    view! {
        <PageHead title="Change times" parent=("Schedules", "/schedules")/>
        <OnlyFor right=Role::may_configure>
            <Suspense fallback=|| view! { <Skeleton/> }>
                {move || Suspend::new(async move {
                    match row.await {
                        Ok(row) => view! { <TimesForm row action/> }.into_any(),
                        Err(error) => view! { <LoadError error href="/schedules"/> }.into_any(),
                    }
                })}
            </Suspense>
        </OnlyFor>
    }
    .into_any()
}

#[component]
fn TimesForm(row: ScheduleRow, action: ServerAction<SetSchedule>) -> impl IntoView {
    let fault = fault_of(action);
    let (cron, zone) = row.pace.expression().unwrap_or(("", Zone::UTC));
    let (cron, zone) = (cron.to_owned(), zone.to_owned());
    let minutes = match row.pace {
        Pace::Every(seconds) if seconds % 60 == 0 => (seconds / 60).to_string(),
        _ => String::new(),
    };
    view! {
        <section class="panel sheet">
            <p class="lead"><strong>{row.slug}</strong>" makes "<code>{row.event_type}</code>" "{row.pace.in_words()}"."</p>
            <ActionForm action>
                <FormError fault/>
                <input type="hidden" name="id" value=row.id.to_string()/>
                <TextField label="Cron expression" name="cron" field=Field::Cron fault value=cron placeholder="0 7 * * 1-5"
                    hint="Minute, hour, day of the month, month, day of the week."/>
                <TextField label="Time zone" name="zone" field=Field::Zone fault value=zone
                    hint="By whose clocks the cron expression goes, such as Europe/Berlin; UTC with minutes."/>
                <TextField label="Minutes apart" name="minutes" kind="number" field=Field::Every fault value=minutes placeholder="15"
                    hint="Beginning now. Give this or a cron expression."/>
                <p class="hint">"The next event is made at the first of these times after now."</p>
                <div class="actions">
                    <Submit words="Change times" busy="Changing…" pending=action.pending()/>
                    <a class="button" href="/schedules">"Cancel"</a>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}
