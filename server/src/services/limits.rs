//! What a vendor may send: reading and setting its limits.

use super::{Services, store_error};
use crate::live::LiveVendor;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, LimitsPort},
    view::limits::{BODY_BOUNDS, MAX_NETWORKS, MAX_RATE, NewLimits, VendorLimits},
};
use async_trait::async_trait;
use domain::{bytes, id::VendorId, network, policy::Rate, vendor::Vendor};
use ipnet::IpNet;

/// Limits that can be kept.
struct Checked {
    allow: Vec<IpNet>,
    rate: Option<Rate>,
    max_body: Option<u32>,
}

impl Checked {
    fn new(new: &NewLimits) -> Result<Self, AppError> {
        let allow = network::parse_list(&new.allow)
            .map_err(|_| AppError::invalid(Field::Allow, Reason::Malformed))?;
        if allow.len() > MAX_NETWORKS {
            return Err(AppError::invalid(Field::Allow, Reason::TooLong));
        }
        let within = |field, number: Option<u32>| match number {
            Some(number) if !(1..=MAX_RATE).contains(&number) => {
                Err(AppError::invalid(field, Reason::Malformed))
            }
            number => Ok(number),
        };
        let rate = match (within(Field::PerSecond, new.rate)?, within(Field::Burst, new.burst)?) {
            (Some(per_second), burst) => Some(Rate { per_second, burst: burst.unwrap_or(per_second) }),
            (None, None) => None,
            (None, Some(_)) => return Err(AppError::invalid(Field::PerSecond, Reason::Missing)),
        };
        if new.max_body.is_some_and(|bytes| !BODY_BOUNDS.contains(&bytes)) {
            return Err(AppError::invalid(Field::MaxBody, Reason::Malformed));
        }
        Ok(Self { allow, rate, max_body: new.max_body })
    }

    fn apply(&self, vendor: &mut Vendor) {
        vendor.policy.allow.clone_from(&self.allow);
        vendor.policy.rate = self.rate;
        vendor.max_body = self.max_body;
    }

    /// For the audit log.
    fn words(&self) -> String {
        let allow: Vec<String> = self.allow.iter().map(ToString::to_string).collect();
        let allow = if allow.is_empty() { "any address".to_owned() } else { allow.join(" ") };
        let rate = self.rate.map_or_else(
            || "any rate".to_owned(),
            |rate| format!("{} a second, {} at once", rate.per_second, rate.burst),
        );
        let body = self.max_body.map_or_else(|| "the preset's largest body".to_owned(), bytes::show);
        format!("{allow}; {rate}; {body}")
    }
}

fn shown(live: &LiveVendor) -> VendorLimits {
    let vendor = &live.vendor;
    VendorLimits {
        allow: vendor.policy.allow.iter().map(ToString::to_string).collect(),
        rate: vendor.policy.rate.map(|rate| rate.per_second),
        burst: vendor.policy.rate.map(|rate| rate.burst),
        max_body: vendor.max_body,
        preset_max_body: live
            .preset
            .as_ref()
            .and_then(|preset| u32::try_from(preset.default_max_body).ok())
            .unwrap_or_default(),
    }
}

#[async_trait]
impl LimitsPort for Services {
    async fn limits(&self, actor: &Actor, vendor: VendorId) -> Result<VendorLimits, AppError> {
        self.vendor_of(actor, vendor).map(|live| shown(&live))
    }

    async fn set_limits(&self, actor: &Actor, vendor: VendorId, new: NewLimits) -> Result<(), AppError> {
        let live = self.sender_of(actor, vendor)?;
        let checked = Checked::new(&new)?;
        let tenant = Some(live.vendor.tenant_id);
        let audit = self.audit(actor, tenant, "vendor.limits", &live.vendor.slug, checked.words());
        let stored = self.store.edit_vendor(vendor, &|vendor| checked.apply(vendor), &audit).await;
        stored.map_err(store_error(Field::Form))?;
        self.changed().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(new: NewLimits) -> AppError {
        match Checked::new(&new) {
            Ok(_) => panic!("{new:?} was accepted"),
            Err(error) => error,
        }
    }

    #[test]
    fn each_limit_that_cannot_be_kept_is_named_by_its_field() {
        let new = NewLimits::default;
        let cases = [
            (NewLimits { allow: "here".into(), ..new() }, Field::Allow, Reason::Malformed),
            (NewLimits { rate: Some(0), ..new() }, Field::PerSecond, Reason::Malformed),
            (NewLimits { rate: Some(MAX_RATE + 1), ..new() }, Field::PerSecond, Reason::Malformed),
            (NewLimits { rate: Some(1), burst: Some(0), ..new() }, Field::Burst, Reason::Malformed),
            (NewLimits { burst: Some(5), ..new() }, Field::PerSecond, Reason::Missing),
            (NewLimits { max_body: Some(1023), ..new() }, Field::MaxBody, Reason::Malformed),
            (NewLimits { max_body: Some(u32::MAX), ..new() }, Field::MaxBody, Reason::Malformed),
        ];
        for (limits, field, reason) in cases {
            assert_eq!(refused(limits), AppError::invalid(field, reason));
        }
        let many: Vec<String> =
            (0..=MAX_NETWORKS).map(|n| format!("10.{}.{}.0/24", n / 256, n % 256)).collect();
        let long = NewLimits { allow: many.join("\n"), ..new() };
        assert_eq!(refused(long), AppError::invalid(Field::Allow, Reason::TooLong));
    }

    #[test]
    fn a_rate_without_a_burst_takes_a_seconds_worth_at_once() {
        let new = NewLimits { rate: Some(7), ..NewLimits::default() };
        let checked = Checked::new(&new).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(checked.rate, Some(Rate { per_second: 7, burst: 7 }));
        assert_eq!(checked.words(), "any address; 7 a second, 7 at once; the preset's largest body");
    }
}
