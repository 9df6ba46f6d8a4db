//! `/metrics` in Prometheus' text form, on a listener of its own so that it is never exposed by accident.

use axum::{Router, routing::get};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{sync::OnceLock, time::Duration};
use tokio_util::sync::CancellationToken;

/// The recorder is the process's; tests start several servers in one process.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// How often samples are summed up.
const UPKEEP: Duration = Duration::from_secs(5);
/// Buckets of all lengths of time, in seconds.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0];
/// Buckets of rows in one commit.
const ROWS: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];

/// Starts recording; says whether that worked.
pub fn record() -> bool {
    recorder().is_some()
}

/// Sums up what was recorded every few seconds until `stop`: samples pile up in memory between two scrapes, and
/// perhaps nobody ever scrapes.
pub async fn upkeep(stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(UPKEEP)).await.is_some() {
        if let Some(handle) = recorder() {
            handle.run_upkeep();
        }
    }
}

fn recorder() -> Option<&'static PrometheusHandle> {
    let install = || {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Full("tidegate_commit_rows".to_owned()), &ROWS)
            })
            .and_then(PrometheusBuilder::install_recorder)
            .inspect_err(|error| tracing::error!(%error, "metrics cannot be recorded"))
            .ok()
    };
    RECORDER.get_or_init(install).as_ref()
}

/// The route.
pub fn router() -> Router {
    let render = || async { recorder().map(PrometheusHandle::render).unwrap_or_default() };
    Router::new().route("/metrics", get(render))
}
