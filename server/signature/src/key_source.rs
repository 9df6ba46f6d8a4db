//! Where a vendor publishes the keys of its signatures, so that the caller can fetch them ahead of time, and
//! what of them one request needs. Fetches nothing; what was fetched comes back as the secret text or as
//! [`crate::Request::cert_pem`].

use crate::asymmetric::certificate_url;
use crate::definition::KeysDefinition;
use crate::delivery::{Delivery, Request};
use crate::preset::Preset;
use crate::{Algorithm, Refusal};
use crate::{jwt, sns};

/// Where the keys of a preset come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A person configures the secret.
    None,
    /// A key set (RFC 7517); its text is the secret.
    Jwks {
        /// Address of the set.
        url: String,
        /// The only host to ask; a redirect to another one is an error.
        host: String,
        /// Seconds the set may be kept. Ask sooner when [`crate::key_id`] is not in it, at most once a minute.
        max_age_secs: u32,
    },
    /// One key for each id ([`crate::key_id`]), given to the account's own credentials only. A set made of
    /// all keys fetched so far, `{"keys":[…]}`, is the secret.
    JwkById {
        /// Address to POST `client_id`, `secret` and `key_id` to, as JSON.
        url: String,
        /// The only host to ask.
        host: String,
        /// Seconds a key may be kept.
        max_age_secs: u32,
    },
    /// A certificate whose address each request names; [`crate::certificate_url`] checks that address first.
    CertificateUrl {
        /// Host names allowed; `*` stands for one or more labels, `<region>` for the name of an AWS region.
        hosts: Vec<String>,
        /// Names one of which the certificate must be for, in the same form.
        names: Vec<String>,
        /// Hosts that may be asked for a certificate missing between this one and a root, in the same form.
        issuer_hosts: Vec<String>,
        /// Seconds a certificate may be kept by its address.
        max_age_secs: u32,
    },
}

impl KeySource {
    pub(crate) fn compile(written: &KeysDefinition) -> Result<Self, String> {
        let max_age_secs = written.max_age;
        match (&written.url, written.certificate_hosts.as_slice()) {
            (Some(url), []) => {
                let host = url.strip_prefix("https://").and_then(|rest| rest.split('/').next());
                let host =
                    host.filter(|host| plain_host(host)).ok_or("keys come from an https:// address")?;
                let (url, host) = (url.clone(), host.to_owned());
                Ok(match written.by_id {
                    true => Self::JwkById { url, host, max_age_secs },
                    false => Self::Jwks { url, host, max_age_secs },
                })
            }
            (None, [_, ..]) if !written.by_id => {
                if written.certificate_names.is_empty() {
                    return Err("`certificate_names` is needed with `certificate_hosts`".to_owned());
                }
                Ok(Self::CertificateUrl {
                    hosts: written.certificate_hosts.clone(),
                    names: written.certificate_names.clone(),
                    issuer_hosts: written.issuer_hosts.clone(),
                    max_age_secs,
                })
            }
            _ => Err("`keys` has a `url` or `certificate_hosts`".to_owned()),
        }
    }
}

/// What must be at hand before a request can be judged, besides the configured secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyNeed {
    /// Nothing: the configured secrets are all there is.
    Nothing,
    /// The vendor's key set. It takes the place of the secrets.
    Set {
        /// Id of the key that the request says it is signed with, where it says so.
        key_id: Option<String>,
    },
    /// One key of the vendor's, given to the account only. It takes the place of the secrets.
    Key {
        /// Its id.
        key_id: String,
        /// Which of the secrets hold the account's credentials, as name and secret.
        credentials: Vec<(String, String)>,
    },
    /// The certificate at this address, which is the vendor's own.
    Certificate {
        /// Where it is.
        url: String,
    },
}

/// What of the vendor's keys `request` needs. Nothing is proved by it. `secrets` that are keys themselves need
/// no fetching, so that an installation without a way out can be given them by hand.
///
/// # Errors
/// When the request cannot be the vendor's whatever its keys are, so that a stranger does not make us fetch.
pub fn key_need(preset: &Preset, secrets: &[&str], request: &Request<'_>) -> Result<KeyNeed, Refusal> {
    match &preset.scheme.keys {
        KeySource::None => Ok(KeyNeed::Nothing),
        KeySource::Jwks { .. } if !secrets.is_empty() => Ok(KeyNeed::Nothing),
        KeySource::Jwks { .. } => Ok(KeyNeed::Set { key_id: key_id(preset, request)? }),
        KeySource::JwkById { .. } => {
            let credentials: Vec<_> = secrets.iter().filter_map(|secret| credentials(secret)).collect();
            if credentials.is_empty() {
                return Ok(KeyNeed::Nothing);
            }
            let key_id = key_id(preset, request)?.ok_or(Refusal::SignatureMalformed)?;
            Ok(KeyNeed::Key { key_id, credentials })
        }
        KeySource::CertificateUrl { .. } if secrets.is_empty() => Ok(KeyNeed::Nothing),
        KeySource::CertificateUrl { .. } => {
            if preset.scheme.algorithm == Algorithm::AwsSns {
                sns::check_audience(&Delivery::new(*request), secrets)?;
            }
            Ok(match certificate_url(preset, request)? {
                Some(url) => KeyNeed::Certificate { url },
                None => KeyNeed::Nothing,
            })
        }
    }
}

