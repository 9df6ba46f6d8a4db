//! A scheme of one's own, after its vendor was added.

use super::vendor::VendorAddress;

/// What became of changing a scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeSet {
    /// Where the page of the vendor stands.
    pub address: VendorAddress,
    /// The handle of what was typed, when it could not be taken.
    pub draft: Option<String>,
}

impl SchemeSet {
    /// Where to go on: the vendor's page, with what was typed where that is to be mended.
    pub fn href(&self) -> String {
        let page = self.address.href();
        let more = if page.contains('?') { '&' } else { '?' };
        match &self.draft {
            Some(handle) => format!("{page}{more}draft={handle}#scheme-panel"),
            None => page,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_found_again_on_the_page_it_was_typed_on() {
        let set = |tenant: Option<&str>, draft: Option<&str>| SchemeSet {
            address: VendorAddress { slug: "acme".into(), tenant: tenant.map(Into::into) },
            draft: draft.map(Into::into),
        };
        assert_eq!(set(None, None).href(), "/vendors/acme");
        assert_eq!(set(None, Some("h")).href(), "/vendors/acme?draft=h#scheme-panel");
        assert_eq!(set(Some("north"), Some("h")).href(), "/vendors/acme?tenant=north&draft=h#scheme-panel");
    }
}
