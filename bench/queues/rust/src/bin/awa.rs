//! awa with its default engine, queue storage, and the settings its own benchmark of that engine uses: 100 workers, no
//! deadline (which selects its compact receipts), a pool of 20. It keeps what is done until a ring of partitions turns.

#[path = "../../../interface.rs"]
mod interface;

use awa::{
    Client, InsertOpts, JobArgs, JobResult, QueueConfig, QueueStorage, QueueStorageConfig,
    model::{InsertParams, insert::params_with, migrations},
};
use interface::{Began, Queue};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const QUEUE: &str = "noop";

#[derive(Serialize, Deserialize, JobArgs)]
struct Noop {
    number: usize,
}

struct Awa {
    pool: PgPool,
    storage: QueueStorage,
    _client: Client,
}

async fn connect(url: &str) -> anyhow::Result<PgPool> {
    Ok(PgPoolOptions::new().max_connections(20).connect(url).await?)
}

fn job(number: usize) -> anyhow::Result<InsertParams> {
    Ok(params_with(&Noop { number }, InsertOpts { queue: QUEUE.into(), ..InsertOpts::default() })?)
}

impl Queue for Awa {
    async fn set_up(url: &str) -> anyhow::Result<()> {
        Ok(migrations::run(&connect(url).await?).await?)
    }

    async fn fill(url: &str, count: usize) -> anyhow::Result<()> {
        let (pool, storage) = (connect(url).await?, QueueStorage::new(QueueStorageConfig::default())?);
        for begin in (0..count).step_by(1_000) {
            let jobs = (begin..count.min(begin + 1_000)).map(job).collect::<anyhow::Result<Vec<_>>>()?;
            storage.enqueue_params_copy(&pool, &jobs).await?;
        }
        Ok(())
    }

    async fn start(url: &str, began: Began) -> anyhow::Result<Self> {
        let pool = connect(url).await?;
        let config = QueueConfig {
            max_workers: 100,
            poll_interval: Duration::from_millis(50),
            deadline_duration: Duration::ZERO,
            ..QueueConfig::default()
        };
        let client = Client::builder(pool.clone())
            .queue(QUEUE, config)
            .register::<Noop, _, _>(move |job: Noop, _| {
                began(job.number);
                async { Ok(JobResult::Completed) }
            })
            .build()?;
        client.start().await?;
        Ok(Self { pool, storage: QueueStorage::new(QueueStorageConfig::default())?, _client: client })
    }

    async fn enqueue(&self, number: usize) -> anyhow::Result<()> {
        self.storage.enqueue_params_batch(&self.pool, &[job(number)?]).await?;
        Ok(())
    }
}

fn main() -> anyhow::Result<()> {
    interface::main::<Awa>()
}
