//! What people can do, as the dashboard's ports and the command line use it: checks the tenant, seals secrets,
//! writes audit entries. The role was checked by the caller; SQL is the store's, calls out are delivery's.
//!
//! One file per port of `app::ports`; [`Services`] implements them all.

mod account;
mod audit;
mod breakers;
mod check_up;
mod checks;
mod chores;
mod destination;
mod destinations;
mod events;
mod flow;
mod greetings;
mod job_changes;
mod job_edits;
mod jobs;
mod judge;
mod limits;
mod nodes;
mod overview;
mod payloads;
mod privacy;
mod providers;
mod redaction;
mod replays;
mod requests;
mod reveal;
mod rotation;
mod rules;
mod schedules;
mod schemes;
mod sender;
mod signing;
mod token_keys;
mod types;
mod vendor;
mod vendors;
mod work_limits;

pub use check_up::Finding;
pub use rotation::Rotated;
pub use sender::checks_go_on_after;
pub use vendors::AddedVendor;

use crate::{
    clock::{SharedClock, fresh},
    delivery::Delivery,
    ingress::keys::Keyring,
    live::{LiveConfig, Snapshot},
    secrets::{Kept, hashicorp, resolver::Problem},
    vault::Vault,
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, Ports},
    view::{connections::TestReport, greeting::SchemeDraft},
};
use domain::{id::DestinationId, id::TenantId, slug::Slug, tenant::DEFAULT_TENANT};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use store::{AuditEntry, Store, StoreError};
use zeroize::Zeroizing;

/// Everything people can do.
pub struct Services {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Seals secrets.
    pub vault: Arc<Vault>,
    /// The configuration in memory.
    pub live: Arc<LiveConfig>,
    /// The time.
    pub clock: SharedClock,
    /// Calls to destinations.
    pub delivery: Arc<Delivery>,
    /// Keys that vendors publish.
    pub keys: Arc<Keyring>,
    /// Whether private addresses may be called.
    pub allow_private_targets: bool,
    /// How the outside reaches this server.
    pub public_url: String,
    /// How long a breaker stays open at first, where nothing else is set.
    pub breaker_wait: std::time::Duration,
    reveals: reveal::Reveals,
    drafts: reveal::Kept<SchemeDraft>,
    type_drafts: types::Drafts,
    tests: Mutex<HashMap<DestinationId, TestReport>>,
    link_key: tokio::sync::OnceCell<[u8; 32]>,
}

impl Services {
    /// All services over these parts.
    pub fn new(
        store: Arc<dyn Store>,
        vault: Arc<Vault>,
        live: Arc<LiveConfig>,
        clock: SharedClock,
        delivery: Arc<Delivery>,
        keys: Arc<Keyring>,
        settings: &crate::config::Settings,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            vault,
            live,
            clock,
            delivery,
            keys,
            allow_private_targets: settings.allow_private_targets,
            public_url: settings.public_url(),
            breaker_wait: std::time::Duration::from_millis(settings.breaker_open_ms),
            reveals: reveal::Reveals::default(),
            drafts: reveal::Kept::default(),
            type_drafts: types::Drafts::default(),
            tests: Mutex::default(),
            link_key: tokio::sync::OnceCell::new(),
        })
    }

    /// As the dashboard takes them.
    pub fn ports(self: &Arc<Self>) -> Ports {
        Ports {
            account: self.clone(),
            overview: self.clone(),
            jobs: self.clone(),
            job_changes: self.clone(),
            job_edits: self.clone(),
            flow: self.clone(),
            breakers: self.clone(),
            work_limits: self.clone(),
            payloads: self.clone(),
            redaction: self.clone(),
            replays: self.clone(),
            vendors: self.clone(),
            vendor: self.clone(),
            limits: self.clone(),
            signing: self.clone(),
            schemes: self.clone(),
            providers: self.clone(),
            destinations: self.clone(),
            destination: self.clone(),
            rules: self.clone(),
            schedules: self.clone(),
            requests: self.clone(),
            events: self.clone(),
            sender: self.clone(),
            types: self.clone(),
            reveal: self.clone(),
            greetings: self.clone(),
            rotation: self.clone(),
            nodes: self.clone(),
            chores: self.clone(),
            token_keys: self.clone(),
            audit: self.clone(),
        }
    }

    /// An audit entry about something `actor` does now.
    fn audit(
        &self,
        actor: &Actor,
        tenant_id: Option<TenantId>,
        action: &str,
        target: impl std::fmt::Display,
        detail: impl Into<String>,
    ) -> AuditEntry {
        AuditEntry {
            id: fresh(),
            at: self.clock.now(),
            tenant_id,
            actor: actor.email.clone(),
            action: action.to_owned(),
            target: target.to_string(),
            detail: detail.into(),
        }
    }

    /// What is to be kept for a secret somebody gave, and its value: a reference is read now, so that one that cannot
    /// be read is not stored.
    async fn take_in(&self, field: Field, given: &str) -> Result<(Kept, Zeroizing<String>), AppError> {
        let kept = Kept::given(given);
        let value = match &kept {
            Kept::Value(value) => value.clone(),
            Kept::Reference(reference) => {
                self.live.resolver().fetch(reference).await.map_err(|problem| match problem {
                    Problem::NotAllowed | Problem::NoVault => {
                        AppError::invalid(field, Reason::PlaceNotAllowed)
                    }
                    Problem::Vault(problem) => AppError::invalid(field, vault_reason(&problem)),
                    Problem::NoVariable | Problem::NoFile => AppError::invalid(field, Reason::PlaceEmpty),
                })?
            }
        };
        Ok((kept, value))
    }

    /// Makes a change that was just stored count in this process at once; other nodes notice by themselves.
    async fn changed(&self) {
        if let Err(error) = self.live.reload().await {
            tracing::warn!(%error, "a change is stored but could not be read back yet");
        }
    }
}

