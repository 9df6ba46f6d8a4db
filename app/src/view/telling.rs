//! A job's story as sentences: webhook, checks, tries (repeated ones folded), result, and what a person can do.
//! Pure words; where they stand on the page is the timeline component's business.

use super::{
    story::{Arrival, Chapter, JobStory},
    words::{count, kind_name, lasting, money, number, size},
};
use domain::{
    attempt::Attempt,
    job::{Job, JobKind, JobState},
    outcome::{AttemptOutcome, ErrorClass},
    time::Timestamp,
};

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Well.
    Good,
    /// Badly.
    Bad,
    /// It is going on.
    Busy,
    /// It waits for time to pass.
    Waiting,
    /// It waits for a person.
    Resting,
}

/// One step of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How it went.
    pub mark: Mark,
    /// What happened.
    pub title: String,
    /// With whom or what.
    pub aside: String,
    /// How, in one sentence.
    pub detail: String,
    /// What kind of error it was and what that means for the job; empty where it was none.
    pub why: String,
    /// When.
    pub at: Option<Timestamp>,
    /// When the last of several folded steps happened.
    pub until: Option<Timestamp>,
    /// What the far side said, word for word.
    pub answer: Option<String>,
    /// Where the outcome stands: words and address.
    pub link: Option<(String, String)>,
}

impl Step {
    fn new(mark: Mark, title: impl Into<String>) -> Self {
        Self {
            mark,
            title: title.into(),
            aside: String::new(),
            detail: String::new(),
            why: String::new(),
            at: None,
            until: None,
            answer: None,
            link: None,
        }
    }
}

/// The whole story, first step first, as told to somebody who may put a job back in the queue or may not.
pub fn steps(story: &JobStory, may_retry: bool) -> Vec<Step> {
    let mut steps = beginning(story);
    for chapter in &story.chapters {
        steps.extend(tries(chapter));
        steps.extend(standing(chapter, story.now));
    }
    if let Some(chapter) = story.retryable() {
        steps.push(resting(chapter, may_retry));
    }
    steps
}

fn beginning(story: &JobStory) -> Vec<Step> {
    let first = story.chapters.first();
    let Some(arrival) = &story.arrival else {
        let mut step = Step::new(Mark::Good, "Job made");
        step.aside = "through the API".into();
        step.at = first.map(|chapter| chapter.job.created_at);
        return vec![step];
    };
    let mut received = Step::new(Mark::Good, "Webhook received");
    received.aside = format!("{} → {}", arrival.vendor, arrival.path);
    received.at = Some(arrival.received_at);
    received.detail = phrases([
        (!arrival.event_type.is_empty()).then(|| arrival.event_type.clone()),
        Some(size(arrival.body_len)),
        arrival.answered_in.map(|took| format!("stored and answered in {}", lasting(took))),
    ]);
    vec![received, checks(arrival, first)]
}

fn checks(arrival: &Arrival, first: Option<&Chapter>) -> Step {
    let mut step = Step::new(Mark::Good, "Checks passed");
    step.aside = first
        .and_then(|chapter| {
            let rule = chapter.rule.as_ref()?;
            Some(format!("rule {rule} → {}", kind_name(chapter.job.kind).to_lowercase()))
        })
        .unwrap_or_default();
    step.at = first.map(|chapter| chapter.job.created_at);
    step.detail = phrases([
        Some(match arrival.secret_version {
            Some(version) => format!("signature valid (secret v{version})"),
            None => "no signature asked for".into(),
        }),
        Some("not seen before".into()),
        Some(format!("event {}", arrival.event_id.short())),
    ]);
    step
}

/// The tries of one job. The first and the last are told apart; failed ones between them are folded.
fn tries(chapter: &Chapter) -> Vec<Step> {
    let attempts = &chapter.attempts;
    let last = attempts.len().saturating_sub(1);
    if attempts.len() < 4 {
        return attempts
            .iter()
            .enumerate()
            .map(|(i, attempt)| one_try(chapter, attempt, i == last))
            .collect();
    }
    vec![
        one_try(chapter, &attempts[0], false),
        folded(&attempts[1..last]),
        one_try(chapter, &attempts[last], true),
    ]
}

