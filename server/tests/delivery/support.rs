//! A running worker over a SQLite file, and what people and vendors do to it.

use crate::receiver::Receiver;
use app::{
    ports::{Actor, DestinationsPort, ProvidersPort, RulesPort},
    view::connections::{NewDestination, NewProvider, NewRule, NewVendor},
};
use clap::Parser;
use domain::{
    destination::{DestinationAuth, DestinationKind},
    event::{Event, EventPayload},
    id::{DestinationId, EventId, JobId, ProviderId, RequestId, UserId, VendorId},
    job::{Job, JobKind, JobState},
    provider::ProviderKind,
    role::Role,
    time::Timestamp,
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc, time::Duration};
use store::{AuditEntry, DEFAULT_TENANT_ID, NewEvent};
use tidegate::{
    clock::{Clock, SystemClock, fresh},
    config::Settings,
    ingress::rules::jobs_for,
    live::LiveDestination,
    serve::{Base, Listeners, run},
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tokio_util::sync::CancellationToken;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

/// A running worker, and the same database as commands and pages see it.
pub(crate) struct World {
    pub(crate) base: Base,
    pub(crate) vendor: VendorId,
    folder: PathBuf,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
}

impl World {
    pub(crate) async fn begin() -> Self {
        Self::begin_with(&[]).await
    }

    /// The same with further settings.
    pub(crate) async fn begin_with(more: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = std::env::temp_dir().join(format!("tidegate-delivery-{}", fresh().simple()));
        fs::create_dir_all(&folder).unwrap();
        let database = format!("sqlite://{}", folder.join("tidegate.db").display());
        let data = folder.display().to_string();
        let own = [
            "tidegate",
            "--database-url",
            &database,
            "--data-dir",
            &data,
            "--metrics-listen",
            "off",
            "--roles",
            "worker",
            "--allow-private-targets",
            "true",
            "--retry-base-ms",
            "10",
        ];
        let settings = Cli::try_parse_from([&own[..], more].concat()).unwrap().settings;
        let clock = Arc::new(SystemClock);
        let base = Base::open(&settings, clock.clone()).await.unwrap();
        let new = NewVendor { slug: "acme".into(), preset: "std_webhooks".into(), ..NewVendor::default() };
        base.services.create_vendor(&admin(), new, BTreeMap::new()).await.unwrap();
        let vendor = base.services.vendor_named(&admin(), "acme").unwrap().vendor.id;
        let stop = CancellationToken::new();
        let (tell, ready) = oneshot::channel();
        let main = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stopped = stop.clone();
        let server = tokio::spawn(async move {
            let listeners = Listeners { main, metrics: None };
            let ready = |_, _| {
                let _ = tell.send(());
            };
            run(settings, clock, listeners, stopped, ready).await.unwrap();
        });
        ready.await.unwrap();
        Self { base, vendor, folder, stop, server: Some(server) }
    }

    pub(crate) async fn provider(&self, receiver: &Receiver) -> ProviderId {
        let new = NewProvider {
            slug: "local".into(),
            kind: ProviderKind::Openai,
            base_url: Some(format!("{}/v1", receiver.url)),
            model: "small-1".into(),
            key: None,
        };
        let services = self.base.services.as_ref();
        ProvidersPort::add(services, &admin(), new).await.unwrap();
        ProvidersPort::list(services, &admin()).await.unwrap().rows[0].id
    }

    /// A WordPress site, or an HTTP endpoint with these headers.
    pub(crate) async fn destination(
        &self,
        slug: &str,
        kind: DestinationKind,
        url: &str,
        headers: Option<&str>,
    ) -> DestinationId {
        let wordpress = kind == DestinationKind::Wordpress;
        let new = NewDestination {
            slug: slug.into(),
            kind,
            url: url.into(),
            auth: None,
            user: wordpress.then(|| "tidegate".into()),
            password: wordpress.then(|| "abcd efgh".into()),
            method: None,
            headers: headers.map(str::to_owned),
        };
        self.base.services.create_destination(&admin(), new).await.unwrap();
        self.live(slug).destination.id
    }

    /// A WordPress site that is shown tokens instead of a password.
    pub(crate) async fn token_destination(&self, slug: &str, url: &str) -> DestinationId {
        self.base.services.create_destination(&admin(), by_token(slug, url)).await.unwrap();
        self.live(slug).destination.id
    }

    pub(crate) fn live(&self, slug: &str) -> Arc<LiveDestination> {
        self.base.services.destination_named(&admin(), slug).unwrap()
    }

    /// Switches a destination on or off, as a person does.
    pub(crate) async fn switch(&self, id: DestinationId, on: bool) {
        let services = self.base.services.as_ref();
        DestinationsPort::switch(services, &admin(), id, on).await.unwrap();
    }

    /// A rule of the vendor for every event.
    pub(crate) fn rule(&self, job: JobKind, destination: DestinationId) -> NewRule {
        NewRule {
            vendor_id: self.vendor,
            pattern: "*".into(),
            job,
            provider_id: None,
            destination_id: Some(destination),
            title: None,
            prompt: None,
            body: None,
            max_tokens: None,
            max_attempts: None,
            delay_s: None,
            deadline_s: None,
            in_order: false,
            unique: None,
        }
    }

    pub(crate) async fn add_rule(&self, rule: NewRule) {
        RulesPort::add(self.base.services.as_ref(), &admin(), rule).await.unwrap();
    }

    /// Stores an event that happened at `occurred_at`, with the jobs its rules start; returns it and its first job.
    pub(crate) async fn event(
        &self,
        subject: Option<&str>,
        occurred_at: Timestamp,
        body: &serde_json::Value,
    ) -> (EventId, JobId) {
        let new = self.made(subject, occurred_at, body);
        let (id, first) = (new.event.id, new.jobs[0].id);
        self.base.store.record(&[new], &[]).await.unwrap();
        (id, first)
    }

    /// Stores so many events about subjects of their own in one go: their jobs are there, and due, at the same moment.
    pub(crate) async fn events(&self, count: usize) -> Vec<JobId> {
        let new = |n| self.made(Some(&format!("order-{n}")), now(), &format!("text {n}").into());
        let new: Vec<NewEvent> = (0..count).map(new).collect();
        self.base.store.record(&new, &[]).await.unwrap();
        new.iter().map(|new| new.jobs[0].id).collect()
    }

    fn made(&self, subject: Option<&str>, occurred_at: Timestamp, body: &serde_json::Value) -> NewEvent {
        let live = self.base.services.vendor_named(&admin(), "acme").unwrap();
        let body = body.to_string().into_bytes();
        let event = Event {
            id: EventId::new(fresh()),
            tenant_id: DEFAULT_TENANT_ID,
            vendor_id: self.vendor,
            external_id: format!("wh_{}", fresh().simple()),
            event_type: "order.paid".into(),
            subject_id: subject.map(str::to_owned),
            occurred_at: Some(occurred_at),
            schema_version: None,
            received_at: SystemClock.now(),
            request_id: RequestId::new(fresh()),
            trace_id: "trace".into(),
            secret_version: None,
            body_len: body.len() as i64,
        };
        let jobs = jobs_for(&event, "acme", &live.rules);
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        NewEvent {
            event,
            body_hash: Sha256::digest(&body).into(),
            payload: EventPayload { headers, body }.into(),
            jobs,
            unique: Vec::new(),
        }
    }

    pub(crate) async fn job(&self, id: JobId) -> Job {
        self.base.store.job(None, id).await.unwrap()
    }

    /// Waits until a job is in this state; fails after ten seconds.
    pub(crate) async fn until(&self, id: JobId, state: JobState) -> Job {
        for _ in 0..400 {
            let job = self.job(id).await;
            if job.state == state {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("never {state}: {:?}", self.job(id).await);
    }

    pub(crate) async fn audit(&self, action: &str) -> Vec<AuditEntry> {
        let log = self.base.store.audit_log(None, Timestamp(i64::MAX), 50).await.unwrap();
        log.into_iter().filter(|entry| entry.action == action).collect()
    }

    /// Ends the worker in good order.
    pub(crate) async fn stop(&mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            server.await.unwrap();
        }
    }

    /// Ends the worker in good order and removes its folder.
    pub(crate) async fn end(mut self) {
        self.stop().await;
        self.base.store.close().await;
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// A WordPress site that is shown tokens instead of a password, as it is typed.
pub(crate) fn by_token(slug: &str, url: &str) -> NewDestination {
    NewDestination {
        slug: slug.into(),
        kind: DestinationKind::Wordpress,
        url: url.into(),
        auth: Some(DestinationAuth::Jwt),
        user: None,
        password: None,
        method: None,
        headers: None,
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

/// Now.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}
