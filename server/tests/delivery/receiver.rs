//! A real HTTP server on loopback that records what comes and answers as told; over TLS it offers HTTP/2.

use http::{HeaderMap, Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::{rt::TokioExecutor, rt::TokioIo, server::conn::auto::Builder};
use rcgen::{CertificateParams, KeyPair};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tidegate::clock::fresh;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, rustls};

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Counts the connections, beginning with 0.
    pub(crate) connection: usize,
    pub(crate) version: Version,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What is answered.
#[derive(Clone, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// How long the answer takes.
    pub(crate) after: Duration,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn json(json: &serde_json::Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status: 200, headers, body: json.to_string().into_bytes(), ..Self::default() }
    }

    pub(crate) fn to(status: u16, location: &str) -> Self {
        Self { status, headers: vec![("location", location.to_owned())], ..Self::default() }
    }
}

type Answer = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

#[derive(Default)]
struct Log {
    seen: Mutex<Vec<Seen>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

/// A server; ends with the test.
pub(crate) struct Receiver {
    /// Where it is, without a slash at the end.
    pub(crate) url: String,
    /// The PEM file of its authority; for one over TLS.
    pub(crate) ca: Option<PathBuf>,
    answer: Arc<Mutex<Answer>>,
    log: Arc<Log>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// One that answers as `answer` says.
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(None, answer).await
    }

    /// The same for `localhost`, over TLS.
    pub(crate) async fn over_tls(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let file = std::env::temp_dir().join(format!("tidegate-ca-{}.pem", fresh().simple()));
        std::fs::write(&file, certificate.pem()).unwrap();
        let chain = vec![certificate.der().clone()];
        let key = rustls_pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
        let config =
            rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key.into());
        let mut config = config.unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut receiver = Self::listen(Some(TlsAcceptor::from(Arc::new(config))), answer).await;
        receiver.ca = Some(file);
        receiver
    }

    async fn listen(
        tls: Option<TlsAcceptor>,
        answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = match tls {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        };
        let answer: Arc<Mutex<Answer>> = Arc::new(Mutex::new(Arc::new(answer)));
        let log = Arc::new(Log::default());
        let task = tokio::spawn(accept(listener, tls, answer.clone(), log.clone()));
        Self { url, ca: None, answer, log, task }
    }

    /// Answers like this from now on.
    pub(crate) fn now(&self, answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) {
        *self.answer.lock().unwrap() = Arc::new(answer);
    }

    /// What came so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.log.seen.lock().unwrap().clone()
    }

    /// Most requests that were open at the same time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.log.most.load(Ordering::SeqCst)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(file) = &self.ca {
            let _ = std::fs::remove_file(file);
        }
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, answer: Arc<Mutex<Answer>>, log: Arc<Log>) {
    for connection in 0.. {
        let Ok((stream, _)) = listener.accept().await else { return };
        let (tls, answer, log) = (tls.clone(), answer.clone(), log.clone());
        tokio::spawn(async move {
            match tls {
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, connection, answer, log).await;
                    }
                }
                None => serve(stream, connection, answer, log).await,
            }
        });
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    connection: usize,
    answer: Arc<Mutex<Answer>>,
    log: Arc<Log>,
) {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let (answer, log) = (answer.clone(), log.clone());
        async move {
            let (head, body) = request.into_parts();
            let seen = Seen {
                connection,
                version: head.version,
                method: head.method.to_string(),
                path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
                headers: head.headers,
                body: body.collect().await?.to_bytes().to_vec(),
            };
            let now = log.now.fetch_add(1, Ordering::SeqCst) + 1;
            log.most.fetch_max(now, Ordering::SeqCst);
            let told = answer.lock().unwrap().clone();
            let reply = told(&seen);
            log.seen.lock().unwrap().push(seen);
            tokio::time::sleep(reply.after).await;
            log.now.fetch_sub(1, Ordering::SeqCst);
            let mut response = Response::builder().status(reply.status);
            for (name, value) in reply.headers {
                response = response.header(name, value);
            }
            Ok::<_, hyper::Error>(response.body(Full::new(Bytes::from(reply.body))).unwrap())
        }
    });
    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// A server that reads a request's head and then writes these bytes, piece by piece with this pause between them; then it
/// hangs up. Returns its URL.
pub(crate) async fn scripted(pieces: Vec<&'static str>, pause: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let pieces = pieces.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.windows(4).any(|four| four == b"\r\n\r\n") {
                    if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                for piece in pieces {
                    tokio::time::sleep(pause).await;
                    if stream.write_all(piece.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}