fn one_try(chapter: &Chapter, attempt: &Attempt, last: bool) -> Step {
    let took = lasting(attempt.finished_at.since(attempt.started_at));
    if attempt.outcome == AttemptOutcome::Succeeded {
        return success(chapter, attempt, &took);
    }
    let mark = if attempt.outcome == AttemptOutcome::Held { Mark::Waiting } else { Mark::Bad };
    let end = if attempt.outcome == AttemptOutcome::Deadletter { ", the last" } else { "" };
    let mut step = Step::new(mark, format!("{}, try {}{end}", intent(chapter), attempt.number));
    let next =
        attempt.next_run_at.map(|at| format!("; next try in {}", lasting(at.since(attempt.finished_at))));
    let error = attempt.error.clone().unwrap_or_else(|| outcome_words(attempt.outcome).into());
    step.detail = format!("{error} after {took}{}", next.unwrap_or_default());
    step.why = why(&chapter.job, attempt);
    step.at = Some(attempt.finished_at);
    step.answer = attempt.answer.clone().filter(|answer| last && !answer.trim().is_empty());
    step
}

/// What kind of error a try ended with, and what comes of that.
fn why(job: &Job, attempt: &Attempt) -> String {
    let Some(class) = attempt.error_class else { return String::new() };
    let then = match attempt.outcome {
        AttemptOutcome::Succeeded => return String::new(),
        AttemptOutcome::Retry | AttemptOutcome::Lost => "This may pass, so it is tried again.",
        AttemptOutcome::Failed => "Another try would end the same.",
        AttemptOutcome::Held => "It waits, and this try does not count.",
        AttemptOutcome::Deadletter if attempt.number >= job.max_attempts => "That was its last try.",
        // Somebody may have given it more tries since.
        AttemptOutcome::Deadletter => "It had no try or no time left.",
    };
    format!("{}. {then}", error_words(class))
}

/// A kind of error, as a sentence without its end.
const fn error_words(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Timeout => "No answer in time",
        ErrorClass::Connection => "No connection, or it broke",
        ErrorClass::RateLimited => "The far side asked for patience",
        ErrorClass::Server => "The far side failed or was busy",
        ErrorClass::Rejected => "The far side refused",
        ErrorClass::BadInput => "The job, its template or its settings are wrong",
        ErrorClass::BadAnswer => "The far side’s answer could not be read",
        ErrorClass::Forbidden => "This address may not be called",
        ErrorClass::Budget => "The provider’s credit or spending limit is used up",
        ErrorClass::SwitchedOff => "The far side is switched off",
        ErrorClass::LeaseExpired => "The node that ran it went away",
        ErrorClass::Internal => "A fault of Tidegate’s own",
    }
}

/// What a try wants to do.
fn intent(chapter: &Chapter) -> String {
    let destination = chapter.destination.as_deref().unwrap_or("its destination");
    match chapter.job.kind {
        JobKind::Generate => format!("Ask {}", chapter.provider.as_deref().unwrap_or("the model")),
        JobKind::Publish => format!("Publish to {destination}"),
        JobKind::Callback => format!("Call back {destination}"),
        JobKind::Forward => format!("Forward to {destination}"),
    }
}

