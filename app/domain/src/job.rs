//! A job: one unit of work with one side effect, and its states.

use crate::{
    id::{DestinationId, EventId, JobId, NodeId, ProviderId, RuleId, TenantId, VendorId},
    outcome::{ErrorClass, GIVES_UP_AFTER, max_attempts},
    schema::JobShape,
    time::{SECOND, Timestamp},
    unique::Unique,
};
use serde::{Deserialize, Serialize};

crate::words! {
    /// Where a job is in its life. The only list of states; schema, code and pages use these words.
    pub enum JobState {
        /// Due now, or at `next_run_at`.
        Pending = "pending",
        /// Claimed by a node under a lease.
        Running = "running",
        /// Paused by a person, a breaker, a budget or a pause switch; burns no attempt.
        Held = "held",
        /// Done.
        Succeeded = "succeeded",
        /// Ended by an error that trying again cannot mend.
        Failed = "failed",
        /// Every try was spent.
        Deadletter = "deadletter",
        /// Ended by a person.
        Cancelled = "cancelled",
    }
}

impl JobState {
    /// Whether nothing happens any more unless a person asks for it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Deadletter | Self::Cancelled)
    }

    /// Whether a person may put it back in the queue.
    pub const fn may_retry(self) -> bool {
        matches!(self, Self::Failed | Self::Deadletter | Self::Cancelled | Self::Held)
    }
}

crate::words! {
    /// What a job does.
    pub enum JobKind {
        /// Asks an AI provider and keeps the answer as a result.
        Generate = "generate",
        /// Brings a result to a WordPress site.
        Publish = "publish",
        /// Posts a signed message about an event or a result to a URL.
        Callback = "callback",
        /// Passes an event on to any HTTP endpoint.
        Forward = "forward",
    }
}

/// What a job was told, copied from its rule when the event arrived so that a later edit changes no running work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobParams {
    /// Template of the user's message to the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Template of the system message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Template of the title of job and post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Model to ask for instead of the provider's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Template of the body that is forwarded; `None` for the event's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Longest answer, in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Tries before the job is a dead letter; `None` for the kind's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<i32>,
    /// How long it is tried, in seconds; `None` for the usual time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_s: Option<u32>,
    /// Whether jobs of its rule about one subject run one after the other, as their events came.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_order: bool,
    /// Whether the same work is not done twice, and for how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique: Option<Unique>,
    /// How long it waited before its first try, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_s: Option<u32>,
    /// Which versions of schema and mapping its event's payload met; `None` where its type has neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<JobShape>,
}

impl JobParams {
    /// It gives up this long after it was first due, or last put back in the queue; in microseconds.
    pub fn gives_up_after(&self) -> i64 {
        self.deadline_s.map_or(GIVES_UP_AFTER, |seconds| i64::from(seconds) * SECOND)
    }
}

/// Tokens and cost of AI calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: i64,
    /// Tokens written.
    pub output_tokens: i64,
    /// Cost in millionths of a US dollar; `None` while the model has no price.
    pub cost_micros: Option<i64>,
}

/// One unit of work with one side effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Identity.
    pub id: JobId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The event that started it.
    pub event_id: Option<EventId>,
    /// The job whose result this one works on.
    pub parent_id: Option<JobId>,
    /// What it does.
    pub kind: JobKind,
    /// Where it is.
    pub state: JobState,
    /// What people call it.
    pub title: String,
    /// The vendor of its event.
    pub vendor_id: Option<VendorId>,
    /// The rule that made it.
    pub rule_id: Option<RuleId>,
    /// Whom it asks.
    pub provider_id: Option<ProviderId>,
    /// Where its result goes.
    pub destination_id: Option<DestinationId>,
    /// What it was told.
    pub params: JobParams,
    /// Sent with every outgoing call, so that the far side sees it once.
    pub idempotency_key: String,
    /// Tries begun so far.
    pub attempt: i32,
    /// Tries it may have.
    pub max_attempts: i32,
    /// Smaller is sooner.
    pub priority: i16,
    /// Not before.
    pub next_run_at: Timestamp,
    /// Who runs it, or ran it when it succeeded at once.
    pub node_id: Option<NodeId>,
    /// Until when that node may take its time.
    pub lease_until: Option<Timestamp>,
    /// Why it waits, is held, or ended badly.
    pub reason: Option<String>,
    /// Class of the last error.
    pub error_class: Option<ErrorClass>,
    /// What the event is about.
    pub subject_id: Option<String>,
    /// When the event happened at the vendor.
    pub occurred_at: Option<Timestamp>,
    /// Model that answered.
    pub model: Option<String>,
    /// Tokens and cost of all tries.
    pub usage: Usage,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its first try began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When any of this last changed.
    pub updated_at: Timestamp,
    /// After this it is not tried again; `None` for the usual time after it was made.
    pub gives_up_at: Option<Timestamp>,
}

