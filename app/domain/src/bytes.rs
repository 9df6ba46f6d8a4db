//! Sizes as people write them: `512 KiB`, `1 MiB`, or a number of bytes.

/// A text that is no size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give a number of bytes, KiB or MiB, such as 512 KiB")]
pub struct NoSize;

const UNITS: [(u32, &str); 2] = [(1024 * 1024, "MiB"), (1024, "KiB")];

/// Reads a size in bytes. `K`, `KB` and `KiB` all mean 1024 bytes.
///
/// # Errors
/// [`NoSize`], also for one of 4 GiB and more.
pub fn parse(text: &str) -> Result<u32, NoSize> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" | "bytes" => 1,
        "k" | "kb" | "kib" => 1024,
        "m" | "mb" | "mib" => 1024 * 1024,
        _ => return Err(NoSize),
    };
    number.parse::<u32>().ok().and_then(|number| number.checked_mul(unit)).ok_or(NoSize)
}

/// The size as [`parse`] reads it back, exactly.
pub fn show(bytes: u32) -> String {
    let unit = UNITS.iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_shown_so_that_it_is_read_back_exactly() {
        for (bytes, text) in
            [(524_288, "512 KiB"), (1_048_576, "1 MiB"), (1_000, "1000 bytes"), (0, "0 bytes")]
        {
            assert_eq!(show(bytes), text);
            assert_eq!(parse(text), Ok(bytes));
        }
        assert_eq!((parse("64k"), parse(" 2 MB"), parse("17")), (Ok(65_536), Ok(2_097_152), Ok(17)));
        for bad in ["", "KiB", "-1", "1.5 MiB", "1 GiB", "99999999999", "4096 MiB"] {
            assert_eq!(parse(bad), Err(NoSize), "{bad}");
        }
    }
}
