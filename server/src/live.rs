//! The configuration in memory: what ingress and workers look things up in without asking the database.
//! Owns reading it, opening its secrets and noticing changes; does not change it.

mod opened;

pub use opened::{LiveDestination, LivePrivacy, LiveProvider, LiveVendor};

use crate::{
    clock::SharedClock,
    data_key::DataKey,
    delivery::headers::Headers,
    schema::types::{self, Types},
    secrets::{
        Kept,
        reference::Reference,
        resolver::{self, Resolver},
    },
    vault::Vault,
};
use arc_swap::ArcSwap;
use domain::{
    breaker::{Breaker, BreakerKey},
    destination::DestinationPart,
    id::{DestinationId, ProviderId, TenantId, VendorId},
    limit::WorkLimit,
    pause::{Pause, PauseTarget},
    rule::Rule,
    secret::SecretInfo,
    tenant::{DEFAULT_TENANT, Tenant},
    thresholds::{Chosen, Guarded, SetThresholds, Thresholds},
    vendor::Vendor,
};
use opened::Held;
use signature::Preset;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use store::{ConfigRows, Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often a change made elsewhere is looked for; a change is seen within twice this.
const LOOK_EVERY: Duration = Duration::from_millis(400);

/// The whole configuration at one version.
#[derive(Default)]
pub struct Snapshot {
    /// Its version.
    pub version: i64,
    tenants: HashMap<TenantId, Tenant>,
    by_path: HashMap<String, Arc<LiveVendor>>,
    vendors: HashMap<VendorId, Arc<LiveVendor>>,
    providers: HashMap<ProviderId, Arc<LiveProvider>>,
    destinations: HashMap<DestinationId, Arc<LiveDestination>>,
    privacy: HashMap<TenantId, Arc<LivePrivacy>>,
    pauses: Vec<Pause>,
    breakers: HashMap<BreakerKey, Breaker>,
    thresholds: Vec<SetThresholds>,
    work_limits: Vec<WorkLimit>,
}

impl Snapshot {
    /// The pause switches that are on, the oldest first.
    pub fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    /// The switch of `target`, if it is on.
    pub fn pause_of(&self, target: PauseTarget) -> Option<&Pause> {
        self.pauses.iter().find(|pause| pause.target == target)
    }

    /// How a breaker stands; `None` when it never did anything but let jobs through.
    pub fn breaker(&self, key: &BreakerKey) -> Option<&Breaker> {
        self.breakers.get(key)
    }

    /// All breakers that ever did anything, in no order.
    pub fn breakers(&self) -> impl Iterator<Item = &Breaker> {
        self.breakers.values()
    }

    /// The thresholds that are set for one; none where nobody set any.
    pub fn chosen(&self, of: Guarded) -> Option<&Chosen> {
        self.thresholds.iter().find(|set| set.of == of).map(|set| &set.chosen)
    }

    /// When a breaker opens; `wait` is its first pause where nothing else is set.
    pub fn thresholds(&self, key: &BreakerKey, wait: Duration) -> Thresholds {
        let wait = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        let set = [self.chosen(Guarded::of(key)), self.chosen(Guarded::Installation)];
        Thresholds::of(key.of_models(), &set, wait)
    }

    /// The limits of work that are set.
    pub fn work_limits(&self) -> &[WorkLimit] {
        &self.work_limits
    }

    /// How the payloads of a tenant are kept; `None` while nobody decided anything.
    pub fn privacy(&self, tenant: TenantId) -> Option<&Arc<LivePrivacy>> {
        self.privacy.get(&tenant)
    }

    /// The vendor behind `/webhooks/{tenant}/{vendor}`; the default tenant when none is named.
    pub fn vendor_at(&self, tenant: Option<&str>, vendor: &str) -> Option<&Arc<LiveVendor>> {
        self.by_path.get(&path_key(tenant.unwrap_or(DEFAULT_TENANT), vendor))
    }

    /// A vendor by id.
    pub fn vendor(&self, id: VendorId) -> Option<&Arc<LiveVendor>> {
        self.vendors.get(&id)
    }

    /// All vendors, in no order.
    pub fn vendors(&self) -> impl Iterator<Item = &Arc<LiveVendor>> {
        self.vendors.values()
    }

    /// A tenant by id.
    pub fn tenant(&self, id: TenantId) -> Option<&Tenant> {
        self.tenants.get(&id)
    }

    /// A tenant by name.
    pub fn tenant_named(&self, slug: &str) -> Option<&Tenant> {
        self.tenants.values().find(|tenant| tenant.slug.as_str() == slug)
    }

    /// All tenants, in no order.
    pub fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.values()
    }

    /// A provider by id.
    pub fn provider(&self, id: ProviderId) -> Option<&Arc<LiveProvider>> {
        self.providers.get(&id)
    }

    /// All providers, in no order.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<LiveProvider>> {
        self.providers.values()
    }

    /// A destination by id.
    pub fn destination(&self, id: DestinationId) -> Option<&Arc<LiveDestination>> {
        self.destinations.get(&id)
    }

    /// All destinations, in no order.
    pub fn destinations(&self) -> impl Iterator<Item = &Arc<LiveDestination>> {
        self.destinations.values()
    }
}

