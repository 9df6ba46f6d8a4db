//! What of its preset's options was chosen for a vendor.

use super::Fake;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, SigningPort},
    view::{
        preset_options::{OptionChoice, PresetOption},
        signing::SigningOption,
    },
};
use async_trait::async_trait;
use domain::id::VendorId;
use std::collections::BTreeMap;

#[async_trait]
impl SigningPort for Fake {
    async fn signing(&self, _: &Actor, _: VendorId) -> Result<Vec<SigningOption>, AppError> {
        let option = |option, default: &str, value: Option<&str>| SigningOption {
            choice: OptionChoice { option, default: default.into() },
            value: value.map(str::to_owned),
        };
        Ok(vec![
            option(PresetOption::Algorithm, "hmac-sha256", Some("hmac-sha512")),
            option(PresetOption::Tolerance, "300", None),
            option(PresetOption::EventId, "header:x-event-id", None),
            option(PresetOption::OneTime, "", Some("signed")),
        ])
    }

    async fn set_signing(
        &self,
        _: &Actor,
        _: VendorId,
        options: BTreeMap<PresetOption, String>,
    ) -> Result<(), AppError> {
        if let Some((option, _)) = options.iter().find(|(_, text)| text.as_str() == "bad") {
            return Err(AppError::invalid(Field::Option(*option), Reason::Malformed));
        }
        self.note(format!("sign {options:?}"));
        Ok(())
    }
}
