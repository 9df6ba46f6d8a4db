//! Sealing secrets at rest: XChaCha20-Poly1305 under data keys, which are kept in the database wrapped by the master
//! key. Owns the sealed form and the keys in memory; does not know what the secrets are for.
//!
//! - [`master`]: the master key, where it comes from, wrapping data keys
//! - [`rotate`]: replacing the master key while the program runs
//!
//! Sealed form: `2` (version) · 16 bytes id of the data key · 24 bytes nonce · ciphertext with tag. Older values, form
//! `1`, were sealed by the master key itself: `1` · 4 bytes id of the master key · nonce · ciphertext. Both are read;
//! replacing the master key turns the old form into the new one. The purpose (which vendor's secret, which provider's
//! key) is bound in as associated data, so that a sealed value cannot be moved to another place in the database.

pub mod master;
pub mod rotate;

use crate::{
    clock::{SharedClock, fresh, random},
    config::Settings,
};
use arc_swap::ArcSwap;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use domain::time::Timestamp;
use master::{Master, MasterId, Source};
use std::{collections::HashMap, sync::Arc};
use store::{DataKey, Sealed, Store};
use uuid::Uuid;
use zeroize::Zeroizing;

const BY_MASTER: u8 = 1;
const BY_DATA_KEY: u8 = 2;
const NONCE: usize = 24;
/// Version and id of the data key.
const HEAD: usize = 1 + 16;
/// Version and id of the master key.
const OLD_HEAD: usize = 1 + 4;

/// Seals and opens secrets.
pub struct Vault {
    source: Option<Source>,
    masters: ArcSwap<Vec<Arc<Master>>>,
    keys: ArcSwap<Keys>,
}

/// Data keys in the clear, in memory only.
#[derive(Clone, Default)]
struct Keys {
    newest: Option<(Timestamp, Uuid)>,
    by_id: HashMap<Uuid, Arc<XChaCha20Poly1305>>,
}

/// Why a sealed value cannot be opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum VaultError {
    /// It was sealed under another master key.
    #[error("sealed under another master key")]
    OtherKey,
    /// It was altered, cut, or sealed for another purpose.
    #[error("altered, or sealed for another purpose")]
    Altered,
}

impl Vault {
    /// A vault under this master key, without data keys.
    pub fn new(key: &[u8; 32]) -> Self {
        Self::under(Master::new(key), None)
    }

    fn under(master: Master, source: Option<Source>) -> Self {
        Self { source, masters: ArcSwap::from_pointee(vec![Arc::new(master)]), keys: ArcSwap::default() }
    }

    /// The vault of this installation: the master key given in the settings, or the one in
    /// `DATA_DIR/master.key`, which is made (mode 0600) when it does not exist.
    ///
    /// # Errors
    /// When the key cannot be read or made, or is not 32 bytes.
    pub fn open(settings: &Settings) -> anyhow::Result<Self> {
        let source = Source::of(settings);
        let key = source.read_or_make()?;
        Ok(Self::under(Master::new(&key), Some(source)))
    }

    /// Takes the data keys of `store` in, making the first one for a new database.
    ///
    /// # Errors
    /// When the database is another master key's.
    pub async fn unlock(&self, store: &dyn Store, clock: &SharedClock) -> anyhow::Result<()> {
        let mut known = store.data_keys().await?;
        if known.is_empty() {
            // Before there were data keys the database named its master key in a setting.
            let sealed_under = store.setting_or_insert("master_key_id", &self.master_id()).await?;
            anyhow::ensure!(sealed_under == self.master_id(), OTHER_MASTER);
            let (_, key) = self.new_data_key(clock.now(), &[self.master()]);
            store.add_first_data_key(&key).await?;
            known = store.data_keys().await?;
        }
        self.adopt(&known).map_err(|_| anyhow::anyhow!(OTHER_MASTER))
    }

    /// As [`Vault::unlock`] for commands that only look: makes nothing.
    ///
    /// # Errors
    /// When no server ever ran on this database, or its data keys are under another master key.
    pub async fn unlock_existing(&self, store: &dyn Store) -> anyhow::Result<()> {
        let known = store.data_keys().await?;
        anyhow::ensure!(!known.is_empty(), "this database was never served; start it with `tidegate serve`");
        self.adopt(&known).map_err(|_| anyhow::anyhow!(OTHER_MASTER))
    }

    /// The master key in use.
    fn master(&self) -> Arc<Master> {
        // There is one from the beginning, and none is ever taken out.
        self.masters.load()[0].clone()
    }

    /// Names the master key in use without giving it away.
    pub fn master_id(&self) -> MasterId {
        self.master().id()
    }

