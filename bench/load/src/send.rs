//! The load generator: one thread, connections that stay open, answers counted by what they say.
//!
//! Closed loop (no `--rate`): each connection sends its next request when the last is answered; measures how much a
//! server can take. Open loop (`--rate`): requests fall due at fixed times whether or not earlier ones are answered,
//! and a request's time counts from when it was due, so that a server that stalls cannot hide the requests it kept
//! waiting (coordinated omission).

use crate::{usage, webhooks::Requests};
use anyhow::{Context, bail, ensure};
use hdrhistogram::Histogram;
use serde_json::json;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Mutex, mpsc},
    task::JoinSet,
};

/// No run lasts longer, warm-up included.
const LONGEST: f64 = 120.0;
/// No run sends more; their bytes lie in memory.
const MOST: usize = 2_000_000;
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// A connection gives up after this many errors.
const MAX_ERRORS: u64 = 5;

#[derive(clap::Args)]
pub(crate) struct Send {
    /// Server; loopback only
    #[arg(long)]
    address: SocketAddr,
    /// Path of the webhook
    #[arg(long, default_value = "/webhooks/bench")]
    path: String,
    /// The secret to sign with
    #[arg(long, env = "LOAD_SECRET", hide_env_values = true)]
    secret: String,
    /// Connections
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Requests a second (open loop); as many as the server answers when not given
    #[arg(long)]
    rate: Option<f64>,
    /// Seconds before measuring begins
    #[arg(long, default_value_t = 2.0)]
    warmup: f64,
    /// Seconds measured
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
    /// Requests at most
    #[arg(long, default_value_t = 500_000)]
    count: usize,
    /// Processes (with their descendants) whose processor time is told
    #[arg(long, value_delimiter = ',')]
    cpu_of: Vec<u32>,
}

/// What came back, on one connection or on all.
struct Tally {
    accepted: u64,
    duplicate: u64,
    refused: u64,
    errors: u64,
    /// Accepted within the measured time.
    measured: u64,
    times: Histogram<u64>,
    last: Instant,
}

impl Tally {
    fn new(began: Instant) -> anyhow::Result<Self> {
        let times = Histogram::new_with_bounds(1, 120_000_000, 3)?;
        Ok(Self { accepted: 0, duplicate: 0, refused: 0, errors: 0, measured: 0, times, last: began })
    }

    fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.refused += other.refused;
        self.errors += other.errors;
        self.measured += other.measured;
        self.times.add(&other.times)?;
        self.last = self.last.max(other.last);
        Ok(())
    }
}

/// What all connections share.
struct Run {
    address: SocketAddr,
    requests: Requests,
    next: AtomicUsize,
    /// Requests that are due, in an open loop.
    due: Option<Mutex<mpsc::UnboundedReceiver<(usize, Instant)>>>,
    from: Instant,
    until: Instant,
}

impl Run {
    /// The next request to send and since when it is due; nothing when the run is over.
    async fn next(&self) -> Option<(&[u8], Instant)> {
        let (n, due) = match &self.due {
            Some(queue) => queue.lock().await.recv().await?,
            None if Instant::now() >= self.until => return None,
            None => (self.next.fetch_add(1, Ordering::Relaxed), Instant::now()),
        };
        Some((self.requests.get(n)?, due))
    }
}

pub(crate) fn run(args: Send) -> anyhow::Result<()> {
    ensure!(args.address.ip().is_loopback(), "{} is not a loopback address", args.address);
    ensure!(args.warmup >= 0.0 && args.seconds > 0.0, "times must be positive");
    ensure!(args.warmup + args.seconds <= LONGEST, "a run lasts {LONGEST} seconds at most");
    ensure!((1..=4096).contains(&args.connections), "between 1 and 4096 connections");
    ensure!(args.rate.is_none_or(|rate| rate > 0.0 && rate <= 100_000.0), "the rate is out of range");
    let all = args.warmup + args.seconds;
    let wanted = args.rate.map_or(args.count, |rate| (rate * all).ceil() as usize);
    let count = wanted.min(args.count).min(MOST);
    let run = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64;
    let requests = Requests::make(args.address, &args.path, &args.secret, run, count)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(drive(&args, requests, count))
}

