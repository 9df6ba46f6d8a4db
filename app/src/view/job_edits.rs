//! Running a job again with something changed: what can be changed, what that does, and which jobs came of it.

use domain::{
    id::JobId,
    job::{JobKind, JobState},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A job that another one was made from, or that was made from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLink {
    /// Identity.
    pub id: JobId,
    /// Where it is.
    pub state: JobState,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The relatives of one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEdits {
    /// The server's clock.
    pub now: Timestamp,
    /// What it was made from.
    pub origin: Option<JobLink>,
    /// What was made from it, oldest first.
    pub copies: Vec<JobLink>,
}

/// What a job is asked, as a person changes it. `None` stands for what applies while nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Template of the message to the model, or of the text where no model writes one.
    pub prompt: Option<String>,
    /// Template of the system prompt, which tells the model how to behave.
    pub system: Option<String>,
    /// Template of the title of job and post.
    pub title: Option<String>,
    /// Model to ask instead of the provider's own.
    pub model: Option<String>,
    /// Longest answer, in tokens.
    pub max_tokens: Option<u32>,
    /// Template of the body that is forwarded.
    pub body: Option<String>,
}

/// Which parts of an [`Ask`] mean something for a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changeable {
    /// Template of message or text.
    pub prompt: bool,
    /// Template of the system prompt.
    pub system: bool,
    /// Template of the title.
    pub title: bool,
    /// Model and longest answer.
    pub model: bool,
    /// Template of the body.
    pub body: bool,
}

impl Changeable {
    /// Whether nothing can be changed.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What becomes of what is at the far side already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// The result stays here; nothing is sent.
    Kept,
    /// A post of this destination is updated.
    Post(String),
    /// An endpoint of this name gets a new message.
    Message(String),
}

/// What the form begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobDraft {
    /// Which job.
    pub id: JobId,
    /// What people call it.
    pub name: String,
    /// What it does.
    pub kind: JobKind,
    /// What it was asked.
    pub ask: Ask,
    /// What of that can be changed.
    pub changeable: Changeable,
    /// The model that is asked unless another one is given.
    pub usual_model: Option<String>,
    /// Whether a model is asked again, which is a new paid call.
    pub pays: bool,
    /// What becomes of the far side.
    pub effect: Effect,
    /// The job to change instead, where this one only brings on what that one made.
    pub instead: Option<JobId>,
}

impl Effect {
    /// What happens, in sentences.
    pub fn words(&self) -> String {
        match self {
            Self::Kept => "The result is kept here; nothing is sent anywhere.".into(),
            Self::Post(destination) => format!(
                "The post on {destination} is updated, not doubled: the new job has the same external id. If it shows a newer event about the same subject by then, it stays as it is."
            ),
            Self::Message(destination) => format!(
                "{destination} gets a message under a new idempotency key, so it takes it for a new one; the event it tells of is the same."
            ),
        }
    }
}
