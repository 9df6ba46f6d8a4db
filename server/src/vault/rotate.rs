//! Replacing the master key while the program runs. Every step is one transaction and can be taken again, so a
//! replacement that was killed goes on where it was.
//!
//! 1. [`begin`]: a new data key, wrapped by the old and the new master key; the older data keys get a wrap by the new
//!    one, too. From here on every value can be opened with either master key. Running nodes notice the new data key as
//!    they notice any change of the configuration, open it with the master key they have, and seal with it.
//! 2. [`reseal`]: all values are sealed anew with that data key, in batches: secrets, keys, refused requests that are
//!    kept whole, secrets that were offered and wait.
//! 3. [`finish`]: the wraps by the old master key are forgotten. Running nodes keep the data keys they have in memory
//!    and read the master key anew when the next one appears.

use super::{Vault, head, master::Master};
use crate::{
    clock::{SharedClock, fresh},
    live::purpose,
};
use anyhow::{Context, ensure};
use std::sync::Arc;
use store::{AuditEntry, KeyRotation, Place, Sealed, SealedValue, Store};

/// Values sealed anew in one transaction.
pub const BATCH: usize = 100;

/// What sealing anew did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Values sealed anew.
    pub done: i64,
    /// Values that could be opened with no known key, before as after; they stay as they are.
    pub unreadable: usize,
}

/// What each step works with.
pub struct Parts<'a> {
    /// The database.
    pub store: &'a dyn Store,
    /// The vault of the master key in use.
    pub vault: &'a Vault,
    /// The time.
    pub clock: &'a SharedClock,
    /// Who does it, for the audit log.
    pub actor: &'a str,
}

impl Parts<'_> {
    fn audit(&self, action: &str, detail: String) -> AuditEntry {
        AuditEntry {
            id: fresh(),
            at: self.clock.now(),
            tenant_id: None,
            actor: self.actor.to_owned(),
            action: action.to_owned(),
            target: "master-key".to_owned(),
            detail,
        }
    }
}

/// The replacement that is under way.
///
/// # Errors
/// When the database does not answer.
pub async fn under_way(parts: &Parts<'_>) -> anyhow::Result<Option<KeyRotation>> {
    Ok(parts.store.key_rotation().await?.filter(|rotation| rotation.finished_at.is_none()))
}

/// Begins to replace the master key by `next`; does nothing when that is under way.
///
/// # Errors
/// When another key is under way, or `next` is the one in use.
pub async fn begin(parts: &Parts<'_>, next: &[u8; 32]) -> anyhow::Result<()> {
    let next = Arc::new(Master::new(next));
    if let Some(rotation) = under_way(parts).await? {
        ensure!(
            rotation.to_master == next.id(),
            "another new key is under way (it begins with {} in `tidegate key status`): give that one",
            hex::encode(rotation.to_master)
        );
        return Ok(());
    }
    let current = parts.vault.master();
    ensure!(current.id() != next.id(), "this is the master key that is in use");
    let known = parts.store.data_keys().await?;
    let mut wraps = Vec::with_capacity(known.len());
    for key in &known {
        let clear = parts.vault.open_wrap(key).context("a data key cannot be opened with the key in use")?;
        wraps.push((key.id, next.wrap(key.id, &clear)));
    }
    let now = parts.clock.now();
    // The newest one seals, also when the clock was set back meanwhile.
    let made_at = known.last().map_or(now, |last| now.max(last.created_at.plus(1)));
    let (_, key) = parts.vault.new_data_key(made_at, &[current.clone(), next.clone()]);
    let rotation = KeyRotation {
        from_master: current.id().to_vec(),
        to_master: next.id().to_vec(),
        data_key_id: key.id,
        started_at: now,
        resealed: 0,
        finished_at: None,
    };
    let detail = format!("from {} to {}", hex::encode(current.id()), hex::encode(next.id()));
    let audit = parts.audit("key.rotate", detail);
    parts
        .store
        .begin_key_rotation(&rotation, &key, &wraps, &audit)
        .await
        .context("the replacement could not begin; is another one running?")
}

