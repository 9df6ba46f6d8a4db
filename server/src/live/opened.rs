//! What is configured, with its secrets opened. Reading and opening is [`super`]'s.

use crate::{
    data_key::DataKey, delivery::headers::Headers, schema::types::LiveType, secrets::reference::Reference,
};
use domain::{
    destination::Destination, privacy::TenantPrivacy, provider::Provider, redaction::Redaction, rule::Rule,
    secret::SecretInfo, tenant::Tenant, time::Timestamp, vendor::Vendor,
};
use signature::Preset;
use std::{collections::HashMap, sync::Arc};
use zeroize::Zeroizing;

/// A secret in memory.
#[derive(Default)]
pub(super) struct Held {
    /// `None` when it cannot be opened or read.
    pub(super) value: Option<Zeroizing<String>>,
    /// Where it is, when that is not the database.
    pub(super) reference: Option<Reference>,
}

/// A vendor with all that is needed to judge a request to it.
pub struct LiveVendor {
    /// The vendor.
    pub vendor: Vendor,
    /// Its tenant.
    pub tenant: Tenant,
    /// How it signs; `None` when the stored preset or its options are unknown to this program, and for the vendor of a
    /// tenant's news, whose events are made here.
    pub preset: Option<Arc<Preset>>,
    pub(super) secrets: Vec<(SecretInfo, Held)>,
    /// Its enabled rules, oldest first.
    pub rules: Vec<Rule>,
    /// How its tenant's payloads are kept; `None` while nobody decided anything.
    pub privacy: Option<Arc<LivePrivacy>>,
    /// Schemas and mappings by event type; usually empty.
    pub types: HashMap<String, LiveType>,
}

/// What a tenant decided about its payloads, with its data key.
pub struct LivePrivacy {
    /// What was decided.
    pub privacy: TenantPrivacy,
    /// The key, when there is one that can be opened.
    pub key: Option<DataKey>,
}

impl LiveVendor {
    /// What of its requests is never stored.
    pub fn redaction(&self) -> &Redaction {
        &self.vendor.policy.redaction
    }

    /// What is known of its secrets that are not revoked, newest first.
    pub fn secret_infos(&self) -> Vec<SecretInfo> {
        self.secrets.iter().map(|(info, _)| info.clone()).collect()
    }

    /// Where a version of its secret is, when that is not the database.
    pub fn reference_of(&self, version: i32) -> Option<&Reference> {
        self.secrets.iter().find(|(info, _)| info.version == version)?.1.reference.as_ref()
    }

    /// The secrets accepted at `now`, newest first.
    pub fn secrets_at(&self, now: Timestamp) -> Vec<(i32, &str)> {
        self.secrets
            .iter()
            .filter(|(info, _)| info.accepts(now))
            .filter_map(|(info, held)| Some((info.version, held.value.as_ref()?.as_str())))
            .collect()
    }
}

/// A provider with its key.
pub struct LiveProvider {
    /// The provider.
    pub provider: Provider,
    /// Its key.
    pub key: Option<Zeroizing<String>>,
    /// Where the key is, when that is not the database.
    pub reference: Option<Reference>,
}

/// A destination with its password or secret.
pub struct LiveDestination {
    /// The destination.
    pub destination: Destination,
    /// Its password or signing secret.
    pub secret: Option<Zeroizing<String>>,
    /// Where that is, when not in the database.
    pub reference: Option<Reference>,
    /// Headers every call to it carries, names in lower case.
    pub headers: Headers,
    /// The signing secret before, and until when it signs too.
    pub retiring: Option<(Zeroizing<String>, Timestamp)>,
}

impl LiveDestination {
    /// The secrets that sign a message at `now`, the one in use first.
    pub fn signing(&self, now: Timestamp) -> Vec<&str> {
        let retiring = self.retiring.as_ref().filter(|(_, until)| now < *until);
        let both = self.secret.iter().chain(retiring.map(|(secret, _)| secret));
        both.map(|secret| secret.as_str()).collect()
    }
}
