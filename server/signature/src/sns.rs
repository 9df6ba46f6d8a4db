//! Amazon SNS: RSA over named fields of the message, under a certificate that the message itself names.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>
//!
//! Amazon signs for every account, so the secret is the topic (its ARN) that messages must be of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters,
    UnparsedPublicKey,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;
use webpki::EndEntityCert;

use crate::asymmetric::allowed_host;
use crate::delivery::Delivery;
use crate::handshake::{FollowUp, Reply};
use crate::key_source::{KeySource, allowed};
use crate::refusal::Refusal;
use crate::scheme::Scheme;
use crate::verify::{Verified, shared_secret};

const NOTIFICATION: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const CONFIRMATION: [&str; 7] =
    ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// SNS retries for days and signs once, so the time is no proof of freshness; this only ends replays.
const OLDEST: i64 = 30 * 24 * 3600;
const AHEAD: i64 = 300;

pub(crate) fn verify(
    delivery: &Delivery<'_>,
    scheme: &Scheme,
    secrets: &[&str],
    now_unix: i64,
) -> Result<Verified, Refusal> {
    let message = Message::read(delivery)?;
    let url = message.certificate_url(&scheme.keys)?;
    let secret_index = shared_secret(message.text("TopicArn")?.as_bytes(), secrets);
    let sent = STANDARD.decode(message.text("Signature")?).map_err(|_| Refusal::SignatureMalformed)?;
    let algorithm = message.algorithm()?;
    let signed = message.signed()?;
    let unix = chrono::DateTime::parse_from_rfc3339(message.text("Timestamp")?)
        .map_err(|_| Refusal::TimestampFormat)?
        .timestamp();
    let age = now_unix.saturating_sub(unix);
    if age > OLDEST {
        return Err(Refusal::TimestampStale { seconds: age });
    }
    if age < -AHEAD {
        return Err(Refusal::TimestampFuture { seconds: age.saturating_neg() });
    }
    let pem = delivery.request.cert_pem.filter(|_| !url.is_empty()).ok_or(Refusal::CertificateUnusable)?;
    let key = public_key(pem).ok_or(Refusal::CertificateUnusable)?;
    let good = UnparsedPublicKey::new(algorithm, key).verify(signed.as_bytes(), &sent).is_ok();
    match secret_index {
        _ if !good => Err(Refusal::SignatureMismatch),
        Some(secret_index) => Ok(Verified { secret_index, timestamp_unix: Some(unix) }),
        None => Err(Refusal::AudienceMismatch),
    }
}

/// Refuses messages of other topics, before their certificate is asked for.
pub(crate) fn check_audience(delivery: &Delivery<'_>, secrets: &[&str]) -> Result<(), Refusal> {
    let topic = Message::read(delivery)?.text("TopicArn")?;
    shared_secret(topic.as_bytes(), secrets).map(drop).ok_or(Refusal::AudienceMismatch)
}

/// Where the certificate of this message is; refused unless it is Amazon's.
pub(crate) fn certificate_url(delivery: &Delivery<'_>, keys: &KeySource) -> Result<String, Refusal> {
    Message::read(delivery)?.certificate_url(keys).map(str::to_owned)
}

/// A new subscription is confirmed by asking the address it names. The end of one is only noted: its
/// address would begin the subscription anew.
pub(crate) fn handshake(delivery: &Delivery<'_>) -> Option<Reply> {
    if !delivery.request.method.eq_ignore_ascii_case("POST") {
        return None;
    }
    let message = Message::read(delivery).ok()?;
    match message.text("Type").ok()? {
        "SubscriptionConfirmation" => {
            let url = message.text("SubscribeURL").ok()?;
            let query = url.split_once('?')?.1;
            let confirms = form_urlencoded::parse(query.as_bytes())
                .filter(|(name, _)| name == "Action")
                .map(|(_, value)| value == "ConfirmSubscription")
                .collect::<Vec<_>>();
            let hosts = ["sns.<region>.amazonaws.com".to_owned(), "sns.<region>.amazonaws.com.cn".to_owned()];
            let ours = confirms == [true] && allowed(url, &hosts);
            ours.then(|| Reply { follow_up: Some(FollowUp::Get(url.to_owned())), ..Reply::empty(200) })
        }
        "UnsubscribeConfirmation" => Some(Reply::empty(200)),
        _ => None,
    }
}

/// What is wrong with the name of a topic, if anything is.
pub(crate) fn check_topic(secret: &str) -> Result<(), String> {
    let parts: Vec<&str> = secret.split(':').collect();
    let good = matches!(parts.as_slice(), ["arn", partition, "sns", region, account, name]
        if partition.starts_with("aws") && !region.is_empty() && !name.is_empty()
            && account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()));
    match good && secret.bytes().all(|b| b.is_ascii_graphic()) {
        true => Ok(()),
        false => {
            Err("This is not the ARN of a topic, such as arn:aws:sns:eu-central-1:123456789012:name."
                .to_owned())
        }
    }
}

struct Message<'d>(&'d serde_json::Map<String, Value>);

impl<'d> Message<'d> {
    fn read(delivery: &'d Delivery<'_>) -> Result<Self, Refusal> {
        delivery.json(None).and_then(Value::as_object).map(Self).ok_or(Refusal::BodyNotJson)
    }

    fn text(&self, name: &str) -> Result<&'d str, Refusal> {
        let missing = || Refusal::MissingField { name: name.to_owned() };
        self.0.get(name).and_then(Value::as_str).ok_or_else(missing)
    }

    fn certificate_url(&self, keys: &KeySource) -> Result<&'d str, Refusal> {
        let url = self.text("SigningCertURL")?;
        let path = url.split(['?', '#']).next().unwrap_or_default();
        match allowed_host(keys, url) && path == url && path.ends_with(".pem") {
            true => Ok(url),
            false => Err(Refusal::CertificateNotAllowed),
        }
    }

    fn algorithm(&self) -> Result<&'static RsaParameters, Refusal> {
        match self.text("SignatureVersion")? {
            "1" => Ok(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
            "2" => Ok(&RSA_PKCS1_2048_8192_SHA256),
            _ => Err(Refusal::SignatureMalformed),
        }
    }

    /// Each name and value on a line of its own.
    fn signed(&self) -> Result<String, Refusal> {
        let names: &[&str] = match self.text("Type")? {
            "Notification" => &NOTIFICATION,
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => &CONFIRMATION,
            _ => return Err(Refusal::SignatureMalformed),
        };
        let mut out = String::new();
        for name in names {
            if *name == "Subject" && self.0.get(*name).is_none_or(Value::is_null) {
                continue;
            }
            for line in [name, self.text(name)?] {
                out.push_str(line);
                out.push('\n');
            }
        }
        Ok(out)
    }
}

/// The RSA key of a certificate, as PKCS#1.
fn public_key(pem: &str) -> Option<Vec<u8>> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let info = EndEntityCert::try_from(&der).ok()?.subject_public_key_info();
    let (body, _) = element(info.as_ref(), 0x30)?;
    let (_, rest) = element(body, 0x30)?;
    let (bits, _) = element(rest, 0x03)?;
    match bits.split_first()? {
        (0, key) => Some(key.to_vec()),
        _ => None,
    }
}

/// The content of the DER element (X.690 §8.1) at the start of `der`, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    (*first == tag).then(|| rest.split_at_checked(length)).flatten()
}