/// The account's credentials in a secret, where it is not the keys themselves.
pub(crate) fn credentials(secret: &str) -> Option<(String, String)> {
    let plain = |text: &str| {
        (8..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let (name, secret) = secret.split_once(':')?;
    (plain(name) && plain(secret)).then(|| (name.to_owned(), secret.to_owned()))
}

/// Where the keys of `preset` come from.
pub fn key_source(preset: &Preset) -> KeySource {
    preset.scheme.keys.clone()
}

/// The id of the key that a request says it is signed with, where the scheme has one. Nothing is proved
/// by it; it only tells which key to fetch.
pub fn key_id(preset: &Preset, request: &Request<'_>) -> Result<Option<String>, Refusal> {
    match preset.scheme.algorithm {
        Algorithm::GeminiJwt | Algorithm::PlaidJwt => {
            jwt::key_id(&Delivery::new(*request), &preset.scheme.signature.from)
        }
        _ => Ok(None),
    }
}

/// Whether a fetched key set has the key of this id.
pub fn holds_key(set: &str, id: &str) -> bool {
    jwt::holds(set, id)
}

/// Whether `host` is a name with these plain characters only. User info, ports and backslashes are read
/// differently by different parsers.
pub(crate) fn plain_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

/// Whether `url` is an https address on a host that one of `patterns` allows, without user info or another
/// port, in visible ASCII.
pub(crate) fn allowed(url: &str, patterns: &[String]) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.strip_suffix(":443").unwrap_or(authority).to_ascii_lowercase();
    scheme.eq_ignore_ascii_case("https")
        && url.len() <= 2048
        && plain_host(&host)
        && url.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
        && patterns.iter().any(|pattern| host_fits(&host, pattern))
}

pub(crate) fn host_fits(host: &str, pattern: &str) -> bool {
    let between = |(before, after): (&str, &str)| {
        host.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).map(str::to_owned)
    };
    match (pattern.split_once("<region>"), pattern.split_once('*')) {
        (Some(around), _) => between(around).is_some_and(|name| aws_region(&name)),
        (None, Some(around)) => {
            between(around).is_some_and(|labels| labels.split('.').all(|label| !label.is_empty()))
        }
        (None, None) => host == pattern,
    }
}

/// `eu-central-1` and the like. Anything looser lets in buckets: a bucket named `sns` once answered at
/// `sns.s3-us-west-2.amazonaws.com`.
fn aws_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    words.len() >= 2
        && (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
        && words.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_addresses_on_the_vendors_hosts_are_asked() {
        let hosts = ["*.paypal.com".to_owned(), "sns.<region>.amazonaws.com".to_owned()];
        for url in [
            "https://api.paypal.com/v1/notifications/certs/CERT-1",
            "HTTPS://API.PayPal.com:443/x",
            "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        ] {
            assert!(allowed(url, &hosts), "{url}");
        }
        for url in [
            "http://api.paypal.com/x",
            "https://paypal.com/x",
            "https://.paypal.com/x",
            "https://a..paypal.com/x",
            "https://paypal.com.evil.example/x",
            "https://evilpaypal.com/x",
            "https://evil.example/.paypal.com",
            "https://evil.example#.paypal.com",
            "https://evil.example\\.paypal.com",
            "https://api.paypal.com@evil.example/",
            "https://evil.example:1@api.paypal.com:444/",
            "https://sns.amazonaws.com/x",
            "https://sns.s3.amazonaws.com/x.pem",
            "https://sns.s3-us-west-2.amazonaws.com/x.pem",
            "https://sns.eu-central-1.s3.amazonaws.com/x.pem",
            "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem",
            "https://bucket.s3.amazonaws.com/sns.x.amazonaws.com",
            "",
        ] {
            assert!(!allowed(url, &hosts), "{url}");
        }
    }
}
