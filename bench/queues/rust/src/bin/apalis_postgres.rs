//! apalis on PostgreSQL: batches of 200, woken by NOTIFY, done jobs kept.

#[path = "../../../interface.rs"]
mod interface;

use apalis::prelude::*;
use apalis_postgres::{Config, PgPool, PostgresStorage, queries::push_tasks};
use interface::{Began, Queue};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const QUEUE: &str = "noop";

struct Apalis {
    pool: PgPool,
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
        Ok(PostgresStorage::setup(&PgPool::connect(url).await?).await?)
    }

    async fn fill(url: &str, count: usize) -> anyhow::Result<()> {
        let mut connection = PgPool::connect(url).await?.acquire().await?.detach();
        for begin in (0..count).step_by(1_000) {
            let tasks = (begin..count.min(begin + 1_000)).map(task).collect::<anyhow::Result<_>>()?;
            push_tasks(&mut connection, QUEUE, tasks).await?;
        }
        Ok(())
    }

    async fn start(url: &str, began: Began) -> anyhow::Result<Self> {
        let pool = PgPool::connect(url).await?;
        let config = Config::default().queue(QUEUE).batch_size(200);
        let backend = PostgresStorage::new(&pool)
            .with_config(config)
            .with_pubsub()
            .poll_with_interval(Duration::from_millis(500));
        tokio::spawn(WorkerBuilder::new("noop-1").backend(backend).data(began).build(noop).run());
        Ok(Self { pool })
    }

    async fn enqueue(&self, number: usize) -> anyhow::Result<()> {
        let mut connection = self.pool.acquire().await?;
        Ok(push_tasks(&mut *connection, QUEUE, vec![task(number)?]).await?)
    }
}

fn main() -> anyhow::Result<()> {
    interface::main::<Apalis>()
}
