//! Which events a command means, as flags.

use super::{Usage, input, named};
use crate::serve::Base;
use app::ports::Actor;
use domain::{selection::Selection, time::Timestamp};

/// Which events.
#[derive(clap::Args, Debug, Default)]
pub(super) struct Choice {
    /// Only from this vendor
    #[arg(long)]
    vendor: Option<String>,
    /// Only of this type; * stands for any text
    #[arg(long = "type", value_name = "PATTERN")]
    event_type: Option<String>,
    /// Only about this subject
    #[arg(long)]
    subject: Option<String>,
    /// Arrived then or later: 2026-11-22T08:00:00Z, or 24h for that long ago
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Arrived before
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl Choice {
    /// The events that are meant.
    pub(super) fn selection(&self, base: &Base, who: &Actor) -> anyhow::Result<Selection> {
        let vendor = self.vendor.as_deref().map(|name| named::vendor(base, who, name));
        let now = base.clock.now();
        Ok(Selection {
            vendor_id: vendor.transpose()?.map(|live| live.vendor.id),
            event_type: self.event_type.clone(),
            subject_id: self.subject.clone(),
            since: self.since.as_deref().map(|text| moment(text, now)).transpose()?,
            until: self.until.as_deref().map(|text| moment(text, now)).transpose()?,
            ..Selection::default()
        })
    }

    /// The same for a person, with the vendor's name.
    pub(super) fn in_words(&self, selection: &Selection) -> String {
        match &self.vendor {
            Some(vendor) => format!("vendor {vendor}, {}", selection.in_words()),
            None => selection.in_words(),
        }
    }
}

/// A time, or how long ago it was.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp, Usage> {
    Timestamp::parse_rfc3339(text)
        .or_else(|| input::duration(text).ok().map(|micros| now.plus(-micros)))
        .ok_or_else(|| {
            Usage(format!("{text:?} is no time; give 2026-11-22T08:00:00Z, or 24h for that long ago"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::DAY;

    #[test]
    fn a_time_is_an_instant_or_how_long_ago() {
        let now = Timestamp::from_unix(1_000_000);
        assert_eq!(moment("1d", now).unwrap(), now.plus(-DAY));
        assert_eq!(moment("1970-01-02T00:00:00Z", now).unwrap(), Timestamp(DAY));
        assert!(moment("yesterday", now).is_err());
    }
}
