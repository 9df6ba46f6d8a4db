//! Vendors: listing and adding them.

use super::{
    Services, from_place, sees, slug, store_error, tenant_of, unavailable,
    vendor::{address, preset_name},
};
use crate::{
    clock::{fresh, random},
    live::{CUSTOM, LiveVendor, SCHEME, Snapshot, preset_of, purpose},
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, VendorsPort},
    view::{
        connections::{NewVendor, PresetChoice, Revealed, VendorPage, VendorRow},
        preset_options::{OptionChoice, PresetOption},
    },
};
use async_trait::async_trait;
use domain::{id::VendorId, news, policy::VendorPolicy, tenant::DEFAULT_TENANT, time::DAY, vendor::Vendor};
use signature::SecretOrigin;
use std::{collections::BTreeMap, sync::Arc};

/// A vendor that was just added.
pub struct AddedVendor {
    /// The URL to enter at the vendor; `None` where nobody posts to it.
    pub url: Option<String>,
    /// Its short name.
    pub slug: String,
    /// The secret, when it was made here.
    pub secret: Option<String>,
}

impl Services {
    /// Adds a vendor; makes a secret when none is given.
    ///
    /// # Errors
    /// `Invalid` with the field that cannot be accepted.
    pub async fn create_vendor(
        &self,
        actor: &Actor,
        new: NewVendor,
        options: BTreeMap<String, String>,
    ) -> Result<AddedVendor, AppError> {
        let snapshot = self.live.now();
        let now = self.clock.now();
        let tenant_id = tenant_of(actor, &snapshot)?;
        let (preset, options) = match new.scheme {
            Some(scheme) => (CUSTOM.to_owned(), BTreeMap::from([(SCHEME.to_owned(), scheme)])),
            None => (new.preset, options),
        };
        check_options(&preset, &options)?;
        if app::NO_VENDORS.contains(&new.slug.as_str()) {
            return Err(AppError::invalid(Field::Slug, Reason::Reserved));
        }
        if preset == news::PRESET && (new.secret.is_some() || new.secret_later) {
            return Err(AppError::invalid(Field::Secret, Reason::Unsigned));
        }
        let vendor = Vendor {
            id: VendorId::new(fresh()),
            tenant_id,
            slug: slug(&new.slug)?,
            preset,
            options,
            enabled: true,
            max_body: None,
            policy: VendorPolicy::default(),
            created_at: now,
        };
        if vendor.tells_news() {
            self.add_news_vendor(actor, &vendor, &snapshot).await?;
            return Ok(AddedVendor { url: None, slug: vendor.slug.into(), secret: None });
        }
        let preset = preset_of(&vendor).map_err(|_| match vendor.preset.as_str() {
            CUSTOM => AppError::invalid(Field::Scheme, Reason::Malformed),
            _ => AppError::invalid(Field::Preset, Reason::Unknown),
        })?;
        let made = match &new.secret {
            None if !waits_for_secret(&preset, new.secret_later) => Some(
                signature::generate_secret(&preset, &random())
                    .ok_or(AppError::invalid(Field::Secret, Reason::Missing))?,
            ),
            _ => None,
        };
        let taken = match new.secret.as_ref().or(made.as_ref()) {
            Some(given) => Some(self.take_in(Field::Secret, given).await?),
            None => None,
        };
        if let Some((_, value)) = &taken {
            signature::check_secret(&preset, value)
                .map_err(|_| AppError::invalid(Field::Secret, Reason::Malformed))?;
        }
        let secret = self.secret_info(vendor.id, now);
        let sealed =
            taken.as_ref().map(|(kept, _)| self.vault.seal(&purpose::vendor(vendor.id), &kept.to_seal()));
        let detail = match &taken {
            Some((kept, _)) => format!("{}{}", preset.id, from_place(kept)),
            None => format!("{}, without a secret", preset.id),
        };
        let audit = self.audit(actor, Some(tenant_id), "vendor.add", &vendor.slug, detail);
        let stored = self.store.add_vendor(&vendor, sealed.as_ref().map(|sealed| (&secret, sealed)), &audit);
        stored.await.map_err(store_error(Field::Slug))?;
        self.changed().await;
        let tenant = snapshot.tenant(tenant_id).map(|tenant| tenant.slug.to_string()).unwrap_or_default();
        Ok(AddedVendor {
            url: Some(self.webhook_url(&tenant, vendor.slug.as_str())),
            slug: vendor.slug.into(),
            secret: made,
        })
    }

