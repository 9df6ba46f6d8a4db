//! The log: JSON lines on standard error, or a form for people. Fields name things (`job.id`, `vendor`), messages
//! say what happened; no secret, no header value and no body is ever a field. Our own ids (`evt_…`, `job_…`, `req_…`)
//! stand there as they are; what comes from others (their ids, subjects, e-mail and network addresses) only as
//! [`hashed`].

use crate::config::LogFormat;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{fmt, sync::OnceLock};
use tracing_subscriber::{EnvFilter, fmt as layers, layer::SubscriberExt, util::SubscriberInitExt};

/// The installation's key for [`hashed`]. One per process, as the log itself is.
static KEY: OnceLock<[u8; 32]> = OnceLock::new();

/// Sets the key for [`hashed`]; a second call (tests) keeps the first.
pub fn hash_ids_under(key: [u8; 32]) {
    let _ = KEY.set(key);
}

/// Somebody else's id or address as it may stand in the log: a short hash under the installation's own key. Equal ones
/// look equal, so that lines can be joined; nobody without the key can try out which one it was.
pub const fn hashed(text: &str) -> Hashed<'_> {
    Hashed(text)
}

/// Somebody else's id as it may be stored where the id itself may not: a longer hash under the same key.
pub fn keyed_hash(text: &str) -> String {
    let digest = digest(text).unwrap_or_default();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.get()?).ok()?;
    mac.update(text.as_bytes());
    Some(mac.finalize().into_bytes().into())
}

/// See [`hashed`].
#[derive(Clone, Copy)]
pub struct Hashed<'a>(&'a str);

impl fmt::Display for Hashed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = digest(self.0).unwrap_or_default();
        f.write_str("#")?;
        digest.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Starts logging; what is logged is `RUST_LOG`'s business. When that says nothing: `info` for a server, and only
/// errors for a command that prints its own answer.
pub fn start(format: LogFormat, server: bool) {
    let usual = if server { "info,sqlx=warn,hyper=warn" } else { "error" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let registry = tracing_subscriber::registry().with(filter);
    // A second start in one process (tests) keeps the first.
    let _ = match format {
        LogFormat::Json => {
            let layer = layers::layer()
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_writer(std::io::stderr);
            registry.with(layer).try_init()
        }
        LogFormat::Pretty => registry
            .with(layers::layer().compact().with_target(false).with_writer(std::io::stderr))
            .try_init(),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ids_look_equal_in_the_log_and_none_can_be_read() {
        hash_ids_under([7; 32]);
        let shown = hashed("ada@example.org").to_string();
        assert_eq!(shown, hashed("ada@example.org").to_string());
        assert_ne!(shown, hashed("bob@example.org").to_string());
        assert!(shown.len() == 13 && shown.starts_with('#') && !shown.contains("ada"), "{shown}");
    }
}
