//! Tokens by which this installation proves who it is to a site: ES256 (RFC 7515, RFC 7518), good for one site and one
//! minute, signed with a key of its own that never leaves the database unsealed. Whoever should believe them reads the
//! public half at [`PATH`].

use crate::{
    clock::{SharedClock, fresh},
    live::purpose,
    vault::Vault,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::{Sealed, Store, StoreError, TOKEN_KEY};
use tokio::sync::OnceCell;

/// Where the public keys are, on this server.
pub const PATH: &str = "/.well-known/jwks.json";
/// How long a token is good, in seconds.
const LIFE: i64 = 60;

/// Why no token can be signed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key cannot be opened with the master key in use, or is none.
    #[error("the key that signs tokens cannot be opened")]
    Key,
}

/// Makes tokens; makes its key when it needs it for the first time.
pub struct Tokens {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    clock: SharedClock,
    issuer: String,
    signer: OnceCell<Signer>,
}

struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    /// Its thumbprint (RFC 7638).
    id: String,
    /// Its public half (RFC 7517).
    jwk: Value,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

impl Tokens {
    /// Tokens of the installation that the outside reaches at `issuer`.
    pub fn new(store: Arc<dyn Store>, vault: Arc<Vault>, clock: SharedClock, issuer: String) -> Self {
        Self { store, vault, clock, issuer, signer: OnceCell::new() }
    }

    /// What tokens name as their issuer: the address of this server.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A fresh token for the site at this URL.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub async fn for_site(&self, url: &str) -> Result<String, TokenError> {
        let signer = self.signer().await?;
        let now = self.clock.now().unix();
        let claims = Claims {
            iss: &self.issuer,
            aud: url.trim_end_matches('/'),
            iat: now,
            exp: now + LIFE,
            jti: fresh().simple().to_string(),
        };
        let head = json!({"alg": "ES256", "typ": "JWT", "kid": signer.id});
        let signed = format!("{}.{}", part(&head)?, part(&claims)?);
        let signature = signer.pair.sign(&signer.random, signed.as_bytes()).map_err(|_| TokenError::Key)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The public keys, as a set (RFC 7517).
    ///
    /// # Errors
    /// When the key cannot be read.
    pub async fn published(&self) -> Result<Value, TokenError> {
        Ok(json!({"keys": [self.signer().await?.jwk]}))
    }

    async fn signer(&self) -> Result<&Signer, TokenError> {
        self.signer
            .get_or_try_init(|| async {
                let sealed = match self.store.setting(TOKEN_KEY).await? {
                    Some(sealed) => sealed,
                    None => {
                        let made = EcdsaKeyPair::generate_pkcs8(
                            &ECDSA_P256_SHA256_FIXED_SIGNING,
                            &SystemRandom::new(),
                        );
                        let made = made.map_err(|_| TokenError::Key)?;
                        let sealed = self.vault.seal_bytes(purpose::TOKENS, made.as_ref());
                        // Of two nodes that make one at the same moment, one sees its own discarded.
                        self.store.setting_or_insert(TOKEN_KEY, &sealed.0).await?
                    }
                };
                let opened = self.vault.unseal_bytes(purpose::TOKENS, &Sealed(sealed)).map_err(|error| {
                    tracing::error!(%error, "the key that signs tokens cannot be opened");
                    TokenError::Key
                })?;
                Signer::of(&opened)
            })
            .await
    }
}

impl Signer {
    fn of(pkcs8: &[u8]) -> Result<Self, TokenError> {
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
        Ok(Self { pair, random, id, jwk })
    }
}

fn part(value: &impl Serialize) -> Result<String, TokenError> {
    serde_json::to_vec(value).map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(|_| TokenError::Key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    #[test]
    fn a_key_is_named_by_its_thumbprint_and_published_without_its_secret() {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let signer = Signer::of(made.as_ref()).unwrap();
        let mut names: Vec<&str> = signer.jwk.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        assert_eq!(signer.jwk["kid"], signer.id.as_str());
        assert_eq!(signer.id.len(), 43);

        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(signer.jwk[name].as_str().unwrap()).unwrap();
        let point = [&[4][..], &bytes("x"), &bytes("y")].concat();
        let signature = signer.pair.sign(&random, b"text").unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        assert!(key.verify(b"text", signature.as_ref()).is_ok());
        assert!(Signer::of(b"no key").is_err());
    }
}
