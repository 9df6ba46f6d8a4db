//! The words of Tidegate as plain types, shared by the server, the store and the dashboard.
//!
//! Owns the meaning of a word (which states a job has, which role may do what) and its text forms.
//! Does no I/O, knows no framework, and builds for WebAssembly.
//!
//! - [`id`]: one type per kind of thing, shown with a prefix (`job_…`)
//! - [`time`]: an instant in UTC microseconds and how people read it
//! - [`slug`]: the short names people choose; [`network`], [`bytes`]: other things people write
//! - [`tenant`], [`user`], [`role`]: who owns and who may act
//! - [`vendor`], [`policy`], [`secret`], [`overlap`], [`connection`], [`refusal`], [`event`]: what arrives
//! - [`envelope`], [`schema`]: what arrives in the same words for every vendor, and what it must look like
//! - [`rule`], [`provider`], [`destination`]: what is done with it
//! - [`job`], [`attempt`], [`outcome`]: the work itself
//! - [`operation`]: what people do to it; [`unique`], [`schedule`]: what is done once, and what at set times;
//!   [`zone`]: by whose clocks
//! - [`chore`]: what an installation does for itself
//! - [`queue`], [`look`], [`limit`]: in which order and how much at once
//! - [`pause`], [`breaker`], [`holder`]: what keeps jobs from running for a while
//! - [`calls`], [`thresholds`]: when a breaker opens by itself
//! - [`filter`], [`audit`]: how a list of jobs and the audit log are narrowed and paged
//! - [`selection`], [`replay`]: which events are meant, and running them again
//! - [`redaction`], [`privacy`]: what is never stored, what is stored sealed, and for how long
//! - [`filter`], [`place`]: how lists are narrowed and paged

pub mod attempt;
pub mod audit;
pub mod breaker;
pub mod bytes;
pub mod calls;
pub mod chore;
pub mod connection;
pub mod destination;
pub mod envelope;
pub mod event;
pub mod filter;
pub mod holder;
pub mod id;
pub mod job;
pub mod limit;
pub mod look;
pub mod network;
pub mod news;
pub mod operation;
pub mod outcome;
pub mod overlap;
pub mod pause;
pub mod place;
pub mod policy;
pub mod privacy;
pub mod provider;
pub mod queue;
pub mod redaction;
pub mod refusal;
pub mod replay;
pub mod role;
pub mod rule;
pub mod schedule;
pub mod schema;
pub mod secret;
pub mod selection;
pub mod slug;
pub mod tenant;
pub mod thresholds;
pub mod time;
pub mod unique;
pub mod user;
pub mod vendor;
pub mod zone;

/// Declares an enum whose variants have one fixed text each: the text in the database, in JSON, in URLs
/// and on the command line is the same everywhere.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every value, in the order people are shown them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The one text form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownWord {
                        what: stringify!($name),
                        text: text.chars().take(60).collect(),
                        known: &[$($text),+],
                    }),
                }
            }
        }
    };
}
pub(crate) use words;

/// A text that is none of the words an enum has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}; use one of: {}", known.join(", "))]
pub struct UnknownWord {
    /// The enum asked for.
    pub what: &'static str,
    /// What was given, cut to 60 characters.
    pub text: String,
    /// What would have been understood.
    pub known: &'static [&'static str],
}
