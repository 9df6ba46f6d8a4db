//! `tidegate jobs edit`: running a job again with something changed.

use super::{Usage, actor, output::Output, said};
use crate::serve::Base;
use anyhow::Context;
use app::{ports::JobEditsPort, view::job_edits::Ask};
use domain::id::JobId;
use serde_json::json;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub(super) struct Edit {
    /// The job to run again
    id: JobId,
    /// Template of the message to the model, or of the text where no model writes one
    #[arg(long)]
    template: Option<String>,
    /// The same from a file
    #[arg(long, value_name = "FILE", conflicts_with = "template")]
    template_file: Option<PathBuf>,
    /// Template of what the model is told about how to behave; empty for nothing
    #[arg(long)]
    system: Option<String>,
    /// Template of the title of job and post
    #[arg(long)]
    title: Option<String>,
    /// Model to ask; empty for the provider's own
    #[arg(long)]
    model: Option<String>,
    /// Longest answer, in tokens
    #[arg(long)]
    max_tokens: Option<u32>,
    /// Template of the body that is forwarded; empty for the event as it came
    #[arg(long)]
    body: Option<String>,
    /// Say what could be changed and what a new run does; change nothing
    #[arg(long)]
    dry_run: bool,
    /// Whose
    #[arg(long)]
    tenant: Option<String>,
}

pub(super) async fn run(edit: Edit, base: &Base, out: &Output) -> anyhow::Result<()> {
    let who = actor(base, edit.tenant.as_deref())?;
    let services: &dyn JobEditsPort = base.services.as_ref();
    let draft = services.draft(&who, edit.id).await.map_err(said)?;
    if draft.changeable.is_nothing() {
        let instead = draft.instead.map_or_else(String::new, |id| format!("; edit job {id}, which wrote it"));
        return Err(Usage(format!("this job only brings on what another one wrote{instead}")).into());
    }
    let file = match &edit.template_file {
        Some(file) => {
            Some(std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?)
        }
        None => None,
    };
    // What is not named stays; an empty text goes back to what applies while nothing is said.
    let said_or = |given: Option<String>, was: Option<String>| match given {
        Some(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        None => was,
    };
    let (may, was) = (draft.changeable, draft.ask);
    let stays = |part: Option<String>, may: bool| part.filter(|_| may);
    let ask = Ask {
        prompt: said_or(edit.template.or(file), stays(was.prompt, may.prompt)),
        system: said_or(edit.system, stays(was.system, may.system)),
        title: said_or(edit.title, stays(was.title, may.title)),
        model: said_or(edit.model, stays(was.model, may.model)),
        max_tokens: edit.max_tokens.or(was.max_tokens.filter(|_| may.model)),
        body: said_or(edit.body, stays(was.body, may.body)),
    };
    if edit.dry_run {
        let words = draft.effect.words();
        out.value(
            &json!({"id": edit.id, "ask": ask, "pays": draft.pays, "effect": draft.effect}),
            &[
                ("template", ask.prompt.clone().unwrap_or_default()),
                ("system", ask.system.clone().unwrap_or_default()),
                ("title", ask.title.clone().unwrap_or_default()),
                ("model", ask.model.clone().or(draft.usual_model).unwrap_or_default()),
                ("body", ask.body.clone().unwrap_or_default()),
                ("what happens", words),
            ],
        );
        return Ok(());
    }
    let new = services.run_edited(&who, edit.id, ask).await.map_err(said)?;
    let words = draft.effect.words();
    out.value(
        &json!({"id": new, "origin": edit.id}),
        &[("new job", new.to_string()), ("copy of", edit.id.to_string()), ("what happens", words)],
    );
    Ok(())
}
