//! What can go wrong on the dashboard, as one closed list.
//! Owns the words people read for each case. Carries no free text: an error travels back to a page in its URL
//! when JavaScript is off, where anybody can write one.

use crate::view::preset_options::PresetOption;
use domain::{id::RequestId, thresholds::Threshold};
use leptos::prelude::FromServerFnError;
use leptos::server_fn::{codec::JsonEncoding, error::ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// Why a page or a form could not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// No session, or it ended.
    #[error("Please sign in first.")]
    NotSignedIn,
    /// Signed in, but the role does not reach.
    #[error("Your role does not allow this. Ask an admin of your site.")]
    NotAllowed,
    /// Does not exist, or belongs to another tenant: both look alike.
    #[error("There is nothing here, or it is not yours to see.")]
    NotFound,
    /// One field of a form cannot be accepted as it is.
    #[error("{}", reason.sentence(*field))]
    Invalid {
        /// Which field.
        field: Field,
        /// What is wrong with it.
        reason: Reason,
    },
    /// A version of a secret would end although requests still match it, and that was not forced.
    #[error(
        "{} matched this version during the last hour; ending it would refuse the next ones. Let the vendor change to the new secret first, or tick “although it is still used”.",
        requests(*matches)
    )]
    StillUsed {
        /// How many requests matched it during the last hour.
        matches: i64,
    },
    /// The last version that is accepted would end, and that was not forced.
    #[error(
        "This is the only version that is accepted; without it everything this vendor sends is refused. Rotate first, or tick “although it is still used”."
    )]
    OnlySecret,
    /// Too many tries, or more work than fits at the moment.
    #[error("Too much at once. Wait a minute, then try again.")]
    Busy,
    /// The database or something else that is needed does not answer. What ports say.
    #[error("This could not be done just now. Nothing was changed; try again.")]
    Unavailable,
    /// The same with the request to look for in the log. What server functions make of it.
    #[error("This could not be done just now. Nothing was changed; try again.")]
    Fault(RequestId),
}

impl AppError {
    /// Shorthand for [`AppError::Invalid`].
    pub const fn invalid(field: Field, reason: Reason) -> Self {
        Self::Invalid { field, reason }
    }

    /// The request to look for in the log, where one is known.
    pub fn request(self) -> Option<RequestId> {
        match self {
            Self::Fault(id) => Some(id),
            _ => None,
        }
    }

    /// The sentence to show beside `field`, when this error is about it.
    pub fn about(self, field: Field) -> Option<String> {
        match self {
            Self::Invalid { field: wrong, .. } if wrong == field => Some(self.to_string()),
            _ => None,
        }
    }

    /// The sentence to show above a form: whatever is not about one of its fields.
    pub fn in_general(self) -> Option<String> {
        match self {
            Self::Invalid { field, .. } if field != Field::Form => None,
            other => Some(other.to_string()),
        }
    }
}

fn requests(count: i64) -> String {
    crate::view::words::count(count, "request", "requests")
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// Faults of the way between browser and server. Their text stays out: it may name internals.
    fn from_server_fn_error(fault: ServerFnErrorErr) -> Self {
        match fault {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Self::invalid(Field::Form, Reason::Missing)
            }
            _ => Self::Unavailable,
        }
    }
}

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

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// Nothing was given.
    Missing,
    /// Shorter than allowed.
    TooShort,
    /// Longer than allowed.
    TooLong,
    /// Not written the way it must be.
    Malformed,
    /// In use already.
    Taken,
    /// The dashboard has another page at the address this would have.
    Reserved,
    /// Names something that does not exist.
    Unknown,
    /// E-mail and password do not belong together.
    WrongLogin,
    /// A one-time link that was used already or has ended.
    Spent,
    /// An address inside the own network, which is not called unless allowed.
    PrivateAddress,
    /// A template that cannot be read.
    BadTemplate,
    /// Does not go with another choice of the same form.
    DoesNotFit,
    /// Means nothing for a job of this kind.
    NotOfThisJob,
    /// Said when the thing was made; changing it would change what is stored.
    DecidedOnce,
    /// Means no stored event.
    NoEvents,
    /// A place outside the database that the settings do not allow.
    PlaceNotAllowed,
    /// Nothing is at a place outside the database, or nothing that can be read.
    PlaceEmpty,
    /// A place outside the database does not answer.
    PlaceDown,
    /// A place outside the database refuses us.
    PlaceRefused,
    /// A place outside the database is locked until a person opens it.
    PlaceSealed,
    /// Switched off.
    Off,
    /// The only one that is left and can be used.
    OnlyOne,
    /// Over already; nothing can be done with it.
    Ended,
    /// A replacement is under way already.
    UnderWay,
    /// A refused request that would be refused again.
    StillRefused,
    /// A refused request of a vendor whose published keys cannot be had just now.
    KeysNotAtHand,
}