async fn drive(args: &Send, requests: Requests, count: usize) -> anyhow::Result<()> {
    // Connecting is not measured.
    let mut sockets = Vec::with_capacity(args.connections);
    for _ in 0..args.connections {
        sockets.push(connect(args.address).await?);
    }
    let began = Instant::now();
    let from = began + Duration::from_secs_f64(args.warmup);
    let until = from + Duration::from_secs_f64(args.seconds);
    let due = args.rate.map(|rate| Mutex::new(clock(began, until, rate, count)));
    let run = Arc::new(Run { address: args.address, requests, next: AtomicUsize::new(0), due, from, until });

    let (end, over) = std::sync::mpsc::channel::<()>();
    let usage = tokio::task::spawn_blocking({
        let pids = args.cpu_of.clone();
        move || {
            let own = [std::process::id()];
            std::thread::sleep(from.saturating_duration_since(Instant::now()));
            let before = (usage::cpu_seconds(&pids), usage::cpu_seconds(&own));
            // Until the time is over, or the requests are.
            let _ = over.recv_timeout(until.saturating_duration_since(Instant::now()));
            let after = (usage::cpu_seconds(&pids), usage::cpu_seconds(&own));
            (after.0 - before.0, after.1 - before.1)
        }
    });
    let mut connections = JoinSet::new();
    for socket in sockets {
        connections.spawn(talk(run.clone(), socket));
    }
    let mut sum = Tally::new(began)?;
    while let Some(tally) = connections.join_next().await {
        sum.add(&tally??)?;
    }
    drop(end);
    let (server_cpu, own_cpu) = usage.await?;

    // A run that had too few requests ends early.
    let seconds = until.min(sum.last).saturating_duration_since(from).as_secs_f64();
    let time = |share: f64| sum.times.value_at_quantile(share);
    let line = json!({
        "accepted": sum.accepted, "duplicate": sum.duplicate, "refused": sum.refused, "errors": sum.errors,
        "measured": sum.measured, "seconds": seconds, "per_second": sum.measured as f64 / seconds,
        "p50": time(0.5), "p99": time(0.99), "p999": time(0.999), "max": sum.times.max(),
        "server_cpu": server_cpu, "generator_busy": own_cpu / args.seconds,
        "ran_out": args.rate.is_none() && sum.last + Duration::from_millis(500) < until,
    });
    crate::say(&line.to_string());
    Ok(())
}

/// Tells when each request is due. A thread of its own, because a timer of the runtime is only good to a millisecond.
fn clock(
    began: Instant,
    until: Instant,
    rate: f64,
    count: usize,
) -> mpsc::UnboundedReceiver<(usize, Instant)> {
    let (tell, due) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for n in 0..count {
            let at = began + Duration::from_secs_f64(n as f64 / rate);
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            if at >= until || tell.send((n, at)).is_err() {
                return;
            }
        }
    });
    due
}

async fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = TcpStream::connect(address).await.context("the server does not answer")?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// One connection, until the run is over.
async fn talk(run: Arc<Run>, mut socket: TcpStream) -> anyhow::Result<Tally> {
    let mut tally = Tally::new(run.from)?;
    let mut buffer = Vec::with_capacity(4096);
    while let Some((request, due)) = run.next().await {
        let answer = tokio::time::timeout(PATIENCE, exchange(&mut socket, request, &mut buffer)).await;
        let now = Instant::now();
        tally.last = now;
        match answer {
            Ok(Ok(status)) => {
                let counter = match status {
                    202 => &mut tally.accepted,
                    200 => &mut tally.duplicate,
                    _ => &mut tally.refused,
                };
                *counter += 1;
                // A closed loop counts what was answered within the time, an open loop what was due within it.
                let at = if run.due.is_some() { due } else { now };
                if status == 202 && at >= run.from && at < run.until {
                    tally.measured += 1;
                    tally.times.saturating_record(now.duration_since(due).as_micros() as u64);
                }
            }
            Ok(Err(_)) | Err(_) => {
                tally.errors += 1;
                if tally.errors >= MAX_ERRORS {
                    break;
                }
                socket = connect(run.address).await?;
            }
        }
    }
    Ok(tally)
}

/// Sends a request and reads its answer to the last byte; returns the status.
async fn exchange(socket: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> anyhow::Result<u16> {
    socket.write_all(request).await?;
    buffer.clear();
    loop {
        if socket.read_buf(buffer).await? == 0 {
            bail!("the connection ended");
        }
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut answer = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head) = answer.parse(buffer)? else { continue };
        let length = answer
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("content-length"))
            .and_then(|header| std::str::from_utf8(header.value).ok()?.parse::<usize>().ok())
            .unwrap_or_default();
        let status = answer.code.context("no status")?;
        if buffer.len() >= head + length {
            return Ok(status);
        }
    }
}
