//! What of its preset's options was chosen for a vendor: reading and changing it.

use super::{
    Services, store_error,
    vendors::{check_options, choices},
};
use crate::live::LiveVendor;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, SigningPort},
    view::{preset_options::PresetOption, signing::SigningOption},
};
use async_trait::async_trait;
use domain::{id::VendorId, vendor::Vendor};
use std::collections::BTreeMap;

/// Options by name, as a vendor keeps them.
type Chosen = BTreeMap<String, String>;

fn may_change(name: &str) -> bool {
    name.parse::<PresetOption>().is_ok_and(|option| !option.decided_once())
}

/// What a vendor keeps when those that can be changed become `wanted`.
fn changed(vendor: &Vendor, wanted: &Chosen) -> Chosen {
    let stays = vendor.options.iter().filter(|(name, _)| !may_change(name));
    stays.chain(wanted).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What is different, for the audit log.
fn difference(before: &Chosen, after: &Chosen) -> String {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let parts =
        names.filter(|name| before.get(*name) != after.get(*name)).map(|name| match after.get(name) {
            Some(value) => format!("{name}={value}"),
            None => format!("{name} as the preset has it"),
        });
    parts.collect::<Vec<_>>().join("; ")
}

fn shown(live: &LiveVendor) -> Vec<SigningOption> {
    let Some(preset) = signature::preset(&live.vendor.preset) else { return Vec::new() };
    let option = |choice: app::view::preset_options::OptionChoice| SigningOption {
        value: live.vendor.options.get(choice.option.as_str()).cloned(),
        choice,
    };
    choices(preset).into_iter().map(option).collect()
}

#[async_trait]
impl SigningPort for Services {
    async fn signing(&self, actor: &Actor, vendor: VendorId) -> Result<Vec<SigningOption>, AppError> {
        self.vendor_of(actor, vendor).map(|live| shown(&live))
    }

    async fn set_signing(
        &self,
        actor: &Actor,
        vendor: VendorId,
        options: BTreeMap<PresetOption, String>,
    ) -> Result<(), AppError> {
        let live = self.vendor_of(actor, vendor)?;
        let offered = shown(&live);
        for option in options.keys() {
            if option.decided_once() {
                return Err(AppError::invalid(Field::Option(*option), Reason::DecidedOnce));
            }
            // A scheme of one's own offers none, and nothing else would look at them.
            if !offered.iter().any(|one| one.choice.option == *option) {
                return Err(AppError::invalid(Field::Option(*option), Reason::DoesNotFit));
            }
        }
        let wanted: Chosen =
            options.into_iter().map(|(option, text)| (option.as_str().to_owned(), text)).collect();
        let after = changed(&live.vendor, &wanted);
        if after == live.vendor.options {
            return Ok(());
        }
        check_options(&live.vendor.preset, &after)?;
        let detail = difference(&live.vendor.options, &after);
        let audit =
            self.audit(actor, Some(live.vendor.tenant_id), "vendor.signing", &live.vendor.slug, detail);
        let edit = |vendor: &mut Vendor| vendor.options = changed(vendor, &wanted);
        self.store.edit_vendor(vendor, &edit, &audit).await.map_err(store_error(Field::Form))?;
        self.changed().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(pairs: &[(&str, &str)]) -> Chosen {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_audit_log_is_told_what_is_different_and_nothing_else() {
        let before = chosen(&[("tolerance", "60"), ("prefix", "v1="), ("event_id", "json:id")]);
        let after = chosen(&[("tolerance", "90"), ("one_time", "signed"), ("event_id", "json:id")]);
        assert_eq!(difference(&before, &after), "prefix as the preset has it; tolerance=90; one_time=signed");
        assert_eq!(difference(&after, &after), "");
    }
}
