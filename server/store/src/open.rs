//! Opening a database by its URL: the one place that knows which adapters there are.

use crate::{Result, Store, StoreError, postgres, sqlite};
use std::{path::Path, sync::Arc, time::Duration};

/// How many connections are kept and how long one is waited for.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Whether a database that does not exist is made, where that is possible.
    pub create: bool,
    /// Connections that only read.
    pub read_connections: u32,
    /// Connections that write. SQLite always has one: more would only wait for each other.
    pub write_connections: u32,
    /// How long a caller waits for a connection before the database counts as unavailable.
    pub acquire_timeout: Duration,
}

impl Default for OpenOptions {
    /// For a machine of a few cores: whoever writes does so in batches, so few connections carry much.
    fn default() -> Self {
        Self {
            create: true,
            read_connections: 6,
            write_connections: 4,
            acquire_timeout: Duration::from_secs(5),
        }
    }
}

/// Opens `sqlite://PATH` (making the file, and its folder, readable by their owner alone) or `postgres://…`.
/// Leaves the schema as it is; see [`Store::migrate`].
pub async fn open(url: &str, options: &OpenOptions) -> Result<Arc<dyn Store>> {
    match url.split_once("://") {
        Some(("sqlite", path)) if !path.is_empty() => {
            Ok(Arc::new(sqlite::Adapter::open(Path::new(path), options).await?))
        }
        Some(("postgres" | "postgresql", _)) => Ok(Arc::new(postgres::Adapter::open(url, options).await?)),
        _ => Err(StoreError::UnknownUrl),
    }
}
