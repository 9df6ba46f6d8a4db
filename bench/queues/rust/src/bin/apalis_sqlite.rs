//! apalis on SQLite: batches of 200, woken by SQLite's update hook, done jobs kept.
//!
//! Its `setup` switches the connection it is given to `synchronous = OFF`. That pool is closed afterwards, and the others
//! stay at FULL, SQLite's default, so that both sides are durable.

#[path = "../../../interface.rs"]
mod interface;

use apalis::prelude::*;
use apalis_sqlite::{Config, SqlitePool, SqliteStorage, queries::push_tasks};
use interface::{Began, Queue};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const QUEUE: &str = "noop";

struct Apalis {
    pool: SqlitePool,
}

fn task(number: usize) -> anyhow::Result<Task<Vec<u8>>> {
    Ok(TaskBuilder::new(serde_json::to_vec(&number)?).build())
}

async fn noop(number: usize, began: Data<Began>) -> Result<(), BoxDynError> {
    began(number);
    Ok(())
}

impl Queue for Apalis {
    async fn set_up(url: &str) -> anyhow::Result<()> {
        let pool = SqlitePool::connect(&format!("{url}?mode=rwc")).await?;
        SqliteStorage::setup(&pool).await?;
        pool.close().await;
        Ok(())
    }

    async fn fill(url: &str, count: usize) -> anyhow::Result<()> {
        let pool = SqlitePool::connect(url).await?;
        for begin in (0..count).step_by(1_000) {
            let tasks = (begin..count.min(begin + 1_000)).map(task).collect::<anyhow::Result<Vec<_>>>()?;
            let mut transaction = pool.begin().await?;
            push_tasks(&mut *transaction, QUEUE, &tasks).await?;
            transaction.commit().await?;
        }
        pool.close().await;
        Ok(())
    }

    async fn start(url: &str, began: Began) -> anyhow::Result<Self> {
        let (pool, stored) = SqliteStorage::connect_with_callback(url)?;
        let backend = SqliteStorage::new(&pool)
            .with_config(Config::default().queue(QUEUE).batch_size(200))
            .with_callback(stored)
            .poll_with_interval(Duration::from_millis(500));
        tokio::spawn(WorkerBuilder::new("noop-1").backend(backend).data(began).build(noop).run());
        Ok(Self { pool })
    }

    async fn enqueue(&self, number: usize) -> anyhow::Result<()> {
        let mut connection = self.pool.acquire().await?;
        Ok(push_tasks(&mut *connection, QUEUE, &[task(number)?]).await?)
    }
}

fn main() -> anyhow::Result<()> {
    interface::main::<Apalis>()
}
