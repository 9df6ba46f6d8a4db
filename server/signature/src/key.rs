//! Secret text to key bytes, and what a secret of a vendor looks like: checking one that a person
//! pasted, making one from random bytes.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::asymmetric;
use crate::definition::{Algorithm, KeyKind};
use crate::jwt::{self, Alg};
use crate::key_source::{KeySource, credentials};
use crate::preset::Preset;
use crate::selector::Selector;
use crate::sns;

/// Vendors' SDKs disagree about padding and trailing bits of secrets; neither weakens a key.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The HMAC key a secret stands for, or nothing when it stands for none.
pub(crate) fn hmac_key(kind: KeyKind, secret: &str) -> Option<Cow<'_, [u8]>> {
    let key = match kind {
        KeyKind::Raw => Cow::Borrowed(secret.as_bytes()),
        KeyKind::HtmlUnescape => Cow::Owned(html_unescape(secret).into_bytes()),
        KeyKind::Whsec => Cow::Owned(LENIENT.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()?),
        KeyKind::WhsecOrRaw => match secret.strip_prefix("whsec_") {
            Some(encoded) => Cow::Owned(LENIENT.decode(encoded).ok()?),
            None => Cow::Borrowed(secret.as_bytes()),
        },
        KeyKind::Base64 => Cow::Owned(LENIENT.decode(secret).ok()?),
        KeyKind::Hex => Cow::Owned(hex::decode(secret).ok()?),
        KeyKind::SpkiBase64 | KeyKind::Jwks | KeyKind::Certificate => return None,
    };
    (!key.is_empty()).then_some(key)
}

/// The entities WordPress escapes secrets with, in one pass:
/// <https://developer.wordpress.org/reference/functions/wp_specialchars_decode/>.
fn html_unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let named = after.split_once(';').and_then(|(name, tail)| Some((entity(name)?, tail)));
        let (character, tail) = named.unwrap_or(('&', after));
        out.push(character);
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| *c != '\0')
        }
    }
}

/// Says what is wrong with a secret before it is saved.
pub fn check_secret(preset: &Preset, secret: &str) -> Result<(), String> {
    let scheme = &preset.scheme;
    let refuse = |why: &str| Err(why.to_owned());
    if secret.is_empty() {
        return refuse("The secret is empty.");
    }
    if secret.trim() != secret {
        return refuse("The secret begins or ends with white space; it was probably copied along.");
    }
    match scheme.algorithm {
        Algorithm::Ed25519 | Algorithm::EcdsaP256Sha256 => return asymmetric::check_key(scheme.key, secret),
        Algorithm::RsaSha256
            if !secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') =>
        {
            return refuse("This is not a webhook id: it has letters and digits only.");
        }
        Algorithm::RsaSha256 => return Ok(()),
        Algorithm::AwsSns => return sns::check_topic(secret),
        Algorithm::GeminiJwt | Algorithm::PlaidJwt => {
            let by_account = matches!(scheme.keys, KeySource::JwkById { .. });
            let alg = if scheme.algorithm == Algorithm::PlaidJwt { Alg::Es256 } else { Alg::Rs256 };
            if jwt::has_key(secret, alg) || (by_account && credentials(secret).is_some()) {
                return Ok(());
            }
            return refuse(match by_account {
                true => "Write it as client_id:secret, or paste a key set (JWKS).",
                false => "This is not a key set (JWKS) with a key of this vendor's kind.",
            });
        }
        _ => {}
    }
    if secret.chars().any(char::is_control) {
        return refuse("The secret holds a line break or another control character.");
    }
    if scheme.algorithm == Algorithm::SharedSecret {
        return match scheme.signature.from {
            Selector::Basic if !secret.contains(':') => refuse("Write it as user:password."),
            Selector::Header(_) if !secret.is_ascii() => {
                refuse("A secret that travels in a header may only hold ASCII characters.")
            }
            _ => Ok(()),
        };
    }
    if secret.starts_with("whpk_") && !scheme.signature.written.accept_ed25519.is_empty() {
        return match asymmetric::whpk(secret) {
            Some(_) => Ok(()),
            None => refuse("This is not a public key: whpk_ and 44 characters of base64."),
        };
    }
    match hmac_key(scheme.key, secret) {
        Some(_) => Ok(()),
        None => refuse(match scheme.key {
            KeyKind::Hex => "The secret is not hexadecimal.",
            _ => "The secret is not base64; copy it whole, with its whsec_ if it has one.",
        }),
    }
}

/// A new secret in the vendor's form; nothing where only the vendor can give it
/// ([`Preset::secret_is_the_vendors`]).
pub fn generate_secret(preset: &Preset, random: &[u8; 32]) -> Option<String> {
    if preset.secret_is_the_vendors() {
        return None;
    }
    let issue = &preset.definition.issue;
    let mut digits = hex::encode(random);
    digits.truncate(issue.digits.unwrap_or(64));
    Some(match preset.scheme.key {
        KeyKind::Whsec | KeyKind::WhsecOrRaw => {
            format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(random))
        }
        KeyKind::Base64 => base64::engine::general_purpose::STANDARD.encode(random),
        KeyKind::Hex => digits,
        _ => format!("{}{digits}", issue.prefix),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_unescaped_once() {
        assert_eq!(html_unescape("a&amp;lt;&#039;&#x22;&gt;&bogus;&"), "a&lt;'\">&bogus;&");
    }

    #[test]
    fn a_secret_behind_whsec_may_lack_its_padding() {
        assert_eq!(hmac_key(KeyKind::Whsec, "whsec_YWE"), hmac_key(KeyKind::Whsec, "YWE="));
        assert_eq!(hmac_key(KeyKind::Whsec, "whsec_"), None);
        assert_eq!(hmac_key(KeyKind::WhsecOrRaw, "plain").as_deref(), Some(&b"plain"[..]));
    }
}