    /// Takes in the data keys that are not known yet. One that no known master key opens makes the master key be
    /// read from its source again: it was replaced while this process ran.
    ///
    /// # Errors
    /// [`VaultError::OtherKey`] when one cannot be opened all the same; the others are taken in.
    pub fn adopt(&self, rows: &[DataKey]) -> Result<(), VaultError> {
        let known = self.keys.load_full();
        let new: Vec<&DataKey> = rows.iter().filter(|row| !known.by_id.contains_key(&row.id)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut keys = Keys::clone(&known);
        let mut result = Ok(());
        for row in new {
            match self.open_wrap(row).or_else(|| self.learn().then(|| self.open_wrap(row)).flatten()) {
                Some(key) => {
                    keys.by_id.insert(row.id, Arc::new(XChaCha20Poly1305::new((&*key).into())));
                    keys.newest = keys.newest.max(Some((row.created_at, row.id)));
                }
                None => result = Err(VaultError::OtherKey),
            }
        }
        self.keys.store(Arc::new(keys));
        result
    }

    fn open_wrap(&self, row: &DataKey) -> Option<Zeroizing<[u8; 32]>> {
        let masters = self.masters.load();
        row.wraps.iter().find_map(|(id, wrapped)| {
            masters.iter().find(|master| master.id()[..] == id[..])?.unwrap(row.id, wrapped)
        })
    }

    /// Reads the master key again; whether it is another one now.
    fn learn(&self) -> bool {
        let Some(read) = self.source.as_ref().and_then(|source| source.read().ok()) else { return false };
        let master = Arc::new(Master::new(&read));
        let known = self.masters.load_full();
        if known.iter().any(|one| one.id() == master.id()) {
            return false;
        }
        let mut masters = Vec::clone(&known);
        masters.insert(0, master);
        self.masters.store(Arc::new(masters));
        true
    }

    /// A new data key, wrapped by these master keys; in the clear and as it is kept.
    fn new_data_key(&self, now: Timestamp, masters: &[Arc<Master>]) -> (Zeroizing<[u8; 32]>, DataKey) {
        let key = Zeroizing::new(random::<32>());
        let id = fresh();
        let wraps = masters.iter().map(|master| (master.id().to_vec(), master.wrap(id, &key))).collect();
        (key, DataKey { id, created_at: now, wraps })
    }

    /// What everything sealed by the newest data key begins with.
    pub fn newest_head(&self) -> Option<Vec<u8>> {
        self.keys.load().newest.map(|(_, id)| head(id))
    }

    /// Seals `secret` for `purpose`.
    pub fn seal(&self, purpose: &str, secret: &str) -> Sealed {
        self.seal_bytes(purpose, secret.as_bytes())
    }

    /// Seals bytes for `purpose`.
    pub fn seal_bytes(&self, purpose: &str, bytes: &[u8]) -> Sealed {
        let keys = self.keys.load();
        match keys.newest.and_then(|(_, id)| Some((id, keys.by_id.get(&id)?))) {
            Some((id, key)) => Sealed(encrypt(key, head(id), purpose.as_bytes(), bytes)),
            None => {
                let master = self.master();
                let head = [&[BY_MASTER][..], &master.id()].concat();
                Sealed(encrypt(master.cipher(), head, purpose.as_bytes(), bytes))
            }
        }
    }

    /// Opens what was sealed for `purpose`.
    pub fn unseal(&self, purpose: &str, sealed: &Sealed) -> Result<Zeroizing<String>, VaultError> {
        let mut opened = self.unseal_bytes(purpose, sealed)?;
        String::from_utf8(std::mem::take(&mut *opened)).map(Zeroizing::new).map_err(|_| VaultError::Altered)
    }

    /// Opens bytes that were sealed for `purpose`.
    pub fn unseal_bytes(&self, purpose: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let bytes = &sealed.0;
        let opened = match bytes.first() {
            Some(&BY_MASTER) => {
                let id = bytes.get(1..OLD_HEAD).ok_or(VaultError::Altered)?;
                let masters = self.masters.load();
                let master =
                    masters.iter().find(|master| master.id()[..] == *id).ok_or(VaultError::OtherKey)?;
                decrypt(master.cipher(), &bytes[OLD_HEAD..], purpose.as_bytes())
            }
            Some(&BY_DATA_KEY) => {
                let id = bytes.get(1..HEAD).ok_or(VaultError::Altered)?;
                let id = Uuid::from_slice(id).map_err(|_| VaultError::Altered)?;
                let keys = self.keys.load();
                let key = keys.by_id.get(&id).ok_or(VaultError::OtherKey)?;
                decrypt(key, &bytes[HEAD..], purpose.as_bytes())
            }
            _ => None,
        };
        opened.map(Zeroizing::new).ok_or(VaultError::Altered)
    }
}

/// What to do when the database was sealed under another master key.
const OTHER_MASTER: &str = "the secrets in this database are sealed under another master key: give that key with \
    TIDEGATE_MASTER_KEY, or the folder that holds its master.key with --data-dir";

fn head(id: Uuid) -> Vec<u8> {
    [&[BY_DATA_KEY][..], id.as_bytes()].concat()
}

/// `head` · nonce · ciphertext with tag.
fn encrypt(cipher: &XChaCha20Poly1305, mut head: Vec<u8>, purpose: &[u8], text: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE] = random();
    let sealed = cipher
        .encrypt(XNonce::from_slice(&nonce), Payload { msg: text, aad: purpose })
        .expect("sealing fails only for texts longer than 256 GiB");
    head.extend_from_slice(&nonce);
    head.extend_from_slice(&sealed);
    head
}