fn path_key(tenant: &str, vendor: &str) -> String {
    format!("{tenant}/{vendor}")
}

/// What a secret is sealed for; the same text must be used to open it.
pub mod purpose {
    use domain::{
        destination::DestinationPart,
        id::{DestinationId, ProviderId, RequestId, TenantId, VendorId},
    };

    /// The key of the links to senders' pages.
    pub const SENDER_LINKS: &str = "sender_link_key";
    /// The first key that signs this installation's tokens.
    pub const FIRST_TOKEN_KEY: &str = "token_key";

    /// A later key that signs tokens.
    pub fn token_key(id: uuid::Uuid) -> String {
        format!("{FIRST_TOKEN_KEY}:{id}")
    }

    /// A vendor's signing secrets.
    pub fn vendor(id: VendorId) -> String {
        format!("vendor:{id}")
    }
    /// A secret a vendor handed over that nobody accepted yet.
    pub fn offer(id: VendorId) -> String {
        format!("offer:{id}")
    }
    /// A refused request as it came.
    pub fn refused(id: RequestId) -> String {
        format!("refused:{id}")
    }
    /// A provider's key.
    pub fn provider(id: ProviderId) -> String {
        format!("provider:{id}")
    }
    /// A tenant's data key.
    pub fn tenant(id: TenantId) -> String {
        format!("tenant:{id}")
    }
    /// A destination's password or signing secret.
    pub fn destination(id: DestinationId) -> String {
        format!("destination:{id}")
    }
    /// Something else of a destination.
    pub fn part(id: DestinationId, part: DestinationPart) -> String {
        format!("destination:{id}:{part}")
    }
}

/// The configuration as it is now.
pub struct LiveConfig {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    resolver: Arc<Resolver>,
    clock: SharedClock,
    current: ArcSwap<Snapshot>,
}

impl LiveConfig {
    /// Reads the configuration for the first time.
    pub async fn load(
        store: Arc<dyn Store>,
        vault: Arc<Vault>,
        resolver: Arc<Resolver>,
        clock: SharedClock,
    ) -> Result<Arc<Self>, StoreError> {
        let live = Self { store, vault, resolver, clock, current: ArcSwap::default() };
        live.reload().await?;
        Ok(Arc::new(live))
    }

    /// What reads secrets that are kept elsewhere.
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// The configuration as it is now; keep it no longer than one request or one job.
    pub fn now(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Reads it again, as after a change made by this process.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let rows = self.store.load_config().await?;
        if let Err(error) = self.vault.adopt(&rows.data_keys) {
            tracing::error!(%error, "the master key was replaced and this process does not have the new one: restart it with that key");
        }
        self.resolver.ensure(&references(&rows, &self.vault)).await;
        let before = self.current.load_full();
        self.current.store(Arc::new(build(rows, &self.vault, &self.resolver, &before)));
        Ok(())
    }

    /// Looks for changes of secrets that are elsewhere until `stop`.
    pub async fn follow_references(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(resolver::LOOK_EVERY)).await.is_some() {
            if !self.resolver.refresh().await {
                continue;
            }
            tracing::info!("a secret that is kept elsewhere changed");
            if let Err(error) = self.reload().await {
                tracing::warn!(%error, "a changed secret could not be taken in yet");
            }
        }
    }

    /// Looks for changes made elsewhere until `stop`.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            let seen = self.current.load().version;
            let changed = match self.store.config_version().await {
                Ok(version) if version != seen => self.reload().await,
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = changed {
                tracing::warn!(%error, at = self.clock.now().rfc3339(), "the configuration could not be read again; the last one stays in use");
            }
        }
    }
}

/// All places other than the database that these rows name.
fn references(rows: &ConfigRows, vault: &Vault) -> HashSet<Reference> {
    let vendors = rows.secrets.iter().map(|(info, sealed)| (purpose::vendor(info.vendor_id), Some(sealed)));
    let providers =
        rows.providers.iter().map(|(provider, sealed)| (purpose::provider(provider.id), sealed.as_ref()));
    let destinations = rows
        .destinations
        .iter()
        .map(|(destination, sealed)| (purpose::destination(destination.id), sealed.as_ref()));
    // Headers are never elsewhere; the secret before the one in use can be.
    let parts = rows
        .destination_parts
        .iter()
        .map(|part| (purpose::part(part.destination_id, part.part), Some(&part.sealed)));
    vendors
        .chain(providers)
        .chain(destinations)
        .chain(parts)
        .filter_map(|(purpose, sealed)| vault.unseal(&purpose, sealed?).ok())
        .filter_map(|text| Kept::unsealed(text).reference().cloned())
        .collect()
}

