//! What commands read. Secrets come from standard input: one line, never an argument, because arguments can be seen by
//! every process. Typed at a terminal they are not shown.

use anyhow::{Context, bail};
use std::io::{BufRead, IsTerminal, Read};

/// Reads one line; `what` names it in the prompt and in errors.
pub(super) fn secret(what: &str) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    let mut line = String::new();
    let read = if stdin.is_terminal() {
        // Typed, it must not stay on the screen.
        rpassword::prompt_password(format!("{what}: ")).map(|typed| line = typed)
    } else {
        stdin.lock().read_line(&mut line).map(drop)
    };
    read.with_context(|| format!("the {what} could not be read"))?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        bail!(super::Usage(format!("the {what} is expected on standard input")));
    }
    Ok(line.to_owned())
}

/// A whole text from a file, or from standard input when none is named; `what` names it in errors.
pub(super) fn text(what: &str, file: Option<&std::path::Path>) -> anyhow::Result<String> {
    /// Longer than any text a command takes.
    const MOST: u64 = 1024 * 1024;
    let mut text = String::new();
    let read = match file {
        Some(file) => std::fs::File::open(file)
            .with_context(|| format!("{} could not be opened", file.display()))?
            .take(MOST)
            .read_to_string(&mut text),
        None => std::io::stdin().lock().take(MOST).read_to_string(&mut text),
    };
    read.with_context(|| format!("the {what} could not be read"))?;
    if text.trim().is_empty() {
        bail!(super::Usage(format!("the {what} is expected in a file or on standard input")));
    }
    Ok(text)
}

/// A length of time such as `24h`, `7d`, `90m` or `30s`, in microseconds.
pub(super) fn duration(text: &str) -> Result<i64, String> {
    use domain::time::{DAY, HOUR, MINUTE, SECOND};
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = match unit {
        "s" => SECOND,
        "m" | "min" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return Err("give a number and s, m, h or d, such as 24h".to_owned()),
    };
    number
        .parse::<i64>()
        .ok()
        .and_then(|n| n.checked_mul(unit))
        .ok_or_else(|| "that is no such number".to_owned())
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn a_length_of_time_is_a_number_and_a_unit() {
        assert_eq!(duration("24h"), Ok(86_400_000_000));
        assert_eq!(duration("0s"), Ok(0));
        for bad in ["", "h", "24", "1y", "-1h", "99999999999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
