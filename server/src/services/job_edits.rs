//! Running a job again with something changed. The new job has a key of its own, so that the far side does not take it for
//! the first one; and the same event, rule and subject, so that it brings about the same post.

use super::{
    Services,
    rules::{check_body, check_max_tokens},
    store_error, unavailable,
};
use crate::{
    clock::fresh,
    live::{LiveDestination, Snapshot},
    tries,
    worker::template,
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, JobEditsPort},
    view::job_edits::{Ask, Changeable, Effect, JobDraft, JobEdits, JobLink},
};
use async_trait::async_trait;
use domain::{
    destination::DestinationKind,
    id::JobId,
    job::{Job, JobKind, JobParams},
};
use std::sync::Arc;
use store::StoreError;

/// Longest name of a model.
const MAX_MODEL: usize = 200;

#[async_trait]
impl JobEditsPort for Services {
    async fn edits(&self, actor: &Actor, id: JobId) -> Result<JobEdits, AppError> {
        let job = self.store.job(actor.tenant, id).await.map_err(unavailable)?;
        let mut edits = JobEdits { now: self.clock.now(), origin: None, copies: Vec::new() };
        for edit in self.store.edits_of(&[job.id]).await.map_err(unavailable)? {
            let relative = if edit.job_id == id { edit.origin_id } else { edit.job_id };
            let link = match self.store.job(actor.tenant, relative).await {
                Ok(job) => JobLink { id: job.id, state: job.state, created_at: job.created_at },
                // Removed meanwhile.
                Err(StoreError::NotFound) => continue,
                Err(error) => return Err(unavailable(error)),
            };
            match relative == edit.origin_id {
                true => edits.origin = Some(link),
                false => edits.copies.push(link),
            }
        }
        Ok(edits)
    }

    async fn draft(&self, actor: &Actor, id: JobId) -> Result<JobDraft, AppError> {
        let job = self.resting(actor, id).await?;
        let snapshot = self.live.now();
        let destination = destination_of(&job, &snapshot);
        let changeable = changeable(&job, destination);
        let provider = job.provider_id.and_then(|id| snapshot.provider(id));
        Ok(JobDraft {
            id,
            name: job.title.clone(),
            kind: job.kind,
            ask: asked(&job.params),
            changeable,
            usual_model: provider.filter(|_| changeable.model).map(|live| live.provider.model.clone()),
            pays: job.kind == JobKind::Generate,
            effect: effect(destination),
            instead: job.parent_id.filter(|_| changeable.is_nothing()),
        })
    }

    async fn run_edited(&self, actor: &Actor, id: JobId, ask: Ask) -> Result<JobId, AppError> {
        let job = self.resting(actor, id).await?;
        let snapshot = self.live.now();
        let destination = destination_of(&job, &snapshot);
        let changeable = changeable(&job, destination);
        if changeable.is_nothing() {
            return Err(AppError::invalid(Field::Form, Reason::DoesNotFit));
        }
        check(&ask, changeable, destination)?;
        let params = with(&job.params, ask, changeable);
        let changed = difference(&job.params, &params);
        let new = Job::new(JobId::new(fresh()), job.tenant_id, job.kind, self.clock.now());
        let copy = Job {
            max_attempts: tries::of(&job),
            gives_up_at: Some(new.created_at.plus(params.gives_up_after())),
            event_id: job.event_id,
            parent_id: job.parent_id,
            vendor_id: job.vendor_id,
            rule_id: job.rule_id,
            provider_id: job.provider_id,
            destination_id: job.destination_id,
            params,
            title: job.title.clone(),
            subject_id: job.subject_id.clone(),
            occurred_at: job.occurred_at,
            ..new
        };
        let detail = format!("as {}: {changed}", copy.id);
        let audit = self.audit(actor, Some(job.tenant_id), "job.edit", id, detail);
        // Of two things that can stand in the way, the first is that it was put back in the queue meanwhile.
        self.store.add_edited(actor.tenant, id, &copy, &audit).await.map_err(|error| match error {
            StoreError::Conflict => AppError::invalid(Field::Form, Reason::DoesNotFit),
            other => store_error(Field::Form)(other),
        })?;
        Ok(copy.id)
    }
}

impl Services {
    /// A job of the actor's that rests.
    async fn resting(&self, actor: &Actor, id: JobId) -> Result<Job, AppError> {
        let job = self.store.job(actor.tenant, id).await.map_err(unavailable)?;
        match job.state.is_final() {
            true => Ok(job),
            false => Err(AppError::invalid(Field::Form, Reason::DoesNotFit)),
        }
    }
}

