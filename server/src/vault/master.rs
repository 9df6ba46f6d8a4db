//! The master key: where it comes from, and wrapping data keys with it. It seals nothing else.

use super::{decrypt, encrypt};
use crate::{clock::random, config::Settings};
use anyhow::{Context, bail};
use base64::Engine;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Names a master key without giving it away: the first bytes of its SHA-256.
pub type MasterId = [u8; 4];

/// A key in the clear; wiped when dropped.
pub type Key = Zeroizing<[u8; 32]>;

/// A master key.
pub struct Master {
    id: MasterId,
    cipher: XChaCha20Poly1305,
}

impl Master {
    /// From its 32 bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        let digest = Sha256::digest(key);
        let mut id = MasterId::default();
        id.copy_from_slice(&digest[..4]);
        Self { id, cipher: XChaCha20Poly1305::new(key.into()) }
    }

    /// Its name.
    pub const fn id(&self) -> MasterId {
        self.id
    }

    pub(super) const fn cipher(&self) -> &XChaCha20Poly1305 {
        &self.cipher
    }

    /// A data key in the form it is kept in, bound to its id.
    pub(super) fn wrap(&self, id: Uuid, key: &[u8; 32]) -> Vec<u8> {
        encrypt(&self.cipher, Vec::new(), purpose(id).as_bytes(), key)
    }

    /// The data key `id`, if this master key wrapped it.
    pub(super) fn unwrap(&self, id: Uuid, wrapped: &[u8]) -> Option<Key> {
        let key = Zeroizing::new(decrypt(&self.cipher, wrapped, purpose(id).as_bytes())?);
        Some(Zeroizing::new(key.as_slice().try_into().ok()?))
    }
}

fn purpose(id: Uuid) -> String {
    format!("data-key:{}", id.simple())
}

/// Where the master key comes from.
#[derive(Clone)]
pub enum Source {
    /// The settings, as text or from a file they name, which may change while the program runs.
    Settings(Box<Settings>),
    /// `master.key` in this folder.
    Folder(PathBuf),
}

impl Source {
    /// Where these settings take it from.
    pub fn of(settings: &Settings) -> Self {
        match settings.master_key.is_some() || settings.master_key_file.is_some() {
            true => Self::Settings(Box::new(settings.clone())),
            false => Self::Folder(settings.data_dir.clone()),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is not there or is not 32 bytes.
    pub fn read(&self) -> anyhow::Result<Key> {
        match self {
            Self::Settings(settings) => {
                let text = settings.master_key_text()?.context("no master key is set")?;
                parse(text.expose()).context("the master key in the settings")
            }
            Self::Folder(folder) => read_file(&folder.join(FILE)),
        }
    }

    /// Reads it, making the file first where there is none.
    ///
    /// # Errors
    /// When it can be neither read nor made, or is not 32 bytes.
    pub fn read_or_make(&self) -> anyhow::Result<Key> {
        match self {
            Self::Folder(folder) if !folder.join(FILE).exists() => make_file(folder, FILE),
            _ => self.read(),
        }
    }
}

/// The file of the master key.
const FILE: &str = "master.key";
/// The file of the one that is to replace it, while it does.
const NEXT: &str = "master.key.next";

/// The key that is to replace the one in `folder`: that of an unfinished replacement, or a new one.
///
/// # Errors
/// When it can be neither read nor made.
pub fn next_file(folder: &Path) -> anyhow::Result<Key> {
    let path = folder.join(NEXT);
    if path.exists() { read_file(&path) } else { make_file(folder, NEXT) }
}

/// The key of an unfinished replacement, if its file is there.
///
/// # Errors
/// When it cannot be read.
pub fn unfinished_file(folder: &Path) -> anyhow::Result<Option<Key>> {
    let path = folder.join(NEXT);
    if path.exists() { read_file(&path).map(Some) } else { Ok(None) }
}

/// Puts the next key in the place of the one in `folder`; the old one is kept beside it, for old backups. Returns
/// where. A crash at any point leaves one of the two in place.
///
/// # Errors
/// When the files cannot be linked or renamed.
pub fn switch_files(folder: &Path, old: MasterId) -> anyhow::Result<PathBuf> {
    let kept = folder.join(format!("{FILE}.old-{}", hex::encode(old)));
    match fs::hard_link(folder.join(FILE), &kept) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("cannot keep the old key as {}", kept.display()));
        }
        _ => {}
    }
    fs::rename(folder.join(NEXT), folder.join(FILE)).context("cannot put the new key in place")?;
    fs::File::open(folder)?.sync_all()?;
    Ok(kept)
}

/// A key as people write it: hex or base64.
///
/// # Errors
/// When it is neither, or not 32 bytes.
pub fn parse(text: &str) -> anyhow::Result<Key> {
    let text = text.trim();
    let bytes = hex::decode(text)
        .or_else(|_| base64::engine::general_purpose::STANDARD.decode(text))
        .map_err(|_| anyhow::anyhow!("is neither hex nor base64"))?;
    let bytes = Zeroizing::new(bytes);
    match <[u8; 32]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(Zeroizing::new(key)),
        Err(_) => bail!("must be 32 bytes and is {}", bytes.len()),
    }
}

fn read_file(path: &Path) -> anyhow::Result<Key> {
    let text =
        Zeroizing::new(fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?);
    parse(&text).with_context(|| path.display().to_string())
}

fn make_file(folder: &Path, name: &str) -> anyhow::Result<Key> {
    let path = folder.join(name);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Written aside and then linked, so that nobody ever reads a half-written key.
    let key = Zeroizing::new(random::<32>());
    let aside = folder.join(format!(".{name}.{}", hex::encode(random::<8>())));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    writeln!(file, "{}", hex::encode(*key))?;
    file.sync_all()?;
    let linked = fs::hard_link(&aside, &path);
    fs::remove_file(&aside)?;
    match linked {
        Ok(()) => {
            fs::File::open(folder)?.sync_all()?;
            Ok(key)
        }
        // Another process of the same installation was quicker: its key is the one.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read_file(&path),
        Err(error) => Err(error).with_context(|| format!("cannot make {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_data_key_opens_only_under_its_master_key_and_as_itself() {
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let master = Master::new(&[7; 32]);
        let wrapped = master.wrap(id, &[9; 32]);
        assert_eq!(master.unwrap(id, &wrapped).as_deref(), Some(&[9; 32]));
        assert!(master.unwrap(other, &wrapped).is_none());
        assert!(Master::new(&[8; 32]).unwrap(id, &wrapped).is_none());
        assert!(master.unwrap(id, &wrapped[..10]).is_none());
    }

    #[test]
    fn a_key_is_32_bytes_in_hex_or_base64() {
        assert_eq!(*parse(&"07".repeat(32)).unwrap(), [7; 32]);
        assert_eq!(*parse(" BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n").unwrap(), [7; 32]);
        for bad in ["", "07", "not a key", &"07".repeat(33)] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
