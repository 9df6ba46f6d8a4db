//! Printing: tables and sentences for people, or one JSON value for programs (`--output json`).
#![expect(clippy::print_stdout, reason = "this is where the command line prints")]

use serde::Serialize;
use std::io::IsTerminal;

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
            println!("{sentence}");
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
            println!("{name:width$}  {text}");
        }
    }

    /// Prints a list: for people as a table.
    pub(super) fn list<T: Serialize>(&self, rows: &[T], columns: &[&str], cells: impl Fn(&T) -> Vec<String>) {
        if self.0 == Form::Json {
            return json(&rows);
        }
        let mut table: Vec<Vec<String>> = vec![columns.iter().map(|name| name.to_uppercase()).collect()];
        table.extend(rows.iter().map(cells));
        let width = |column: usize| {
            table.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns.len()).map(|column| width(column).unwrap_or_default()).collect();
        for row in &table {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            println!("{}", cells.join("  ").trim_end());
        }
    }
}

fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("error: this cannot be written as JSON: {error}"),
    }
}

/// One line of output for programs, whatever the form.
pub(super) fn line(text: &str) {
    println!("{text}");
}
