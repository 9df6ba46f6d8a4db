//! The same JSON as other serialisers write it, and the same text with other line ends. Finds no cause by
//! itself; `altered` and `diagnose` try the spellings out.

use std::hash::{DefaultHasher, Hasher as _};

/// Longer bodies are not rewritten: each spelling costs another signature.
pub(crate) const LIMIT: usize = 256 * 1024;

/// How a spelling differs from the body that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Spacing or escapes of the JSON.
    Json,
    /// Line ends, a line end at the end, a byte order mark.
    Lines,
}

/// Characters outside ASCII, and `<`, `>`, `&`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unicode {
    Keep,
    /// Written out where they were escaped, as JavaScript does.
    Plain,
    /// Escaped, as PHP and Python do.
    Ascii,
    /// Only `<`, `>` and `&` escaped, as Go does.
    Html,
}

#[derive(Clone, Copy)]
struct Style {
    /// Spaces per level, on lines of their own.
    indent: Option<usize>,
    /// A space after `:` and `,`.
    spaced: bool,
    /// `/` written as `\/`, as PHP does.
    slashes: bool,
    unicode: Unicode,
}

/// How the usual serialisers write, the most frequent first: JavaScript, PHP, Python, Go, and pretty
/// printers of two and four spaces.
const STYLES: [Style; 11] = [
    Style { indent: None, spaced: false, slashes: false, unicode: Unicode::Keep },
    Style { indent: None, spaced: false, slashes: false, unicode: Unicode::Plain },
    Style { indent: None, spaced: false, slashes: true, unicode: Unicode::Ascii },
    Style { indent: None, spaced: true, slashes: false, unicode: Unicode::Ascii },
    Style { indent: None, spaced: false, slashes: true, unicode: Unicode::Keep },
    Style { indent: None, spaced: true, slashes: false, unicode: Unicode::Keep },
    Style { indent: Some(2), spaced: true, slashes: false, unicode: Unicode::Keep },
    Style { indent: Some(4), spaced: true, slashes: false, unicode: Unicode::Keep },
    Style { indent: Some(4), spaced: true, slashes: true, unicode: Unicode::Keep },
    Style { indent: None, spaced: false, slashes: false, unicode: Unicode::Html },
    Style { indent: None, spaced: false, slashes: false, unicode: Unicode::Ascii },
];

/// Every other spelling of `body`, each once, the likely ones first. `json` says whether it is JSON.
pub(crate) fn spellings(body: &[u8], json: bool) -> impl Iterator<Item = (Change, Vec<u8>)> {
    let line = |kind: &LineEnd| (Change::Lines, with_line_ends(body, *kind));
    let styles = STYLES.iter().filter(move |_| json);
    let rewritten = styles.filter_map(|style| Some((Change::Json, rewrite(body, *style)?)));
    let (first, last) = LINE_ENDS.split_at(2);
    let mut seen = vec![mark(body)];
    first.iter().map(line).chain(rewritten).chain(last.iter().map(line)).filter(move |(_, other)| {
        let mark = mark(other);
        let new = !seen.contains(&mark);
        seen.push(mark);
        new
    })
}

/// Tells spellings apart without keeping them; a collision only leaves one out.
fn mark(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text);
    hasher.finish()
}

#[derive(Clone, Copy)]
enum LineEnd {
    /// One line end at the end.
    Ended,
    /// None at the end.
    Bare,
    /// All as Unix writes them.
    Unix,
    /// All as Windows writes them.
    Dos,
    /// One at the end, as Windows writes it.
    DosEnded,
    /// With a byte order mark where there is none, without it where there is one.
    Mark,
}

const LINE_ENDS: [LineEnd; 6] =
    [LineEnd::Ended, LineEnd::Bare, LineEnd::Unix, LineEnd::Dos, LineEnd::DosEnded, LineEnd::Mark];

fn with_line_ends(body: &[u8], kind: LineEnd) -> Vec<u8> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let bare = match body.strip_suffix(b"\n") {
        Some(rest) => rest.strip_suffix(b"\r").unwrap_or(rest),
        None => body,
    };
    match kind {
        LineEnd::Ended => [bare, b"\n"].concat(),
        LineEnd::Bare => bare.to_vec(),
        LineEnd::Unix => unix(body),
        LineEnd::Dos => unix(body).split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]),
        LineEnd::DosEnded => [bare, b"\r\n"].concat(),
        LineEnd::Mark => match body.strip_prefix(MARK) {
            Some(rest) => rest.to_vec(),
            None => [MARK, body].concat(),
        },
    }
}

fn unix(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for (at, byte) in body.iter().enumerate() {
        if !(*byte == b'\r' && body.get(at + 1) == Some(&b'\n')) {
            out.push(*byte);
        }
    }
    out
}

