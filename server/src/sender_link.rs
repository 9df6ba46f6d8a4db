//! Links to sender pages: which vendor, under which number, until when, signed with a key of this installation. A
//! link says who may look; whether its number still counts is the store's matter.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{id::VendorId, time::Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Set apart from anything else that is ever signed with the same key.
const CONTEXT: &[u8] = b"tidegate sender link 1\0";
const FIELDS: usize = 16 + 4 + 8;

/// What a link says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderLink {
    /// Whose page.
    pub vendor: VendorId,
    /// The number under which it was given out.
    pub number: i32,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl SenderLink {
    /// The link as text for an address.
    pub fn sign(&self, key: &[u8; 32]) -> String {
        let mut bytes = Vec::with_capacity(FIELDS + 32);
        bytes.extend_from_slice(self.vendor.uuid().as_bytes());
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.expires_at.0.to_be_bytes());
        let tag = mac(key, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a link says, if it was signed with this key and has not ended. Compares in constant time.
    pub fn read(key: &[u8; 32], text: &str, now: Timestamp) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (fields, tag) = bytes.split_at_checked(FIELDS)?;
        mac(key, fields).verify_slice(tag).ok()?;
        let (vendor, rest) = fields.split_first_chunk::<16>()?;
        let (number, rest) = rest.split_first_chunk::<4>()?;
        let (expires_at, _) = rest.split_first_chunk::<8>()?;
        let link = Self {
            vendor: VendorId::new(uuid::Uuid::from_bytes(*vendor)),
            number: i32::from_be_bytes(*number),
            expires_at: Timestamp(i64::from_be_bytes(*expires_at)),
        };
        (now < link.expires_at).then_some(link)
    }
}

fn mac(key: &[u8; 32], fields: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(CONTEXT);
    mac.update(fields);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];
    const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

    fn link() -> SenderLink {
        SenderLink {
            vendor: VendorId::new(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001)),
            number: 3,
            expires_at: NOW.plus(1),
        }
    }

    #[test]
    fn a_link_is_read_back_until_it_ends() {
        let text = link().sign(&KEY);
        assert_eq!(SenderLink::read(&KEY, &text, NOW), Some(link()));
        assert_eq!(SenderLink::read(&KEY, &text, NOW.plus(1)), None);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }

    #[test]
    fn a_link_with_any_bit_changed_cut_or_signed_with_another_key_is_none() {
        let text = link().sign(&KEY);
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(SenderLink::read(&KEY, &URL_SAFE_NO_PAD.encode(changed), NOW), None, "byte {at}");
            assert_eq!(
                SenderLink::read(&KEY, &URL_SAFE_NO_PAD.encode(&bytes[..at]), NOW),
                None,
                "cut at {at}"
            );
        }
        assert_eq!(SenderLink::read(&[8; 32], &text, NOW), None);
        for nonsense in ["", "x", "<script>", "💧"] {
            assert_eq!(SenderLink::read(&KEY, nonsense, NOW), None);
        }
    }
}
