//! Mixed traffic at a fixed rate (open loop): webhooks that are good, repeated, forged, unsigned, stale and too large,
//! in a fixed order. Counts the answers of each kind by status, so that whoever runs it can compare them with what the
//! database holds, and watches the memory of the server meanwhile.

use crate::{
    usage,
    webhooks::{body, key, sign},
};
use anyhow::{Context, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hdrhistogram::Histogram;
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Mutex, mpsc},
    task::JoinSet,
};

/// Most requests of one run; their bytes lie in memory.
const MOST: usize = 200_000;
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// A duplicate repeats what fell due this many seconds before, so that the first is answered by then.
const REPEATED_AFTER: f64 = 3.0;
/// More than any vendor of the test may send, in bytes.
const TOO_LARGE: usize = 600 * 1024;
const CHUNK: usize = 16 * 1024;

#[derive(clap::Args)]
pub(crate) struct Mixed {
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
    #[arg(long, default_value_t = 128)]
    connections: usize,
    /// Requests a second
    #[arg(long, default_value_t = 1000.0)]
    rate: f64,
    /// Seconds
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
    /// The server, whose memory is watched
    #[arg(long)]
    pid: u32,
}

/// What is wrong with a request, and so what its answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Nothing: 202.
    Valid,
    /// The valid one before it, at the same moment: one of the two 202, the other 200.
    Twin,
    /// A valid one of some seconds before: 200.
    Duplicate,
    /// Signed with another secret: 401.
    Forged,
    /// No signature: 400.
    Unsigned,
    /// Signed an hour ago: 401.
    Stale,
    /// A length beyond the limit: 413.
    Large,
    /// A body beyond the limit whose length nobody told: 413.
    Chunked,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Twin => "twin",
            Self::Duplicate => "duplicate",
            Self::Forged => "forged",
            Self::Unsigned => "unsigned",
            Self::Stale => "stale",
            Self::Large => "large",
            Self::Chunked => "chunked",
        }
    }
}

/// Twenty requests, over and over.
const ORDER: [Kind; 20] = {
    use Kind::{Chunked, Duplicate, Forged, Large, Stale, Twin, Unsigned, Valid};
    [
        Valid, Valid, Duplicate, Forged, Valid, Twin, Valid, Unsigned, Valid, Duplicate, Valid, Large, Valid,
        Valid, Forged, Valid, Stale, Duplicate, Valid, Chunked,
    ]
};

/// One request that will be sent.
struct Planned {
    kind: Kind,
    bytes: Arc<[u8]>,
}

/// All requests of a run in their order, and how many different valid ones there are.
fn plan(args: &Mixed, count: usize) -> anyhow::Result<(Vec<Planned>, u64)> {
    let right = key(&args.secret)?;
    let wrong = key("whsec_d3JvbmcgYnV0IGxvbmcgZW5vdWdoIGZvciBhIGtleQ==")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let run = now.as_nanos() as u64;
    let back = (REPEATED_AFTER * args.rate) as usize;
    let large: Arc<[u8]> = oversized(args, false).into();
    let chunked: Arc<[u8]> = oversized(args, true).into();
    let mut valid: Vec<(usize, Arc<[u8]>)> = Vec::new();
    let mut planned = Vec::with_capacity(count);
    for n in 0..count {
        // Early on there is nothing to repeat yet.
        let mut kind = ORDER[n % ORDER.len()];
        let older = || {
            let until = valid.partition_point(|(at, _)| at + back <= n);
            until.checked_sub(1).map(|last| valid[(n * 7919) % (last + 1)].1.clone())
        };
        let bytes = match kind {
            Kind::Duplicate => match older() {
                Some(bytes) => bytes,
                None => {
                    kind = Kind::Valid;
                    signed(args, &right, run, n, now.as_secs()).into()
                }
            },
            Kind::Twin => valid.last().map(|(_, bytes)| bytes.clone()).context("a twin has an elder")?,
            Kind::Valid => signed(args, &right, run, n, now.as_secs()).into(),
            Kind::Forged => signed(args, &wrong, run, n, now.as_secs()).into(),
            Kind::Stale => signed(args, &right, run, n, now.as_secs() - 3600).into(),
            Kind::Unsigned => unsigned(args, run, n).into(),
            Kind::Large => large.clone(),
            Kind::Chunked => chunked.clone(),
        };
        if kind == Kind::Valid {
            valid.push((n, Arc::clone(&bytes)));
        }
        planned.push(Planned { kind, bytes });
    }
    Ok((planned, valid.len() as u64))
}

fn id(run: u64, n: usize) -> String {
    format!("msg_{run:016x}{n:08x}")
}