    /// Adds the vendor of its tenant's news: one at most, so that each is told once.
    async fn add_news_vendor(
        &self,
        actor: &Actor,
        vendor: &Vendor,
        snapshot: &Snapshot,
    ) -> Result<(), AppError> {
        let own = |live: &&Arc<LiveVendor>| live.vendor.tenant_id == vendor.tenant_id;
        if snapshot.vendors().filter(own).any(|live| live.vendor.tells_news()) {
            return Err(AppError::invalid(Field::Preset, Reason::Taken));
        }
        if !vendor.options.is_empty() {
            return Err(AppError::invalid(Field::Form, Reason::DoesNotFit));
        }
        let audit =
            self.audit(actor, Some(vendor.tenant_id), "vendor.add", &vendor.slug, vendor.preset.as_str());
        self.store.add_vendor(vendor, None, &audit).await.map_err(store_error(Field::Slug))?;
        self.changed().await;
        Ok(())
    }

    /// The URL a vendor posts to.
    pub fn webhook_url(&self, tenant: &str, vendor: &str) -> String {
        match tenant {
            DEFAULT_TENANT => format!("{}/webhooks/{vendor}", self.public_url),
            tenant => format!("{}/webhooks/{tenant}/{vendor}", self.public_url),
        }
    }
}

/// Whether a vendor of this preset begins without a secret when none is given: because none is needed, because the
/// vendor hands it over in its first request, or because a person said that it comes later. Until then its greetings
/// are answered and everything else is refused as `no_secret`.
fn waits_for_secret(preset: &signature::Preset, later: bool) -> bool {
    match preset.secret_origin() {
        SecretOrigin::Published | SecretOrigin::FirstRequest => true,
        SecretOrigin::Vendor | SecretOrigin::Either => later,
    }
}

/// What a preset lets one choose, in the order forms have it.
pub(super) fn choices(preset: &signature::Preset) -> Vec<OptionChoice> {
    let offered = |option: &PresetOption| {
        let name = preset.options.iter().find(|offered| offered.as_str() == option.as_str())?;
        Some(OptionChoice { option: *option, default: preset.default_of(*name) })
    };
    PresetOption::ALL.iter().filter_map(offered).collect()
}

/// Each option that the preset does not offer or cannot take is named by its field. Presets that are not known are
/// somebody else's to say.
pub(super) fn check_options(preset: &str, options: &BTreeMap<String, String>) -> Result<(), AppError> {
    let Some(preset) = signature::preset(preset) else { return Ok(()) };
    let choices = choices(preset);
    for (name, value) in options {
        let option = name.parse().map_err(|()| AppError::invalid(Field::Form, Reason::Unknown))?;
        if !choices.iter().any(|choice| choice.option == option) {
            return Err(AppError::invalid(Field::Option(option), Reason::DoesNotFit));
        }
        let alone = BTreeMap::from([(name.clone(), value.clone())]);
        if preset.with_options(&alone).is_err() {
            return Err(AppError::invalid(Field::Option(option), Reason::Malformed));
        }
    }
    preset.with_options(options).map_err(|_| AppError::invalid(Field::Form, Reason::DoesNotFit))?;
    Ok(())
}

