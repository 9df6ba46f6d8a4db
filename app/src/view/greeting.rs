//! A vendor's side of a connection: what its preset expects, whether it greeted, what it offered.

use super::preset_options::PresetOption;
use domain::{
    connection::Connection,
    id::{OfferId, RequestId},
    time::{Timestamp, in_words},
};
use serde::{Deserialize, Serialize};

/// What a preset expects, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresetFacts {
    /// Its id, such as `openai`.
    pub id: String,
    /// Its name, such as `OpenAI`.
    pub name: String,
    /// Where the vendor describes it.
    pub doc_url: String,
    /// What is special, in plain words; may be empty.
    pub notes: String,
    /// How it tries an address out; `None` where it does not.
    pub greeting: Option<String>,
    /// Seconds it waits for an answer, where known.
    pub deadline: Option<u32>,
    /// How it repeats what was not taken; may be empty.
    pub retries: String,
    /// Largest body taken, in bytes.
    pub max_body: u64,
    /// Seconds a signed time may lie in the past and in the future.
    pub tolerance: Option<(u32, u32)>,
    /// Where its secret comes from, in plain words.
    pub secret: String,
    /// Host its keys are fetched from.
    pub keys_from: Option<String>,
    /// Whether every byte of the body is signed.
    pub signs_body: bool,
    /// What it lets one choose.
    pub options: Vec<PresetOption>,
}

impl PresetFacts {
    /// How it repeats, and how long it waits, in one sentence each.
    pub fn patience(&self) -> String {
        let waits = self.deadline.map(|seconds| format!("Waits {seconds} s for an answer."));
        let again = (!self.retries.is_empty()).then(|| format!("Tries again {}.", self.retries));
        let said: Vec<String> = waits.into_iter().chain(again).collect();
        if said.is_empty() { "Not documented.".into() } else { said.join(" ") }
    }

    /// How old a signature may be.
    pub fn freshness(&self) -> String {
        let words = |seconds: u32| in_words(i64::from(seconds) * 1_000_000);
        match self.tolerance {
            Some((past, future)) if past == future => format!("Signed times may be {} off.", words(past)),
            Some((past, future)) => {
                format!("Signed times may be {} old and {} ahead.", words(past), words(future))
            }
            None => "No time of its own is signed.".into(),
        }
    }

    /// What can be chosen, in words; `None` where nothing can.
    pub fn choices(&self) -> Option<String> {
        let labels: Vec<&str> = self.options.iter().map(|option| option.label()).collect();
        (!labels.is_empty()).then(|| format!("{}.", labels.join(", ")))
    }

    /// What a body may be.
    pub fn size(&self) -> String {
        match self.max_body {
            mib if mib >= 1024 * 1024 && mib % (1024 * 1024) == 0 => format!("{} MiB", mib / (1024 * 1024)),
            bytes => format!("{} KiB", bytes / 1024),
        }
    }
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Nothing has come yet.
    Silent,
    /// It has no secret, and needs one.
    NeedsSecret,
    /// It greeted and was answered; no event yet.
    Greeted,
    /// The request its greeting asked for failed.
    Unconfirmed,
    /// Events arrive.
    Connected,
}

/// What is known of fetching a vendor's keys on this node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyStanding {
    /// When they were last fetched.
    pub fetched_at: Option<Timestamp>,
    /// What went wrong the last time, when it did.
    pub failure: Option<String>,
}

/// A secret that waits for a person's yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRow {
    /// Identity.
    pub id: OfferId,
    /// The request that brought it.
    pub request_id: RequestId,
    /// When it came.
    pub offered_at: Timestamp,
    /// Its last four characters, to tell several apart; `None` when it is too short to show any.
    pub ending: Option<String>,
}

/// A vendor's side of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionView {
    /// The server's clock.
    pub now: Timestamp,
    /// How far it is.
    pub stage: Stage,
    /// Its greetings.
    pub connection: Connection,
    /// What it expects.
    pub facts: PresetFacts,
    /// Fetching its keys, where it publishes them.
    pub keys: Option<KeyStanding>,
    /// Secrets it offered, oldest first.
    pub offers: Vec<OfferRow>,
}

/// A scheme that somebody is writing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemeDraft {
    /// Short name of the vendor.
    pub slug: String,
    /// The scheme as it was typed.
    pub scheme: String,
    /// What is wrong with it.
    pub fault: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_preset_expects_is_said_in_sentences() {
        let facts = PresetFacts {
            deadline: Some(3),
            retries: "3 times: after 5, 20 and 60 minutes".into(),
            tolerance: Some((300, 300)),
            max_body: 512 * 1024,
            ..PresetFacts::default()
        };
        assert_eq!(
            facts.patience(),
            "Waits 3 s for an answer. Tries again 3 times: after 5, 20 and 60 minutes."
        );
        assert_eq!(facts.freshness(), "Signed times may be 5 min off.");
        assert_eq!(facts.size(), "512 KiB");
        let silent = PresetFacts { max_body: 25 * 1024 * 1024, ..PresetFacts::default() };
        assert_eq!((silent.patience(), silent.size()), ("Not documented.".into(), "25 MiB".into()));
        let long = PresetFacts { tolerance: Some((259_200, 300)), ..PresetFacts::default() };
        assert_eq!(long.freshness(), "Signed times may be 3 d old and 5 min ahead.");
    }
}
