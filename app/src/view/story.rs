//! One job from webhook to post: the facts of its whole chain (`generate` → `publish`), oldest first.
//! The sentences made of them are in [`super::telling`].

use domain::{
    attempt::Attempt,
    id::{EventId, JobId, RequestId},
    job::{Job, JobResult},
    replay::ReplayLink,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Longest body shown on a page, in bytes; longer ones are cut by the server.
pub const BODY_SHOWN: usize = 32 * 1024;

/// Everything the page of one job shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStory {
    /// The server's clock.
    pub now: Timestamp,
    /// The job that was asked for; one of `chapters`.
    pub focus: JobId,
    /// The webhook it began with; `None` for jobs made through the API.
    pub arrival: Option<Arrival>,
    /// The chain the job belongs to, from the first job to the last. Never empty.
    pub chapters: Vec<Chapter>,
    /// Later events that asked for what this job did already, oldest first; of very many the first.
    pub asked_again: Vec<EventId>,
}

/// The webhook a story begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The event it became.
    pub event_id: EventId,
    /// The HTTP call that brought it.
    pub request_id: RequestId,
    /// Short name of the sender.
    pub vendor: String,
    /// Path that was called, such as `/webhooks/openai`.
    pub path: String,
    /// What happened, in the vendor's words; may be empty.
    pub event_type: String,
    /// The sender's own id.
    pub external_id: String,
    /// What it is about.
    pub subject_id: Option<String>,
    /// When it happened at the vendor.
    pub occurred_at: Option<Timestamp>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Microseconds until it was stored and answered, where that is kept.
    pub answered_in: Option<i64>,
    /// Which version of the secret its signature matched; `None` where the preset has no signature.
    pub secret_version: Option<i32>,
    /// Size of its body in bytes.
    pub body_len: i64,
    /// Joins logs and traces.
    pub trace_id: String,
    /// What it is a copy of, when it did not arrive but was run again.
    pub copy: Option<ReplayLink>,
}

/// One job of the chain with its tries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// The job.
    pub job: Job,
    /// Short name of the provider it asks.
    pub provider: Option<String>,
    /// Short name of the destination it delivers to.
    pub destination: Option<String>,
    /// That destination's URL.
    pub destination_url: Option<String>,
    /// Pattern of the rule that made it.
    pub rule: Option<String>,
    /// Its tries, first to last.
    pub attempts: Vec<Attempt>,
    /// What it made.
    pub result: Option<JobResult>,
}

/// A webhook's bytes, fit for a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// Header names and values, values of secret ones replaced.
    pub headers: Vec<(String, String)>,
    /// The body: JSON indented, other text as it came, anything else as hexadecimal; cut at [`BODY_SHOWN`].
    pub body: String,
    /// Whether the body goes on.
    pub cut: bool,
}

impl JobStory {
    /// The job that was asked for, with its tries.
    pub fn focused(&self) -> Option<&Chapter> {
        self.chapters.iter().find(|chapter| chapter.job.id == self.focus)
    }

    /// The job of the chain a person would put back in the queue: the one asked for if it rests, else the last
    /// that does.
    pub fn retryable(&self) -> Option<&Chapter> {
        let rests = |chapter: &&Chapter| chapter.job.state.may_retry();
        self.focused().filter(rests).or_else(|| self.chapters.iter().rev().find(rests))
    }
}
