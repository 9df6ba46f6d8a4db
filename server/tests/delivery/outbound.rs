//! The client all outgoing calls use, against real servers.

use crate::receiver::{Receiver, Reply, scripted};
use domain::outcome::ErrorClass;
use flate2::{Compression, write::GzEncoder};
use http::Version;
use std::{io::Write, time::Duration};
use tidegate::{
    delivery::outbound::{Bounds, Outbound},
    trust::Trust,
    worker::outcome::Failure,
};

fn outbound() -> Outbound {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Outbound::new(true).unwrap()
}

const SHORT: Bounds =
    Bounds { first_byte: Duration::from_millis(150), total: Duration::from_millis(400), answer: 64 * 1024 };

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(body).unwrap();
    packed.finish().unwrap()
}

#[tokio::test]
async fn calls_to_one_host_share_a_connection() {
    let receiver = Receiver::start(|_| Reply::status(204)).await;
    let outbound = outbound();
    for _ in 0..5 {
        let request = outbound.client().post(&receiver.url).body("x");
        assert_eq!(outbound.send(request, "x").await.unwrap().status, 204);
    }
    let seen = receiver.seen();
    assert_eq!(seen.len(), 5);
    assert!(seen.iter().all(|one| one.connection == 0 && one.version == Version::HTTP_11));
}

#[tokio::test]
async fn a_server_that_offers_http_2_gets_it_and_one_connection_carries_calls_side_by_side() {
    let receiver =
        Receiver::over_tls(|_| Reply { after: Duration::from_millis(50), ..Reply::status(200) }).await;
    let trust = Trust::load(receiver.ca.as_deref()).unwrap();
    let outbound = Outbound::with(true, &trust, &[]).unwrap();
    let call = async || {
        let request = outbound.client().post(&receiver.url).body("x");
        outbound.send(request, "x").await.unwrap().status
    };
    assert_eq!(call().await, 200);
    let calls = futures::future::join_all((0..8).map(|_| call())).await;
    assert_eq!(calls, [200; 8]);
    let seen = receiver.seen();
    assert!(seen.iter().all(|one| one.version == Version::HTTP_2 && one.connection == 0), "{seen:?}");
}

#[tokio::test]
async fn a_packed_answer_is_unpacked_and_bounded_as_it_grows() {
    let body = gzip(&vec![b'a'; 32 * 1024 * 1024]);
    assert!(body.len() < 64 * 1024, "small on the wire");
    let receiver = Receiver::start(move |seen| {
        assert!(seen.header("accept-encoding").contains("gzip"));
        let headers = vec![("content-encoding", "gzip".to_owned())];
        match seen.path.as_str() {
            "/small" => Reply { status: 200, headers, body: gzip(b"short"), ..Reply::default() },
            "/garbage" => Reply { status: 200, headers, body: b"no gzip".to_vec(), ..Reply::default() },
            _ => Reply { status: 200, headers, body: body.clone(), ..Reply::default() },
        }
    })
    .await;
    let outbound = outbound();
    let get = async |path: &str| {
        let request = outbound.client().get(format!("{}{path}", receiver.url));
        outbound.send_bounded(request, "x", SHORT).await
    };
    let small = get("/small").await.unwrap();
    assert_eq!((small.body.as_slice(), small.cut), (&b"short"[..], false));
    let large = get("/large").await.unwrap();
    assert_eq!((large.body.len(), large.cut), (SHORT.answer, true));
    assert_eq!(get("/garbage").await.unwrap_err().class, ErrorClass::BadAnswer);
}

async fn fails(url: &str) -> Failure {
    let outbound = outbound();
    outbound.send_bounded(outbound.client().get(url), "the far side", SHORT).await.unwrap_err()
}

#[tokio::test]
async fn a_silent_server_is_left_at_the_first_bound_and_a_slow_one_at_the_second() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    let begun = std::time::Instant::now();
    let silent = fails(&scripted(vec!["HTTP"], Duration::from_secs(60)).await).await;
    assert_eq!(silent.class, ErrorClass::Timeout);
    assert!(begun.elapsed() < SHORT.total);

    let slow =
        fails(&scripted(vec![head, "a", "b", "c", "d", "e", "f", "g"], Duration::from_millis(100)).await)
            .await;
    assert_eq!(slow.class, ErrorClass::Timeout, "{slow:?}");
    assert!(slow.words.contains("the far side"), "{slow:?}");
}

/// A port nobody gets a connection to: its queue is full and nobody takes anything out of it, so that the kernel drops
/// whatever else comes. What is returned with it keeps it so.
async fn full() -> (String, tokio::net::TcpListener, Vec<tokio::net::TcpStream>) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    // One that takes this long will never be there: on loopback nothing is lost but what the kernel drops.
    while let Ok(stream) =
        tokio::time::timeout(Duration::from_secs(1), tokio::net::TcpStream::connect(address)).await
    {
        waiting.push(stream.unwrap());
        assert!(waiting.len() < 10_000, "its queue has no end");
    }
    (format!("http://{address}/"), listener, waiting)
}

