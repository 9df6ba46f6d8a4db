//! What can be wrong with a field, and the words for it.

use super::Field;
use serde::{Deserialize, Serialize};

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
    /// Goes with somebody who posts, and this vendor's events are made here.
    Unsigned,
    /// A refused request that would be refused again.
    StillRefused,
    /// A refused request of a vendor whose published keys cannot be had just now.
    KeysNotAtHand,
}

impl Reason {
    /// A sentence that says what to mend.
    pub(super) fn sentence(self, field: Field) -> String {
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
            (Self::Taken, Field::Preset) => {
                "There is one vendor of this kind already, and one is enough: add rules to it.".into()
            }
            (Self::Unsigned, _) => {
                "This vendor is Tidegate itself: nobody posts to it, so it has no secret, no limits and no sender.".into()
            }
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
