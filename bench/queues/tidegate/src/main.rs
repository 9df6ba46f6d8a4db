//! `queue`: Tidegate's queue, driven as its worker drives it, with jobs that do nothing.
//!
//! - [`interface`]: the command line, the same for every queue of the benchmark
//! - [`jobs`]: the jobs, as rules would make them
//! - [`worker`]: claims and finishes in the batches of `server/src/worker`
//!
//! Uses the store through its public seam. What the worker does besides and this leaves out (looking up destinations, the
//! call itself, logs) is measured with the whole program by `rounds.py`.

#[path = "../../interface.rs"]
mod interface;
mod jobs;
mod worker;

use domain::{id::NodeId, queue::QueueHead};
use interface::{Began, Queue};
use std::sync::{Arc, Mutex, PoisonError};
use store::{OpenOptions, Store};
use tokio::sync::Notify;
use uuid::Uuid;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Jobs stored in one transaction when many are.
const BATCH: usize = 1_000;

struct Tidegate {
    store: Arc<dyn Store>,
    wake: Arc<Wake>,
}

/// What `server/src/wake.rs` is in the program.
#[derive(Default)]
struct Wake {
    here: Notify,
    stored: Mutex<Vec<QueueHead>>,
}

async fn open(url: &str) -> anyhow::Result<Arc<dyn Store>> {
    Ok(store::open(url, &OpenOptions::default()).await?)
}

impl Queue for Tidegate {
    async fn set_up(url: &str) -> anyhow::Result<()> {
        let store = open(url).await?;
        store.migrate().await?;
        store.close().await;
        Ok(())
    }

    async fn fill(url: &str, count: usize) -> anyhow::Result<()> {
        let store = open(url).await?;
        for begin in (0..count).step_by(BATCH) {
            let batch: Vec<_> = (begin..count.min(begin + BATCH)).map(jobs::numbered).collect();
            store.add_jobs(&batch).await?;
        }
        store.close().await;
        Ok(())
    }

    async fn start(url: &str, began: Began) -> anyhow::Result<Self> {
        let (store, wake) = (open(url).await?, Arc::<Wake>::default());
        tokio::spawn(worker::run(store.clone(), NodeId::new(Uuid::now_v7()), wake.clone(), began));
        Ok(Self { store, wake })
    }

    async fn enqueue(&self, number: usize) -> anyhow::Result<()> {
        let job = jobs::numbered(number);
        self.store.add_jobs(std::slice::from_ref(&job)).await?;
        self.wake.stored.lock().unwrap_or_else(PoisonError::into_inner).push(QueueHead::of(&job));
        self.wake.here.notify_one();
        Ok(())
    }
}

fn main() -> anyhow::Result<()> {
    interface::main::<Tidegate>()
}
