//! A running server, and vendors' hosts on loopback under a certificate authority of our own.

use app::{
    ports::Actor,
    view::{connections::NewVendor, greeting::ConnectionView},
};
use clap::Parser;
use domain::{
    id::{UserId, VendorId},
    role::Role,
    time::Timestamp,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock},
};
use store::{AuditEntry, DEFAULT_TENANT_ID};
use tidegate::{
    clock::{ManualClock, fresh},
    config::Settings,
    serve::{self, Base, Listeners},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, rustls};
use tokio_util::sync::CancellationToken;

/// A moment all stories begin at.
pub(crate) const NOON: Timestamp = Timestamp(1_790_000_040_000_000);
/// Hosts that answer over TLS.
pub(crate) const HOSTS: [&str; 6] = [
    "rest.fal.ai",
    "generativelanguage.googleapis.com",
    "production.plaid.com",
    "api.paypal.com",
    "sns.eu-central-1.amazonaws.com",
    "sns.eu-west-1.amazonaws.com",
];
/// The host that gives out certificates of authorities, without TLS.
const ISSUERS: &str = "crt.r2m01.amazontrust.com";

/// An authority whose certificates count.
pub(crate) struct Authority {
    pub(crate) root: CertifiedIssuer<'static, KeyPair>,
    pub(crate) between: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let params = |name: String| {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let key = || KeyPair::generate().unwrap();
        let root = CertifiedIssuer::self_signed(params(format!("{name} root")), key()).unwrap();
        let between = CertifiedIssuer::signed_by(params(format!("{name} between")), key(), &root).unwrap();
        Self { root, between }
    }

    /// A certificate of the RSA key all tests sign with.
    pub(crate) fn signing(&self, name: &str, issuer_at: Option<&str>) -> rcgen::Certificate {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.custom_extensions = issuer_at.map(access).into_iter().collect();
        params.signed_by(&rsa_pair(), &self.between).unwrap()
    }
}

/// RFC 5280 §4.2.2.1, with one `caIssuers` address.
fn access(url: &str) -> rcgen::CustomExtension {
    let wrap = |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap()], content].concat();
    let method = wrap(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, 2]);
    let one = wrap(0x30, &[method, wrap(0x86, url.as_bytes())].concat());
    rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], wrap(0x30, &one))
}

const RSA: &[u8] = include_bytes!("../../signature/tests/keys/rsa.pk8");

fn rsa_pair() -> KeyPair {
    let der = rustls_pki_types::PrivatePkcs8KeyDer::from(RSA);
    KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_RSA_SHA256).unwrap()
}

pub(crate) fn rsa() -> ring::signature::RsaKeyPair {
    ring::signature::RsaKeyPair::from_pkcs8(RSA).unwrap()
}

pub(crate) fn rsa_sign(message: &[u8]) -> Vec<u8> {
    let key = rsa();
    let mut signature = vec![0; key.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    key.sign(&ring::signature::RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
    signature
}

/// What a host answers at a path.
type Answers = Arc<Mutex<HashMap<(String, String), (u16, Vec<u8>)>>>;

/// The vendors' hosts.
#[derive(Clone)]
pub(crate) struct Hosts {
    answers: Answers,
    asked: Arc<Mutex<Vec<(String, String, String)>>>,
}

impl Hosts {
    /// Answers `host` + `path` with this from now on.
    pub(crate) fn answer(&self, host: &str, path: &str, status: u16, body: impl Into<Vec<u8>>) {
        self.answers.lock().unwrap().insert((host.to_owned(), path.to_owned()), (status, body.into()));
    }

    /// Bodies of the requests for `host` + `path` so far.
    pub(crate) fn asked(&self, host: &str, path: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(h, p, _)| h == host && p == path).map(|(_, _, body)| body.clone()).collect()
    }

    /// How many requests came at all.
    pub(crate) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    async fn serve(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
        let mut read = Vec::new();
        let head = loop {
            if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        };
        let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
        let field = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
        };
        let length: usize = field("content-length:").and_then(|n| n.parse().ok()).unwrap_or(0);
        while read.len() < head + length {
            stream.read_buf(&mut read).await?;
        }
        let host = field("host:").unwrap_or_default();
        let line = String::from_utf8_lossy(&read[..head]).into_owned();
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(&read[head..]).into_owned();
        self.asked.lock().unwrap().push((host.clone(), path.clone(), body));
        let answer = self.answers.lock().unwrap().get(&(host, path)).cloned();
        let (status, body) = answer.unwrap_or((404, Vec::new()));
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat()).await?;
        stream.shutdown().await
    }
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

/// A running server with the vendors' hosts around it.
pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) hosts: Hosts,
    pub(crate) authority: Arc<Authority>,
    folder: PathBuf,
    settings: Settings,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    server: Option<JoinHandle<anyhow::Result<()>>>,
    base: OnceLock<Base>,
}

