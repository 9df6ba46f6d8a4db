//! Signatures under the vendor's own key: Ed25519, ECDSA P-256, RSA with a certificate.
//! Key sets and certificates come from the caller; this module says only which address may be asked.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{ED25519, UnparsedPublicKey};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use subtle::Choice;
use webpki::{EndEntityCert, RawPublicKeyEntity};

use crate::definition::{Algorithm, KeyKind};
use crate::delivery::{Delivery, Request};
use crate::key_source::{KeySource, allowed};
use crate::preset::Preset;
use crate::refusal::Refusal;
use crate::scheme::Scheme;
use crate::sns;

/// Whether any candidate is a signature of `message` under the key that `secret` stands for.
pub(crate) fn verify(
    scheme: &Scheme,
    secret: &str,
    message: &[u8],
    candidates: &[Vec<u8>],
    delivery: &Delivery<'_>,
) -> Result<Choice, Refusal> {
    let fits = match scheme.algorithm {
        Algorithm::Ed25519 => {
            let keys = ed25519_keys(scheme.key, secret).ok_or(Refusal::SecretUnusable)?;
            // No key id is sent, so every key of the set is tried.
            let verifies = |signature: &Vec<u8>| {
                keys.iter()
                    .any(|key| UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok())
            };
            candidates.iter().any(verifies)
        }
        Algorithm::EcdsaP256Sha256 => {
            let der = STANDARD.decode(secret).map_err(|_| Refusal::SecretUnusable)?;
            let spki = SubjectPublicKeyInfoDer::from(der);
            let key = RawPublicKeyEntity::try_from(&spki).map_err(|_| Refusal::SecretUnusable)?;
            candidates
                .iter()
                .any(|sent| key.verify_signature(webpki::ring::ECDSA_P256_SHA256, message, sent).is_ok())
        }
        _ => {
            allowed_certificate(delivery, &scheme.keys)?;
            let pem = delivery.request.cert_pem.ok_or(Refusal::CertificateUnusable)?;
            let der = CertificateDer::from_pem_slice(pem.as_bytes());
            let der = der.map_err(|_| Refusal::CertificateUnusable)?;
            let certificate = EndEntityCert::try_from(&der).map_err(|_| Refusal::CertificateUnusable)?;
            let algorithm = webpki::ring::RSA_PKCS1_2048_8192_SHA256;
            candidates.iter().any(|sent| certificate.verify_signature(algorithm, message, sent).is_ok())
        }
    };
    Ok(Choice::from(u8::from(fits)))
}

/// Where to fetch the certificate for [`Request::cert_pem`], once its address is known to be the
/// vendor's own; nothing for schemes without one. The caller checks the chain.
///
/// <https://developer.paypal.com/api/rest/webhooks/rest/>
pub fn certificate_url(preset: &Preset, request: &Request<'_>) -> Result<Option<String>, Refusal> {
    let delivery = Delivery::new(*request);
    match preset.scheme.algorithm {
        Algorithm::AwsSns => sns::certificate_url(&delivery, &preset.scheme.keys).map(Some),
        Algorithm::RsaSha256 => allowed_certificate(&delivery, &preset.scheme.keys).map(Some),
        _ => Ok(None),
    }
}

/// The request must not choose another host, which would be asked for a key, or a weaker algorithm.
fn allowed_certificate(delivery: &Delivery<'_>, keys: &KeySource) -> Result<String, Refusal> {
    let header = |name: &str| {
        let value = delivery.header(name)?.ok_or_else(|| Refusal::MissingHeader { name: name.to_owned() })?;
        std::str::from_utf8(value).map_err(|_| Refusal::CertificateNotAllowed)
    };
    let url = header("paypal-cert-url")?;
    if header("paypal-auth-algo")? != "SHA256withRSA" || !allowed_host(keys, url) {
        return Err(Refusal::CertificateNotAllowed);
    }
    Ok(url.to_owned())
}

pub(crate) fn allowed_host(keys: &KeySource, url: &str) -> bool {
    matches!(keys, KeySource::CertificateUrl { hosts, .. } if allowed(url, hosts))
}

fn ed25519_keys(kind: KeyKind, secret: &str) -> Option<Vec<Vec<u8>>> {
    let keys = match kind {
        KeyKind::Hex => vec![hex::decode(secret).ok()?],
        KeyKind::Base64 => vec![STANDARD.decode(secret).ok()?],
        _ => jwks_keys(secret)?,
    };
    let keys: Vec<_> = keys.into_iter().filter(|key| key.len() == 32).collect();
    (!keys.is_empty()).then_some(keys)
}

/// RFC 8037 §2: `x` of each Ed25519 key; other keys of the set are none of ours.
fn jwks_keys(text: &str) -> Option<Vec<Vec<u8>>> {
    let set: serde_json::Value = serde_json::from_str(text).ok()?;
    let ours = set.get("keys")?.as_array()?.iter().filter(|key| key["crv"] == "Ed25519");
    Some(
        ours.filter_map(|key| URL_SAFE_NO_PAD.decode(key["x"].as_str()?.trim_end_matches('=')).ok())
            .collect(),
    )
}

pub(crate) fn check_key(kind: KeyKind, secret: &str) -> Result<(), String> {
    let usable = match kind {
        KeyKind::SpkiBase64 => STANDARD
            .decode(secret)
            .is_ok_and(|der| RawPublicKeyEntity::try_from(&SubjectPublicKeyInfoDer::from(der)).is_ok()),
        _ => ed25519_keys(kind, secret).is_some(),
    };
    match (usable, kind) {
        (true, _) => Ok(()),
        (false, KeyKind::SpkiBase64) => {
            Err("This is not a public key in base64, as the vendor shows it.".to_owned())
        }
        (false, KeyKind::Base64) => {
            Err("This is not a public key: it has 44 characters of base64.".to_owned())
        }
        (false, KeyKind::Jwks) => Err("This is not a key set (JWKS) with an Ed25519 key.".to_owned()),
        (false, _) => Err("This is not a public key: it has 64 hexadecimal digits.".to_owned()),
    }
}

/// The key behind `whpk_`, as Standard Webhooks writes Ed25519 keys:
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
pub(crate) fn whpk(secret: &str) -> Option<Vec<u8>> {
    STANDARD.decode(secret.strip_prefix("whpk_")?).ok().filter(|key| key.len() == 32)
}

/// Whether any candidate is an Ed25519 signature of `message`.
pub(crate) fn ed25519_fits(key: &[u8], message: &[u8], candidates: &[Vec<u8>]) -> Choice {
    let key = UnparsedPublicKey::new(&ED25519, key);
    let fits = candidates.iter().any(|sent| key.verify(message, sent).is_ok());
    Choice::from(u8::from(fits))
}