fn destination_of<'a>(job: &Job, snapshot: &'a Snapshot) -> Option<&'a Arc<LiveDestination>> {
    let live = job.destination_id.and_then(|id| snapshot.destination(id));
    live.filter(|live| live.destination.tenant_id == job.tenant_id)
}

/// What of its parameters a job looks at. What brings on another job's result takes text and title from there.
fn changeable(job: &Job, destination: Option<&Arc<LiveDestination>>) -> Changeable {
    let http = destination.is_some_and(|live| live.destination.kind == DestinationKind::Http);
    match job.kind {
        JobKind::Generate => {
            let body = http && job.params.body.is_some();
            Changeable { prompt: true, system: true, title: true, model: true, body }
        }
        JobKind::Publish | JobKind::Callback if job.parent_id.is_none() => {
            Changeable { prompt: true, title: true, ..Changeable::default() }
        }
        JobKind::Publish | JobKind::Callback => Changeable::default(),
        JobKind::Forward => Changeable { body: true, ..Changeable::default() },
    }
}

fn effect(destination: Option<&Arc<LiveDestination>>) -> Effect {
    let Some(live) = destination else { return Effect::Kept };
    let name = live.destination.slug.to_string();
    match live.destination.kind {
        DestinationKind::Wordpress => Effect::Post(name),
        DestinationKind::Http => Effect::Message(name),
    }
}

fn asked(params: &JobParams) -> Ask {
    Ask {
        prompt: params.prompt.clone(),
        system: params.system.clone(),
        title: params.title.clone(),
        model: params.model.clone(),
        max_tokens: params.max_tokens,
        body: params.body.clone(),
    }
}

fn check(
    ask: &Ask,
    changeable: Changeable,
    destination: Option<&Arc<LiveDestination>>,
) -> Result<(), AppError> {
    for (field, given, may) in [
        (Field::Prompt, ask.prompt.is_some(), changeable.prompt),
        (Field::System, ask.system.is_some(), changeable.system),
        (Field::Title, ask.title.is_some(), changeable.title),
        (Field::Model, ask.model.is_some(), changeable.model),
        (Field::MaxTokens, ask.max_tokens.is_some(), changeable.model),
        (Field::Body, ask.body.is_some(), changeable.body),
    ] {
        if given && !may {
            return Err(AppError::invalid(field, Reason::NotOfThisJob));
        }
    }
    for (field, text) in
        [(Field::Prompt, &ask.prompt), (Field::System, &ask.system), (Field::Title, &ask.title)]
    {
        if let Some(text) = text {
            template::check(text).map_err(|_| AppError::invalid(field, Reason::BadTemplate))?;
        }
    }
    if ask.model.as_ref().is_some_and(|model| model.len() > MAX_MODEL) {
        return Err(AppError::invalid(Field::Model, Reason::TooLong));
    }
    check_max_tokens(ask.max_tokens)?;
    if let Some(body) = &ask.body {
        let endpoint = destination.ok_or(AppError::invalid(Field::Body, Reason::NotOfThisJob))?;
        check_body(body, endpoint)?;
    }
    Ok(())
}

/// What the copy is told; what means nothing for it stays as it was.
fn with(params: &JobParams, ask: Ask, changeable: Changeable) -> JobParams {
    let mut params = params.clone();
    if changeable.prompt {
        params.prompt = ask.prompt;
    }
    if changeable.system {
        params.system = ask.system;
    }
    if changeable.title {
        params.title = ask.title;
    }
    if changeable.model {
        (params.model, params.max_tokens) = (ask.model, ask.max_tokens);
    }
    if changeable.body {
        params.body = ask.body;
    }
    params
}

/// Names of what is different, for the audit log; the texts stand with the jobs.
fn difference(before: &JobParams, after: &JobParams) -> String {
    let changed = [
        ("prompt", before.prompt != after.prompt),
        ("system prompt", before.system != after.system),
        ("title", before.title != after.title),
        ("model", before.model != after.model),
        ("longest answer", before.max_tokens != after.max_tokens),
        ("body", before.body != after.body),
    ];
    let names: Vec<&str> = changed.iter().filter(|(_, changed)| *changed).map(|(name, _)| *name).collect();
    if names.is_empty() { "nothing changed".to_owned() } else { names.join(", ") + " changed" }
}