impl World {
    /// Starts everything; the vendors (name, preset, secret) are there before the server begins, and so are the answers
    /// of their hosts.
    pub(crate) async fn begin(
        vendors: &[(&str, &str, Option<&str>)],
        prepare: impl FnOnce(&Hosts, &Authority),
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = std::env::temp_dir().join(format!("tidegate-keys-{}", fresh().simple()));
        fs::create_dir_all(&folder).unwrap();
        let authority = Arc::new(Authority::new("Test"));
        let ca = folder.join("ca.pem");
        fs::write(&ca, authority.root.pem()).unwrap();
        let hosts = Hosts { answers: Answers::default(), asked: Arc::default() };
        hosts.answer(ISSUERS, "/r2m01.cer", 200, authority.between.der().to_vec());
        prepare(&hosts, &authority);
        let (tls, plain) = (bind().await, bind().await);
        let mut tasks = vec![tokio::spawn(over_tls(tls.0, tls_config(&authority), hosts.clone()))];
        tasks.push(tokio::spawn(in_the_clear(plain.0, hosts.clone())));
        let main = bind().await;
        let url = format!("http://127.0.0.1:{}", main.1);
        let names = HOSTS.map(|name| format!("{name}=127.0.0.1:{}", tls.1)).join(",");
        let cli = Cli::try_parse_from([
            "tidegate",
            "--database-url",
            &format!("sqlite://{}", folder.join("tidegate.db").display()),
            "--data-dir",
            &folder.display().to_string(),
            "--listen",
            &format!("127.0.0.1:{}", main.1),
            "--metrics-listen",
            "off",
            "--allow-private-targets",
            "true",
            "--ca-file",
            &ca.display().to_string(),
            "--host-address",
            &format!("{names},{ISSUERS}=127.0.0.1:{}", plain.1),
        ]);
        let mut world = Self {
            url,
            clock: Arc::new(ManualClock::at(NOON)),
            hosts,
            authority,
            folder,
            settings: cli.unwrap().settings,
            stop: CancellationToken::new(),
            tasks,
            server: None,
            base: OnceLock::new(),
        };
        let base = Base::open(&world.settings, world.clock.clone()).await.unwrap();
        for (slug, preset, secret) in vendors {
            let new = NewVendor {
                slug: (*slug).to_owned(),
                preset: (*preset).to_owned(),
                secret: secret.map(str::to_owned),
                secret_later: secret.is_none(),
                scheme: None,
            };
            base.services.create_vendor(&admin(), new, BTreeMap::new()).await.unwrap();
        }
        let _ = world.base.set(base);
        let (settings, clock, stop) = (world.settings.clone(), world.clock.clone(), world.stop.clone());
        let (up, ready) = tokio::sync::oneshot::channel();
        let listeners = Listeners { main: main.0, metrics: None };
        world.server = Some(tokio::task::spawn_blocking(move || {
            let running = serve::run(settings, clock, listeners, stop, move |_, _| {
                let _ = up.send(());
            });
            tokio::runtime::Handle::current().block_on(running)
        }));
        ready.await.unwrap();
        world
    }

    /// The same database, as the command line and the pages see it.
    pub(crate) fn base(&self) -> &Base {
        self.base.get().unwrap()
    }

    pub(crate) fn vendor(&self, slug: &str) -> VendorId {
        self.base().services.vendor_named(&admin(), slug).unwrap().vendor.id
    }

    pub(crate) async fn connection(&self, slug: &str) -> ConnectionView {
        self.base().services.connection_of(&admin(), self.vendor(slug)).await.unwrap()
    }

    pub(crate) async fn audit(&self) -> Vec<AuditEntry> {
        self.base().store.audit_log(None, Timestamp(i64::MAX), 50).await.unwrap()
    }

    /// Posts a webhook; status, code or word of the answer, and `Retry-After`.
    pub(crate) async fn post(&self, slug: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.post(format!("{}/webhooks/{slug}", self.url)).body(body.to_vec());
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let retry_after =
            response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let word = json["code"].as_str().or(json["status"].as_str()).unwrap_or_default().to_owned();
        Answer { status, word, retry_after }
    }

    /// Waits until something is so; fails after ten seconds.
    pub(crate) async fn until<F: Future<Output = bool>>(&self, what: &str, mut holds: impl FnMut() -> F) {
        for _ in 0..400 {
            if holds().await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("never: {what}");
    }

    /// Ends the server in good order and removes its folder.
    pub(crate) async fn end(mut self) {
        self.stop.cancel();
        self.server.take().unwrap().await.unwrap().unwrap();
        for task in self.tasks.drain(..) {
            task.abort();
        }
        self.base().store.close().await;
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// What a webhook was answered with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) word: String,
    pub(crate) retry_after: Option<u64>,
}

impl Answer {
    /// Status and code.
    pub(crate) fn said(&self) -> (u16, &str) {
        (self.status, &self.word)
    }
}

/// An admin of the default tenant.
pub(crate) fn admin() -> Actor {
    Actor {
        user_id: UserId::new(uuid::Uuid::from_u128(1)),
        email: "ada@example.org".into(),
        role: Role::Admin,
        tenant: Some(DEFAULT_TENANT_ID),
    }
}

async fn bind() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn tls_config(authority: &Authority) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(HOSTS.map(str::to_owned)).unwrap();
    let leaf = params.signed_by(&key, &authority.between).unwrap();
    let chain = vec![leaf.der().clone(), authority.between.der().clone()];
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key.into());
    TlsAcceptor::from(Arc::new(config.unwrap()))
}

async fn over_tls(listener: TcpListener, tls: TlsAcceptor, hosts: Hosts) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, hosts) = (tls.clone(), hosts.clone());
        tokio::spawn(async move {
            if let Ok(stream) = tls.accept(stream).await {
                let _ = hosts.serve(stream).await;
            }
        });
    }
}

async fn in_the_clear(listener: TcpListener, hosts: Hosts) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(hosts.clone().serve(stream));
    }
}
