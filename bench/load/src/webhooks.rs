//! What is sent: requests as a sender that follows Standard Webhooks makes them, each with an id, a body and a
//! signature of its own, all made before the clock starts and all of one length, so that they lie in one buffer.

use anyhow::Context;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

/// Bytes of a body, like those of a small payment event.
pub(crate) const BODY: usize = 1024;

/// The HMAC key a `whsec_…` secret stands for.
pub(crate) fn key(secret: &str) -> anyhow::Result<Hmac<Sha256>> {
    let encoded = secret.strip_prefix("whsec_").context("the secret must begin with whsec_")?;
    let bytes = STANDARD.decode(encoded).context("the secret is not base64")?;
    Ok(Hmac::<Sha256>::new_from_slice(&bytes)?)
}

/// The signature of one request.
pub(crate) fn sign(key: &Hmac<Sha256>, id: &[u8], timestamp: &[u8], body: &[u8]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in [id, b".", timestamp, b".", body] {
        mac.update(part);
    }
    mac
}

/// Signed requests, ready to be written to a socket.
pub(crate) struct Requests {
    bytes: Vec<u8>,
    stride: usize,
}

impl Requests {
    /// Makes `count` of them. `run` tells apart the ids of several runs.
    pub(crate) fn make(
        address: SocketAddr,
        path: &str,
        secret: &str,
        run: u64,
        count: usize,
    ) -> anyhow::Result<Self> {
        let key = key(secret)?;
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().to_string();
        let mut bytes = Vec::new();
        let mut stride = 0;
        for n in 0..count {
            let id = format!("msg_{run:016x}{n:08x}");
            let body = body(&id, n);
            let mac = sign(&key, id.as_bytes(), timestamp.as_bytes(), body.as_bytes());
            let signature = STANDARD.encode(mac.finalize().into_bytes());
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: {address}\r\nuser-agent: load\r\naccept: */*\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\nwebhook-id: {id}\r\n\
                 webhook-timestamp: {timestamp}\r\nwebhook-signature: v1,{signature}\r\n\r\n",
                body.len()
            );
            if n == 0 {
                stride = head.len() + body.len();
                bytes.reserve_exact(stride * count);
            }
            bytes.extend_from_slice(head.as_bytes());
            bytes.extend_from_slice(body.as_bytes());
            anyhow::ensure!(bytes.len() == stride * (n + 1), "request {n} has another length");
        }
        Ok(Self { bytes, stride })
    }

    /// The bytes of one, or nothing when there are no more.
    pub(crate) fn get(&self, n: usize) -> Option<&[u8]> {
        self.bytes.get(n * self.stride..(n + 1) * self.stride)
    }
}

/// A body of [`BODY`] bytes: an envelope, an object with nested fields, and a text that fills it up.
pub(crate) fn body(id: &str, n: usize) -> String {
    let mut body = format!(
        "{{\"id\":\"{id}\",\"type\":\"invoice.paid\",\"timestamp\":\"2026-01-02T03:04:05.678Z\",\
         \"livemode\":false,\"data\":{{\"id\":\"in_{n:016x}\",\"object\":\"invoice\",\"amount_paid\":{:08},\
         \"currency\":\"eur\",\"customer\":{{\"id\":\"cus_{n:016x}\",\"email\":\"person{n:08}@example.com\",\
         \"address\":{{\"city\":\"Kiel\",\"country\":\"DE\",\"line1\":null}}}},\"lines\":[",
        10_000_000 + n % 1_000_000
    );
    for line in 0..3 {
        let comma = if line == 0 { "" } else { "," };
        body.push_str(&format!(
            "{comma}{{\"id\":\"il_{n:016x}{line}\",\"quantity\":{},\"price\":\"price_monthly\",\"proration\":false}}",
            line + 1
        ));
    }
    let end = "\"}}";
    body.push_str("],\"description\":\"");
    while body.len() < BODY - end.len() {
        body.push(char::from(b'a' + (body.len() % 26) as u8));
    }
    body.push_str(end);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

    #[test]
    fn every_body_is_json_of_the_same_length() {
        for n in [0, 7, 999_999, 12_345_678] {
            let body = body(&format!("msg_{:016x}{n:08x}", 1), n);
            assert_eq!(body.len(), BODY);
            assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok(), "{body}");
        }
    }

    #[test]
    fn requests_differ_and_end() {
        let address = "127.0.0.1:80".parse().unwrap();
        let requests = Requests::make(address, "/webhooks/bench", SECRET, 1, 3).unwrap();
        assert_ne!(requests.get(0), requests.get(1));
        assert!(requests.get(2).is_some_and(|bytes| bytes.ends_with(b"}}")));
        assert_eq!(requests.get(3), None);
    }
}
