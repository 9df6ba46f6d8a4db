//! Telling workers that there may be work: those of this process at once, those of other nodes through the database,
//! a few times in a second. Nothing depends on it: who is not told looks by itself a moment later.

use std::{sync::Arc, time::Duration};
use store::Store;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Shortest time between two words to other nodes.
const APART: Duration = Duration::from_millis(25);
/// Pause after the database could not be listened to.
const PAUSE: Duration = Duration::from_secs(1);

/// The bell of this process.
#[derive(Default)]
pub struct Wake {
    here: Notify,
    elsewhere: Notify,
}

impl Wake {
    /// Says that there may be work.
    pub fn ring(&self) {
        self.here.notify_one();
        self.elsewhere.notify_one();
    }

    /// Waits until somebody says so; returns at once when that happened since the last time.
    pub async fn heard(&self) {
        self.here.notified().await;
    }

    /// Tells other nodes what is said here until `stop`.
    pub async fn pass_on(self: Arc<Self>, store: Arc<dyn Store>, stop: CancellationToken) {
        while stop.run_until_cancelled(self.elsewhere.notified()).await.is_some() {
            if let Err(error) = store.tell_nodes().await {
                tracing::debug!(%error, "other nodes could not be told that there is work");
            }
            if stop.run_until_cancelled(tokio::time::sleep(APART)).await.is_none() {
                return;
            }
        }
    }

    /// Listens to other nodes until `stop`.
    pub async fn listen(self: Arc<Self>, store: Arc<dyn Store>, stop: CancellationToken) {
        let listen = async {
            loop {
                match store.listen().await {
                    // There are no others.
                    Ok(None) => return,
                    Ok(Some(mut nodes)) => {
                        // What was said while nobody listened.
                        self.here.notify_one();
                        while nodes.heard().await.is_ok() {
                            self.here.notify_one();
                        }
                    }
                    Err(error) => tracing::debug!(%error, "other nodes cannot be listened to"),
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let _ = stop.run_until_cancelled(listen).await;
    }
}
