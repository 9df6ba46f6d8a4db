//! What can go wrong on the dashboard, as one closed list.
//! Owns the words people read for each case; those of forms are [`Field`]'s and [`Reason`]'s. Carries no free text: an
//! error travels back to a page in its URL when JavaScript is off, where anybody can write one.

mod field;
mod reason;

pub use field::Field;
pub use reason::Reason;

use domain::id::RequestId;
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
