//! Starting and ending the parts of a process in the right order.

use crate::{
    ai::Models,
    beat,
    chores::run::Chores,
    clock::{SharedClock, fresh, random},
    config::{NodeRole, Settings},
    delivery::{Delivery, outbound::Outbound},
    http::{self, client::TrustedProxies, health::Health, leaving, listen, patience::Patience, router},
    ingress::{
        Ingress,
        commit::Committer,
        greetings::{Greeter, GreetingLog},
        keys::{Keyring, fetch::Fetcher},
        limiter::Limiter,
        pressure::Pressure,
        refused::{RefusedLog, RefusedWriter},
        room::Room,
    },
    live::LiveConfig,
    news::{digest::Digest, run::Teller},
    replay, schedules,
    schema::catalogue::Catalogue,
    secrets::resolver::Resolver,
    services::Services,
    stats::Stats,
    telemetry,
    tokens::Tokens,
    trust::Trust,
    vault::Vault,
    wake::Wake,
    worker::{
        claims::Claims,
        executor::Executor,
        finish::Finisher,
        gate::Gate,
        gone,
        lanes::Lanes,
        lease_time::LeaseTime,
        leases::{self, Held},
        letting_go,
        runner::Runner,
        steady::SteadyClock,
        watch,
    },
};
use anyhow::Context;
use domain::{chore::ChoreName, id::NodeId};
use std::{future::IntoFuture, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use store::{Node, Store, StoreError};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What only looks for work begins so long after the start: the first webhooks need not wait for its connections to the
/// database, each of which takes PostgreSQL as long as tens of webhooks.
const LATER: Duration = Duration::from_millis(500);
/// How long what waits may take to be written when the process is asked to stop.
const WRITE_OUT: Duration = Duration::from_secs(10);

/// Where a process listens.
pub struct Listeners {
    /// Webhooks, API and dashboard.
    pub main: TcpListener,
    /// Metrics.
    pub metrics: Option<TcpListener>,
}

/// The parts all roles share: what the command line uses, too.
pub struct Base {
    /// The database, its schema up to date.
    pub store: Arc<dyn Store>,
    /// Seals secrets.
    pub vault: Arc<Vault>,
    /// What people can do.
    pub services: Arc<Services>,
    /// The configuration in memory.
    pub live: Arc<LiveConfig>,
    /// The way out.
    pub outbound: Outbound,
    /// Keys that vendors publish.
    pub keys: Arc<Keyring>,
    /// Ways to deliver.
    pub delivery: Arc<Delivery>,
    /// The time.
    pub clock: SharedClock,
}

impl Base {
    /// Opens the database, making it when it does not exist, brings its schema up to date and reads the configuration.
    ///
    /// # Errors
    /// When the database or the master key cannot be used.
    pub async fn open(settings: &Settings, clock: SharedClock) -> anyhow::Result<Self> {
        let store = open_store(settings, true).await?;
        store.migrate().await.context("the schema could not be brought up to date")?;
        let vault = Arc::new(Vault::open(settings)?);
        vault.unlock(store.as_ref(), &clock).await?;
        let log_key = store.setting_or_insert(LOG_KEY, &random::<32>()).await?;
        Self::over(store, vault, log_key, settings, clock).await
    }

    /// Opens a database that is there and up to date, and changes nothing about it: for commands that only look.
    ///
    /// # Errors
    /// When there is no such database, its schema is older than this program, or its master key is not here.
    pub async fn open_existing(settings: &Settings, clock: SharedClock) -> anyhow::Result<Self> {
        let store = open_store(settings, false).await.map_err(advise)?;
        store.ping().await.map_err(|error| advise(error.into()))?;
        let vault = Arc::new(Vault::open(settings)?);
        vault.unlock_existing(store.as_ref()).await?;
        // Where no server has made one yet, what this command logs need not be comparable.
        let log_key = store.setting(LOG_KEY).await?.unwrap_or_else(|| random::<32>().to_vec());
        Self::over(store, vault, log_key, settings, clock).await
    }

    async fn over(
        store: Arc<dyn Store>,
        vault: Arc<Vault>,
        log_key: Vec<u8>,
        settings: &Settings,
        clock: SharedClock,
    ) -> anyhow::Result<Self> {
        telemetry::hash_ids_under(log_key.try_into().ok().context("the setting log_key is not 32 bytes")?);
        let resolver = Arc::new(Resolver::new(settings, clock.clone())?);
        let live = LiveConfig::load(store.clone(), vault.clone(), resolver, clock.clone()).await?;
        let trust = Arc::new(Trust::load(settings.ca_file.as_deref())?);
        let outbound = Outbound::with(settings.allow_private_targets, &trust, &settings.host_address)?;
        let fetcher = Fetcher { outbound: outbound.clone(), trust, clock: clock.clone() };
        let keys = Keyring::new(Arc::new(fetcher), clock.clone());
        let tokens =
            Arc::new(Tokens::new(store.clone(), vault.clone(), clock.clone(), settings.public_url()));
        let delivery = Arc::new(Delivery::new(outbound.clone(), tokens));
        let services = Services::new(
            store.clone(),
            vault.clone(),
            live.clone(),
            clock.clone(),
            delivery.clone(),
            keys.clone(),
            settings,
        );
        Ok(Self { store, vault, services, live, outbound, keys, delivery, clock })
    }
}

/// The setting that holds the key under which ids are hashed in logs.
const LOG_KEY: &str = "log_key";

/// Says what to do about a database that is not there or not up to date.
fn advise(error: anyhow::Error) -> anyhow::Error {
    let todo = match error.downcast_ref() {
        Some(StoreError::Missing(_)) => "`tidegate migrate` makes it, and so does the first `tidegate serve`",
        Some(StoreError::SchemaBehind { .. }) => "`tidegate migrate` does that, and so does `tidegate serve`",
        Some(StoreError::SchemaDiffers { .. }) => {
            "check that the database URL names the right one, and restore it from a backup if it does"
        }
        _ => return error,
    };
    anyhow::anyhow!("{error:#}; {todo}")
}

/// Opens the database of the settings without touching its schema; makes it only when `create`.
///
/// # Errors
/// When it cannot be reached.
pub async fn open_store(settings: &Settings, create: bool) -> anyhow::Result<Arc<dyn Store>> {
    let url = settings.database_url()?;
    let options = store::OpenOptions { create, ..store::OpenOptions::default() };
    store::open(&url, &options).await.context("the database could not be opened")
}

/// Begins `task` [`LATER`], or at once when it is to `stop`: it ends by itself.
async fn later(task: impl Future<Output = ()>, stop: CancellationToken) {
    stop.run_until_cancelled(tokio::time::sleep(LATER)).await;
    task.await;
}

/// Runs all roles of the settings until `stop`, then ends in good order: says that it leaves, takes no more requests a
/// moment later, answers those that are open, lets running jobs end, writes what waits. `ready` is called once everything
/// runs, with the path of the set-up page when there is no account yet.
///
/// # Errors
/// When a part cannot start.
pub async fn run(
    settings: Settings,
    clock: SharedClock,
    listeners: Listeners,
    stop: CancellationToken,
    ready: impl FnOnce(SocketAddr, Option<String>),
) -> anyhow::Result<()> {
    let base = Base::open(&settings, clock.clone()).await?;
    if settings.pause_delivery {
        base.services.pause_at_start().await?;
    }
    // Writing and reading by turns: a connection that comes back is not there at once, and another one would be made.
    base.store.add_chores(ChoreName::ALL, clock.now()).await?;
    // Asked before anything runs beside it.
    let setup = match settings.has(NodeRole::Dashboard) {
        true => base.services.new_setup_token().await?.map(|token| format!("/setup?token={token}")),
        false => None,
    };
    let recording = listeners.metrics.is_some() && http::metrics::record();
    let node = NodeId::new(fresh());
    let stats = Stats::new(clock.clone(), node);
    let wake = Arc::new(Wake::default());
    let held = Arc::new(Held::default());
    let pressure = Arc::new(Pressure::unseen(settings.max_waiting));
    let health = Arc::new(Health::new(base.store.clone(), clock.clone()));

    // Ends first: whatever starts new work. `writers` end when their senders are gone.
    let background = TaskTracker::new();
    let late = CancellationToken::new();
    let closing = CancellationToken::new();
    background.spawn(later(say_if_newer(base.store.clone()), stop.clone()));
    background.spawn(leaving::leave(stop.clone(), health.clone(), settings.drain(), closing.clone()));
    background.spawn(base.live.clone().follow(late.clone()));
    background.spawn(base.live.clone().follow_references(late.clone()));
    background.spawn(stats.clone().write(base.store.clone(), late.clone()));
    let catalogue = Catalogue::new();
    background.spawn(catalogue.clone().write(base.store.clone(), late.clone()));
    let this = this_node(node, &settings, &clock);
    background.spawn(beat::keep(base.store.clone(), clock.clone(), this, late.clone()));
    let fullness = beat::look(base.store.clone(), clock.clone(), pressure.clone(), late.clone());
    background.spawn(later(fullness, late.clone()));
    if settings.has(NodeRole::Worker) {
        let replays = replay::run(
            base.store.clone(),
            base.live.clone(),
            clock.clone(),
            pressure.clone(),
            wake.clone(),
            stop.clone(),
        );
        background.spawn(later(replays, stop.clone()));
        let schedules = schedules::run::run(
            base.store.clone(),
            base.live.clone(),
            clock.clone(),
            pressure.clone(),
            wake.clone(),
            stop.clone(),
        );
        background.spawn(later(schedules, stop.clone()));
        let teller = Teller {
            store: base.store.clone(),
            live: base.live.clone(),
            clock: clock.clone(),
            stats: stats.clone(),
            wake: wake.clone(),
            public_url: settings.public_url.as_ref().map(|_| settings.public_url()),
        };
        background.spawn(teller.run(stop.clone()));
        let digest =
            Digest { store: base.store.clone(), live: base.live.clone(), clock: clock.clone(), node };
        background.spawn(digest.run(stop.clone()));
    }
    if recording {
        background.spawn(http::metrics::upkeep(late.clone()));
    }
    if settings.has(NodeRole::Ingress) {
        background.spawn(base.keys.clone().keep(base.live.clone(), late.clone()));
    }
    background.spawn(wake.clone().pass_on(base.store.clone(), late.clone()));
    if settings.has(NodeRole::Worker) {
        background.spawn(later(wake.clone().listen(base.store.clone(), late.clone()), late.clone()));
    }
    let chores = Chores {
        store: base.store.clone(),
        live: base.live.clone(),
        clock: clock.clone(),
        node,
        host: host_name(),
    };
    background.spawn(Arc::new(chores).run(late.clone()));

    let (committer, commit_writer) = Committer::start(base.store.clone(), wake.clone());
    let (greetings, greeting_writer) = GreetingLog::start(Greeter {
        store: base.store.clone(),
        vault: base.services.vault.clone(),
        outbound: base.outbound.clone(),
        clock: clock.clone(),
    });
    let (refused, refused_writer) = RefusedLog::start(RefusedWriter {
        store: base.store.clone(),
        vault: base.services.vault.clone(),
        live: base.live.clone(),
        public_url: settings.public_url(),
    });
    let work: SharedClock = Arc::new(SteadyClock::over(clock.clone()));
    let lease_time = Arc::new(LeaseTime::new(clock.clone(), settings.lease()));
    if settings.has(NodeRole::Worker) {
        lease_time.look(base.store.as_ref()).await;
    }
    let (finisher, finish_writer) = Finisher::start(base.store.clone(), work.clone(), wake.clone());
    let models = Models::new(&base.outbound);
    let worked = CancellationToken::new();
    let worker = settings.has(NodeRole::Worker).then(|| {
        let gate = Arc::new(Gate::new(
            base.store.clone(),
            base.live.clone(),
            finisher.clone(),
            work.clone(),
            node,
            Duration::from_millis(settings.breaker_open_ms),
        ));
        background.spawn(gate.clone().keep(worked.clone()));
        let runner = Arc::new(Runner {
            store: base.store.clone(),
            executor: Arc::new(Executor {
                store: base.store.clone(),
                live: base.live.clone(),
                models,
                delivery: base.delivery.clone(),
                clock: clock.clone(),
            }),
            claims: Claims::new(
                base.store.clone(),
                base.live.clone(),
                work.clone(),
                node,
                lease_time.clone(),
                wake.clone(),
            ),
            gate,
            finisher: finisher.clone(),
            clock: work.clone(),
            node,
            held: held.clone(),
            lanes: Lanes::new(
                work.clone(),
                settings.destination_calls,
                settings.provider_calls,
                base.delivery.offers().clone(),
            ),
            wake: wake.clone(),
            stats: stats.clone(),
            workers: settings.workers.max(1) as usize,
            retry_base: Duration::from_millis(settings.retry_base_ms),
            grace: settings.grace(),
            over: CancellationToken::new(),
        });
        let leases = leases::keep(
            base.store.clone(),
            (work.clone(), lease_time),
            node,
            settings.lease(),
            held.clone(),
            wake.clone(),
            health.clone(),
            late.clone(),
        );
        health.note_worker();
        background.spawn(later(leases, late.clone()));
        let letting_go = letting_go::keep(
            base.store.clone(),
            base.live.clone(),
            work.clone(),
            node,
            wake.clone(),
            late.clone(),
        );
        background.spawn(later(letting_go, late.clone()));
        background.spawn(watch::keep(base.store.clone(), node, held.clone(), late.clone()));
        background.spawn(gone::keep_releasing(
            base.store.clone(),
            clock.clone(),
            node,
            wake.clone(),
            late.clone(),
        ));
        let (wake, stop) = (wake.clone(), stop.clone());
        tokio::spawn(async move {
            // The first look for work comes later, too, or with the first job that is stored here.
            let _ = stop.run_until_cancelled(tokio::time::timeout(LATER, wake.heard())).await;
            runner.run(stop).await;
        })
    });
    drop(finisher);

    let limiter = Limiter::new(clock.clone());
    background.spawn(limiter.clone().settle(base.store.clone(), late.clone()));
    let ingress = Arc::new(Ingress {
        live: base.live.clone(),
        committer,
        refused,
        keys: base.keys.clone(),
        greetings,
        store: base.store.clone(),
        clock: clock.clone(),
        stats,
        catalogue,
        public_url: settings.public_url(),
        pressure,
        limiter,
        rate: settings.max_rate(),
        room: Room::new(settings.max_buffered),
        proxies: TrustedProxies::new(&settings.trusted_proxies),
    });
    let parts = router::Parts {
        ingress,
        services: base.services.clone(),
        health,
        site_root: site_root(&settings),
        stop: closing.clone(),
    };
    let routes = router::router(parts, &settings);
    let address = listeners.main.local_addr()?;
    for warning in settings.warnings() {
        tracing::warn!("{warning}");
    }
    tracing::info!(node.id = %node, listen = %address, engine = base.store.engine(), roles = settings.roles_text(), "Tidegate is running");
    ready(address, setup);

    if let Some(listener) = listeners.metrics {
        let end = late.clone();
        let serve = axum::serve(listener, http::metrics::router());
        background.spawn(async move { end.run_until_cancelled(serve.into_future()).await });
    }
    let limits = listen::Limits { connections: settings.max_connections, patience: Patience::default() };
    listen::serve(listeners.main, routes, limits, closing).await;

    tracing::info!("stopping: open requests are answered, running jobs may end");
    if let Some(worker) = worker {
        worker.await.context("the worker failed")?;
    }
    // Ends the gate, too, which can write outcomes: their writer ends with the last who can.
    worked.cancel();
    for writer in [commit_writer, refused_writer, greeting_writer, finish_writer] {
        match tokio::time::timeout(WRITE_OUT, writer).await {
            Ok(ended) => ended.context("a writer failed")?,
            Err(_) => tracing::error!(
                "the database did not take what waited; senders and other nodes will repeat it"
            ),
        }
    }
    late.cancel();
    background.close();
    background.wait().await;
    if let Err(error) = base.store.remove_node(node).await {
        tracing::warn!(%error, "this node could not be taken off the list");
    }
    base.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Says so when the database is ahead of this program.
async fn say_if_newer(store: Arc<dyn Store>) {
    if let Ok(schema) = store.schema().await
        && let Some(words) = schema.newer_words()
    {
        tracing::warn!("{words}");
    }
}

/// Where the dashboard's files are: as set, or beside the program, or where a build leaves them.
pub fn site_root(settings: &Settings) -> PathBuf {
    if let Some(root) = &settings.site_root {
        return root.clone();
    }
    if let Some(root) = std::env::var_os("LEPTOS_SITE_ROOT") {
        return root.into();
    }
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("site")));
    beside.filter(|dir| dir.is_dir()).unwrap_or_else(|| PathBuf::from("target/site"))
}

/// What this machine calls itself.
pub fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

fn this_node(id: NodeId, settings: &Settings, clock: &SharedClock) -> Node {
    Node {
        id,
        host: host_name(),
        roles: settings.roles_text(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: clock.now(),
        heartbeat_at: clock.now(),
    }
}