fn success(chapter: &Chapter, attempt: &Attempt, took: &str) -> Step {
    let result = chapter.result.clone().unwrap_or_default();
    let mut step = Step::new(Mark::Good, done(chapter));
    step.at = Some(attempt.finished_at);
    let waited = attempt.started_at.since(chapter.job.created_at);
    let first = (attempt.number == 1).then(|| format!("waited {}", lasting(waited)));
    if chapter.job.kind == JobKind::Generate {
        step.aside = attempt.model.clone().or(chapter.provider.clone()).unwrap_or_default();
        let usage = attempt.usage;
        let tokens = (usage.input_tokens + usage.output_tokens > 0)
            .then(|| format!("{} in + {} out", number(usage.input_tokens), number(usage.output_tokens)));
        step.detail = phrases([first, Some(format!("model {took}")), tokens, usage.cost_micros.map(money)]);
    } else {
        step.aside = chapter.destination.clone().unwrap_or_default();
        let status = attempt.status.map(|status| format!("answered {status}"));
        step.detail = phrases([first, status, Some(format!("took {took}"))]);
        step.link = result.link.or(result.edit_link).map(|link| ("Open the post".into(), link));
        if let Some(newer) = result.superseded_by {
            step.detail = format!(
                "superseded by event {}, which happened later and was published already; nothing was sent",
                newer.short()
            );
            step.link = Some(("Open the newer event".into(), format!("/events/{newer}")));
        }
    }
    step
}

fn done(chapter: &Chapter) -> &'static str {
    let change = chapter.result.as_ref().and_then(|result| result.post_change.as_deref());
    match (chapter.job.kind, change) {
        (JobKind::Generate, _) => "Text written",
        (JobKind::Publish, Some("updated")) => "Post updated",
        (JobKind::Publish, Some("unchanged")) => "Post was up to date",
        (JobKind::Publish, Some("superseded")) => "Skipped: the post is newer",
        (JobKind::Publish, _) => "Post created",
        (JobKind::Callback, _) => "Callback delivered",
        (JobKind::Forward, _) => "Event forwarded",
    }
}

fn folded(attempts: &[Attempt]) -> Step {
    let numbers = |pick: Option<&Attempt>| pick.map_or(0, |attempt| attempt.number);
    let (first, last) = (attempts.first(), attempts.last());
    let mut step = Step::new(Mark::Bad, format!("Tries {}–{}", numbers(first), numbers(last)));
    step.at = first.map(|attempt| attempt.finished_at);
    step.until = last.map(|attempt| attempt.finished_at);
    let mut errors: Vec<&str> = attempts.iter().filter_map(|attempt| attempt.error.as_deref()).collect();
    errors.dedup();
    let said = match errors.as_slice() {
        [] => "no success".into(),
        [one] => format!("{one} each time"),
        [one, .., other] => format!("{one}, at last {other}"),
    };
    let mut classes: Vec<&str> =
        attempts.iter().filter_map(|attempt| attempt.error_class.map(error_words)).collect();
    classes.dedup();
    if !classes.is_empty() {
        step.why = format!("{}. This may pass, so it was tried again.", classes.join(". "));
    }
    let waits: Vec<String> = attempts
        .iter()
        .filter_map(|attempt| attempt.next_run_at.map(|at| lasting(at.since(attempt.finished_at))))
        .collect();
    step.detail = match waits.len() {
        0 => said,
        1..=6 => format!("{said}; waits {}", waits.join(", ")),
        _ => format!("{said}; waits from {} to {}", waits[0], waits[waits.len() - 1]),
    };
    step
}

/// Where a job stands while it is not at its end.
fn standing(chapter: &Chapter, now: Timestamp) -> Option<Step> {
    let job = &chapter.job;
    let mut step = match job.state {
        JobState::Pending => Step::new(Mark::Waiting, "Waiting"),
        JobState::Running => {
            Step::new(Mark::Busy, format!("{}, try {}", intent(chapter), job.attempt.max(1)))
        }
        JobState::Held => Step::new(Mark::Waiting, "Held"),
        _ => return None,
    };
    let left = job.next_run_at.since(now);
    step.aside = if job.state == JobState::Pending { intent(chapter).to_lowercase() } else { String::new() };
    step.detail = match job.state {
        JobState::Pending if left > 0 => format!("next try in {}", lasting(left)),
        JobState::Pending => "due; starts as soon as a worker is free".into(),
        JobState::Running => "under way".into(),
        _ => job.reason.clone().unwrap_or_else(|| "paused; uses up no try".into()),
    };
    step.at = (job.state == JobState::Pending && left > 0).then_some(job.next_run_at);
    Some(step)
}

