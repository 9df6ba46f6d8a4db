//! Which addresses may be called: looked at when a name is resolved, so that one that changes its address between check and
//! call gains nothing. Makes no calls.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a name is to be found, instead of where the name service says. Written `NAME=ADDRESS`, with a port where it is
/// not the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAddress {
    /// The host's name.
    pub name: String,
    /// Its address; port 0 stands for the usual port.
    pub address: SocketAddr,
}

impl std::str::FromStr for HostAddress {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, address) = text.split_once('=').ok_or("give NAME=ADDRESS")?;
        let address = address.parse().or_else(|_| address.parse().map(|ip: IpAddr| SocketAddr::new(ip, 0)));
        let address = address.map_err(|_| "the address is no IP address".to_owned())?;
        match url::Host::parse(name) {
            Ok(url::Host::Domain(name)) => Ok(Self { name, address }),
            _ => Err("the name is no host name".to_owned()),
        }
    }
}

/// A name resolved to private addresses only.
#[derive(Debug, thiserror::Error)]
#[error("the name resolves to a private address")]
pub(super) struct PrivateAddress;

/// Resolves names, and leaves out the addresses that may not be called.
pub(super) struct Guard {
    /// Private addresses may be called.
    pub(super) allow_private: bool,
    /// Names whose address is set.
    pub(super) hosts: Vec<HostAddress>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        let set = |host: &&HostAddress| host.name.eq_ignore_ascii_case(name.as_str());
        let set: Vec<SocketAddr> = self.hosts.iter().filter(set).map(|host| host.address).collect();
        Box::pin(async move {
            let found: Vec<SocketAddr> = match set.is_empty() {
                true => tokio::net::lookup_host((name.as_str(), 0)).await?.collect(),
                false => set,
            };
            let any = !found.is_empty();
            let allowed: Vec<SocketAddr> =
                found.into_iter().filter(|address| allow_private || !is_private(address.ip())).collect();
            if any && allowed.is_empty() {
                return Err(PrivateAddress.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is anything but a public one (IANA special-purpose registries).
pub fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => is_private_v6(ip),
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_private_v4(v4);
    }
    let s = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_private_v4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        // NAT64 and 6to4 carry an IPv4 address that is reached in the end.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Everything public today lies in 2000::/3, less documentation (2001:db8::/32, 3fff::/20) and Teredo.
        [0x2001, 0xdb8 | 0, ..] => true,
        [0x3fff, second, ..] if second < 0x1000 => true,
        [first, ..] => !(0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_ones_own_network_are_recognised_in_every_disguise() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "172.32.0.1"] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn a_host_can_be_given_an_address_with_and_without_a_port() {
        let read = |text: &str| text.parse::<HostAddress>().map(|host| (host.name, host.address.to_string()));
        assert_eq!(read("rest.fal.ai=10.0.0.5:8443"), Ok(("rest.fal.ai".into(), "10.0.0.5:8443".into())));
        assert_eq!(read("rest.fal.ai=::1"), Ok(("rest.fal.ai".into(), "[::1]:0".into())));
        for bad in ["rest.fal.ai", "=10.0.0.5", "rest.fal.ai=host", "10.0.0.1=10.0.0.5"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