#[tokio::test]
async fn each_bound_on_time_ends_a_call_with_a_timeout_that_says_which_it_was() {
    const LONG: Duration = Duration::from_secs(3_600);
    const SHORT: Duration = Duration::from_millis(200);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let fails = async |connect: Duration, first_byte: Duration, total: Duration, url: &str| {
        let outbound = Outbound::connecting_within(connect, true, &Trust::default(), &[]).unwrap();
        let bounds = Bounds { first_byte, total, answer: 1024 };
        let failure = outbound.send_bounded(outbound.client().get(url), "blog", bounds).await.unwrap_err();
        assert_eq!(failure.class, ErrorClass::Timeout, "{failure:?}");
        (failure.words, failure.unreached)
    };
    let (nobody, _listener, _waiting) = full().await;
    assert_eq!(fails(SHORT, LONG, LONG, &nobody).await, ("No connection to blog in time".into(), true));

    let silent = scripted(vec!["HTTP"], LONG).await;
    assert_eq!(fails(LONG, SHORT, LONG, &silent).await, ("No answer from blog within 1 s".into(), false));

    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
    let slow = scripted([vec![head], vec!["a"; 99]].concat(), Duration::from_millis(50)).await;
    assert_eq!(fails(LONG, LONG, SHORT, &slow).await, ("No whole answer from blog within 1 s".into(), false));
}

#[tokio::test]
async fn half_an_answer_is_no_answer() {
    let half = vec!["HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", "only this"];
    let failure = fails(&scripted(half, Duration::ZERO).await).await;
    assert_eq!(
        (failure.class, failure.words.contains("broke")),
        (ErrorClass::Connection, true),
        "{failure:?}"
    );
    let garbage = fails(&scripted(vec!["nothing of HTTP\r\n\r\n"], Duration::ZERO).await).await;
    assert_eq!(garbage.class, ErrorClass::Connection, "{garbage:?}");
}

#[tokio::test]
async fn nobody_listens_where_no_connection_is() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let failure = fails(&url).await;
    assert_eq!(
        (failure.class, failure.words.as_str()),
        (ErrorClass::Connection, "No connection to the far side")
    );
}

#[tokio::test]
async fn a_redirect_is_followed_at_the_same_host_with_everything_that_was_sent() {
    let receiver = Receiver::start(|seen| match seen.path.as_str() {
        "/old" => Reply::to(308, "/new?x=1"),
        _ => Reply::status(201),
    })
    .await;
    let outbound = outbound();
    let request = outbound.client().post(format!("{}/old", receiver.url)).bearer_auth("t").body("content");
    assert_eq!(outbound.send(request, "x").await.unwrap().status, 201);
    let seen = receiver.seen();
    let last = &seen[1];
    assert_eq!((last.method.as_str(), last.path.as_str()), ("POST", "/new?x=1"));
    assert_eq!((last.body.as_slice(), last.header("authorization")), (&b"content"[..], "Bearer t"));
}

#[tokio::test]
async fn a_redirect_to_another_place_is_an_error_that_names_it_and_nothing_is_sent_there() {
    let other = Receiver::start(|_| Reply::status(200)).await;
    let elsewhere = format!("{}/stolen?token=t", other.url);
    let receiver = Receiver::start(move |seen| match seen.path.as_str() {
        "/elsewhere" => Reply::to(307, &elsewhere),
        "/metadata" => Reply::to(302, "http://169.254.169.254/latest/meta-data/"),
        "/form" => Reply::to(303, "/thanks"),
        _ => Reply::status(200),
    })
    .await;
    let outbound = outbound();
    let post = async |path: &str| {
        let request =
            outbound.client().post(format!("{}{path}", receiver.url)).bearer_auth("t").body("content");
        outbound.send(request, "crm").await.unwrap_err()
    };
    for (path, status, named) in [
        ("/elsewhere", 307, format!("{}/stolen,", other.url)),
        ("/metadata", 302, "169.254.169.254".to_owned()),
        ("/form", 303, "/thanks".to_owned()),
    ] {
        let failure = post(path).await;
        assert_eq!((failure.class, failure.status), (ErrorClass::Rejected, Some(status)), "{failure:?}");
        assert!(failure.words.contains(&named) && !failure.words.contains("token="), "{failure:?}");
    }
    assert!(other.seen().is_empty());
    assert_eq!(receiver.seen().len(), 3);
}

#[tokio::test]
async fn a_circle_of_redirects_ends_after_three() {
    let receiver = Receiver::start(|_| Reply::to(302, "/again")).await;
    let outbound = outbound();
    let failure = outbound.send(outbound.client().get(&receiver.url), "x").await.unwrap_err();
    assert!(failure.words.contains("too many"), "{failure:?}");
    assert_eq!(receiver.seen().len(), 4);
}