#[async_trait]
impl VendorsPort for Services {
    async fn list(&self, actor: &Actor) -> Result<VendorPage, AppError> {
        let now = self.clock.now();
        let counters = self.store.counters(actor.tenant, now.plus(-DAY)).await.map_err(unavailable)?;
        let counted =
            |name: String| counters.iter().filter(|row| row.name == name).map(|row| row.value).sum::<i64>();
        let snapshot = self.live.now();
        let mut rows: Vec<VendorRow> = snapshot
            .vendors()
            .filter(|live| sees(actor, live.vendor.tenant_id))
            .map(|live| {
                let id = live.vendor.id;
                let count = |what: &str| counted(format!("vendor:{id}:{what}"));
                let last = counters.iter().filter(|row| row.name == format!("vendor:{id}:accepted"));
                VendorRow {
                    id,
                    address: address(actor, &live.tenant, live.vendor.slug.as_str()),
                    preset: preset_name(live),
                    url: self.url_of(live),
                    enabled: live.vendor.enabled,
                    secrets: live.secret_infos(),
                    last_event_at: last.map(|row| row.minute).max(),
                    accepted: Some(count("accepted")),
                    refused: Some(count("refused")),
                }
            })
            .collect();
        rows.sort_by(|a, b| (&a.address.slug, &a.address.tenant).cmp(&(&b.address.slug, &b.address.tenant)));
        Ok(VendorPage { now, rows })
    }

    async fn presets(&self, _actor: &Actor) -> Result<Vec<PresetChoice>, AppError> {
        let mut choices: Vec<PresetChoice> = signature::presets()
            .iter()
            .map(|preset| PresetChoice {
                id: preset.id.clone(),
                name: preset.name.clone(),
                vendor_makes_secret: preset.secret_origin() == SecretOrigin::Vendor,
                options: choices(preset),
            })
            .collect();
        choices.push(PresetChoice {
            id: news::PRESET.to_owned(),
            name: news::PRESET_NAME.to_owned(),
            vendor_makes_secret: false,
            options: Vec::new(),
        });
        choices.sort_by_key(|choice| choice.name.to_lowercase());
        Ok(choices)
    }

    async fn add(
        &self,
        actor: &Actor,
        new: NewVendor,
        options: BTreeMap<PresetOption, String>,
    ) -> Result<String, AppError> {
        let options = options.into_iter().map(|(option, text)| (option.as_str().to_owned(), text)).collect();
        let added = self.create_vendor(actor, new, options).await?;
        let revealed =
            Revealed { slug: added.slug, url: added.url.unwrap_or_default(), secret: added.secret };
        let tenant = tenant_of(actor, &self.live.now())?;
        Ok(self.reveals.keep(actor.user_id, self.clock.now(), (tenant, revealed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(preset: &str, name: &str, value: &str) -> Option<AppError> {
        check_options(preset, &BTreeMap::from([(name.to_owned(), value.to_owned())])).err()
    }

    #[test]
    fn every_option_of_a_preset_has_a_field_and_every_field_an_option() {
        let mut fields = std::collections::BTreeSet::new();
        for preset in signature::presets() {
            let choices = choices(preset);
            assert_eq!(choices.len(), preset.options.len(), "{}", preset.id);
            fields.extend(choices.into_iter().map(|choice| choice.option));
        }
        assert_eq!(fields.into_iter().collect::<Vec<_>>(), PresetOption::ALL);
    }

    #[test]
    fn an_option_that_cannot_be_taken_is_named_by_its_field() {
        use PresetOption::{Algorithm, Audience, OneTime, SignatureHeader, Tolerance};
        for (preset, name, value, expected) in [
            ("generic_hex", "signature_header", "a b", Some((SignatureHeader, Reason::Malformed))),
            ("generic_hex", "tolerance", "0", Some((Tolerance, Reason::Malformed))),
            ("generic_hex", "algorithm", "md5", Some((Algorithm, Reason::Malformed))),
            ("generic_hex", "one_time", "nowhere:x", Some((OneTime, Reason::Malformed))),
            ("generic_hex", "audience", "me", Some((Audience, Reason::DoesNotFit))),
            ("stripe", "signature_header", "x-any", Some((SignatureHeader, Reason::DoesNotFit))),
            ("fal", "audience", "user_1", None),
            ("generic_hex", "signature_header", "X-Acme", None),
        ] {
            let expected = expected.map(|(option, reason)| AppError::invalid(Field::Option(option), reason));
            assert_eq!(refused(preset, name, value), expected, "{preset} {name}={value}");
        }
        assert!(refused("generic_hex", "bogus", "1").is_some());
    }
}
