//! Text for WordPress. Pure.

/// Plain text as HTML paragraphs.
pub(super) fn as_paragraphs(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let paragraphs: Vec<String> = escaped
        .split("\n\n")
        .filter(|part| !part.trim().is_empty())
        .map(|part| format!("<p>{}</p>", part.trim().replace('\n', "<br>")))
        .collect();
    paragraphs.join("\n")
}

/// Links come from another program and end up in an `href`.
pub(super) fn is_http(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_paragraphs_and_its_markup_stays_text() {
        assert_eq!(as_paragraphs("a <b>\nc\n\n\nd & e"), "<p>a &lt;b&gt;<br>c</p>\n<p>d &amp; e</p>");
    }

    #[test]
    fn a_link_that_is_no_web_address_is_dropped() {
        assert!(is_http("https://example.com/?p=1") && !is_http("javascript:alert(1)"));
    }
}