/// The same JSON in another style; numbers and the order of fields stay. Nothing when it would grow
/// out of proportion, as deep nesting does when indented.
fn rewrite(json: &[u8], style: Style) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(json.len() + json.len() / 4);
    let mut depth = 0_usize;
    let mut rest = json;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if out.len() > 2 * LIMIT {
            return None;
        }
        match byte {
            b'"' => {
                let (text, after) = rest.split_at_checked(closing_quote(rest)?)?;
                rest = after.strip_prefix(b"\"")?;
                out.push(b'"');
                string(&mut out, std::str::from_utf8(text).ok()?, style);
                out.push(b'"');
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'{' | b'[' => {
                out.push(byte);
                rest = rest.trim_ascii_start();
                if let [close @ (b'}' | b']'), after @ ..] = rest {
                    out.push(*close);
                    rest = after;
                } else {
                    depth += 1;
                    break_line(&mut out, style, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                break_line(&mut out, style, depth);
                out.push(byte);
            }
            b',' if style.indent.is_some() => {
                out.push(byte);
                break_line(&mut out, style, depth);
            }
            b',' | b':' if style.spaced => out.extend_from_slice(&[byte, b' ']),
            _ => out.push(byte),
        }
    }
    Some(out)
}

/// Where a string ends that has begun.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        if text.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

fn break_line(out: &mut Vec<u8>, style: Style, depth: usize) {
    if let Some(indent) = style.indent {
        out.push(b'\n');
        out.resize(out.len() + indent * depth, b' ');
    }
}

/// The inside of a string in another style.
fn string(out: &mut Vec<u8>, text: &str, style: Style) {
    let mut rest = text;
    loop {
        // Most of a text is the same in every style.
        let same = rest.bytes().position(|byte| differs(byte, style)).unwrap_or(rest.len());
        let (plain, after) = rest.split_at(same);
        out.extend_from_slice(plain.as_bytes());
        rest = after;
        let Some(first) = rest.chars().next() else { return };
        let (character, length) = match first {
            '\\' if rest.starts_with("\\/") => (Some('/'), 2),
            '\\' if rest.starts_with("\\u") => escaped(rest),
            '\\' => (None, rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at)),
            _ => (Some(first), first.len_utf8()),
        };
        let (written, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        let was_escaped = written.starts_with("\\u");
        match character {
            Some('/') if style.slashes => out.extend_from_slice(b"\\/"),
            Some('/') if !was_escaped => out.push(b'/'),
            Some(c) if escapes(style.unicode, c, was_escaped) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
            Some(c) if style.unicode != Unicode::Keep || !was_escaped => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => out.extend_from_slice(written.as_bytes()),
        }
    }
}

/// Whether a byte begins something that styles write in different ways; always the first of a character.
fn differs(byte: u8, style: Style) -> bool {
    match byte {
        b'\\' | b'/' => true,
        b'<' | b'>' | b'&' => style.unicode == Unicode::Html,
        _ => style.unicode == Unicode::Ascii && !byte.is_ascii(),
    }
}

fn escapes(unicode: Unicode, c: char, was_escaped: bool) -> bool {
    match unicode {
        Unicode::Keep => false,
        // Control characters and quotes stay escaped, in the spelling that JavaScript shares.
        Unicode::Plain => was_escaped && must_be_escaped(c),
        Unicode::Ascii => !c.is_ascii() || (was_escaped && must_be_escaped(c)),
        Unicode::Html => matches!(c, '<' | '>' | '&') || (was_escaped && must_be_escaped(c)),
    }
}

fn must_be_escaped(c: char) -> bool {
    c.is_ascii_control() || c == '"' || c == '\\'
}

/// The character of a `\u` escape, of two for a surrogate pair, and its length as written.
fn escaped(text: &str) -> (Option<char>, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    let Some(first) = unit(0) else { return (None, 2) };
    if let Some(c) = char::from_u32(u32::from(first)) {
        return (Some(c), 6);
    }
    let pair = unit(6).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    match pair {
        Some(c) => (Some(c), 12),
        None => (None, 6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(json: &str) -> Vec<String> {
        let text = |style: &Style| String::from_utf8(rewrite(json.as_bytes(), *style).expect("small"));
        STYLES.iter().map(|style| text(style).expect("UTF-8")).collect()
    }

    #[test]
    fn spellings_agree_with_the_usual_serialisers() {
        let all = written(r#"{ "a" : [1, {}, [ ], "x y/\/"], "b":{"c":1.50} }"#);
        assert_eq!(all[0], r#"{"a":[1,{},[],"x y//"],"b":{"c":1.50}}"#);
        assert_eq!(all[4], r#"{"a":[1,{},[],"x y\/\/"],"b":{"c":1.50}}"#);
        assert_eq!(all[5], r#"{"a": [1, {}, [], "x y//"], "b": {"c": 1.50}}"#);
        let value: serde_json::Value =
            serde_json::from_str(r#"{"a":[1,{},[],"x"],"b":{"c":1.5}}"#).expect("JSON");
        let pretty = serde_json::to_string_pretty(&value).expect("JSON");
        assert_eq!(written(&pretty)[6], pretty);
    }

    #[test]
    fn characters_outside_ascii_are_escaped_and_written_out() {
        let plain = r#"{"a":"é😀 <b>&\n\"/"}"#;
        let ascii = r#"{"a":"\u00e9\ud83d\ude00 <b>&\n\"\/"}"#;
        let all = written(plain);
        assert_eq!(all[0], plain);
        assert_eq!(all[2], ascii);
        assert_eq!(all[9], r#"{"a":"é😀 \u003cb\u003e\u0026\n\"/"}"#);
        assert_eq!(written(ascii)[1], plain);
        assert_eq!(written(&all[9])[1], plain);
        // What is no character stays as it is.
        assert_eq!(written(r#"{"a":"\ud83d\u0022\uZZ"}"#)[1], r#"{"a":"\ud83d\u0022\uZZ"}"#);
    }

    #[test]
    fn line_ends_are_tried_both_ways() {
        let others: Vec<Vec<u8>> = spellings(b"a\r\nb", false).map(|(_, other)| other).collect();
        for other in [&b"a\nb"[..], b"a\r\nb\n", b"a\r\nb\r\n", b"\xef\xbb\xbfa\r\nb"] {
            assert!(others.contains(&other.to_vec()), "{other:?}");
        }
        assert!(!others.contains(&b"a\r\nb".to_vec()));
        assert!(spellings(b"{}\n", true).any(|(_, other)| other == b"{}"));
    }
}
