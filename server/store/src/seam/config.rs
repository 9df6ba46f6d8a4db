//! What people configure: tenants, vendors with their secrets, providers, destinations, rules. Every change
//! counts up one version number, by which every node notices it. Secret values come and go sealed.

use super::{AuditEntry, DataKey, Result};
use async_trait::async_trait;
use domain::{
    breaker::Breaker,
    destination::{Destination, DestinationPart},
    id::{DestinationId, RuleId, SecretId, VendorId},
    limit::WorkLimit,
    pause::Pause,
    privacy::TenantPrivacy,
    provider::Provider,
    rule::Rule,
    schema::{MappingVersion, SchemaUse, SchemaVersion},
    secret::{SecretInfo, SecretState},
    tenant::Tenant,
    thresholds::SetThresholds,
    time::Timestamp,
    vendor::Vendor,
};

/// A secret value as the vault sealed it; unreadable without the master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

/// What is sealed of a destination beside its password or secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedPart {
    /// Whose.
    pub destination_id: DestinationId,
    /// What.
    pub part: DestinationPart,
    /// Until when it counts; `None` for as long as the destination does.
    pub not_after: Option<Timestamp>,
    /// The value.
    pub sealed: Sealed,
}

/// All of the configuration, as one consistent reading.
#[derive(Clone, Debug, Default)]
pub struct ConfigRows {
    /// Grows with every change.
    pub version: i64,
    /// The keys its sealed values need.
    pub data_keys: Vec<DataKey>,
    /// All tenants.
    pub tenants: Vec<Tenant>,
    /// All vendors.
    pub vendors: Vec<Vendor>,
    /// All secrets that are not revoked, with their values.
    pub secrets: Vec<(SecretInfo, Sealed)>,
    /// All providers, with their keys.
    pub providers: Vec<(Provider, Option<Sealed>)>,
    /// All destinations, with their passwords or secrets.
    pub destinations: Vec<(Destination, Option<Sealed>)>,
    /// What is sealed beside those; a retiring secret with its end.
    pub destination_parts: Vec<SealedPart>,
    /// All rules, oldest first.
    pub rules: Vec<Rule>,
    /// What tenants decided about their payloads, with their data keys.
    pub privacy: Vec<(TenantPrivacy, Option<Sealed>)>,
    /// The schemas that check something.
    pub schemas: Vec<(SchemaUse, SchemaVersion)>,
    /// The mappings in use.
    pub mappings: Vec<MappingVersion>,
    /// The pause switches that are on.
    pub pauses: Vec<Pause>,
    /// The circuit breakers that opened once, or that somebody decided about.
    pub breakers: Vec<Breaker>,
    /// The thresholds of breakers that are set.
    pub thresholds: Vec<SetThresholds>,
    /// The limits of work that are set.
    pub work_limits: Vec<WorkLimit>,
}

/// Configuration. A taken name is `Conflict`; every change is audited in its own transaction.
#[async_trait]
pub trait ConfigStore {
    /// The number that grows with every change.
    async fn config_version(&self) -> Result<i64>;
    /// Everything, read at one instant.
    async fn load_config(&self) -> Result<ConfigRows>;
    /// Adds a tenant.
    async fn add_tenant(&self, tenant: &Tenant, audit: &AuditEntry) -> Result<()>;
    /// Adds a vendor with its first secret.
    async fn add_vendor(
        &self,
        vendor: &Vendor,
        secret: Option<(&SecretInfo, &Sealed)>,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// Lets a vendor's URL answer, or not.
    async fn set_vendor_enabled(&self, vendor: VendorId, enabled: bool, audit: &AuditEntry) -> Result<()>;
    /// All versions of a vendor's secret, newest first, revoked ones too.
    async fn secrets_of(&self, vendor: VendorId) -> Result<Vec<SecretInfo>>;
    /// The same with their sealed values, for finding out which version a refused request was signed with.
    async fn secret_values_of(&self, vendor: VendorId) -> Result<Vec<(SecretInfo, Sealed)>>;
    /// Adds the next version as active; the versions active until now retire at `old_until`.
    /// The version number is given by the store and returned.
    async fn rotate_secret(
        &self,
        secret: &SecretInfo,
        value: &Sealed,
        old_until: Timestamp,
        audit: &AuditEntry,
    ) -> Result<i32>;
    /// Sets where one version is in its life.
    async fn set_secret_state(
        &self,
        secret: SecretId,
        state: SecretState,
        not_after: Option<Timestamp>,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// Adds a provider.
    async fn add_provider(&self, provider: &Provider, key: Option<&Sealed>, audit: &AuditEntry)
    -> Result<()>;
    /// Adds a destination, with the headers of its calls when there are any.
    async fn add_destination(
        &self,
        destination: &Destination,
        secret: Option<&Sealed>,
        headers: Option<&Sealed>,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// Adds a rule.
    async fn add_rule(&self, rule: &Rule, audit: &AuditEntry) -> Result<()>;
    /// Removes a rule; running jobs keep what it told them.
    async fn remove_rule(&self, rule: RuleId, audit: &AuditEntry) -> Result<()>;
}
