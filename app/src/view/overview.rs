//! Figures of the first page. Everything that may cost a slow query is optional: an empty list or `None` leaves
//! its panel out instead of showing a guess.

use super::jobs::JobRow;
use domain::{id::DestinationId, time::Timestamp};
use serde::{Deserialize, Serialize};

/// Minutes of traffic shown.
pub const TRAFFIC_MINUTES: usize = 60;

/// Everything the first page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The server's clock.
    pub now: Timestamp,
    /// When the job that waits longest became due; `None` when nothing waits.
    pub oldest_waiting: Option<Timestamp>,
    /// Jobs that are due or planned.
    pub waiting: i64,
    /// Jobs at work.
    pub running: i64,
    /// Jobs that ended badly or are held: a person should look.
    pub attention: i64,
    /// Half of the webhooks were answered within this many microseconds.
    pub answer_p50: Option<i64>,
    /// 99 of 100 webhooks were answered within this many microseconds.
    pub answer_p99: Option<i64>,
    /// Cost of AI calls since midnight UTC, in millionths of a US dollar; `None` without any price.
    pub spent_today: Option<i64>,
    /// Tokens since midnight UTC, read and written.
    pub tokens_today: i64,
    /// Budget of a day in millionths of a US dollar, where one is set.
    pub budget_day: Option<i64>,
    /// Webhooks per minute, oldest first, at most [`TRAFFIC_MINUTES`], one entry for quiet minutes too.
    pub traffic: Vec<Minute>,
    /// From webhook to post, last 24 hours.
    pub funnel: Option<Funnel>,
    /// How the AI APIs are doing.
    pub providers: Vec<ProviderHealth>,
    /// Destinations that take nothing now although nobody wants that.
    pub destinations: Vec<DestinationHealth>,
    /// How long models take.
    pub models: Vec<ModelTimes>,
    /// The newest jobs that need a person, at most 6.
    pub troubles: Vec<JobRow>,
    /// What is set up already.
    pub set_up: SetUp,
}

/// One minute of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minute {
    /// Its beginning.
    pub at: Timestamp,
    /// Webhooks taken in.
    pub accepted: i64,
    /// Webhooks turned away.
    pub refused: i64,
}

/// How many of the webhooks of the last 24 hours came how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funnel {
    /// Requests that reached a known vendor's URL.
    pub received: i64,
    /// Taken in.
    pub accepted: i64,
    /// Turned away.
    pub refused: i64,
    /// Jobs that ended well.
    pub done: i64,
    /// Results that stand on a site or were delivered.
    pub delivered: i64,
}

/// How an AI API is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderHealth {
    /// Short name.
    pub slug: String,
    /// Whether calls go through.
    pub breaker: Breaker,
    /// Why they do not; empty where they do.
    pub why: String,
    /// 95 of 100 calls took at most this many microseconds.
    pub p95: Option<i64>,
    /// When the next call is let through to see whether it works again.
    pub next_probe: Option<Timestamp>,
}

/// A destination that takes nothing now although nobody wants that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationHealth {
    /// Identity.
    pub id: DestinationId,
    /// Short name.
    pub slug: String,
    /// Why it switched itself off; `None` where only its breaker is not closed.
    pub off_reason: Option<String>,
    /// Whether calls go through.
    pub breaker: Breaker,
    /// When the next call is let through to see whether it works again.
    pub next_probe: Option<Timestamp>,
}

/// Whether calls to a target go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Breaker {
    /// They do.
    Closed,
    /// A single one is let through to see.
    HalfOpen,
    /// None are made for now.
    Open,
}

/// How long a model takes, last 24 hours, in microseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelTimes {
    /// The model.
    pub model: String,
    /// Answers it gave.
    pub calls: i64,
    /// Half were faster.
    pub p50: i64,
    /// 95 of 100 were faster.
    pub p95: i64,
    /// 99 of 100 were faster.
    pub p99: i64,
}

/// Which of the four things a first post needs exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetUp {
    /// A sender.
    pub vendor: bool,
    /// An AI API.
    pub provider: bool,
    /// A place for results.
    pub destination: bool,
    /// Something that ties them together.
    pub rule: bool,
}

impl SetUp {
    /// Whether nothing is left to do.
    pub const fn is_complete(self) -> bool {
        self.vendor && self.provider && self.destination && self.rule
    }
}