/// The tenant a new thing goes to: the actor's, or the default one for owners.
fn tenant_of(actor: &Actor, snapshot: &Snapshot) -> Result<TenantId, AppError> {
    match actor.tenant {
        Some(tenant) => Ok(tenant),
        None => snapshot.tenant_named(DEFAULT_TENANT).map(|tenant| tenant.id).ok_or(AppError::Unavailable),
    }
}

/// Whether an actor may see something of this tenant.
fn sees(actor: &Actor, tenant: TenantId) -> bool {
    actor.tenant.is_none_or(|own| own == tenant)
}

fn slug(text: &str) -> Result<Slug, AppError> {
    match text {
        "" => Err(AppError::invalid(Field::Slug, Reason::Missing)),
        text => text.parse().map_err(|_| AppError::invalid(Field::Slug, Reason::Malformed)),
    }
}

/// Ours for the store's; the inner text goes to the log. `taken` is the field a conflict is about.
fn store_error(taken: Field) -> impl Fn(StoreError) -> AppError {
    move |error| match error {
        StoreError::Conflict => AppError::invalid(taken, Reason::Taken),
        StoreError::NotFound => AppError::NotFound,
        other => {
            tracing::error!(error = %other, "the store failed a request of the dashboard");
            AppError::Unavailable
        }
    }
}

/// For switches: what is already as it should be is no error.
fn unless_so(switched: Result<(), StoreError>) -> Result<(), AppError> {
    match switched {
        Err(StoreError::NotFound) => Ok(()),
        other => other.map_err(unavailable),
    }
}

/// For reads, where nothing can be taken.
fn unavailable(error: StoreError) -> AppError {
    store_error(Field::Form)(error)
}

/// Checks an address typed by an admin: http or https, with a host, without user name or password, public unless
/// private ones are allowed.
fn check_url(text: &str, field: Field, allow_private: bool) -> Result<url::Url, AppError> {
    if text.is_empty() {
        return Err(AppError::invalid(field, Reason::Missing));
    }
    let url = url::Url::parse(text)
        .ok()
        .filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
        })
        .ok_or(AppError::invalid(field, Reason::Malformed))?;
    let private = match url.host() {
        Some(url::Host::Ipv4(ip)) => crate::delivery::guard::is_private(ip.into()),
        Some(url::Host::Ipv6(ip)) => crate::delivery::guard::is_private(ip.into()),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => return Err(AppError::invalid(field, Reason::Malformed)),
    };
    if private && !allow_private {
        return Err(AppError::invalid(field, Reason::PrivateAddress));
    }
    Ok(url)
}

/// Why a field of Vault could not be read, as forms say it.
const fn vault_reason(problem: &hashicorp::Problem) -> Reason {
    use hashicorp::Problem;
    match problem {
        Problem::Refused | Problem::UnknownToken => Reason::PlaceRefused,
        Problem::Sealed => Reason::PlaceSealed,
        Problem::Down | Problem::Odd(_) | Problem::Busy => Reason::PlaceDown,
        Problem::NoStore | Problem::Deleted | Problem::Missing | Problem::NoField => Reason::PlaceEmpty,
    }
}

/// Where a secret was taken from, for the audit log.
fn from_place(kept: &Kept) -> String {
    kept.reference().map_or_else(String::new, |reference| format!(", from {reference}"))
}
