//! Texts as parts of a URL.

/// A text as part of a query.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn a_way_back_survives_being_part_of_a_query() {
        assert_eq!(escape("/jobs?state=failed&kind=ü"), "/jobs%3Fstate%3Dfailed%26kind%3D%C3%BC");
    }
}
