//! Whose request it is: the address of the client, behind proxies that are trusted to name it. What allowlists and
//! the throttle of sign-ins go by; owns no decision about an address.

use axum::http::{HeaderMap, header};
use ipnet::IpNet;
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// Networks whose word about the client is taken.
#[derive(Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// These networks; none for a server that clients reach directly.
    pub fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client's address: the peer's own, unless the peer is a trusted proxy; then the nearest address in
    /// `X-Forwarded-For` or `Forwarded` (RFC 7239) that is none. Whatever stands farther away can be invented.
    ///
    /// Where that cannot be told for sure, the proxy's own address is the answer, which no allowlist of a vendor
    /// has in it: when the nearest entry is no address, or the two headers say different things, because a proxy that
    /// writes one may pass on the other as the client sent it.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.contains(peer) {
            return peer;
        }
        let text = |name| headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
        let legacy: Vec<_> = text("x-forwarded-for").flat_map(|line| line.split(',')).map(address).collect();
        let standard: Vec<_> =
            text(header::FORWARDED.as_str()).flat_map(elements).map(|element| named_by(&element)).collect();
        match (self.nearest(&legacy), self.nearest(&standard)) {
            (Nearest::Address(one), Nearest::Nothing) | (Nearest::Nothing, Nearest::Address(one)) => one,
            (Nearest::Address(one), Nearest::Address(other)) if one == other => one,
            _ => peer,
        }
    }

    /// Of addresses in the order in which the request passed them, the last one that is no trusted proxy; the first
    /// when all are.
    fn nearest(&self, passed: &[Option<IpAddr>]) -> Nearest {
        for address in passed.iter().rev() {
            match address {
                None => return Nearest::Unclear,
                Some(address) if !self.contains(*address) => return Nearest::Address(*address),
                Some(_) => {}
            }
        }
        passed.first().copied().flatten().map_or(Nearest::Nothing, Nearest::Address)
    }
}

/// What a header says about the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nearest {
    Nothing,
    Unclear,
    Address(IpAddr),
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|both| both.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

/// The comma-separated elements of a `Forwarded` line; a comma within quotes separates nothing.
fn elements(line: &str) -> Vec<String> {
    split(line, ',')
}

/// The address in `for=` of one element. Obfuscated ones (`_hidden`, `unknown`) are none.
fn named_by(element: &str) -> Option<IpAddr> {
    let pairs = split(element, ';');
    let value = pairs.iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value.trim())
    })?;
    address(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
}

fn split(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        quoted ^= c == '"';
        match parts.last_mut() {
            Some(part) if quoted || c != at => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn client(peer: &str, pairs: &[(&'static str, &'static str)]) -> String {
        let trusted =
            TrustedProxies::new(&["10.0.0.0/8".parse().unwrap(), "2001:db8:a::/48".parse().unwrap()]);
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        trusted.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_client_that_comes_directly_cannot_name_another_address() {
        let invented = [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=1.2.3.4")];
        assert_eq!(client("9.9.9.9", &invented), "9.9.9.9");
        assert_eq!(client("::ffff:9.9.9.9", &invented), "9.9.9.9");
    }

    #[test]
    fn behind_trusted_proxies_the_nearest_address_none_of_them_has_is_the_clients() {
        for chain in ["6.6.6.6, 1.2.3.4, 10.0.0.7", "1.2.3.4:4711", " 1.2.3.4 ,10.1.1.1", "::ffff:1.2.3.4"] {
            assert_eq!(client("10.0.0.1", &[("x-forwarded-for", chain)]), "1.2.3.4", "{chain}");
        }
        let twice = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.2.3.4")];
        assert_eq!(client("10.0.0.1", &twice), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "10.5.5.5, 10.0.0.7")]), "10.5.5.5");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_standard_header_is_understood_in_all_its_forms() {
        for chain in [
            "for=1.2.3.4",
            "For=\"1.2.3.4:80\";proto=https;by=10.0.0.1",
            "for=6.6.6.6, proto=https;for=1.2.3.4 , for=10.0.0.9",
            "for=\"6.6.6.6, 7.7.7.7\", for=1.2.3.4",
        ] {
            assert_eq!(client("10.0.0.1", &[("forwarded", chain)]), "1.2.3.4", "{chain}");
        }
        let six = [("forwarded", "for=\"[2001:db8:b::7]:4711\"")];
        assert_eq!(client("2001:db8:a::1", &six), "2001:db8:b::7");
    }

    #[test]
    fn where_the_client_cannot_be_told_for_sure_it_is_the_proxy() {
        for unclear in [
            vec![("x-forwarded-for", "1.2.3.4, unknown")],
            vec![("x-forwarded-for", "1.2.3.4,")],
            vec![("forwarded", "for=1.2.3.4, for=_hidden")],
            vec![("forwarded", "for=1.2.3.4, proto=https")],
            vec![("x-forwarded-for", "6.6.6.6"), ("forwarded", "for=1.2.3.4")],
            vec![("x-forwarded-for", "6.6.6.6"), ("forwarded", "for=unknown")],
        ] {
            assert_eq!(client("10.0.0.1", &unclear), "10.0.0.1", "{unclear:?}");
        }
        let agree = [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=1.2.3.4")];
        assert_eq!(client("10.0.0.1", &agree), "1.2.3.4");
    }
}
