//! The fields forms have, and what people call them.

use crate::view::preset_options::PresetOption;
use domain::thresholds::Threshold;
use serde::{Deserialize, Serialize};

/// The fields forms have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Field {
    /// The form as a whole.
    Form,
    /// E-mail address.
    Email,
    /// Password of an account, or an application password of WordPress.
    Password,
    /// The one-time link of the first set-up.
    SetupLink,
    /// Short name in URLs.
    Slug,
    /// Preset of a vendor.
    Preset,
    /// Something the preset lets one choose.
    Option(PresetOption),
    /// Signing secret.
    Secret,
    /// Description of how a vendor signs.
    Scheme,
    /// Address of a destination.
    Url,
    /// User name at a destination.
    User,
    /// How Tidegate proves itself.
    Auth,
    /// Kind of a provider or destination.
    Kind,
    /// Base URL of a provider.
    BaseUrl,
    /// Model name.
    Model,
    /// API key.
    Key,
    /// Vendor of a rule.
    Vendor,
    /// Event types of a rule.
    Pattern,
    /// What a rule does.
    Job,
    /// Whom a rule asks.
    Provider,
    /// Where a rule's results go.
    Destination,
    /// Template of a rule.
    Prompt,
    /// Template of what a model is told about how to behave.
    System,
    /// Template of a title.
    Title,
    /// Template of what a rule forwards.
    Body,
    /// How an endpoint is called.
    Method,
    /// Headers an endpoint is called with.
    CallHeaders,
    /// How often a job is tried.
    Tries,
    /// Longest answer in tokens.
    MaxTokens,
    /// Events a second.
    Rate,
    /// How long something is kept.
    Days,
    /// A time something begins at.
    Since,
    /// A time something ends at.
    Until,
    /// JSON pointers to values that are not stored.
    Pointers,
    /// Headers whose values are not stored.
    Headers,
    /// Form fields whose values are not stored.
    FormFields,
    /// How long a replaced secret is still accepted.
    Overlap,
    /// How long a new key is published before it signs.
    Lead,
    /// Version of a secret.
    Version,
    /// After how many quiet hours an old secret ends.
    QuietHours,
    /// Networks a vendor may send from.
    Allow,
    /// Requests a second.
    PerSecond,
    /// Requests at once.
    Burst,
    /// Largest body.
    MaxBody,
    /// JSON Schema of an event type.
    Schema,
    /// How many events to learn from.
    Samples,
    /// Jobs at once.
    AtOnce,
    /// Jobs a minute.
    PerMinute,
    /// Share against others.
    Weight,
    /// How long jobs wait before their first try.
    Delay,
    /// How long the same work is not done again.
    UniqueFor,
    /// What makes work the same.
    UniqueBy,
    /// How long jobs are tried.
    Deadline,
    /// When a circuit breaker opens.
    Threshold(Threshold),
    /// Rules of a mapping.
    Mapping,
    /// Which of a vendor's versions a mapping is for.
    FromVersion,
    /// What an event is about.
    Subject,
    /// Body of an event.
    Payload,
    /// Times, as a cron expression.
    Cron,
    /// A replaced signing secret that still signs.
    OldSecret,
    /// Why a person does something.
    Why,
    /// Time zone of a cron expression.
    Zone,
    /// Time between two events.
    Every,
}

impl Field {
    /// What people call it, as it stands in the middle of a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Email => "e-mail address",
            Self::Password => "password",
            Self::SetupLink => "set-up link",
            Self::Slug => "name",
            Self::Preset => "preset",
            Self::Option(option) => option.name(),
            Self::Secret => "secret",
            Self::Scheme => "scheme",
            Self::Url => "URL",
            Self::User => "user name",
            Self::Auth => "kind of sign-in",
            Self::Kind => "kind",
            Self::BaseUrl => "base URL",
            Self::Model => "model",
            Self::Key => "API key",
            Self::Vendor => "vendor",
            Self::Pattern => "event type",
            Self::Job => "action",
            Self::Provider => "provider",
            Self::Destination => "destination",
            Self::Prompt => "prompt",
            Self::System => "system prompt",
            Self::Title => "title",
            Self::Body => "body",
            Self::Method => "method",
            Self::CallHeaders => "list of headers",
            Self::Tries => "number of tries",
            Self::MaxTokens => "token limit",
            Self::Rate => "rate",
            Self::Days => "number of days",
            Self::Since | Self::Until => "time",
            Self::Pointers => "JSON pointer",
            Self::Headers => "header name",
            Self::FormFields => "form field",
            Self::Overlap => "overlap",
            Self::Lead => "time before it signs",
            Self::Version => "version",
            Self::QuietHours => "number of quiet hours",
            Self::Allow => "list of networks",
            Self::PerSecond => "number of requests a second",
            Self::Burst => "number of requests at once",
            Self::MaxBody => "largest body",
            Self::Schema => "schema",
            Self::Samples => "number of events",
            Self::AtOnce => "number of jobs at once",
            Self::PerMinute => "number of jobs a minute",
            Self::Weight => "weight",
            Self::Delay => "pause before the first try",
            Self::Deadline => "deadline",
            Self::Threshold(what) => what.name(),
            Self::Mapping => "mapping",
            Self::UniqueFor => "number of seconds",
            Self::UniqueBy => "kind of sameness",
            Self::FromVersion => "version",
            Self::Subject => "subject",
            Self::Payload => "payload",
            Self::Cron => "cron expression",
            Self::Zone => "time zone",
            Self::OldSecret => "old secret",
            Self::Why => "reason",
            Self::Every => "time between two events",
        }
    }
}
