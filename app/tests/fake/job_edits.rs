//! Running a job again with something changed: each job that rests was run once again already.

use super::Fake;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, JobEditsPort},
    view::job_edits::{Ask, Changeable, Effect, JobDraft, JobEdits, JobLink},
};
use async_trait::async_trait;
use domain::{
    id::JobId,
    job::{Job, JobKind, JobState},
    time::MINUTE,
};
use uuid::Uuid;

/// The job that the first edited copy became.
const COPY: u128 = 0x018f_3c51_0000_7000_8000_0000_0000_0bbb;

impl Fake {
    fn job(&self, id: JobId) -> Result<Job, AppError> {
        let stories = self.stories.lock().unwrap();
        let chapters = stories.iter().flat_map(|story| &story.chapters);
        let job = chapters.map(|chapter| &chapter.job).find(|job| job.id == id);
        job.cloned().ok_or(AppError::NotFound)
    }
}

#[async_trait]
impl JobEditsPort for Fake {
    async fn edits(&self, _: &Actor, id: JobId) -> Result<JobEdits, AppError> {
        self.well()?;
        let rests = self.job(id)?.state.is_final();
        let link = |n: u128, state| JobLink {
            id: JobId::new(Uuid::from_u128(n)),
            state,
            created_at: self.now.plus(-4 * MINUTE),
        };
        Ok(JobEdits {
            now: self.now,
            origin: rests.then(|| link(COPY + 1, JobState::Failed)),
            copies: if rests { vec![link(COPY, JobState::Succeeded)] } else { vec![] },
        })
    }

    async fn draft(&self, _: &Actor, id: JobId) -> Result<JobDraft, AppError> {
        self.well()?;
        let job = self.job(id)?;
        let own = job.parent_id.is_none();
        Ok(JobDraft {
            id,
            name: job.title,
            kind: job.kind,
            ask: Ask {
                prompt: Some("Summarise {{ event.data.text }} in two paragraphs.".into()),
                system: Some("You write for a local paper. Be brief.".into()),
                title: Some("{{ event.data.title }}".into()),
                max_tokens: Some(1000),
                ..Ask::default()
            },
            changeable: Changeable {
                prompt: own,
                system: own && job.kind == JobKind::Generate,
                title: own,
                model: own && job.kind == JobKind::Generate,
                body: false,
            },
            usual_model: Some("claude-haiku".into()).filter(|_| own),
            pays: job.kind == JobKind::Generate,
            effect: Effect::Post("daily-herald".into()),
            instead: job.parent_id,
        })
    }

    async fn run_edited(&self, _: &Actor, id: JobId, ask: Ask) -> Result<JobId, AppError> {
        if ask.prompt.as_deref().is_some_and(|text| text.contains("{{ event")) && ask.title.is_none() {
            return Err(AppError::invalid(Field::Prompt, Reason::BadTemplate));
        }
        self.note(format!("edit {id} {:?} {:?} {:?}", ask.prompt, ask.model, ask.max_tokens));
        Ok(JobId::new(Uuid::from_u128(COPY)))
    }
}
