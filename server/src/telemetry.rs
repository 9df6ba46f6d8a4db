//! The log: JSON lines on standard error, or a form for people. Fields name things (`job.id`, `vendor`), messages
//! say what happened; no secret, no header value and no body is ever a field.

use crate::config::LogFormat;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging; what is logged is `RUST_LOG`'s business. When that says nothing: `info` for a server, and only
/// errors for a command that prints its own answer.
pub fn start(format: LogFormat, server: bool) {
    let usual = if server { "info,sqlx=warn,hyper=warn" } else { "error" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let registry = tracing_subscriber::registry().with(filter);
    // A second start in one process (tests) keeps the first.
    let _ = match format {
        LogFormat::Json => {
            let layer =
                fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(std::io::stderr);
            registry.with(layer).try_init()
        }
        LogFormat::Pretty => {
            registry.with(fmt::layer().compact().with_target(false).with_writer(std::io::stderr)).try_init()
        }
    };
}
