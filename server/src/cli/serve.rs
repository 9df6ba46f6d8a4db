//! `tidegate serve`: everything, or the roles given, until SIGINT or SIGTERM.

use crate::{
    clock::SystemClock,
    config::Settings,
    serve::{Listeners, run},
};
use anyhow::Context;
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// Runs until asked to stop; a second signal ends at once.
pub(super) async fn serve(settings: Settings) -> anyhow::Result<()> {
    raise_file_limit(settings.max_connections);
    let main = bind(settings.listen).await?;
    let metrics = match settings.metrics_listen.0 {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    let public = settings.public_url.is_some().then(|| settings.public_url());
    let listeners = Listeners { main, metrics };
    run(settings, Arc::new(SystemClock), listeners, stop, |address, setup| announce(address, public, setup))
        .await
}

/// Files beside connections: database, log, calls out.
const OTHER_FILES: u64 = 256;

/// Makes room for as many open files as there may be connections; systems allow few unless asked for more.
fn raise_file_limit(connections: usize) {
    let wanted = (connections as u64).saturating_add(OTHER_FILES);
    match rlimit::increase_nofile_limit(wanted) {
        Ok(granted) if granted < wanted => tracing::warn!(
            granted,
            wanted,
            "this system allows fewer open files than --max-connections needs; raise `ulimit -n`"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; is something else running there?"))
}

fn announce(address: SocketAddr, public: Option<String>, setup: Option<String>) {
    let base = public.unwrap_or_else(|| format!("http://{address}"));
    super::output::line(&format!("Tidegate is running on {base}"));
    if let Some(path) = setup {
        super::output::line(&format!("Make the first account here (works once, for 24 hours): {base}{path}"));
    }
}

async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be received; end this process with SIGKILL");
        return;
    };
    for last in [false, true] {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if last {
            std::process::exit(130);
        }
        stop.cancel();
    }
}
