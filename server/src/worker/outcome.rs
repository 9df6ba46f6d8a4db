//! What running a job once comes to.

use crate::secrets::reference::Reference;
use domain::{
    job::{Job, JobResult, Usage},
    outcome::{ErrorClass, SwitchedOff},
};
use std::time::Duration;

/// It worked.
#[derive(Debug, Default)]
pub struct Success {
    /// What it made.
    pub result: JobResult,
    /// Jobs that go on from here.
    pub then: Vec<Job>,
    /// Tokens used.
    pub usage: Usage,
    /// Model that answered.
    pub model: Option<String>,
    /// HTTP status of the far side.
    pub status: Option<u16>,
}

/// It did not. The words are for people and hold no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of error.
    pub class: ErrorClass,
    /// What went wrong: `503 from WordPress`.
    pub words: String,
    /// HTTP status of the far side.
    pub status: Option<u16>,
    /// The beginning of the far side's answer.
    pub answer: Option<String>,
    /// How long the far side asked to wait.
    pub retry_after: Option<Duration>,
    /// Another job failed in the same call and says about its target what there is to say.
    pub shared: bool,
    /// No connection came about: it says something of the host, and nothing of what was asked of it.
    pub unreached: bool,
}

impl Failure {
    /// A failure of `class`.
    pub fn new(class: ErrorClass, words: impl Into<String>) -> Self {
        Self {
            class,
            words: words.into(),
            status: None,
            answer: None,
            retry_after: None,
            shared: false,
            unreached: false,
        }
    }

    /// Its destination or provider takes part in nothing at the moment.
    pub fn switched_off(cause: SwitchedOff) -> Self {
        Self::new(ErrorClass::SwitchedOff, cause.words())
    }

    /// A secret kept elsewhere that cannot be read now: as if its place were the far side that does not answer.
    pub fn unread(reference: &Reference) -> Self {
        let words = format!("The secret at {reference} cannot be read at the moment.");
        Self { unreached: true, ..Self::new(ErrorClass::Connection, words) }
    }
}

/// How one run ended.
pub type Outcome = Result<Success, Failure>;
