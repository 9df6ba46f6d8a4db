//! What a person can do to one job, and the way to doing it to all jobs of a list.

use crate::{
    api::job_changes::ChangeJob,
    components::{
        form::{FormError, Submit, fault_of, pending_for},
        frame::viewer_may,
    },
    view::query::JobsQuery,
};
use domain::{
    job::Job,
    operation::{JobOperation, USUAL},
    role::Role,
};
use leptos::prelude::*;

/// What a button says, and says while it is under way.
const fn words(what: JobOperation) -> (&'static str, &'static str) {
    match what {
        JobOperation::Retry => ("Re-enqueue", "Re-enqueuing…"),
        JobOperation::Hold => ("Hold", "Holding…"),
        JobOperation::Release => ("Release", "Releasing…"),
        JobOperation::Cancel => ("Cancel", "Cancelling…"),
        JobOperation::Sooner => ("Run sooner", "Moving up…"),
        JobOperation::Later => ("Run later", "Moving down…"),
        JobOperation::Usual => ("Run in usual order", "Moving back…"),
    }
}

/// What a button says that stands beside others like it.
const fn short(what: JobOperation) -> &'static str {
    match what {
        JobOperation::Usual => "Usual order",
        other => words(other).0,
    }
}

/// Whether it is about the order in which jobs run.
const fn reorders(what: JobOperation) -> bool {
    matches!(what, JobOperation::Sooner | JobOperation::Later | JobOperation::Usual)
}

/// What it means, for people who are about to do it to many.
pub const fn meaning(what: JobOperation) -> &'static str {
    match what {
        JobOperation::Retry => {
            "They become due now with fresh tries. Asking a model again is a new paid call."
        }
        JobOperation::Hold => "They wait until somebody releases them and use up no tries.",
        JobOperation::Release => {
            "They become due now. What is paused, or whose target does not answer, is held again."
        }
        JobOperation::Cancel => {
            "They end and are not tried again by themselves. A job that runs is stopped within about a second; a call that is under way may have been made."
        }
        JobOperation::Sooner => "They become due now and run before all others.",
        JobOperation::Later => {
            "They run when they are due and no other job waits. “Run sooner” moves them up again, “Run in usual order” back."
        }
        JobOperation::Usual => {
            "They lose the priority somebody gave them, and run in their turn when they are due."
        }
    }
}

/// What can be done to many, as a heading.
pub const fn heading(what: JobOperation) -> &'static str {
    match what {
        JobOperation::Retry => "Re-enqueue jobs",
        JobOperation::Hold => "Hold jobs",
        JobOperation::Release => "Release jobs",
        JobOperation::Cancel => "Cancel jobs",
        JobOperation::Sooner => "Run jobs sooner",
        JobOperation::Later => "Run jobs later",
        JobOperation::Usual => "Run jobs in usual order",
    }
}

/// What became of them.
pub const fn done(what: JobOperation) -> &'static str {
    match what {
        JobOperation::Retry => "re-enqueued",
        JobOperation::Hold => "held",
        JobOperation::Release => "released",
        JobOperation::Cancel => "cancelled",
        JobOperation::Sooner => "moved up",
        JobOperation::Later => "moved down",
        JobOperation::Usual => "moved back",
    }
}

/// Buttons for what fits the job's state. Putting back is beside the story.
#[component]
pub fn JobActions(
    /// The job.
    job: Job,
    /// What changes it.
    change: ServerAction<ChangeJob>,
) -> impl IntoView {
    let fits = |what: &&JobOperation| match what {
        JobOperation::Retry => false,
        // What nobody moved cannot be moved back.
        JobOperation::Usual => job.priority != USUAL && what.fits(job.state),
        _ => what.fits(job.state),
    };
    let shown: Vec<JobOperation> = JobOperation::ALL.iter().filter(fits).copied().collect();
    let id = job.id;
    let button = move |what: JobOperation| {
        let (words, busy) = words(what);
        let pending = pending_for(change, move |input| input.what == what);
        view! {
            <ActionForm action=change>
                <input type="hidden" name="id" value=id.to_string()/>
                <input type="hidden" name="what" value=what.as_str()/>
                <Submit words busy pending main=false/>
            </ActionForm>
        }
        .into_any()
    };
    let rests = job.state.is_final();
    (viewer_may(Role::may_operate) && (rests || !shown.is_empty())).then(|| {
        view! {
            <div class="actions">
                {rests.then(|| view! { <a class="button" href=format!("/jobs/{id}/edit")>"Edit and run again"</a> })}
                {shown.into_iter().map(button).collect_view()}
            </div>
            <FormError fault=fault_of(change)/>
        }
    })
}

/// Links to what can be done to all jobs of a list.
#[component]
pub fn BulkLinks(
    /// The list.
    query: JobsQuery,
) -> impl IntoView {
    let state = query.filter.state;
    let fits = |what: &&JobOperation| state.is_none_or(|state| what.fits(state));
    let shown = JobOperation::ALL.iter().filter(fits).copied();
    let (order, states): (Vec<_>, Vec<_>) = shown.partition(|what| reorders(*what));
    let link = move |what: JobOperation| {
        view! { <a class="button" href=JobsQuery::of(query.filter.clone()).href_to_change(what)>{short(what)}"…"</a> }
    };
    // Where they do not fit side by side, the groups stand below each other, and no button alone.
    let groups: Vec<_> = [states, order].into_iter().filter(|group| !group.is_empty()).collect();
    (viewer_may(Role::may_operate) && !groups.is_empty()).then(|| {
        view! {
            <nav class="bulk" aria-label="All jobs of this list">
                <span>"All of this list:"</span>
                {groups.into_iter().map(|group| view! {
                    <div>{group.into_iter().map(&link).collect_view()}</div>
                }).collect_view()}
            </nav>
        }
    })
}