/// The text of nonce · ciphertext with tag.
fn decrypt(cipher: &XChaCha20Poly1305, sealed: &[u8], purpose: &[u8]) -> Option<Vec<u8>> {
    let (nonce, text) = sealed.split_at_checked(NONCE)?;
    cipher.decrypt(XNonce::from_slice(nonce), Payload { msg: text, aad: purpose }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vault with a data key, and that key as it is kept.
    fn unlocked(master: [u8; 32]) -> (Vault, DataKey) {
        let vault = Vault::new(&master);
        let (_, key) = vault.new_data_key(Timestamp(1), &[vault.master()]);
        vault.adopt(std::slice::from_ref(&key)).unwrap();
        (vault, key)
    }

    #[test]
    fn a_sealed_secret_opens_only_for_its_purpose_and_under_its_key() {
        let (vault, key) = unlocked([7; 32]);
        let sealed = vault.seal("vendor:1", "whsec_x");
        assert_eq!(vault.unseal("vendor:1", &sealed).unwrap().as_str(), "whsec_x");
        assert_eq!(vault.unseal("vendor:2", &sealed), Err(VaultError::Altered));
        let other = Vault::new(&[8; 32]);
        assert_eq!(other.adopt(&[key]), Err(VaultError::OtherKey));
        assert_eq!(other.unseal("vendor:1", &sealed), Err(VaultError::OtherKey));
    }

    #[test]
    fn a_secret_sealed_by_the_master_key_itself_is_still_read() {
        let old = Vault::new(&[7; 32]).seal("vendor:1", "whsec_x");
        assert_eq!(old.0[0], BY_MASTER);
        let (vault, _) = unlocked([7; 32]);
        assert_eq!(vault.unseal("vendor:1", &old).unwrap().as_str(), "whsec_x");
        assert_eq!(Vault::new(&[8; 32]).unseal("vendor:1", &old), Err(VaultError::OtherKey));
    }

    #[test]
    fn an_altered_or_cut_secret_does_not_open() {
        let (vault, _) = unlocked([7; 32]);
        let sealed = vault.seal("p", "secret").0;
        for at in [0, HEAD, HEAD + NONCE, sealed.len() - 1] {
            let mut altered = sealed.clone();
            altered[at] ^= 0x40;
            assert_eq!(vault.unseal("p", &Sealed(altered)), Err(VaultError::Altered));
        }
        for length in [0, 1, HEAD - 1, HEAD, HEAD + NONCE, sealed.len() - 1] {
            assert_eq!(vault.unseal("p", &Sealed(sealed[..length].to_vec())), Err(VaultError::Altered));
        }
    }

    #[test]
    fn the_same_secret_sealed_twice_looks_different() {
        let (vault, _) = unlocked([7; 32]);
        assert_ne!(vault.seal("p", "secret"), vault.seal("p", "secret"));
    }

    #[test]
    fn the_newest_data_key_seals_and_the_older_ones_still_open() {
        let (vault, _) = unlocked([7; 32]);
        let before = vault.seal("p", "secret");
        let (_, newer) = vault.new_data_key(Timestamp(2), &[vault.master()]);
        vault.adopt(std::slice::from_ref(&newer)).unwrap();
        let after = vault.seal("p", "secret");
        assert_eq!(after.0[1..HEAD], *newer.id.as_bytes());
        assert_ne!(before.0[..HEAD], after.0[..HEAD]);
        assert!(vault.unseal("p", &before).is_ok() && vault.unseal("p", &after).is_ok());
    }
}
