//! What every queue of this benchmark can do, and the command line around it. Shared by the programs written in Rust; those
//! in other languages do the same in `node/interface.mjs` and `python/interface.py`.
//!
//! - `fill COUNT`: makes the tables and stores so many jobs that do nothing, in the quickest way the queue has
//! - `work COUNT`: runs them; says `first` when the first one begins and `ran` when the last one did, and goes on until
//!   it is killed
//! - `latency COUNT RATE`: stores so many a second, one at a time, while it works; prints how long each took to begin,
//!   in microseconds from the moment before it was stored, smallest first
//!
//! `QUEUE_URL` names the database.

use anyhow::{Context, bail};
use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

/// Jobs of a latency run that are not counted, because the first ones open connections.
const WARMUP: usize = 20;
/// How long the last jobs of a latency run may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Called when a job begins, with its number.
pub(crate) type Began = Arc<dyn Fn(usize) + Send + Sync>;

/// A queue.
pub(crate) trait Queue: Sized + Send + Sync + 'static {
    /// Makes the tables.
    fn set_up(url: &str) -> impl Future<Output = anyhow::Result<()>>;
    /// Stores jobs with the numbers from 0 to `count`.
    fn fill(url: &str, count: usize) -> impl Future<Output = anyhow::Result<()>>;
    /// Starts a worker.
    fn start(url: &str, began: Began) -> impl Future<Output = anyhow::Result<Self>>;
    /// Stores one job, durably.
    fn enqueue(&self, number: usize) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// Reads the command line and does what it says.
pub(crate) fn main<Q: Queue>() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let url = std::env::var("QUEUE_URL").context("QUEUE_URL names no database")?;
    let number = |at: usize| -> anyhow::Result<usize> {
        arguments.get(at).context("a number is missing")?.parse().context("not a number")
    };
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        match arguments.get(1).map(String::as_str) {
            Some("fill") => {
                Q::set_up(&url).await?;
                Q::fill(&url, number(2)?).await
            }
            Some("work") => work::<Q>(&url, number(2)?).await,
            Some("latency") => latency::<Q>(&url, number(2)?, number(3)?).await,
            _ => bail!("usage: fill COUNT | work COUNT | latency COUNT RATE"),
        }
    })
}

async fn work<Q: Queue>(url: &str, count: usize) -> anyhow::Result<()> {
    let (tell, told) = mpsc::channel();
    let ran = std::sync::atomic::AtomicUsize::new(0);
    let _queue = Q::start(
        url,
        Arc::new(move |_| {
            let ran = 1 + ran.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if ran == 1 {
                let _ = tell.send("first");
            }
            if ran == count {
                let _ = tell.send("ran");
            }
        }),
    )
    .await?;
    // A thread of its own, so that no worker thread ever waits for the pipe.
    tokio::task::spawn_blocking(move || told.iter().for_each(say)).await?;
    std::future::pending().await
}

async fn latency<Q: Queue>(url: &str, count: usize, rate: usize) -> anyhow::Result<()> {
    Q::set_up(url).await?;
    let total = count + WARMUP;
    let stored: Arc<Mutex<Vec<Option<Instant>>>> = Arc::new(Mutex::new(vec![None; total]));
    let waits: Arc<Mutex<Vec<u64>>> = Arc::default();
    let began: Began = {
        let (stored, waits) = (stored.clone(), waits.clone());
        Arc::new(move |number| {
            let at =
                stored.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number).and_then(Option::take);
            // A job that begins a second time has no start any more.
            if let Some(at) = at {
                let took = at.elapsed().as_micros() as u64;
                let mut waits = waits.lock().unwrap_or_else(PoisonError::into_inner);
                waits.push(if number < WARMUP { u64::MAX } else { took });
            }
        })
    };
    let queue = Arc::new(Q::start(url, began).await?);
    let mut clock = tokio::time::interval(Duration::from_secs(1) / rate.max(1) as u32);
    for number in 0..total {
        clock.tick().await;
        let (queue, stored) = (queue.clone(), stored.clone());
        tokio::spawn(async move {
            stored.lock().unwrap_or_else(PoisonError::into_inner)[number] = Some(Instant::now());
            if let Err(error) = queue.enqueue(number).await {
                say(&format!("job {number} could not be stored: {error}"));
                std::process::exit(1);
            }
        });
    }
    let give_up = Instant::now() + PATIENCE;
    while waits.lock().unwrap_or_else(PoisonError::into_inner).len() < total {
        if Instant::now() > give_up {
            bail!("some of the {total} jobs never began");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut waits = waits.lock().unwrap_or_else(PoisonError::into_inner);
    waits.sort_unstable();
    waits.truncate(count);
    let list: Vec<String> = waits.iter().map(u64::to_string).collect();
    say(&format!("[{}]", list.join(",")));
    // Workers have no end of their own.
    std::process::exit(0)
}

/// The one place that prints: a line for the program that reads it.
#[expect(clippy::print_stdout, reason = "results are read from standard output")]
fn say(line: &str) {
    println!("{line}");
}
