//! Values that count once, so that a captured signature cannot carry another event: Mailgun signs a token and
//! the time, not the event. Says what to remember and for how long; remembers nothing itself.

use sha2::{Digest as _, Sha256};

use crate::delivery::Delivery;
use crate::preset::Preset;

/// How long a value is remembered where the scheme has no time limit of its own, in seconds.
const USUAL: u32 = 24 * 3600;

/// What must not come again with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Once {
    /// Stands for the value; a hash, so that nothing of the request is kept.
    pub value: [u8; 32],
    /// Stands for what came with it. The same again is the vendor's own repetition; anything else a replay.
    pub content: [u8; 32],
    /// How long it must be remembered: as long as its timestamp is accepted.
    pub seconds: u32,
}

impl Delivery<'_> {
    /// What of an authentic request counts once. `external_id` is the id its envelope gave.
    pub fn once(&self, preset: &Preset, external_id: &str) -> Option<Once> {
        let value = self.one_time_value(preset)?;
        let mut content = Sha256::new();
        content.update(u64::try_from(external_id.len()).unwrap_or(u64::MAX).to_be_bytes());
        content.update(external_id);
        content.update(self.request.body);
        let seconds = preset.tolerance_secs().map_or(USUAL, |(past, future)| past.saturating_add(future));
        Some(Once { value: Sha256::digest(value).into(), content: content.finalize().into(), seconds })
    }
}
