//! How long an old secret stays in use beside the new one, as forms offer it.

/// What can be chosen: hours, and words. The first is what is chosen at first.
const OVERLAPS: [(i64, &str); 6] = [
    (24, "24 hours"),
    (0, "none: it ends at once"),
    (1, "1 hour"),
    (6, "6 hours"),
    (72, "3 days"),
    (168, "7 days"),
];

/// Values and words of the choice.
pub fn overlaps() -> Vec<(String, String)> {
    OVERLAPS.iter().map(|(hours, words)| (hours.to_string(), (*words).to_owned())).collect()
}
