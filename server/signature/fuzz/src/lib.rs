//! The written form of a fuzz input: a request as people write it, so that seeds can be read and edited.
//!
//! ```text
//! PRESET SECRET
//! METHOD URL
//! name: value
//!
//! body
//! ```

use signature::{Preset, Request, preset, presets};

/// A throw-away certificate, for schemes that need one.
const CERTIFICATE: &str = include_str!("../../tests/keys/sns.pem");

/// When every input arrives.
pub const NOW: i64 = 1_790_000_000;

/// An input taken apart; nothing in it is checked.
pub struct Input<'a> {
    /// A preset, by name or else by the sum of the bytes of what stands there.
    pub preset: &'static Preset,
    /// Secret to verify with.
    pub secret: &'a str,
    method: &'a str,
    url: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
    /// What follows the empty line.
    pub body: &'a [u8],
}

impl<'a> Input<'a> {
    /// Reads an input; nothing when it is too short to be one.
    pub fn parse(data: &'a [u8]) -> Option<Self> {
        let (first, rest) = line(data)?;
        let (second, mut rest) = line(rest)?;
        let (name, secret) = std::str::from_utf8(first).ok()?.split_once(' ')?;
        let (method, url) = std::str::from_utf8(second).ok()?.split_once(' ')?;
        let by_sum = || {
            let sum: usize = name.bytes().map(usize::from).sum();
            presets().get(sum % presets().len())
        };
        let mut headers = Vec::new();
        while let Some((header, after)) = line(rest) {
            rest = after;
            if header.is_empty() {
                break;
            }
            let colon = header.iter().position(|byte| *byte == b':')?;
            headers.push((std::str::from_utf8(&header[..colon]).ok()?, &header[colon + 1..]));
        }
        Some(Self { preset: preset(name).or_else(by_sum)?, secret, method, url, headers, body: rest })
    }

    /// The request.
    pub fn request(&self) -> Request<'_> {
        Request {
            method: self.method,
            url: self.url,
            headers: &self.headers,
            body: self.body,
            cert_pem: Some(CERTIFICATE),
        }
    }
}

fn line(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = data.iter().position(|byte| *byte == b'\n')?;
    Some((&data[..at], &data[at + 1..]))
}