fn head(args: &Mixed, more: &str) -> String {
    format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\nuser-agent: load\r\ncontent-type: application/json\r\n{more}\r\n",
        args.path, args.address
    )
}

fn signed(args: &Mixed, key: &Hmac<Sha256>, run: u64, n: usize, at: u64) -> Vec<u8> {
    let id = id(run, n);
    let body = body(&id, n);
    let mac = sign(key, id.as_bytes(), at.to_string().as_bytes(), body.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let more = format!(
        "content-length: {}\r\nwebhook-id: {id}\r\nwebhook-timestamp: {at}\r\nwebhook-signature: v1,{signature}\r\n",
        body.len()
    );
    [head(args, &more).into_bytes(), body.into_bytes()].concat()
}

fn unsigned(args: &Mixed, run: u64, n: usize) -> Vec<u8> {
    let id = id(run, n);
    let body = body(&id, n);
    let more = format!("content-length: {}\r\nwebhook-id: {id}\r\n", body.len());
    [head(args, &more).into_bytes(), body.into_bytes()].concat()
}

/// With a length only the head, because that is all a server has to read; else all of it in chunks.
fn oversized(args: &Mixed, chunked: bool) -> Vec<u8> {
    if !chunked {
        return head(args, &format!("content-length: {TOO_LARGE}\r\n")).into_bytes();
    }
    let mut bytes = head(args, "transfer-encoding: chunked\r\n").into_bytes();
    for _ in 0..TOO_LARGE.div_ceil(CHUNK) {
        bytes.extend_from_slice(format!("{CHUNK:x}\r\n").as_bytes());
        bytes.resize(bytes.len() + CHUNK, b' ');
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// What came back for one kind.
struct Tally {
    /// Status, or 0 for an exchange without an answer.
    statuses: BTreeMap<u16, u64>,
    times: Histogram<u64>,
}

type Tallies = BTreeMap<Kind, Tally>;

fn note(tallies: &mut Tallies, kind: Kind, status: u16, micros: u64) -> anyhow::Result<()> {
    let tally = match tallies.entry(kind) {
        std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
        std::collections::btree_map::Entry::Vacant(free) => free.insert(Tally {
            statuses: BTreeMap::new(),
            times: Histogram::new_with_bounds(1, 120_000_000, 3)?,
        }),
    };
    *tally.statuses.entry(status).or_default() += 1;
    tally.times.saturating_record(micros);
    Ok(())
}

pub(crate) fn run(args: &Mixed) -> anyhow::Result<()> {
    ensure!(args.address.ip().is_loopback(), "{} is not a loopback address", args.address);
    ensure!(args.rate > 0.0 && args.seconds > 0.0, "rate and time must be positive");
    ensure!((1..=4096).contains(&args.connections), "between 1 and 4096 connections");
    let count = (args.rate * args.seconds).ceil() as usize;
    ensure!(count <= MOST, "no run sends more than {MOST} requests");
    let (planned, distinct) = plan(args, count)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(drive(args, planned, distinct))
}

async fn drive(args: &Mixed, planned: Vec<Planned>, distinct: u64) -> anyhow::Result<()> {
    let began = Instant::now();
    let end = began + Duration::from_secs_f64(args.seconds);
    let planned = Arc::new(planned);
    let due = Arc::new(Mutex::new(clock(began, args.rate, planned.len())));
    let memory = tokio::task::spawn_blocking({
        let pid = args.pid;
        move || {
            let mut samples = Vec::new();
            while Instant::now() < end {
                samples.push(usage::resident(pid));
                std::thread::sleep(Duration::from_secs(1).min(end.saturating_duration_since(Instant::now())));
            }
            samples
        }
    });
    let mut connections = JoinSet::new();
    for _ in 0..args.connections {
        connections.spawn(talk(args.address, planned.clone(), due.clone()));
    }
    let mut sum = Tallies::new();
    while let Some(tallies) = connections.join_next().await {
        for (kind, tally) in tallies?? {
            match sum.get_mut(&kind) {
                Some(there) => {
                    for (status, count) in tally.statuses {
                        *there.statuses.entry(status).or_default() += count;
                    }
                    there.times.add(&tally.times)?;
                }
                None => {
                    sum.insert(kind, tally);
                }
            }
        }
    }
    let took = began.elapsed().as_secs_f64();
    let kinds: BTreeMap<&str, serde_json::Value> = sum
        .iter()
        .map(|(kind, tally)| {
            let told = json!({
                "statuses": tally.statuses,
                "sent": tally.times.len(),
                "p50": tally.times.value_at_quantile(0.5),
                "p99": tally.times.value_at_quantile(0.99),
                "max": tally.times.max(),
            });
            (kind.name(), told)
        })
        .collect();
    let line = json!({
        "kinds": kinds, "distinct": distinct, "seconds": took, "resident_kib": memory.await?,
    });
    crate::say(&line.to_string());
    Ok(())
}

/// Tells when each request is due. A thread of its own, because a timer of the runtime is only good to a millisecond.
/// A twin is due with the one before it.
fn clock(began: Instant, rate: f64, count: usize) -> mpsc::UnboundedReceiver<(usize, Instant)> {
    let (tell, due) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let mut at = began;
        for n in 0..count {
            if ORDER[n % ORDER.len()] != Kind::Twin {
                at = began + Duration::from_secs_f64(n as f64 / rate);
            }
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            if tell.send((n, at)).is_err() {
                return;
            }
        }
    });
    due
}

/// One connection, until nothing is due any more.
async fn talk(
    address: SocketAddr,
    planned: Arc<Vec<Planned>>,
    due: Arc<Mutex<mpsc::UnboundedReceiver<(usize, Instant)>>>,
) -> anyhow::Result<Tallies> {
    let mut tallies = Tallies::new();
    let mut buffer = Vec::with_capacity(4096);
    let mut socket = None;
    loop {
        let Some((n, at)) = due.lock().await.recv().await else { return Ok(tallies) };
        let Planned { kind, bytes } = &planned[n];
        let exchanged = async {
            let stream = match &mut socket {
                Some(stream) => stream,
                none => none.insert(connect(address).await?),
            };
            exchange(stream, bytes, &mut buffer).await
        };
        let status = match tokio::time::timeout(PATIENCE, exchanged).await {
            Ok(Ok((status, stays))) => {
                if !stays {
                    socket = None;
                }
                status
            }
            Ok(Err(_)) | Err(_) => {
                socket = None;
                0
            }
        };
        // From when it was due: a server that stalls cannot hide the requests it kept waiting.
        note(&mut tallies, *kind, status, at.elapsed().as_micros() as u64)?;
        // What was not read to its end leaves a connection that cannot be used again.
        if matches!(kind, Kind::Large | Kind::Chunked) {
            socket = None;
        }
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = TcpStream::connect(address).await.context("the server does not answer")?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// Sends a request and reads its answer to the last byte; its status, and whether the connection stays open.
async fn exchange(
    socket: &mut TcpStream,
    request: &[u8],
    buffer: &mut Vec<u8>,
) -> anyhow::Result<(u16, bool)> {
    let (mut read, mut write) = socket.split();
    // A server may answer before it has read everything, and then take no more.
    let send = async {
        let _ = write.write_all(request).await;
        std::future::pending::<()>().await;
    };
    let receive = async {
        buffer.clear();
        loop {
            ensure!(read.read_buf(buffer).await? > 0, "the connection ended");
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut answer = httparse::Response::new(&mut headers);
            let httparse::Status::Complete(head) = answer.parse(buffer)? else { continue };
            let text = |name: &str| {
                let header = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
                header.and_then(|header| std::str::from_utf8(header.value).ok())
            };
            let length =
                text("content-length").and_then(|text| text.parse::<usize>().ok()).unwrap_or_default();
            let stays = !text("connection").is_some_and(|text| text.eq_ignore_ascii_case("close"));
            let status = answer.code.context("no status")?;
            if buffer.len() >= head + length {
                return Ok::<_, anyhow::Error>((status, stays));
            }
        }
    };
    tokio::select! {
        answered = receive => answered,
        () = send => unreachable!("sending never ends by itself"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> Mixed {
        Mixed {
            address: "127.0.0.1:80".parse().unwrap(),
            path: "/webhooks/bench".into(),
            secret: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".into(),
            connections: 1,
            rate: 10.0,
            seconds: 10.0,
            pid: 1,
        }
    }

    #[test]
    fn valid_requests_are_all_different_and_repeated_ones_were_sent_before() {
        let (planned, distinct) = plan(&args(), 200).unwrap();
        let mut seen = std::collections::HashMap::new();
        for (n, one) in planned.iter().enumerate() {
            match one.kind {
                Kind::Valid => assert!(seen.insert(one.bytes.clone(), n).is_none(), "{n}"),
                Kind::Duplicate => assert!(seen[&one.bytes] + 30 <= n, "{n}"),
                Kind::Twin => assert_eq!(seen[&one.bytes], n - 1),
                _ => assert!(!seen.contains_key(&one.bytes)),
            }
        }
        assert_eq!(seen.len() as u64, distinct);
        for kind in ORDER {
            assert!(planned.iter().any(|one| one.kind == kind), "{kind:?}");
        }
    }
}
