//! News: what Tidegate did by itself that people may want to be told of. Each is an entry of the audit log that becomes an
//! event of its tenant's own vendor, where there is one; rules then decide who is told. Making the event is the server's.

use crate::vendor::Vendor;

/// What stands in the place of a person in the audit log where the program acted by itself.
pub const BY_ITSELF: &str = "tidegate";
/// The preset of the vendor whose events are news. It says nothing about signatures: such a vendor has no address.
pub const PRESET: &str = "tidegate";
/// What people call that preset.
pub const PRESET_NAME: &str = "Tidegate itself";

crate::words! {
    /// What happened: the action in the audit log, and the type of the event.
    pub enum NewsKind {
        /// A destination answered that it is gone, and was switched off.
        DestinationGone = "destination.gone",
        /// A circuit breaker opened.
        BreakerOpen = "breaker.open",
        /// A circuit breaker closed again.
        BreakerClose = "breaker.close",
        /// A job was parked, because nodes went away while they ran it.
        JobPark = "job.park",
        /// Jobs became dead letters: all their tries failed.
        JobDead = "job.dead",
        /// A replaced secret ended.
        VendorRetire = "vendor.retire",
        /// A vendor's subscription was confirmed, or could not be.
        VendorConfirm = "vendor.confirm",
    }
}

impl NewsKind {
    /// The kind an entry of the audit log is of; `None` when it is no news. What people do is none: whoever did it knows.
    pub fn of(actor: &str, action: &str) -> Option<Self> {
        (actor == BY_ITSELF).then(|| action.parse().ok()).flatten()
    }

    /// What it tells, for people.
    pub const fn about(self) -> &'static str {
        match self {
            Self::DestinationGone => "A destination answered 410 and was switched off; its jobs are held",
            Self::BreakerOpen => "A destination or model fails so often that its jobs wait",
            Self::BreakerClose => "It answers again; what waited goes on",
            Self::JobPark => "A job is held, because its node died twice while it ran",
            Self::JobDead => "Jobs failed at all their tries; told at most once an hour, all together",
            Self::VendorRetire => "A replaced secret is not accepted any more",
            Self::VendorConfirm => "A vendor’s subscription was confirmed, or could not be",
        }
    }
}

impl Vendor {
    /// Whether its events are news, which Tidegate makes itself: nobody posts to it.
    pub fn tells_news(&self) -> bool {
        self.preset == PRESET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_done_by_itself_is_news() {
        assert_eq!(NewsKind::of(BY_ITSELF, "destination.gone"), Some(NewsKind::DestinationGone));
        for (actor, action) in
            [("ada@example.org", "breaker.open"), (BY_ITSELF, "breaker.reopen"), (BY_ITSELF, "")]
        {
            assert_eq!(NewsKind::of(actor, action), None, "{actor} {action}");
        }
    }
}
