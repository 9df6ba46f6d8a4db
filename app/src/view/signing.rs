//! What of its preset's options was chosen for one vendor.

use super::preset_options::OptionChoice;
use serde::{Deserialize, Serialize};

/// An option that a vendor's preset offers, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningOption {
    /// Which, and what applies while nobody chose.
    pub choice: OptionChoice,
    /// What was chosen.
    pub value: Option<String>,
}
