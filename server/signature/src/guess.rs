//! What people and proxies get wrong about keys, signed texts and URLs: the alternatives that `diagnose`
//! tries. Tries nothing itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::delivery::Delivery;
use crate::diagnose::Likely;
use crate::key_source::plain_host;

/// The keys a secret could be read as.
pub(crate) fn keys(secret: &str) -> Vec<Vec<u8>> {
    let trimmed = secret.trim();
    let bare = trimmed.split_once('_').map_or(trimmed, |(_, rest)| rest);
    let mut out: Vec<Vec<u8>> = Vec::new();
    for text in [secret, trimmed, bare] {
        let readings = [Some(text.as_bytes().to_vec()), STANDARD.decode(text).ok(), hex::decode(text).ok()];
        out.extend(readings.into_iter().flatten().filter(|key| !key.is_empty()));
    }
    out.push(format!("{trimmed}\n").into_bytes());
    out.sort_unstable();
    out.dedup();
    out
}

/// The texts that other schemes would have signed of this request.
pub(crate) fn texts(delivery: &Delivery<'_>, timestamp: &str) -> Vec<(Likely, Vec<u8>)> {
    let body = delivery.request.body;
    let mut out = vec![(Likely::TimestampNotSigned, body.to_vec())];
    if timestamp.is_empty() {
        return out;
    }
    for between in [".", ":", "", "|"] {
        out.push((Likely::OtherText, [timestamp.as_bytes(), between.as_bytes(), body].concat()));
    }
    out.push((Likely::OtherText, [body, timestamp.as_bytes()].concat()));
    out.push((Likely::OtherText, [b"v0:", timestamp.as_bytes(), b":", body].concat()));
    if let Ok(Some(id)) = delivery.header("webhook-id") {
        out.push((Likely::OtherText, [id, b".", timestamp.as_bytes(), b".", body].concat()));
    }
    out
}

/// The URLs a vendor may know this address by.
pub(crate) fn urls(delivery: &Delivery<'_>) -> Vec<String> {
    let url = delivery.request.url;
    let Some((_, rest)) = url.split_once("://") else { return Vec::new() };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let mut hosts = vec![authority.to_owned()];
    if let Some((host, _)) = authority.rsplit_once(':') {
        hosts.push(host.to_owned());
    }
    for name in ["host", "x-forwarded-host", "x-original-host"] {
        let value = delivery.header(name).ok().flatten().and_then(|value| std::str::from_utf8(value).ok());
        // Host and port; anything else in these headers is none of ours to try.
        hosts.extend(
            value
                .filter(|host| host.len() <= 255 && plain_host(&host.replacen(':', "", 1)))
                .map(str::to_owned),
        );
    }
    hosts.dedup();
    let path = tail.split(['?', '#']).next().unwrap_or_default();
    let slashed = match path.strip_suffix('/') {
        Some(bare) => tail.replacen(path, bare, 1),
        None => format!("{path}/{}", &tail[path.len()..]),
    };
    let mut out = Vec::new();
    for host in &hosts {
        for scheme in ["https", "http"] {
            for tail in [tail, path, slashed.as_str()] {
                out.push(format!("{scheme}://{host}{tail}"));
            }
        }
    }
    out.retain(|other| other != url);
    out.sort_unstable();
    out.dedup();
    out
}
