//! Connections: accepting them, how many there may be, and their orderly end. Knows nothing of what is served.

use super::{
    patience::{Exchanges, Patience, Patient},
    problem::Problem,
};
use crate::clock::fresh;
use axum::{Router, body::Body, extract::ConnectInfo, http::StatusCode};
use domain::id::RequestId;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Headers that are read at all. The guards of webhooks allow fewer and answer in words; more than this is answered
/// by the HTTP library itself.
const MAX_HEADERS: usize = 512;
/// Bytes of headers read at all over HTTP/2; more than the guards of webhooks allow, for the same reason.
const MAX_HEADER_LIST: u32 = 64 * 1024;
/// Pause after an error of `accept`, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long open requests may take to end when the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// Connections beyond the limit that are told so at the same time; more are closed without a word.
const TOLD_AT_ONCE: usize = 64;
/// How long telling one may take, and how much of what it sends is read meanwhile.
const TELLING: Duration = Duration::from_secs(2);
const READ_WHILE_TELLING: u64 = 64 * 1024;
/// Seconds after which a connection that found no room may try again. Room appears whenever any other ends.
const ROOM_AGAIN: u64 = 1;

/// What one listener bears.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections open at the same time.
    pub connections: usize,
    /// How long clients may let it wait.
    pub patience: Patience,
}

