//! A key that signs tokens: ES256 on P-256 (RFC 7518), named by its thumbprint.

use super::TokenError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::time::Timestamp;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A key and when it signs.
pub(super) struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    /// Its thumbprint (RFC 7638).
    pub(super) id: String,
    /// Its public half (RFC 7517).
    pub(super) jwk: Value,
    /// From when on it signs, until the next one does.
    pub(super) signs_from: Timestamp,
}

impl Signer {
    /// A fresh private key, in PKCS #8.
    pub(super) fn fresh() -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        made.map(|made| Zeroizing::new(made.as_ref().to_vec())).map_err(|_| TokenError::Key)
    }

    /// The key in this PKCS #8.
    pub(super) fn of(pkcs8: &[u8], signs_from: Timestamp) -> Result<Self, TokenError> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random);
        let pair = pair.map_err(|_| TokenError::Key)?;
        // An uncompressed point: 4, then the two coordinates.
        let point = pair.public_key().as_ref();
        let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else { return Err(TokenError::Key) };
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(members));
        let jwk =
            json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": id, "alg": "ES256", "use": "sig"});
        Ok(Self { pair, random, id, jwk, signs_from })
    }

    /// The signature of `text`: two numbers, one after the other.
    pub(super) fn sign(&self, text: &str) -> Result<Vec<u8>, TokenError> {
        let signature = self.pair.sign(&self.random, text.as_bytes()).map_err(|_| TokenError::Key)?;
        Ok(signature.as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    #[test]
    fn a_key_is_named_by_its_thumbprint_and_published_without_its_secret() {
        let made = Signer::fresh().unwrap();
        let signer = Signer::of(&made, Timestamp(0)).unwrap();
        let mut names: Vec<&str> = signer.jwk.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        assert_eq!(signer.jwk["kid"], signer.id.as_str());
        assert_eq!(signer.id.len(), 43);

        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(signer.jwk[name].as_str().unwrap()).unwrap();
        let point = [&[4][..], &bytes("x"), &bytes("y")].concat();
        let signature = signer.sign("text").unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        assert!(key.verify(b"text", &signature).is_ok());
        assert!(Signer::of(b"no key", Timestamp(0)).is_err());
    }
}
