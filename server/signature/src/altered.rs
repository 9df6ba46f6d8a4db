//! Explains a mismatch: does the signature fit the same JSON written differently? Something on the way
//! then rewrote the body. It names the cause only; the request stays refused.

use crate::verify::Attempt;

/// Larger bodies are not looked into: each spelling costs another signature.
const LIMIT: usize = 256 * 1024;

#[derive(Clone, Copy)]
struct Style {
    /// Spaces per level, on lines of their own.
    indent: Option<usize>,
    /// A space after `:` and `,`.
    spaced: bool,
    /// `/` written as `\/`, as PHP does.
    slashes: bool,
}

/// How the usual serialisers write: JavaScript, PHP, Python, and pretty printers of two and four spaces.
const STYLES: [Style; 6] = [
    Style { indent: None, spaced: false, slashes: false },
    Style { indent: None, spaced: false, slashes: true },
    Style { indent: None, spaced: true, slashes: false },
    Style { indent: Some(2), spaced: true, slashes: false },
    Style { indent: Some(4), spaced: true, slashes: false },
    Style { indent: Some(4), spaced: true, slashes: true },
];

pub(crate) fn explains(attempt: &Attempt<'_, '_>) -> bool {
    let body = attempt.delivery.request.body;
    let scheme = attempt.scheme;
    scheme.algorithm.is_hmac()
        && scheme.signed.covers_body()
        && body.len() <= LIMIT
        && !attempt.delivery.is_form()
        && attempt.delivery.json(scheme.json_in_form.as_deref()).is_some()
        && STYLES.iter().any(|style| {
            rewrite(body, *style)
                .filter(|other| other != body)
                .is_some_and(|other| matches!(attempt.run(&other), Ok(Some(_))))
        })
}

/// The same JSON in another style; numbers and the order of fields stay. Nothing when it would grow
/// out of proportion, as deep nesting does when indented.
fn rewrite(json: &[u8], style: Style) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(json.len() + json.len() / 4);
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut bytes = json.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if out.len() > 2 * LIMIT {
            return None;
        }
        match byte {
            b'\\' if quoted => match bytes.next()? {
                b'/' if style.slashes => out.extend_from_slice(b"\\/"),
                b'/' => out.push(b'/'),
                other => out.extend_from_slice(&[b'\\', other]),
            },
            b'/' if quoted && style.slashes => out.extend_from_slice(b"\\/"),
            b'"' => {
                quoted = !quoted;
                out.push(byte);
            }
            _ if quoted => out.push(byte),
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'{' | b'[' => {
                out.push(byte);
                while bytes.next_if(u8::is_ascii_whitespace).is_some() {}
                if let Some(close) = bytes.next_if(|next| matches!(next, b'}' | b']')) {
                    out.push(close);
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

fn break_line(out: &mut Vec<u8>, style: Style, depth: usize) {
    if let Some(indent) = style.indent {
        out.push(b'\n');
        out.resize(out.len() + indent * depth, b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_agree_with_the_usual_serialisers() {
        let spaced = br#"{ "a" : [1, {}, [ ], "x y/\/"], "b":{"c":1.50} }"#;
        let written: Vec<String> = STYLES
            .iter()
            .map(|style| String::from_utf8(rewrite(spaced, *style).expect("small")).expect("UTF-8"))
            .collect();
        assert_eq!(written[0], r#"{"a":[1,{},[],"x y//"],"b":{"c":1.50}}"#);
        assert_eq!(written[1], r#"{"a":[1,{},[],"x y\/\/"],"b":{"c":1.50}}"#);
        assert_eq!(written[2], r#"{"a": [1, {}, [], "x y//"], "b": {"c": 1.50}}"#);
        let value: serde_json::Value =
            serde_json::from_str(r#"{"a":[1,{},[],"x"],"b":{"c":1.5}}"#).expect("JSON");
        let pretty = serde_json::to_string_pretty(&value).expect("JSON");
        assert_eq!(rewrite(pretty.as_bytes(), STYLES[3]).expect("small"), pretty.as_bytes());
    }
}
