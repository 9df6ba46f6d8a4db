//! Sealing secrets at rest: XChaCha20-Poly1305 under the master key.
//! Owns the master key and the sealed form; does not know what the secrets are for.
//!
//! Sealed form: `1` (version) · 4 bytes key id · 24 bytes nonce · ciphertext with tag. The purpose (which vendor's
//! secret, which provider's key) is bound in as associated data, so that a sealed value cannot be moved to
//! another place in the database.

use crate::{clock::random, config::Settings};
use anyhow::{Context, bail};
use base64::Engine;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use sha2::{Digest, Sha256};
use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};
use store::Sealed;
use zeroize::{Zeroize, Zeroizing};

const VERSION: u8 = 1;
const NONCE: usize = 24;
const HEAD: usize = 1 + 4 + NONCE;

/// Seals and opens secrets.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    key_id: [u8; 4],
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
    /// A vault under this key.
    pub fn new(key: &[u8; 32]) -> Self {
        let digest = Sha256::digest(key);
        let mut key_id = [0; 4];
        key_id.copy_from_slice(&digest[..4]);
        Self { cipher: XChaCha20Poly1305::new(key.into()), key_id }
    }

    /// The vault of this installation: the master key given in the settings, or the one in
    /// `DATA_DIR/master.key`, which is made (mode 0600) when it does not exist.
    ///
    /// # Errors
    /// When the key cannot be read or made, or is not 32 bytes.
    pub fn open(settings: &Settings) -> anyhow::Result<Self> {
        let mut key = match settings.master_key_text()? {
            Some(text) => parse_key(text.expose()).context("the master key in the settings")?,
            None => key_file(&settings.data_dir)?,
        };
        let vault = Self::new(&key);
        key.zeroize();
        Ok(vault)
    }

    /// Names the key without giving it away.
    pub const fn key_id(&self) -> [u8; 4] {
        self.key_id
    }

    /// Seals `secret` for `purpose`.
    pub fn seal(&self, purpose: &str, secret: &str) -> Sealed {
        let nonce: [u8; NONCE] = random();
        let payload = Payload { msg: secret.as_bytes(), aad: purpose.as_bytes() };
        let text = self
            .cipher
            .encrypt(XNonce::from_slice(&nonce), payload)
            .expect("sealing fails only for texts longer than 256 GiB");
        let mut sealed = Vec::with_capacity(HEAD + text.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.key_id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&text);
        Sealed(sealed)
    }

    /// Opens what was sealed for `purpose`.
    pub fn unseal(&self, purpose: &str, sealed: &Sealed) -> Result<Zeroizing<String>, VaultError> {
        let bytes = &sealed.0;
        if bytes.len() < HEAD || bytes[0] != VERSION {
            return Err(VaultError::Altered);
        }
        if bytes[1..5] != self.key_id {
            return Err(VaultError::OtherKey);
        }
        let payload = Payload { msg: &bytes[HEAD..], aad: purpose.as_bytes() };
        let opened = self
            .cipher
            .decrypt(XNonce::from_slice(&bytes[5..HEAD]), payload)
            .map_err(|_| VaultError::Altered)?;
        String::from_utf8(opened).map(Zeroizing::new).map_err(|_| VaultError::Altered)
    }
}

fn parse_key(text: &str) -> anyhow::Result<[u8; 32]> {
    let text = text.trim();
    let bytes = hex::decode(text)
        .or_else(|_| base64::engine::general_purpose::STANDARD.decode(text))
        .map_err(|_| anyhow::anyhow!("is neither hex nor base64"))?;
    match <[u8; 32]>::try_from(bytes) {
        Ok(key) => Ok(key),
        Err(bytes) => bail!("must be 32 bytes and is {}", bytes.len()),
    }
}

fn key_file(data_dir: &Path) -> anyhow::Result<[u8; 32]> {
    let path = data_dir.join("master.key");
    if let Ok(text) = fs::read_to_string(&path) {
        return parse_key(&text).with_context(|| path.display().to_string());
    }
    fs::create_dir_all(data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
    // Written aside and then linked, so that nobody ever reads a half-written key.
    let key: [u8; 32] = random();
    let aside = data_dir.join(format!(".master.key.{}", hex::encode(random::<8>())));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    writeln!(file, "{}", hex::encode(key))?;
    file.sync_all()?;
    let linked = fs::hard_link(&aside, &path);
    fs::remove_file(&aside)?;
    match linked {
        Ok(()) => Ok(key),
        // Another process of the same installation was quicker: its key is the one.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            parse_key(&fs::read_to_string(&path)?).with_context(|| path.display().to_string())
        }
        Err(error) => Err(error).with_context(|| format!("cannot make {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_only_for_its_purpose_and_under_its_key() {
        let vault = Vault::new(&[7; 32]);
        let sealed = vault.seal("vendor:1", "whsec_x");
        assert_eq!(vault.unseal("vendor:1", &sealed).unwrap().as_str(), "whsec_x");
        assert_eq!(vault.unseal("vendor:2", &sealed), Err(VaultError::Altered));
        assert_eq!(Vault::new(&[8; 32]).unseal("vendor:1", &sealed), Err(VaultError::OtherKey));
    }

    #[test]
    fn an_altered_or_cut_secret_does_not_open() {
        let vault = Vault::new(&[7; 32]);
        let sealed = vault.seal("p", "secret").0;
        for at in [0, HEAD, sealed.len() - 1] {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(vault.unseal("p", &Sealed(altered)), Err(VaultError::Altered));
        }
        assert_eq!(vault.unseal("p", &Sealed(sealed[..HEAD - 1].to_vec())), Err(VaultError::Altered));
    }

    #[test]
    fn the_same_secret_sealed_twice_looks_different() {
        let vault = Vault::new(&[7; 32]);
        assert_ne!(vault.seal("p", "secret"), vault.seal("p", "secret"));
    }
}