fn build(rows: ConfigRows, vault: &Vault, resolver: &Resolver, before: &Snapshot) -> Snapshot {
    let mut snapshot = Snapshot { version: rows.version, ..Snapshot::default() };
    snapshot.pauses = rows.pauses;
    snapshot.work_limits = rows.work_limits;
    snapshot.thresholds = rows.thresholds;
    snapshot.breakers = rows.breakers.into_iter().map(|breaker| (breaker.key.clone(), breaker)).collect();
    snapshot.tenants = rows.tenants.into_iter().map(|tenant| (tenant.id, tenant)).collect();

    for (privacy, sealed) in rows.privacy {
        let key = sealed.and_then(|sealed| {
            let opened = DataKey::open(vault, privacy.tenant_id, &sealed);
            opened
                .inspect_err(|error| tracing::error!(tenant = %privacy.tenant_id, %error, "a tenant's data key cannot be opened"))
                .ok()
        });
        snapshot.privacy.insert(privacy.tenant_id, Arc::new(LivePrivacy { privacy, key }));
    }
    let mut secrets: HashMap<VendorId, Vec<(SecretInfo, Held)>> = HashMap::new();
    for (info, sealed) in rows.secrets {
        let held = open(vault, resolver, &purpose::vendor(info.vendor_id), Some(&sealed));
        secrets.entry(info.vendor_id).or_default().push((info, held));
    }
    let mut rules: HashMap<VendorId, Vec<Rule>> = HashMap::new();
    for rule in rows.rules.into_iter().filter(|rule| rule.enabled) {
        rules.entry(rule.vendor_id).or_default().push(rule);
    }
    let mut types: Types = types::build(rows.schemas, rows.mappings, |vendor, event_type, version| {
        types::compiled(&before.vendor(vendor)?.types, event_type, version)
    });
    for vendor in rows.vendors {
        let Some(tenant) = snapshot.tenants.get(&vendor.tenant_id).cloned() else { continue };
        let mut secrets = secrets.remove(&vendor.id).unwrap_or_default();
        secrets.sort_by_key(|(info, _)| std::cmp::Reverse(info.version));
        // What Tidegate tells by itself is signed by nobody, and its address answers like one there is nothing at.
        let signed = (!vendor.tells_news()).then(|| preset_of(&vendor));
        let preset = signed.transpose()
            .inspect_err(|error| tracing::error!(vendor = %vendor.slug, preset = vendor.preset, error, "a vendor's preset cannot be used"))
            .ok()
            .flatten()
            .map(Arc::new);
        let key = path_key(tenant.slug.as_str(), vendor.slug.as_str());
        let id = vendor.id;
        let live = Arc::new(LiveVendor {
            rules: rules.remove(&id).unwrap_or_default(),
            privacy: snapshot.privacy.get(&tenant.id).cloned(),
            types: types.remove(&id).unwrap_or_default(),
            vendor,
            tenant,
            preset,
            secrets,
        });
        snapshot.by_path.insert(key, live.clone());
        snapshot.vendors.insert(id, live);
    }
    for (provider, sealed) in rows.providers {
        let Held { value: key, reference } =
            open(vault, resolver, &purpose::provider(provider.id), sealed.as_ref());
        snapshot.providers.insert(provider.id, Arc::new(LiveProvider { provider, key, reference }));
    }
    for (destination, sealed) in rows.destinations {
        let Held { value: secret, reference } =
            open(vault, resolver, &purpose::destination(destination.id), sealed.as_ref());
        let mut live =
            LiveDestination { destination, secret, reference, headers: Headers::default(), retiring: None };
        for part in rows.destination_parts.iter().filter(|part| part.destination_id == live.destination.id) {
            let purpose = purpose::part(part.destination_id, part.part);
            let value = open(vault, resolver, &purpose, Some(&part.sealed)).value;
            match (part.part, value, part.not_after) {
                (DestinationPart::Headers, Some(text), _) => live.headers = Headers::opened(&text),
                (DestinationPart::Retiring, Some(secret), Some(until)) => {
                    live.retiring = Some((secret, until))
                }
                _ => {}
            }
        }
        snapshot.destinations.insert(live.destination.id, Arc::new(live));
    }
    snapshot
}

/// What stands for the preset of a vendor with a scheme of its own.
pub const CUSTOM: &str = "custom";
/// The option such a vendor's scheme is kept under.
pub const SCHEME: &str = "scheme";

/// The preset of a vendor with the vendor's own options.
///
/// # Errors
/// In words, when the preset is unknown or does not take the options.
pub fn preset_of(vendor: &Vendor) -> Result<Preset, String> {
    if vendor.preset == CUSTOM {
        let scheme = vendor.options.get(SCHEME).ok_or("the scheme is missing")?;
        return Preset::custom(scheme);
    }
    let preset =
        signature::preset(&vendor.preset).ok_or_else(|| format!("there is no preset {:?}", vendor.preset))?;
    preset.with_options(&vendor.options)
}

fn open(vault: &Vault, resolver: &Resolver, purpose: &str, sealed: Option<&store::Sealed>) -> Held {
    let Some(sealed) = sealed else { return Held::default() };
    match vault.unseal(purpose, sealed).map(Kept::unsealed) {
        Ok(Kept::Value(value)) => Held { value: Some(value), reference: None },
        Ok(Kept::Reference(reference)) => {
            Held { value: resolver.get(&reference), reference: Some(reference) }
        }
        Err(error) => {
            tracing::error!(purpose, %error, "a stored secret cannot be opened");
            Held::default()
        }
    }
}