/// Seals all values anew with the data key of the replacement, `batch` in a transaction.
///
/// # Errors
/// When none is under way, or values are left that only the old master key opens.
pub async fn reseal(parts: &Parts<'_>, batch: usize) -> anyhow::Result<Resealed> {
    let rotation = under_way(parts).await?.context("no replacement of the master key is under way")?;
    parts.vault.adopt(&parts.store.data_keys().await?)?;
    let head = head(rotation.data_key_id);
    ensure!(
        parts.vault.newest_head().as_ref() == Some(&head),
        "a newer data key than that of the replacement is there"
    );
    let mut result = Resealed::default();
    // A node that did not know the new data key yet may have sealed with the old one meanwhile.
    loop {
        let round = round(parts, &rotation, &head, batch).await?;
        result.done += round.done;
        result.unreadable = round.unreadable;
        ensure!(
            round.of_old_master == 0,
            "{} values can be opened with the old master key only: run this once more with that key",
            round.of_old_master
        );
        if round.readable == 0 {
            return Ok(result);
        }
    }
}

/// What one way through all values came to.
#[derive(Default)]
struct Round {
    done: i64,
    readable: usize,
    unreadable: usize,
    of_old_master: usize,
}

/// Goes through all values that are not sealed with the data key of the replacement, page by page.
async fn round(
    parts: &Parts<'_>,
    rotation: &KeyRotation,
    head: &[u8],
    batch: usize,
) -> anyhow::Result<Round> {
    let limit = i64::try_from(batch.max(1)).unwrap_or(i64::MAX);
    let mut round = Round::default();
    let mut after = None;
    loop {
        let page = parts.store.sealed_otherwise(head, after, limit).await?;
        let Some(last) = page.last() else { return Ok(round) };
        after = Some(last.place);
        let mut readable = Vec::with_capacity(page.len());
        for value in page {
            match again(parts.vault, &value) {
                Some(sealed) => readable.push((value, sealed)),
                None => {
                    round.unreadable += 1;
                    round.of_old_master += usize::from(is_sealed_by(&value.sealed, &rotation.from_master));
                }
            }
        }
        if !readable.is_empty() {
            round.readable += readable.len();
            round.done += parts.store.reseal(&readable).await?;
        }
    }
}

/// Ends the replacement: the old master key opens nothing any more.
///
/// # Errors
/// When none is under way or the database does not answer.
pub async fn finish(parts: &Parts<'_>) -> anyhow::Result<()> {
    let rotation = under_way(parts).await?.context("no replacement of the master key is under way")?;
    let detail = format!("{} values sealed anew", rotation.resealed);
    let audit = parts.audit("key.rotated", detail);
    Ok(parts.store.finish_key_rotation(parts.clock.now(), &audit).await?)
}

/// The value sealed anew, if it can be opened.
pub fn again(vault: &Vault, value: &SealedValue) -> Option<Sealed> {
    let purpose = match value.place {
        Place::Secret(_, vendor) => purpose::vendor(vendor),
        Place::Provider(id) => purpose::provider(id),
        Place::Destination(id) => purpose::destination(id),
        Place::Tenant(id) => purpose::tenant(id),
        Place::Offer(_, vendor) => purpose::offer(vendor),
        Place::Capture(id) => purpose::refused(id),
        Place::SenderLinkKey => purpose::SENDER_LINKS.to_owned(),
        Place::FirstTokenKey => purpose::FIRST_TOKEN_KEY.to_owned(),
        Place::TokenKey(id) => purpose::token_key(id),
        Place::Part(id, part) => purpose::part(id, part),
    };
    let clear = vault.unseal_bytes(&purpose, &value.sealed).ok()?;
    Some(vault.seal_bytes(&purpose, &clear))
}

/// Whether this master key itself sealed it.
fn is_sealed_by(sealed: &Sealed, master: &[u8]) -> bool {
    sealed.0.first() == Some(&super::BY_MASTER) && sealed.0.get(1..super::OLD_HEAD) == Some(master)
}
