//! What is wrong with connections as far as it can be known without calling anybody: vendors that cannot be judged, and
//! secrets that cannot be read where they are kept.

use super::Services;
use crate::{
    live::{LiveVendor, Snapshot},
    secrets::reference::Reference,
};
use domain::tenant::{DEFAULT_TENANT, Tenant};
use signature::SecretOrigin;
use store::StoreError;

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// About what, such as `vendor slack`.
    pub what: String,
    /// Whether it keeps something from working that should; else it waits for somebody.
    pub bad: bool,
    /// What it is. Holds no secret.
    pub words: String,
}

impl Services {
    /// Looks at all vendors, providers and destinations of all tenants. What is switched off is not expected to work.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn check_up(&self) -> Result<Vec<Finding>, StoreError> {
        let snapshot = self.live.now();
        let mut found = Vec::new();
        for live in snapshot.vendors().filter(|live| live.vendor.enabled) {
            let what = named("vendor", Some(&live.tenant), live.vendor.slug.as_str());
            if let Some((bad, words)) = self.check_vendor(live).await? {
                found.push(Finding { what, bad, words });
            }
        }
        for live in snapshot.providers().filter(|live| live.provider.enabled) {
            let tenant = snapshot.tenant(live.provider.tenant_id);
            let what = named("provider", tenant, live.provider.slug.as_str());
            found.extend(self.unreadable(what, "its key", live.reference.as_ref()));
        }
        for live in snapshot.destinations().filter(|live| live.destination.enabled) {
            let tenant = snapshot.tenant(live.destination.tenant_id);
            let what = named("destination", tenant, live.destination.slug.as_str());
            found.extend(self.unreadable(what, "its secret", live.reference.as_ref()));
        }
        found.extend(snapshot.tenants().filter_map(|tenant| untold(tenant, &snapshot)));
        found.sort_by(|a, b| a.what.cmp(&b.what));
        Ok(found)
    }

    /// Why what is kept there could not be read the last time.
    pub(super) fn problem_at(&self, reference: &Reference) -> Option<String> {
        self.live.resolver().status(reference)?.problem.map(|problem| problem.to_string())
    }

    fn unreadable(&self, what: String, whose: &str, reference: Option<&Reference>) -> Option<Finding> {
        let reference = reference?;
        let problem = self.problem_at(reference)?;
        Some(Finding { what, bad: true, words: format!("{whose} at {reference} cannot be read: {problem}") })
    }

    async fn check_vendor(&self, live: &LiveVendor) -> Result<Option<(bool, String)>, StoreError> {
        if live.vendor.tells_news() {
            let words = "has no rule: nobody is told what Tidegate does by itself; see `tidegate rule add`";
            return Ok(live.rules.is_empty().then(|| (false, words.to_owned())));
        }
        let Some(preset) = live.preset.as_deref() else {
            let words = "its preset, or an option of it, is not known to this version: its URL answers 404";
            return Ok(Some((true, words.to_owned())));
        };
        // Nobody makes a secret where the vendor publishes its keys.
        if preset.secret_origin() == SecretOrigin::Published {
            return Ok(None);
        }
        let now = self.clock.now();
        for info in live.secret_infos().iter().filter(|info| info.accepts(now)) {
            let Some(reference) = live.reference_of(info.version) else { continue };
            if let Some(problem) = self.problem_at(reference) {
                let words = format!(
                    "version {} of its secret at {reference} cannot be read: {problem}",
                    info.version
                );
                return Ok(Some((true, words)));
            }
        }
        if !live.secrets_at(now).is_empty() {
            return Ok(None);
        }
        if !self.store.secrets_of(live.vendor.id).await?.is_empty() {
            let words = "no version of its secret is accepted: all it sends is refused; make a new one with `tidegate vendor rotate`";
            return Ok(Some((true, words.to_owned())));
        }
        let words = match preset.secret_origin() {
            SecretOrigin::FirstRequest => "waits for the vendor's first request, which hands its secret over",
            _ => {
                "waits for its secret, which was to come later: until `tidegate vendor rotate --secret-stdin` all but first requests is refused"
            }
        };
        Ok(Some((false, words.to_owned())))
    }
}

/// Says that a tenant hears of nothing, where there is something that can break.
fn untold(tenant: &Tenant, snapshot: &Snapshot) -> Option<Finding> {
    let delivers = snapshot.destinations().any(|live| live.destination.tenant_id == tenant.id);
    let hears = snapshot.vendors().any(|live| live.vendor.tenant_id == tenant.id && live.vendor.tells_news());
    let words = "nobody is told when a destination is gone or a breaker opens; `tidegate vendor add alerts --preset tidegate` and a rule change that";
    let what = match tenant.slug.as_str() {
        DEFAULT_TENANT => "alerts".to_owned(),
        slug => format!("alerts of {slug}"),
    };
    (delivers && !hears).then(|| Finding { what, bad: false, words: words.to_owned() })
}

/// What a finding is about; things of other tenants than the default one with their tenant.
fn named(kind: &str, tenant: Option<&Tenant>, slug: &str) -> String {
    match tenant.map(|tenant| tenant.slug.as_str()).filter(|tenant| *tenant != DEFAULT_TENANT) {
        Some(tenant) => format!("{kind} {tenant}/{slug}"),
        None => format!("{kind} {slug}"),
    }
}