/// The far side a job calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Called {
    /// The provider that is asked.
    Provider(ProviderId),
    /// The destination something is brought to.
    Destination(DestinationId),
}

impl Called {
    /// Whom a job of this kind calls, of those it names; `None` where it names nobody it could call.
    pub fn by(
        kind: JobKind,
        provider: Option<ProviderId>,
        destination: Option<DestinationId>,
    ) -> Option<Self> {
        match kind {
            JobKind::Generate => provider.map(Self::Provider),
            // A job that asks a model names the destination its result goes to later; these bring something there.
            JobKind::Publish | JobKind::Callback | JobKind::Forward => destination.map(Self::Destination),
        }
    }
}

impl Job {
    /// A job due at `now`, with nothing else said.
    pub fn new(id: JobId, tenant_id: TenantId, kind: JobKind, now: Timestamp) -> Self {
        Self {
            id,
            tenant_id,
            event_id: None,
            parent_id: None,
            kind,
            state: JobState::Pending,
            title: String::new(),
            vendor_id: None,
            rule_id: None,
            provider_id: None,
            destination_id: None,
            params: JobParams::default(),
            idempotency_key: id.to_string(),
            attempt: 0,
            max_attempts: max_attempts(kind),
            priority: 0,
            next_run_at: now,
            node_id: None,
            lease_until: None,
            reason: None,
            error_class: None,
            subject_id: None,
            occurred_at: None,
            model: None,
            usage: Usage::default(),
            created_at: now,
            started_at: None,
            finished_at: None,
            updated_at: now,
            gives_up_at: Some(now.plus(GIVES_UP_AFTER)),
        }
    }

    /// Whom it calls; `None` where that is not said.
    pub fn calls(&self) -> Option<Called> {
        Called::by(self.kind, self.provider_id, self.destination_id)
    }

    /// The line it stands in, when its rule wants order: that of all jobs of the rule about the same subject. What an
    /// event's vendor does not say the subject of stands in none.
    pub fn line(&self) -> Option<String> {
        let (rule, subject) = (self.rule_id?, self.subject_id.as_deref()?);
        self.params.in_order.then(|| format!("{rule}:{subject}"))
    }

    /// After this it is not tried again, whatever tries it has left.
    pub fn deadline(&self) -> Timestamp {
        self.gives_up_at.unwrap_or(self.created_at.plus(self.params.gives_up_after()))
    }
}

/// What a job made: the text a model wrote, or where a post stands. Nothing, where something was only passed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobResult {
    /// Text written by a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Title for the post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Number of the WordPress post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<i64>,
    /// What WordPress did: `created`, `updated`, `unchanged` or `superseded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_change: Option<String>,
    /// The newer event about the same subject that was published already, so that this one was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<EventId>,
    /// Where people read the post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Where editors edit the post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_link: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_jobs_that_rest_may_be_put_back_in_the_queue() {
        for state in JobState::ALL {
            let rests = !matches!(state, JobState::Pending | JobState::Running | JobState::Succeeded);
            assert_eq!(state.may_retry(), rests, "{state}");
        }
    }
}
