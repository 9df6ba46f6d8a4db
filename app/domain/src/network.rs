//! Networks as people write them: `203.0.113.0/24`, `2001:db8::/32`, or a single address.

use ipnet::IpNet;
use std::net::IpAddr;

/// A text that is neither a network nor an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a network such as 203.0.113.0/24 nor an address")]
pub struct NoNetwork(pub String);

/// Reads a network. A single address is the network of that address alone; bits beyond the prefix are dropped, so that
/// each network has one form.
///
/// # Errors
/// [`NoNetwork`] with the text, cut to 60 characters.
pub fn parse(text: &str) -> Result<IpNet, NoNetwork> {
    let text = text.trim();
    let network = text.parse::<IpNet>().ok();
    let address = || text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical()));
    network
        .map(|network| network.trunc())
        .or_else(address)
        .ok_or_else(|| NoNetwork(text.chars().take(60).collect()))
}

/// Reads networks separated by line breaks, spaces or commas, each once.
///
/// # Errors
/// [`NoNetwork`] with the first text that is none.
pub fn parse_list(text: &str) -> Result<Vec<IpNet>, NoNetwork> {
    let mut networks = Vec::new();
    for part in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|part| !part.is_empty()) {
        let network = parse(part)?;
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    Ok(networks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_one_form_however_it_was_written() {
        for (text, form) in [
            ("203.0.113.7/24", "203.0.113.0/24"),
            (" 203.0.113.7 ", "203.0.113.7/32"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("::ffff:192.0.2.1", "192.0.2.1/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), form);
        }
        for bad in ["", "example.org", "203.0.113.0/33", "203.0.113", "10.0.0.0-10.0.0.9"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_list_is_separated_by_anything_usual_and_names_what_is_wrong_in_it() {
        let list = parse_list("192.0.2.1,\r\n 192.0.2.1/32\n2001:db8::/32 ").unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(parse_list("192.0.2.1 here"), Err(NoNetwork("here".into())));
        assert_eq!(parse_list(" \n"), Ok(vec![]));
    }
}