impl Reason {
    /// A sentence that says what to mend.
    fn sentence(self, field: Field) -> String {
        let name = field.name();
        match (self, field) {
            (Self::Missing, Field::Form) => "A part of the form is missing.".into(),
            (Self::Missing, Field::Cron) => "Give a cron expression, or a time between two events.".into(),
            (Self::Missing, _) => format!("The {name} is missing."),
            (Self::TooShort, Field::Password) => "Use at least 12 characters.".into(),
            (Self::TooShort | Self::TooLong, Field::Lead) => "Give a time from 10 minutes to 30 days.".into(),
            (Self::TooShort, _) => format!("The {name} is too short."),
            (Self::TooLong, Field::Overlap) => "An old secret is accepted for 7 days at most.".into(),
            (Self::UnderWay, _) => {
                "A new key is published already and waits to sign. One that leaked can still be withdrawn at once.".into()
            }
            (Self::TooLong, Field::QuietHours) => "Give a number of hours from 1 to 720.".into(),
            (Self::TooLong | Self::Malformed, Field::Delay) => {
                "Give a number of seconds up to 604,800, which is seven days.".into()
            }
            (Self::TooLong | Self::Malformed, Field::UniqueFor) => {
                "Give a number of seconds from 1 to 2,592,000, which is thirty days.".into()
            }
            (Self::TooLong, Field::Payload) => "A payload can be 64 KiB long.".into(),
            (Self::Malformed, Field::Zone) => {
                "There is no time zone of this name. Write it like Europe/Berlin or America/New_York; UTC if in doubt.".into()
            }
            (Self::DoesNotFit, Field::Zone) => {
                "A time zone goes with a cron expression. A time between two events is the same everywhere.".into()
            }
            (Self::DoesNotFit, Field::Cron) => {
                "Give a cron expression or a time between two events, not both.".into()
            }
            (Self::Malformed, Field::Cron) => {
                "Give minute, hour, day of the month, month and day of the week, such as 0 7 * * 1-5, of a day that \
                 comes."
                    .into()
            }
            (Self::Malformed, Field::Every) => "Give from 10 seconds to 366 days.".into(),
            (Self::Malformed, Field::Payload) => "This is no JSON.".into(),
            (Self::Off, _) => format!("This {name} is switched off. Switch it on first."),
            (Self::TooLong | Self::Malformed, Field::Deadline) => {
                "Give a number of seconds from 60 to 2,592,000, which is thirty days.".into()
            }
            (Self::TooLong, Field::Why) => "A reason can be 200 characters long.".into(),
            (Self::TooLong, Field::Allow) => "At most 500 networks can be listed.".into(),
            (Self::TooLong, _) => format!("The {name} is too long."),
            (Self::Malformed, Field::Slug) => {
                "Use 1 to 60 of a–z, 0–9, - and _, beginning with a letter or digit.".into()
            }
            (Self::Malformed, Field::Url | Field::BaseUrl) => {
                "Give a whole address, such as https://example.com.".into()
            }
            (Self::Malformed, Field::Rate) => "Give a number of events a second from 1 to 1,000.".into(),
            (Self::Malformed, Field::Pointers) => {
                "Give one JSON pointer a line, such as /customer/email or /items/*/card; at most 64.".into()
            }
            (Self::Malformed, Field::Headers) => {
                "Give one header name a line, such as X-Client-Ip; at most 64.".into()
            }
            (Self::Malformed, Field::FormFields) => {
                "Give one name of a form field a line; at most 64.".into()
            }
            (Self::NoEvents, _) => "No stored event is meant by this choice.".into(),
            (Self::Malformed, Field::Allow) => {
                "Give networks such as 203.0.113.0/24, or single addresses, one a line.".into()
            }
            (Self::Malformed, Field::Weight) => "Give a weight from 1 to 100.".into(),
            (Self::Malformed, Field::PerSecond | Field::Burst | Field::AtOnce | Field::PerMinute) => {
                "Give a whole number from 1 to 1,000,000.".into()
            }
            (Self::Malformed, Field::MaxBody) => "Give a size from 1 KiB to 32 MiB, such as 512 KiB.".into(),
            (Self::Malformed, Field::Option(option)) => option.wanted().into(),
            (Self::Malformed, Field::Threshold(what)) => what.wanted().into(),
            (Self::Malformed, Field::CallHeaders) => {
                "Give one Name: value a line, at most 20; not Host, Content-Length, \
                 Idempotency-Key or others that are set for each call."
                    .into()
            }
            (Self::Malformed, Field::Tries) => "Give a number of tries from 1 to 50.".into(),
            (Self::Malformed, _) => format!("This is not a valid {name}."),
            (Self::Reserved, _) => format!(
                "The dashboard has a page of its own at the address this would have. Choose another {name}; {} are not to be had.",
                crate::NO_VENDORS.join(", ")
            ),
            (Self::Taken, _) => format!("This {name} is in use already."),
            (Self::Unknown, _) => format!("This {name} does not exist any more."),
            (Self::WrongLogin, _) => "E-mail address or password is wrong.".into(),
            (Self::StillRefused, _) => "The check still fails. Mend the cause and check again, or accept it \
                 although it fails, if you know from elsewhere that it is genuine."
                .into(),
            (Self::KeysNotAtHand, _) => "The vendor’s own keys could not be fetched just now, so the request cannot be \
                 checked. Try again in a minute, or accept it unchecked, if you know from elsewhere that it is genuine."
                .into(),
            (Self::Spent, Field::Form) => {
                "The request itself is not kept any more, only what is listed here.".into()
            }
            (Self::Spent, _) => {
                "This link was used already or has ended. Restart Tidegate to get a new one.".into()
            }
            (Self::PrivateAddress, _) => {
                "This address lies inside a private network. Allow such targets in the settings first.".into()
            }
            (Self::BadTemplate, Field::Body) => {
                "This makes no JSON, which this destination takes. Values are written \
                 as JSON, with their quotes: {\"title\": {{ event.data.title }}}."
                    .into()
            }
            (Self::BadTemplate, _) => "This template cannot be read. Check its braces.".into(),
            (Self::PlaceNotAllowed, _) => {
                "The settings do not allow this place. Ask whoever runs Tidegate to add it.".into()
            }
            (Self::PlaceEmpty, _) => format!("There is no {name} at this place, or it cannot be read."),
            (Self::PlaceDown, _) => "Vault does not answer, or not as its store does. Try again later.".into(),
            (Self::PlaceRefused, _) => "Vault refuses Tidegate’s token here: permission denied. The token expired, or \
                 its policy does not cover this path. Ask whoever runs Tidegate."
                .into(),
            (Self::PlaceSealed, _) => "Vault is sealed. Somebody has to unseal it first.".into(),
            (Self::OnlyOne, _) => format!(
                "This {name} is the only one that signs: the one in use cannot be read. Replace that one first, or mend the \
                 place it is kept at."
            ),
            (Self::Ended, _) => format!("This {name} has ended already."),
            (Self::NotOfThisJob, _) => format!("This job has no {name} that could be changed."),
            (Self::DoesNotFit, Field::Option(_)) => {
                "The chosen preset does not let one choose this. Leave it empty.".into()
            }
            (Self::DecidedOnce, _) => {
                "This was decided when the vendor was added: what is stored would mean something else. Add another vendor."
                    .into()
            }
            (Self::DoesNotFit, Field::Scheme) => {
                "This vendor has a preset, which says how it signs. Its options can be changed.".into()
            }
            (Self::DoesNotFit, _) => format!("This {name} does not go with the other choices."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_about_a_field_is_shown_there_and_not_above_the_form() {
        let taken = AppError::invalid(Field::Slug, Reason::Taken);
        assert_eq!(taken.about(Field::Slug).as_deref(), Some("This name is in use already."));
        assert_eq!((taken.about(Field::Url), taken.in_general()), (None, None));
        assert!(AppError::Busy.in_general().is_some());
    }

    #[test]
    fn faults_of_the_way_between_browser_and_server_show_no_internals() {
        let fault = ServerFnErrorErr::ServerError("password=hunter2".into());
        assert_eq!(AppError::from_server_fn_error(fault), AppError::Unavailable);
    }
}
