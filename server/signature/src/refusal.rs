//! Why a request was refused: a code for machines, a status for the answer, plain words for a person.
//! Never carries a secret, an expected signature or text that the sender chose.

/// The reason a request was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.detail())]
pub enum Refusal {
    /// A header the scheme needs is absent.
    MissingHeader {
        /// Lower-case header name.
        name: String,
    },
    /// A header the scheme relies on occurs more than once.
    RepeatedHeader {
        /// Lower-case header name.
        name: String,
    },
    /// A field of the body, the query or the signature header is absent.
    MissingField {
        /// Name as the scheme writes it.
        name: String,
    },
    /// A field of the query, the form or the signature header occurs more than once.
    RepeatedField {
        /// Name as the scheme writes it.
        name: String,
    },
    /// The timestamp is not in the vendor's form.
    TimestampFormat,
    /// The timestamp is too old.
    TimestampStale {
        /// Its age.
        seconds: i64,
    },
    /// The timestamp is too far ahead.
    TimestampFuture {
        /// How far ahead it is.
        seconds: i64,
    },
    /// No secret gives the signature that was sent.
    SignatureMismatch,
    /// The signature is empty or not in the vendor's form.
    SignatureMalformed,
    /// The signature fits the same JSON written differently: something on the way rewrote the body.
    BodyAltered,
    /// The body is not JSON although the scheme needs it.
    BodyNotJson,
    /// The body is empty although this vendor never sends an empty one.
    EmptyBody,
    /// No secret is configured, or an empty one.
    NoSecret,
    /// No configured secret is usable as a key of this scheme.
    SecretUnusable,
    /// No key of the sets at hand has the id that the token names.
    UnknownKey,
    /// The vendor's certificate was not given or is not one.
    CertificateUnusable,
    /// The request names a certificate address or algorithm that is not allowed.
    CertificateNotAllowed,
    /// The vendor signed it for somebody else: another audience or another topic.
    AudienceMismatch,
    /// The signed token says nothing of this body.
    BodyUnbound,
}

impl Refusal {
    /// Stable name, as kept with the refused request.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingHeader { .. } => "missing_header",
            Self::RepeatedHeader { .. } => "repeated_header",
            Self::MissingField { .. } => "missing_field",
            Self::RepeatedField { .. } => "repeated_field",
            Self::TimestampFormat => "timestamp_malformed",
            Self::TimestampStale { .. } => "timestamp_stale",
            Self::TimestampFuture { .. } => "timestamp_future",
            Self::SignatureMismatch => "signature_mismatch",
            Self::SignatureMalformed => "signature_malformed",
            Self::BodyAltered => "body_altered",
            Self::BodyNotJson => "body_not_json",
            Self::EmptyBody => "empty_body",
            Self::NoSecret => "no_secret",
            Self::SecretUnusable => "secret_unusable",
            Self::UnknownKey => "unknown_key",
            Self::CertificateUnusable => "certificate_unusable",
            Self::CertificateNotAllowed => "certificate_not_allowed",
            Self::AudienceMismatch => "audience_mismatch",
            Self::BodyUnbound => "body_unbound",
        }
    }

    /// HTTP status of the answer: 400 when the request is incomplete, 401 when it proves nothing.
    pub fn status(&self) -> u16 {
        match self {
            Self::MissingHeader { .. }
            | Self::RepeatedHeader { .. }
            | Self::MissingField { .. }
            | Self::RepeatedField { .. }
            | Self::BodyNotJson
            | Self::EmptyBody => 400,
            _ => 401,
        }
    }

    /// What happened and what to look at, for the person who set the vendor up.
    pub fn detail(&self) -> String {
        match self {
            Self::MissingHeader { name } => format!("The header {name} is missing."),
            Self::RepeatedHeader { name } => format!("The header {name} was sent more than once."),
            Self::MissingField { name } => format!("The field {name} is missing."),
            Self::RepeatedField { name } => format!("The field {name} was sent more than once."),
            Self::TimestampFormat => "The timestamp is not in the form this vendor uses.".to_owned(),
            Self::TimestampStale { seconds } => format!(
                "The timestamp is {seconds} s old, more than this vendor's limit. \
                 This is a late redelivery, a replay, or a clock that is wrong."
            ),
            Self::TimestampFuture { seconds } => {
                format!("The timestamp is {seconds} s ahead of this server's clock, more than the limit.")
            }
            Self::SignatureMismatch => {
                "The signature does not belong to this body under any configured secret. \
                 Compare the secret with the one the vendor shows."
                    .to_owned()
            }
            Self::SignatureMalformed => {
                "The signature is empty or not in the form this vendor uses.".to_owned()
            }
            Self::BodyAltered => "The signature fits this JSON written with other spacing or escapes: \
                 a proxy between the vendor and this server rewrites the body."
                .to_owned(),
            Self::BodyNotJson => "The body is not valid JSON.".to_owned(),
            Self::EmptyBody => "The body is empty.".to_owned(),
            Self::NoSecret => "No secret is configured for this vendor.".to_owned(),
            Self::SecretUnusable => {
                "The configured secret cannot be used as a key of this scheme.".to_owned()
            }
            Self::UnknownKey => {
                "The token names a key that is not among the vendor's keys at hand.".to_owned()
            }
            Self::CertificateUnusable => {
                "The vendor's certificate is not available or cannot be read.".to_owned()
            }
            Self::CertificateNotAllowed => {
                "The request names a certificate address or an algorithm that is not the vendor's.".to_owned()
            }
            Self::AudienceMismatch => {
                "The vendor signed this for somebody else. Compare the audience or the \
                 topic with the one configured."
                    .to_owned()
            }
            Self::BodyUnbound => {
                "The signed token says nothing of this body, so the body proves nothing.".to_owned()
            }
        }
    }
}
