//! Tokens by which this installation proves who it is to a site: ES256 (RFC 7515, RFC 7518), good for one site and one
//! minute, signed with a key of its own that never leaves the database unsealed. Whoever should believe them reads the
//! public halves of its keys at [`PATH`].

mod signer;
mod turns;

use crate::{
    clock::{SharedClock, fresh},
    live::purpose,
    vault::Vault,
};
use arc_swap::ArcSwapOption;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::time::{SECOND, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use signer::Signer;
use std::sync::Arc;
use store::{AuditEntry, Others, Store, StoreError, TOKEN_KEY, TokenKey};
use turns::turns;
use uuid::Uuid;

pub use turns::Turn;

/// Where the public keys are, on this server.
pub const PATH: &str = "/.well-known/jwks.json";
/// How long a token is good, in seconds.
const LIFE: i64 = 60;
/// How long keys that were read are good for, in microseconds. Far shorter than a new one waits before it signs.
const FRESH: i64 = 10 * SECOND;

/// Why no token can be signed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The database did not answer, or not as it should.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key cannot be opened with the master key in use, or is none.
    #[error("the key that signs tokens cannot be opened")]
    Key,
}

/// Makes tokens; makes its first key when it needs one.
pub struct Tokens {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    clock: SharedClock,
    issuer: String,
    known: ArcSwapOption<Known>,
}

/// Keys as they were read.
struct Known {
    read_at: Timestamp,
    /// In the order in which they sign; never empty.
    signers: Vec<(Uuid, Arc<Signer>)>,
}

/// A key, without its secret half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its thumbprint (RFC 7638), by which tokens name it.
    pub id: String,
    /// What it is for now.
    pub turn: Turn,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

impl Known {
    fn turns(&self, now: Timestamp) -> Vec<(&Signer, Turn)> {
        let begin: Vec<Timestamp> = self.signers.iter().map(|(_, signer)| signer.signs_from).collect();
        self.signers.iter().map(|(_, signer)| signer.as_ref()).zip(turns(&begin, now)).collect()
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        (0..FRESH).contains(&now.since(self.read_at))
    }
}

impl Tokens {
    /// Tokens of the installation that the outside reaches at `issuer`.
    pub fn new(store: Arc<dyn Store>, vault: Arc<Vault>, clock: SharedClock, issuer: String) -> Self {
        Self { store, vault, clock, issuer, known: ArcSwapOption::empty() }
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
        let known = self.known().await?;
        let at = self.clock.now();
        let signing = known.turns(at).into_iter().find(|(_, turn)| *turn == Turn::Signs);
        let (signer, _) = signing.ok_or(TokenError::Key)?;
        let now = at.unix();
        let claims = Claims {
            iss: &self.issuer,
            aud: url.trim_end_matches('/'),
            iat: now,
            exp: now + LIFE,
            jti: fresh().simple().to_string(),
        };
        let head = json!({"alg": "ES256", "typ": "JWT", "kid": signer.id});
        let signed = format!("{}.{}", part(&head)?, part(&claims)?);
        let signature = signer.sign(&signed)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The public keys, as a set (RFC 7517).
    ///
    /// # Errors
    /// When a key cannot be read.
    pub async fn published(&self) -> Result<Value, TokenError> {
        let known = self.known().await?;
        let turns = known.turns(self.clock.now());
        let keys: Vec<&Value> =
            turns.iter().filter(|(_, turn)| *turn != Turn::Over).map(|(signer, _)| &signer.jwk).collect();
        Ok(json!({"keys": keys}))
    }

    /// The keys that are published, in the order in which they sign.
    ///
    /// # Errors
    /// When a key cannot be read.
    pub async fn keys(&self) -> Result<Vec<KeyInfo>, TokenError> {
        let known = self.read().await?;
        let turns = known.turns(self.clock.now()).into_iter().filter(|(_, turn)| *turn != Turn::Over);
        Ok(turns.map(|(signer, turn)| KeyInfo { id: signer.id.clone(), turn }).collect())
    }

    /// Adds a key that is published now and signs after `lead` microseconds; with [`Others::Go`] all others are gone at
    /// once. `audit` is told its name. Returns that name.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one waits to sign already.
    pub async fn replace(
        &self,
        lead: i64,
        others: Others,
        audit: impl FnOnce(&str) -> AuditEntry,
    ) -> Result<String, TokenError> {
        // What is replaced must be there: a key alone would sign before its time.
        self.known().await?;
        let (id, now) = (fresh(), self.clock.now());
        let private = Signer::fresh()?;
        let signs_from = now.plus(lead);
        let name = Signer::of(&private, signs_from)?.id;
        let sealed = self.vault.seal_bytes(&purpose::token_key(id), &private);
        let key = TokenKey { id, created_at: now, signs_from, sealed };
        self.store.add_token_key(&key, others, &audit(&name)).await?;
        self.known.store(None);
        Ok(name)
    }

    /// Keys that were read a moment ago, or are now. While the database does not answer, those read last stay in use.
    async fn known(&self) -> Result<Arc<Known>, TokenError> {
        let last = self.known.load_full();
        if let Some(known) = last.as_ref().filter(|known| known.is_fresh(self.clock.now())) {
            return Ok(known.clone());
        }
        match (self.read().await, last) {
            (Err(TokenError::Store(error)), Some(last)) => {
                tracing::warn!(%error, "the keys of tokens could not be read again; those read last stay in use");
                Ok(last)
            }
            (read, _) => read,
        }
    }

    async fn read(&self) -> Result<Arc<Known>, TokenError> {
        let mut rows = self.store.token_keys().await?;
        if rows.is_empty() {
            let sealed = self.vault.seal_bytes(purpose::FIRST_TOKEN_KEY, &Signer::fresh()?);
            // Of two nodes that make one at the same moment, one sees its own discarded.
            self.store.setting_or_insert(TOKEN_KEY, &sealed.0).await?;
            rows = self.store.token_keys().await?;
        }
        let last = self.known.load_full();
        let opened = |id: Uuid| {
            let last = last.as_ref()?;
            last.signers.iter().find(|(known, _)| *known == id).map(|(_, signer)| signer.clone())
        };
        let mut signers = Vec::with_capacity(rows.len());
        for row in rows {
            let signer = match opened(row.id) {
                Some(signer) => signer,
                None => Arc::new(self.open(&row)?),
            };
            signers.push((row.id, signer));
        }
        let known = Arc::new(Known { read_at: self.clock.now(), signers });
        self.known.store(Some(known.clone()));
        Ok(known)
    }

    fn open(&self, key: &TokenKey) -> Result<Signer, TokenError> {
        let purpose = match key.id.is_nil() {
            true => purpose::FIRST_TOKEN_KEY.to_owned(),
            false => purpose::token_key(key.id),
        };
        let opened = self.vault.unseal_bytes(&purpose, &key.sealed).map_err(|error| {
            tracing::error!(%error, "a key that signs tokens cannot be opened");
            TokenError::Key
        })?;
        Signer::of(&opened, key.signs_from)
    }
}

/// Deletes the keys that are published no more at `now`; how many that were.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(store: &dyn Store, now: Timestamp) -> Result<u64, StoreError> {
    let forgotten = store.forget_token_keys(now.plus(-turns::STAYS)).await?;
    if forgotten > 0 {
        tracing::info!(keys = forgotten, "keys that signed tokens before are published no more");
    }
    Ok(forgotten)
}

fn part(value: &impl Serialize) -> Result<String, TokenError> {
    serde_json::to_vec(value).map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(|_| TokenError::Key)
}
