//! Printing: tables and sentences for people, or one JSON value for programs (`--output json`).
//!
//! What is printed may come from webhooks. Control characters in it would be orders to the terminal, so none is
//! printed. A reader that goes away (`| head -1`) ends the program in good order.

use serde::Serialize;
use std::io::{ErrorKind, IsTerminal, Write};

/// Form of printed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Where commands print.
pub(super) struct Output(Form);

impl Output {
    /// Prints in this form.
    pub(super) const fn new(form: Form) -> Self {
        Self(form)
    }

    /// Says that something is done; says nothing to programs.
    pub(super) fn done(&self, sentence: &str) {
        if self.0 == Form::Text {
            line(sentence);
        }
    }

    /// Says how far something is, on a line that the next such line replaces; says nothing to programs and files.
    pub(super) fn progress(&self, words: &str) {
        if self.0 == Form::Text && std::io::stderr().is_terminal() {
            eprint!("\r{words}\x1b[K");
        }
    }

    /// Prints one value for programs; says nothing to people, who are told in sentences.
    pub(super) fn program(&self, value: &impl Serialize) {
        if self.0 == Form::Json {
            json(value);
        }
    }

    /// Prints one value: for people as `lines`, each a name and a text.
    pub(super) fn value(&self, value: &impl Serialize, lines: &[(&str, String)]) {
        if self.0 == Form::Json {
            return json(value);
        }
        let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
            line(&format!("{name:width$}  {}", plain(text, true)));
        }
    }

    /// Says that what has this short name takes part now, or no more.
    pub(super) fn switched(&self, slug: &str, on: bool) {
        let state = if on { "on" } else { "off" };
        self.value(&serde_json::json!({"slug": slug, "enabled": on}), &[(state, slug.to_owned())]);
    }

    /// Prints a list: for people as a table.
    pub(super) fn list<T: Serialize>(&self, rows: &[T], columns: &[&str], cells: impl Fn(&T) -> Vec<String>) {
        if self.0 == Form::Json {
            return json(&rows);
        }
        let mut table: Vec<Vec<String>> = vec![columns.iter().map(|name| name.to_uppercase()).collect()];
        table.extend(rows.iter().map(|row| cells(row).iter().map(|cell| plain(cell, false)).collect()));
        let width = |column: usize| {
            table.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns.len()).map(|column| width(column).unwrap_or_default()).collect();
        for row in &table {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            line(cells.join("  ").trim_end());
        }
    }
}

fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => line(&escaped(&text)),
        Err(error) => eprintln!("error: this cannot be written as JSON: {error}"),
    }
}

/// Text without control characters: visible escapes stand in their place. Line breaks may be kept, where they cannot
/// break a table.
pub(super) fn plain(text: &str, keep_lines: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' if keep_lines => shown.push(c),
            '\n' | '\r' | '\t' => shown.push(' '),
            c if is_order(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// JSON without the control characters that JSON itself lets through. They stand within strings alone, where an escape
/// means the same.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if is_order(c) && c != '\n' {
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    text
}

/// Control characters, and those that turn the direction of the text around them.
fn is_order(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One line of output, as it is.
pub(super) fn line(text: &str) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{text}") {
        // Whoever read this has seen enough.
        if error.kind() == ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        eprintln!("error: this could not be printed: {error}");
        std::process::exit(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_webhook_brings_gives_no_orders_to_the_terminal() {
        let evil = "a\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}b\nc\td";
        let shown = plain(evil, false);
        assert!(!shown.chars().any(is_order), "{shown:?}");
        assert!(shown.starts_with("a\\u{1b}]0;owned") && shown.ends_with("b c d"), "{shown}");
        assert_eq!(plain("one\ntwo", true), "one\ntwo");
    }

    #[test]
    fn json_is_the_same_value_without_control_characters() {
        let value = serde_json::json!({"title": "\u{1b}[2J\u{9b}31m\u{7f}\u{202e}é"});
        let text = escaped(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!text.chars().any(|c| is_order(c) && c != '\n'), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