/// Serves until `stop`, then answers what is open, for at most ten seconds.
pub async fn serve(listener: TcpListener, routes: Router, limits: Limits, stop: CancellationToken) {
    let mut builder = Builder::new(TokioExecutor::new());
    // The library's own timeout would count the pause between two requests as slow headers, so it is longer than both
    // together. It must be there, though: only then does the library look at a connection again that has become quiet.
    let backstop = limits.patience.idle + limits.patience.headers;
    builder.http1().timer(TokioTimer::new()).header_read_timeout(backstop).max_headers(MAX_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .max_header_list_size(MAX_HEADER_LIST);
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
    let telling = Arc::new(Semaphore::new(TOLD_AT_ONCE));
    let cut = CancellationToken::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            metrics::counter!("tidegate_connections_refused_total").increment(1);
            if let Ok(turn) = telling.clone().try_acquire_owned() {
                tokio::spawn(async move {
                    let _turn = turn;
                    // One that does not listen is closed all the same.
                    let _ = tokio::time::timeout(TELLING, turn_away(stream)).await;
                });
            }
            continue;
        };
        // Answers are small; waiting to fill a packet would only delay them. A socket that refuses is closed soon.
        let _ = stream.set_nodelay(true);
        let routes = routes.clone();
        let exchanges = Exchanges::default();
        let stream = Patient::new(stream, limits.patience, exchanges.clone());
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            let exchange = exchanges.begin();
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = routes.clone().oneshot(request.map(Body::new));
            async move { answer.await.map(|response| response.map(|body| exchange.until_sent(body))) }
        });
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        let connection = connections.watch(connection);
        let cut = cut.clone();
        tokio::spawn(async move {
            let _place = place;
            if let Some(Err(error)) = cut.run_until_cancelled(connection).await {
                tracing::debug!(error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, connections.shutdown()).await.is_err() {
        tracing::warn!("connections that were still open at the end of the drain are cut");
        cut.cancel();
    }
}

/// Tells a client that there is no room for its connection, before it has asked for anything.
async fn turn_away(mut stream: TcpStream) -> std::io::Result<()> {
    let id = RequestId::new(fresh());
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let problem = Problem::new(status, "too_many_connections", "Too many connections are open. Try again.");
    let body = problem.body(id).to_string();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: {ROOM_AGAIN}\r\n\
         X-Request-Id: {id}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // Closing while something unread waits would make the client's system throw the answer away.
    tokio::io::copy(&mut stream.take(READ_WHILE_TELLING), &mut tokio::io::sink()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::{get, post};
    use std::net::SocketAddr;
    use tokio::net::tcp::OwnedWriteHalf;

    /// Short waits, so that the tests end soon; the order of their lengths tells which one ended a connection.
    fn patience() -> Patience {
        let millis = Duration::from_millis;
        Patience { first_byte: millis(150), headers: millis(300), idle: millis(600), answer: millis(300) }
    }

    /// A server of its own; it lives as long as the test.
    async fn server(connections: usize, patience: Patience) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let endless = || async {
            Body::from_stream(futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0_u8; 65_536])))
        };
        let routes = Router::new()
            .route("/", get(|| async { "hello" }))
            .route("/echo", post(|body: String| async { body }))
            .route("/endless", get(endless));
        tokio::spawn(serve(listener, routes, Limits { connections, patience }, CancellationToken::new()));
        address
    }

    const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    /// Everything that comes until the server ends the connection, and how long that took.
    async fn until_closed(stream: &mut TcpStream) -> (String, Duration) {
        let began = tokio::time::Instant::now();
        let mut text = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut text)).await;
        // A reset is an end, too.
        let _ = read.expect("the server ends the connection");
        (String::from_utf8_lossy(&text).into_owned(), began.elapsed())
    }

    /// The answer to one request on a connection that stays open.
    async fn ask(stream: &mut TcpStream) -> String {
        stream.write_all(ASK).await.unwrap();
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await.unwrap();
        String::from_utf8_lossy(&buffer[..read]).into_owned()
    }

    #[tokio::test]
    async fn a_connection_that_never_sends_a_byte_is_ended() {
        let mut stream = TcpStream::connect(server(9, patience()).await).await.unwrap();
        let (text, took) = until_closed(&mut stream).await;
        assert!(text.is_empty() && took >= Duration::from_millis(140), "{text:?} after {took:?}");
    }

    async fn drip(mut write: OwnedWriteHalf) -> std::io::Result<()> {
        write.write_all(b"GET / HTTP/1.1\r\n").await?;
        loop {
            write.write_all(b"X-A: b\r\n").await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test]
    async fn headers_that_come_drop_by_drop_are_not_waited_for() {
        let stream = TcpStream::connect(server(9, patience()).await).await.unwrap();
        let (mut read, write) = stream.into_split();
        let dripping = tokio::spawn(drip(write));
        let mut text = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), read.read_to_end(&mut text)).await;
        assert!(closed.is_ok() && text.is_empty());
        dripping.abort();
    }

    #[tokio::test]
    async fn the_first_half_of_an_http2_greeting_is_not_waited_for() {
        let mut stream = TcpStream::connect(server(9, patience()).await).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
        let (_, took) = until_closed(&mut stream).await;
        assert!(took < Duration::from_secs(4));
    }

    #[tokio::test]
    async fn a_connection_may_rest_between_requests_longer_than_headers_may_take_but_not_for_ever() {
        let mut stream = TcpStream::connect(server(9, patience()).await).await.unwrap();
        assert!(ask(&mut stream).await.ends_with("hello"));
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert!(ask(&mut stream).await.ends_with("hello"));
        let (_, took) = until_closed(&mut stream).await;
        assert!(took >= Duration::from_millis(550), "{took:?}");
    }

    #[tokio::test]
    async fn a_request_that_is_being_answered_may_take_longer_than_any_of_these() {
        let mut stream = TcpStream::connect(server(9, patience()).await).await.unwrap();
        stream.write_all(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na").await.unwrap();
        tokio::time::sleep(Duration::from_millis(800)).await;
        stream.write_all(b"b").await.unwrap();
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(String::from_utf8_lossy(&buffer[..read]).ends_with("ab"));
    }

    #[tokio::test]
    async fn a_client_that_does_not_take_its_answer_is_ended() {
        let address = server(1, patience()).await;
        let mut stuck = TcpStream::connect(address).await.unwrap();
        stuck.write_all(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        // It holds the only place, so that another being served proves its end.
        let served = async {
            loop {
                let mut next = TcpStream::connect(address).await.unwrap();
                if ask(&mut next).await.ends_with("hello") {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), served).await.expect("the place becomes free");
    }

    #[tokio::test]
    async fn a_connection_beyond_the_limit_is_told_when_to_come_back_and_finds_room_later() {
        let address = server(2, Patience::default()).await;
        let mut one = TcpStream::connect(address).await.unwrap();
        let mut two = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut one).await.ends_with("hello") && ask(&mut two).await.ends_with("hello"));

        let mut three = TcpStream::connect(address).await.unwrap();
        three.write_all(ASK).await.unwrap();
        let (text, _) = until_closed(&mut three).await;
        assert!(text.starts_with("HTTP/1.1 503") && text.contains("Retry-After: 1\r\n"), "{text}");
        assert!(text.contains("too_many_connections"), "{text}");

        drop(one);
        let served = async {
            loop {
                let mut four = TcpStream::connect(address).await.unwrap();
                if ask(&mut four).await.ends_with("hello") {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(5), served).await.expect("the place becomes free");
    }
}