fn resting(chapter: &Chapter, may_retry: bool) -> Step {
    let title = if may_retry { "Waiting for you" } else { "Waiting for an admin" };
    let mut step = Step::new(Mark::Resting, title);
    step.detail = if may_retry { format!("{}.", retry_effect(chapter)) } else { String::new() };
    step
}

/// What putting a job back in the queue does and costs.
pub fn retry_effect(chapter: &Chapter) -> String {
    let destination = chapter.destination.as_deref().unwrap_or("its destination");
    match chapter.job.kind {
        JobKind::Generate => {
            let provider = chapter.provider.as_deref().unwrap_or("the model");
            match chapter.job.usage.cost_micros.filter(|cost| *cost > 0) {
                Some(cost) => format!("Re-enqueue asks {provider} again, which cost {} so far", money(cost)),
                None => format!("Re-enqueue asks {provider} again, which is a new paid call"),
            }
        }
        JobKind::Publish => {
            format!(
                "The text is kept: re-enqueue publishes it to {destination} without paying the model again"
            )
        }
        JobKind::Callback => {
            format!("Re-enqueue sends the same message to {destination} again; its key stays the same")
        }
        JobKind::Forward => {
            format!("Re-enqueue passes the event to {destination} again; its key stays the same")
        }
    }
}

/// `2 of 7`, or `1` when only one try is allowed; `3 of 12, gives up at 25 Nov 10:55 UTC` while it goes on.
pub fn tries_words(chapter: &Chapter, now: Timestamp) -> String {
    let job = &chapter.job;
    let tries = match job.max_attempts {
        ..=1 => count(job.attempt.into(), "try", "tries"),
        most => format!("{} of {most}", job.attempt),
    };
    if job.state.is_final() || job.state == JobState::Held {
        return tries;
    }
    format!("{tries}, gives up at {} UTC", job.deadline().in_list(now))
}

const fn outcome_words(outcome: AttemptOutcome) -> &'static str {
    match outcome {
        AttemptOutcome::Succeeded => "Done",
        AttemptOutcome::Retry | AttemptOutcome::Failed | AttemptOutcome::Deadletter => "No success",
        AttemptOutcome::Held => "Put aside without counting",
        AttemptOutcome::Lost => "The node that ran it went away",
    }
}

fn phrases<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        id::{JobId, NodeId},
        job::Usage,
    };

    fn attempt(number: i32, outcome: AttemptOutcome, class: Option<ErrorClass>) -> Attempt {
        let at = Timestamp::from_unix(1_790_000_000);
        Attempt {
            job_id: JobId::new(uuid::Uuid::nil()),
            number,
            node_id: NodeId::new(uuid::Uuid::nil()),
            started_at: at,
            finished_at: at.plus(1_000),
            outcome,
            error_class: class,
            error: Some("503".into()),
            status: Some(503),
            answer: None,
            model: None,
            usage: Usage::default(),
            next_run_at: None,
        }
    }

    #[test]
    fn tries_that_are_folded_say_each_kind_of_error_once() {
        use AttemptOutcome::Retry;
        let tries = [
            attempt(2, Retry, Some(ErrorClass::Server)),
            attempt(3, Retry, Some(ErrorClass::Server)),
            attempt(4, Retry, Some(ErrorClass::Timeout)),
        ];
        assert_eq!(
            folded(&tries).why,
            "The far side failed or was busy. No answer in time. This may pass, so it was tried again."
        );
        assert_eq!(folded(&[attempt(2, Retry, None)]).why, "");
    }

    #[test]
    fn every_kind_of_error_has_words_of_its_own() {
        let words: std::collections::BTreeSet<_> =
            ErrorClass::ALL.iter().map(|class| error_words(*class)).collect();
        assert_eq!(words.len(), ErrorClass::ALL.len());
    }
}
