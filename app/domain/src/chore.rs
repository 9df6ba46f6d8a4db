//! Chores: what an installation does for itself at set times, whichever of its nodes does it. What each removes is worked
//! out elsewhere.

use crate::{id::NodeId, schedule::Pace, time::Timestamp};
use serde::{Deserialize, Serialize};

crate::words! {
    /// What is to be done.
    pub enum ChoreName {
        /// Sessions that expired, and what was counted of sign-ins.
        Sessions = "sessions",
        /// Values that count once, whose time is over.
        SeenValues = "seen-values",
        /// Secrets that vendors offered and nobody took.
        Offers = "offers",
        /// Counters of minutes long ago.
        Counters = "counters",
        /// Calls that breakers counted.
        BreakerCalls = "breaker-calls",
        /// Keys of work that is not done twice.
        UniqueKeys = "unique-keys",
        /// Which event about a subject was published last.
        Subjects = "subjects",
        /// Secrets that were replaced, of vendors and of destinations.
        RetiringSecrets = "retiring-secrets",
        /// Keys of tokens that no token can name any more.
        TokenKeys = "token-keys",
        /// What is older than its tenant keeps it.
        Retention = "retention",
    }
}

impl ChoreName {
    /// What it removes, for people.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Sessions => "Sessions that expired, and old counts of failed sign-ins",
            Self::SeenValues => {
                "One-time values of signed requests, once they could not be repeated any more"
            }
            Self::Offers => "Secrets that vendors offered and nobody took",
            Self::Counters => "Counts of minutes longer ago than any chart shows",
            Self::BreakerCalls => "Calls that no circuit breaker looks at any more",
            Self::UniqueKeys => "Keys of work that may be done again",
            Self::Subjects => "Which event a post shows, when no older one is expected any more",
            Self::RetiringSecrets => {
                "Replaced secrets whose time is over, or that nobody used for long enough"
            }
            Self::TokenKeys => "Keys of tokens that were replaced and have ended",
            Self::Retention => "Events and refused requests older than their tenant keeps them",
        }
    }

    /// How often it is done unless somebody decides otherwise.
    pub const fn usual_pace(self) -> Pace {
        Pace::Every(match self {
            Self::RetiringSecrets => 60,
            Self::Sessions
            | Self::SeenValues
            | Self::Offers
            | Self::BreakerCalls
            | Self::UniqueKeys
            | Self::Retention => 600,
            Self::Counters | Self::Subjects | Self::TokenKeys => 3_600,
        })
    }
}

/// A chore as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chore {
    /// Which one.
    pub name: ChoreName,
    /// At which times it is done.
    pub pace: Pace,
    /// Whether it is done by itself.
    pub enabled: bool,
    /// When it is due; after a failure that is earlier than its pace would have it.
    pub next_at: Timestamp,
    /// Who asked for it ahead of its time, until somebody begins.
    pub asked_by: Option<String>,
    /// How many times it was begun. Whoever does it may write of it only while this is the number they began with.
    pub run: i64,
    /// How many times in a row it failed.
    pub failures: i32,
    /// Who does it at the moment, or went away while doing it.
    pub at_work: Option<AtWork>,
    /// How it went last.
    pub last: Option<LastRun>,
}

impl Chore {
    /// Whether its time had come at `now`, so that it is not merely done because somebody asked.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.enabled && self.next_at <= now
    }
}

/// A chore under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtWork {
    /// On which node.
    pub node: NodeId,
    /// On which host.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
    /// Who asked for it; nobody when it was due.
    pub asked_by: Option<String>,
    /// Until when nobody else takes it, by the database's clock.
    pub lease_until: Timestamp,
}

/// A chore that was done, or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    /// On which node.
    pub node: NodeId,
    /// On which host.
    pub host: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Who asked for it; nobody when it was due.
    pub asked_by: Option<String>,
    /// How much it removed; of one that failed halfway nobody knows.
    pub removed: Option<i64>,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

impl LastRun {
    /// How long it took, in microseconds.
    pub fn took(&self) -> i64 {
        self.ended_at.since(self.began_at).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{LONGEST_S, SHORTEST_S};

    #[test]
    fn each_chore_has_a_name_that_is_read_back_and_a_pace_that_means_times() {
        for name in ChoreName::ALL {
            assert_eq!(name.as_str().parse(), Ok(*name));
            assert!(!name.about().is_empty());
            let Pace::Every(seconds) = name.usual_pace() else { panic!("{name} has no usual pace") };
            assert!((SHORTEST_S..=LONGEST_S).contains(&seconds));
        }
        assert!("sweeping".parse::<ChoreName>().is_err());
    }
}
