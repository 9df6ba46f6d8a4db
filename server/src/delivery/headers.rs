//! Headers an HTTP endpoint is called with: a key of its API, a tenant's name, a content type. All of them are sealed,
//! because nobody can tell which ones are secret.

use http::{HeaderName, HeaderValue};
use zeroize::Zeroizing;

/// Most headers of one destination.
const MOST: usize = 20;
/// Longest value, in bytes.
const LONGEST: usize = 4096;

/// Names this program or the protocol sets; another value would break the call or what it promises.
const OURS: [&str; 13] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "idempotency-key",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-ai-signature",
    "x-ai-timestamp",
];

/// Names and values, in the order they were given; names in lower case.
#[derive(Clone, Default)]
pub struct Headers(Vec<(HeaderName, HeaderValue)>);

impl Headers {
    /// From what a person wrote: one `Name: value` a line.
    ///
    /// # Errors
    /// The number of the first line that cannot be used, beginning with 1.
    pub fn written(text: &str) -> Result<Self, usize> {
        let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
        for (number, line) in (1_usize..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let header = Self::line(line).filter(|(name, _)| headers.iter().all(|(known, _)| known != name));
            headers.push(header.filter(|_| headers.len() < MOST).ok_or(number)?);
        }
        Ok(Self(headers))
    }

    fn line(line: &str) -> Option<(HeaderName, HeaderValue)> {
        let (name, value) = line.split_once(':')?;
        let name: HeaderName = name.trim().parse().ok()?;
        let of_ours = OURS.contains(&name.as_str())
            || ["proxy-", "webhook-"].iter().any(|start| name.as_str().starts_with(start));
        let value = value.trim();
        if of_ours || value.is_empty() || value.len() > LONGEST {
            return None;
        }
        let mut value: HeaderValue = value.parse().ok()?;
        // Kept out of debug output, and of the compression tables of HTTP/2.
        value.set_sensitive(true);
        Some((name, value))
    }

    /// From what [`to_seal`](Self::to_seal) made; nothing when it is something else.
    pub fn opened(text: &str) -> Self {
        Self::written(text).unwrap_or_default()
    }

    /// As it is sealed.
    pub fn to_seal(&self) -> Zeroizing<String> {
        let lines =
            self.0.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap_or_default()));
        Zeroizing::new(lines.collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names; values are shown to nobody.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.to_string()).collect()
    }

    /// The content type, if it is one of them.
    pub fn content_type(&self) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == http::header::CONTENT_TYPE)?;
        found.1.to_str().ok()
    }

    /// All of them, but the content type: what a body is, its maker says.
    pub fn iter(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        self.0.iter().filter(|(name, _)| name != http::header::CONTENT_TYPE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_written_one_a_line_and_survive_being_sealed() {
        let headers =
            Headers::written("Authorization: Bearer a:b=\n\n  X-Tenant : north  \ncontent-type: text/csv")
                .ok();
        let headers = headers.unwrap();
        assert_eq!(headers.names(), ["authorization", "x-tenant", "content-type"]);
        assert_eq!(headers.content_type(), Some("text/csv"));
        let again = Headers::opened(&headers.to_seal());
        assert_eq!(again.0, headers.0);
        assert_eq!(again.iter().count(), 2);
        assert!(!format!("{:?}", again.0).contains("Bearer"));
    }

    #[test]
    fn a_line_that_cannot_be_used_is_named_by_its_number() {
        for (text, line) in [
            ("X-A: 1\nX-B", 2),
            ("bad name: 1", 1),
            ("X-A:", 1),
            ("X-A: 1\nx-a: 2", 2),
            ("Host: other.example", 1),
            ("Webhook-Signature: v1,AAAA", 1),
            ("Idempotency-Key: 1", 1),
            ("X-A: 1\r\n\nTransfer-Encoding: chunked", 3),
        ] {
            assert_eq!(Headers::written(text).err(), Some(line), "{text:?}");
        }
        let many: String = (0..21).map(|n| format!("X-{n}: 1\n")).collect();
        assert_eq!(Headers::written(&many).err(), Some(21));
    }
}
