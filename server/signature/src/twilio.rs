//! Twilio's scheme, which signs the URL and the sorted form fields instead of the body:
//! <https://www.twilio.com/docs/usage/security#validating-requests>.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::{Choice, ConstantTimeEq as _};

use crate::Algorithm;
use crate::delivery::Delivery;
use crate::mac::{self, Tally};
use crate::refusal::Refusal;

const HEADER: &str = "x-twilio-signature";

pub(crate) fn verify(delivery: &Delivery<'_>, secrets: &[&str]) -> Result<Option<usize>, Refusal> {
    let sent = delivery.header(HEADER)?.ok_or_else(|| Refusal::MissingHeader { name: HEADER.to_owned() })?;
    let sent = STANDARD.decode(sent).ok().filter(|tag| !tag.is_empty()).ok_or(Refusal::SignatureMalformed)?;
    delivery.header("content-type")?;
    if let Some(hash) = body_hash(delivery)?
        && !bool::from(hash.as_bytes().ct_eq(delivery.body_sha256().as_bytes()))
    {
        return Err(Refusal::SignatureMismatch);
    }
    let fields = fields(delivery)?;
    let urls = spellings(delivery.request.url);
    let mut tally = Tally::default();
    for (index, secret) in secrets.iter().enumerate() {
        let fits = urls.iter().fold(Choice::from(0), |any, url| any | tag(secret, url, &fields).ct_eq(&sent));
        tally.record(index, fits);
    }
    Ok(tally.result())
}

/// The header value Twilio would send.
pub(crate) fn sign(delivery: &Delivery<'_>, secret: &str) -> Result<String, Refusal> {
    Ok(STANDARD.encode(tag(secret, delivery.request.url, &fields(delivery)?)))
}

fn tag(secret: &str, url: &str, fields: &str) -> Vec<u8> {
    mac::hmac(Algorithm::Twilio, secret.as_bytes(), format!("{url}{fields}").as_bytes())
}

/// JSON bodies are bound by a hash in the signed URL.
fn body_hash<'d>(delivery: &'d Delivery<'_>) -> Result<Option<&'d str>, Refusal> {
    let mut hashes =
        delivery.query().iter().filter(|(name, value)| name == "bodySHA256" && !value.is_empty());
    let first = hashes.next();
    match hashes.next() {
        Some(_) => Err(Refusal::RepeatedField { name: "bodySHA256".to_owned() }),
        None => Ok(first.map(|(_, value)| value.as_str())),
    }
}

/// Names and values, sorted; a value that repeats under one name counts once.
fn fields(delivery: &Delivery<'_>) -> Result<String, Refusal> {
    if body_hash(delivery)?.is_some() || !delivery.is_form() {
        return Ok(String::new());
    }
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in delivery.form() {
        sorted.entry(name).or_default().insert(value);
    }
    let mut out = String::new();
    for (name, values) in sorted {
        for value in values {
            out.push_str(name);
            out.push_str(value);
        }
    }
    Ok(out)
}

/// Twilio may have signed the URL with or without its default port, and with `'` escaped in the query.
fn spellings(url: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let Some((scheme, rest)) = url.split_once("://") else { return out };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host_at = authority.rfind('@').map_or(0, |at| at + 1);
    let port = authority[host_at..]
        .rsplit_once(':')
        .filter(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    match port {
        Some((host, _)) => {
            out.insert(format!("{scheme}://{}{host}{tail}", &authority[..host_at]));
            out.insert(url.to_owned());
        }
        None => {
            let port = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
            out.insert(url.to_owned());
            out.insert(format!("{scheme}://{authority}:{port}{tail}"));
        }
    }
    let escaped: Vec<String> = out
        .iter()
        .filter_map(|url| url.split_once('?'))
        .map(|(path, query)| format!("{path}?{}", query.replace('\'', "%27")))
        .collect();
    out.extend(escaped);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_port_may_be_written_or_left_out() {
        let spelled = spellings("https://user@h.example/p?a='");
        for url in ["https://user@h.example/p?a='", "https://user@h.example:443/p?a=%27"] {
            assert!(spelled.contains(url), "{url}");
        }
        assert!(spellings("http://h.example:8080").contains("http://h.example"));
        assert!(spellings("no address").is_empty());
    }
}
