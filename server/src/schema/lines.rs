//! In which line of a JSON text a pointer stands, so that an error can be shown where it is. Takes texts that a JSON
//! parser has accepted; for others the answer is the first line.

/// The line, from 1, of the value at `pointer`; of the nearest value around it when there is none there.
pub fn line_of(text: &str, pointer: &str) -> usize {
    let wanted: Vec<String> =
        pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    let mut scan = Scan { bytes: text.as_bytes(), at: 0, found: 0 };
    scan.value(Some(&wanted));
    1 + text.bytes().take(scan.found).filter(|byte| *byte == b'\n').count()
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    /// Where the nearest value so far begins.
    found: usize,
}

impl Scan<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
    }

    /// Passes one value. `wanted` is what remains of the pointer while the way there is this one.
    fn value(&mut self, wanted: Option<&[String]>) {
        self.space();
        if wanted.is_some() {
            self.found = self.at;
        }
        match self.peek() {
            b'{' => self.members(b'}', wanted),
            b'[' => self.members(b']', wanted),
            b'"' => drop(self.string()),
            _ => {
                while !matches!(self.peek(), 0 | b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n') {
                    self.at += 1;
                }
            }
        }
    }

    fn members(&mut self, end: u8, wanted: Option<&[String]>) {
        self.at += 1;
        let (next, rest) = match wanted.and_then(<[String]>::split_first) {
            Some((next, rest)) => (Some(next), rest),
            None => (None, &[][..]),
        };
        for index in 0_usize.. {
            self.space();
            if self.peek() == end || self.peek() == 0 {
                break;
            }
            let before = self.at;
            let name = if end == b'}' {
                let name = self.string();
                self.space();
                self.at += 1; // the colon
                name
            } else {
                index.to_string()
            };
            self.value(if next == Some(&name) { Some(rest) } else { None });
            self.space();
            if self.peek() == b',' {
                self.at += 1;
            }
            if self.at == before {
                break;
            }
        }
        self.at += 1;
    }

    fn string(&mut self) -> String {
        let begin = self.at;
        self.at += 1;
        while !matches!(self.peek(), b'"' | 0) {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at = (self.at + 1).min(self.bytes.len());
        self.bytes.get(begin..self.at).and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn a_pointer_is_found_in_its_line_or_in_the_nearest_one_around_it() {
        let text = "{\n \"a\": 1,\n \"b/c\": [\n  {\"x\\\"\": \"}\"},\n  {\"y\": 2,\n   \"z\": true}\n ]\n}";
        for (pointer, line) in [
            ("", 1),
            ("/a", 2),
            ("/b~1c", 3),
            ("/b~1c/0", 4),
            ("/b~1c/1/z", 6),
            ("/b~1c/1/missing", 5),
            ("/no", 1),
        ] {
            assert_eq!(line_of(text, pointer), line, "{pointer}");
        }
    }

    #[test]
    fn a_text_that_is_no_json_ends_the_search_all_the_same() {
        for text in ["", "{", "[1,", "{\"a", "{\"a\\", "{\"a\":{", "}", "{{{{", "[}", "{]"] {
            assert!(line_of(text, "/a/b") >= 1, "{text}");
        }
    }
}
