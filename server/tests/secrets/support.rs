//! An installation in a folder of its own, as a process sees it that was started with these settings.

use app::{ports::Actor, view::connections::NewVendor};
use clap::Parser;
use domain::{
    id::{NodeId, UserId, VendorId},
    role::Role,
    time::{MINUTE, Timestamp},
};
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};
use store::{AuditEntry, CounterDelta, DEFAULT_TENANT_ID};
use tidegate::{
    clock::{ManualClock, fresh},
    config::Settings,
    live::LiveVendor,
    serve::Base,
    stats::name,
};

/// A moment all stories begin at: the beginning of a minute.
pub(crate) const NOON: Timestamp = Timestamp(1_790_000_040_000_000);

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

/// A folder with a database and a master key; removed at the end.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) clock: Arc<ManualClock>,
}

impl Place {
    pub(crate) fn new() -> Self {
        // Fails when another test of this process was quicker.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = std::env::temp_dir().join(format!("tidegate-secrets-{}", fresh().simple()));
        fs::create_dir_all(&folder).unwrap();
        Self { folder, clock: Arc::new(ManualClock::at(NOON)) }
    }

    pub(crate) fn settings(&self, more: &[&str]) -> Settings {
        let database = format!("sqlite://{}", self.folder.join("tidegate.db").display());
        let folder = self.folder.display().to_string();
        let own = ["tidegate", "--database-url", &database, "--data-dir", &folder];
        Cli::try_parse_from([&own[..], more].concat()).unwrap().settings
    }

    /// A process with these settings.
    pub(crate) async fn open(&self, more: &[&str]) -> anyhow::Result<Node> {
        Ok(Node {
            base: Base::open(&self.settings(more), self.clock.clone()).await?,
            id: NodeId::new(fresh()),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A process.
pub(crate) struct Node {
    pub(crate) base: Base,
    id: NodeId,
}

impl Node {
    pub(crate) async fn add_vendor(&self, slug: &str) -> VendorId {
        let new = NewVendor { slug: slug.into(), preset: "std_webhooks".into(), ..NewVendor::default() };
        self.base.services.create_vendor(&admin(), new, BTreeMap::new()).await.unwrap();
        self.vendor(slug).vendor.id
    }

    pub(crate) fn vendor(&self, slug: &str) -> Arc<LiveVendor> {
        self.base.services.vendor_named(&admin(), slug).unwrap()
    }

    /// The secrets of a vendor that are accepted now, newest first.
    pub(crate) fn accepted(&self, slug: &str) -> Vec<(i32, String)> {
        let vendor = self.vendor(slug);
        let accepted = vendor.secrets_at(self.base.clock.now());
        accepted.into_iter().map(|(version, value)| (version, value.to_owned())).collect()
    }

    /// Counts requests that matched a version, `ago` before now.
    pub(crate) async fn matched(&self, vendor: VendorId, version: i32, requests: i64, ago: i64) {
        let at = self.base.clock.now().plus(-ago);
        let delta = CounterDelta {
            minute: Timestamp(at.0.div_euclid(MINUTE) * MINUTE),
            tenant_id: DEFAULT_TENANT_ID,
            name: name::secret(vendor, version),
            node_id: self.id,
            add: requests,
        };
        self.base.store.count(&[delta]).await.unwrap();
    }

    /// The newest entry of the audit log.
    pub(crate) async fn last_audit(&self) -> AuditEntry {
        let log = self.base.store.audit_log(None, Timestamp(i64::MAX), 1).await.unwrap();
        log.into_iter().next().unwrap()
    }
}

/// An admin of the default tenant.
pub(crate) fn admin() -> Actor {
    Actor {
        user_id: UserId::new(uuid::Uuid::from_u128(1)),
        email: "ada@example.org".into(),
        role: Role::Admin,
        tenant: Some(DEFAULT_TENANT_ID),
    }
}
