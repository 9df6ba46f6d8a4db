//! A database in a folder of its own, with a gate before it and a clock that stands still.

use app::{
    ports::{Actor, ProvidersPort},
    view::connections::{NewDestination, NewProvider, NewVendor},
};
use clap::Parser;
use domain::{
    breaker::{Breaker, BreakerKey},
    destination::DestinationKind,
    id::{DestinationId, JobId, NodeId, ProviderId, TenantId, UserId, VendorId},
    job::{Job, JobKind},
    provider::ProviderKind,
    role::Role,
    tenant::Tenant,
    time::{HOUR, Timestamp},
};
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc, time::Duration};
use store::{AuditEntry, DEFAULT_TENANT_ID};
use tidegate::{
    clock::{Clock as _, ManualClock, fresh},
    config::Settings,
    serve::Base,
    services::Services,
    wake::Wake,
    worker::{finish::Finisher, gate::Gate, letting_go},
};

/// A moment all stories begin at.
pub(crate) const NOON: Timestamp = Timestamp(1_790_000_040_000_000);

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

/// The clock of a place.
pub(crate) struct Time(pub(crate) Arc<ManualClock>);

impl Time {
    pub(crate) fn advance(&self, micros: i64) {
        self.0.advance(micros);
    }

    /// A moment after everything that happened.
    pub(crate) fn now_later(&self) -> Timestamp {
        self.0.now().plus(HOUR)
    }
}

/// A database with a gate; removed at the end.
pub(crate) struct Place {
    folder: PathBuf,
    pub(crate) clock: Time,
    pub(crate) base: Base,
    pub(crate) gate: Gate,
    node: NodeId,
}

impl Place {
    pub(crate) async fn new() -> Self {
        // Fails when another test of this process was quicker.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = std::env::temp_dir().join(format!("tidegate-flow-{}", fresh().simple()));
        fs::create_dir_all(&folder).unwrap();
        let data = folder.display().to_string();
        let database = format!("sqlite://{}", folder.join("tidegate.db").display());
        let args = [
            "tidegate",
            "--database-url",
            &database,
            "--data-dir",
            &data,
            "--metrics-listen",
            "off",
            "--allow-private-targets",
        ];
        let settings = Cli::try_parse_from(args).unwrap().settings;
        let clock = Arc::new(ManualClock::at(NOON));
        let base = Base::open(&settings, clock.clone()).await.unwrap();
        let node = NodeId::new(fresh());
        let gate = gate(&base, &clock, node, Duration::from_secs(30));
        Self { folder, clock: Time(clock), base, gate, node }
    }

    pub(crate) fn services(&self) -> &Services {
        &self.base.services
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.0.now()
    }

    /// The gate of another node of the same installation.
    pub(crate) fn another_node(&self, open_first: Duration) -> Gate {
        gate(&self.base, &self.clock.0, NodeId::new(fresh()), open_first)
    }

    pub(crate) async fn destination(&self, slug: &str) -> DestinationId {
        let new = NewDestination {
            slug: slug.into(),
            kind: DestinationKind::Http,
            url: "http://127.0.0.1:9/".into(),
            auth: None,
            user: None,
            password: None,
            method: None,
            headers: None,
        };
        self.base.services.create_destination(&admin(), new).await.unwrap();
        self.base.services.destination_named(&admin(), slug).unwrap().destination.id
    }

    pub(crate) async fn provider(&self, slug: &str, model: &str) -> ProviderId {
        let new = NewProvider {
            slug: slug.into(),
            kind: ProviderKind::Openai,
            base_url: Some("http://127.0.0.1:9/v1".into()),
            model: model.into(),
            key: None,
        };
        self.base.services.add(&admin(), new).await.unwrap();
        self.base.services.provider_named(&admin(), slug).unwrap().provider.id
    }

    pub(crate) async fn vendor(&self, slug: &str) -> VendorId {
        let new = NewVendor {
            slug: slug.into(),
            preset: "std_webhooks".into(),
            secret: None,
            scheme: None,
            secret_later: false,
        };
        self.base.services.create_vendor(&admin(), new, BTreeMap::new()).await.unwrap();
        self.base.services.vendor_named(&admin(), slug).unwrap().vendor.id
    }

    /// An admin of a tenant of their own.
    pub(crate) async fn stranger(&self) -> Actor {
        let id = TenantId::new(fresh());
        let tenant = Tenant { id, slug: "other".parse().unwrap(), name: "Other".into(), created_at: NOON };
        let audit = AuditEntry {
            id: fresh(),
            at: NOON,
            tenant_id: Some(id),
            actor: "test".into(),
            action: "tenant.add".into(),
            target: "other".into(),
            detail: String::new(),
        };
        self.base.store.add_tenant(&tenant, &audit).await.unwrap();
        self.base.live.reload().await.unwrap();
        Actor { tenant: Some(id), ..admin() }
    }

    /// Adds deliveries that are due, each changed so.
    pub(crate) async fn jobs(&self, many: usize, change: impl Fn(&mut Job)) -> Vec<Job> {
        let made: Vec<Job> = (0..many)
            .map(|_| {
                let id = JobId::new(fresh());
                let mut job = Job::new(id, DEFAULT_TENANT_ID, JobKind::Callback, self.now().plus(-1));
                change(&mut job);
                job
            })
            .collect();
        self.base.store.add_jobs(&made).await.unwrap();
        made
    }

    pub(crate) async fn claim(&self, limit: i64) -> Vec<Job> {
        self.claim_for(self.node, limit).await
    }

    pub(crate) async fn claim_for(&self, node: NodeId, limit: i64) -> Vec<Job> {
        self.base.store.claim(node, limit, self.now(), self.now().plus(HOUR)).await.unwrap()
    }

    pub(crate) async fn let_go(&self) -> u64 {
        letting_go::let_go(self.base.store.as_ref(), &self.base.live, self.node, self.now()).await.unwrap()
    }

    pub(crate) async fn job(&self, id: JobId) -> Job {
        self.base.store.job(None, id).await.unwrap()
    }

    pub(crate) fn breaker(&self, key: &BreakerKey) -> Option<Breaker> {
        self.base.live.now().breaker(key).cloned()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn gate(base: &Base, clock: &Arc<ManualClock>, node: NodeId, open_first: Duration) -> Gate {
    let (finisher, _) = Finisher::start(base.store.clone(), clock.clone(), Arc::new(Wake::default()));
    Gate::new(base.store.clone(), base.live.clone(), finisher, clock.clone(), node, open_first)
}

fn actor(email: &str, role: Role, tenant: Option<TenantId>) -> Actor {
    Actor { user_id: UserId::new(uuid::Uuid::nil()), email: email.into(), role, tenant }
}

pub(crate) fn admin() -> Actor {
    actor("ada@example.org", Role::Admin, Some(DEFAULT_TENANT_ID))
}

pub(crate) fn owner() -> Actor {
    actor("owner@example.org", Role::Owner, None)
}
