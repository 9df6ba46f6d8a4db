//! Data keys: one per tenant, under which its payloads are sealed (XChaCha20-Poly1305). The key itself stands in the
//! database sealed under the master key; destroying it makes every payload sealed under it unreadable at once, in the
//! database and in every copy made of it from then on. An older copy still holds the key, under the master key.
//!
//! Sealed form: `1` (version) · 4 bytes key id · 24 bytes nonce · ciphertext with tag. Inside: 4 bytes length of the
//! headers (big-endian) · headers as JSON · body. The event's id is bound in as associated data, so that a payload
//! cannot be moved to another event.

use crate::{
    clock::random,
    live::purpose,
    vault::{Vault, VaultError},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use domain::{
    event::EventPayload,
    id::{EventId, TenantId},
};
use sha2::{Digest, Sha256};
use store::Sealed;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE: usize = 24;
const HEAD: usize = 1 + 4 + NONCE;

/// A tenant's key, open.
pub struct DataKey {
    cipher: XChaCha20Poly1305,
    id: [u8; 4],
}

impl DataKey {
    /// Makes a key for a tenant, sealed under the master key.
    pub fn make(vault: &Vault, tenant: TenantId) -> Sealed {
        let key = Zeroizing::new(random::<32>());
        vault.seal(&purpose::tenant(tenant), &Zeroizing::new(hex::encode(*key)))
    }

    /// Opens a tenant's key.
    ///
    /// # Errors
    /// When it was sealed under another master key, for another tenant, or altered.
    pub fn open(vault: &Vault, tenant: TenantId, sealed: &Sealed) -> Result<Self, VaultError> {
        let text = vault.unseal(&purpose::tenant(tenant), sealed)?;
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.as_str(), key.as_mut_slice()).map_err(|_| VaultError::Altered)?;
        Ok(Self::of(&key))
    }

    fn of(key: &[u8; 32]) -> Self {
        let digest = Sha256::digest(key);
        let mut id = [0; 4];
        id.copy_from_slice(&digest[..4]);
        Self { cipher: XChaCha20Poly1305::new(key.into()), id }
    }

    /// Seals the bytes of one event.
    pub fn seal(&self, event: EventId, payload: &EventPayload) -> Sealed {
        let headers = serde_json::to_vec(&payload.headers).expect("names and values are always JSON");
        let length =
            u32::try_from(headers.len()).expect("headers were bounded to kilobytes when they arrived");
        let mut inside = Zeroizing::new(Vec::with_capacity(4 + headers.len() + payload.body.len()));
        inside.extend_from_slice(&length.to_be_bytes());
        inside.extend_from_slice(&headers);
        inside.extend_from_slice(&payload.body);
        let nonce: [u8; NONCE] = random();
        let purpose = purpose_of(event);
        let bound = Payload { msg: &inside, aad: purpose.as_bytes() };
        let text = self
            .cipher
            .encrypt(XNonce::from_slice(&nonce), bound)
            .expect("sealing fails only for texts longer than 256 GiB");
        let mut sealed = Vec::with_capacity(HEAD + text.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&text);
        Sealed(sealed)
    }

    /// Opens the bytes of one event.
    ///
    /// # Errors
    /// [`VaultError::OtherKey`] when they were sealed under a key that was destroyed since.
    pub fn unseal(&self, event: EventId, sealed: &Sealed) -> Result<EventPayload, VaultError> {
        let bytes = &sealed.0;
        if bytes.len() < HEAD || bytes[0] != VERSION {
            return Err(VaultError::Altered);
        }
        if bytes[1..5] != self.id {
            return Err(VaultError::OtherKey);
        }
        let purpose = purpose_of(event);
        let bound = Payload { msg: &bytes[HEAD..], aad: purpose.as_bytes() };
        let inside = self
            .cipher
            .decrypt(XNonce::from_slice(&bytes[5..HEAD]), bound)
            .map_err(|_| VaultError::Altered)?;
        let (length, rest) = inside.split_first_chunk::<4>().ok_or(VaultError::Altered)?;
        let (headers, body) =
            rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or(VaultError::Altered)?;
        let headers = serde_json::from_slice(headers).map_err(|_| VaultError::Altered)?;
        Ok(EventPayload { headers, body: body.to_vec() })
    }
}

fn purpose_of(event: EventId) -> String {
    format!("event:{event}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload() -> EventPayload {
        EventPayload { headers: vec![("x-a".into(), "b".into())], body: b"{\"a\":1}\0\xff".to_vec() }
    }

    #[test]
    fn a_payload_opens_only_for_its_event_and_under_its_key() {
        let (key, other) = (DataKey::of(&[7; 32]), DataKey::of(&[8; 32]));
        let (event, elsewhere) = (EventId::new(uuid::Uuid::nil()), EventId::new(uuid::Uuid::max()));
        let sealed = key.seal(event, &payload());
        assert_eq!(key.unseal(event, &sealed), Ok(payload()));
        assert_eq!(key.unseal(elsewhere, &sealed), Err(VaultError::Altered));
        assert_eq!(other.unseal(event, &sealed), Err(VaultError::OtherKey));
        assert_eq!(key.unseal(event, &Sealed(sealed.0[..HEAD].to_vec())), Err(VaultError::Altered));
        assert!(!sealed.0.windows(7).any(|part| part == b"{\"a\":1}"));
    }

    #[test]
    fn a_data_key_opens_only_for_its_tenant_and_under_the_master_key() {
        let (tenant, other) = (TenantId::new(uuid::Uuid::nil()), TenantId::new(uuid::Uuid::max()));
        let vault = Vault::new(&[1; 32]);
        let sealed = DataKey::make(&vault, tenant);
        assert!(DataKey::open(&vault, tenant, &sealed).is_ok());
        assert!(DataKey::open(&vault, other, &sealed).is_err());
        assert!(DataKey::open(&Vault::new(&[2; 32]), tenant, &sealed).is_err());
    }
}
