//! A server in a folder of its own, and webhooks as their senders sign them.

use app::{
    ports::{Actor, LimitsPort},
    view::{connections::NewVendor, limits::NewLimits},
};
use clap::Parser;
use domain::{
    id::{EventId, TenantId, UserId, VendorId},
    role::Role,
    tenant::Tenant,
    time::Timestamp,
};
use std::{collections::BTreeMap, fs, net::SocketAddr, path::PathBuf, sync::Arc};
use store::{AuditEntry, DEFAULT_TENANT_ID};
use tidegate::{
    clock::{ManualClock, fresh},
    config::Settings,
    payloads,
    serve::{Base, Listeners, run},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
    sync::oneshot,
};
use tokio_util::sync::CancellationToken;

/// A moment all stories begin at.
pub(crate) const NOON: Timestamp = Timestamp(1_790_000_040_000_000);
/// The secret of every vendor, unless it has another.
pub(crate) const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

/// A folder with a database and a master key, seen by a process that only configures; removed at the end.
pub(crate) struct Place {
    folder: PathBuf,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) base: Base,
}

impl Place {
    pub(crate) async fn new() -> Self {
        // Fails when another test of this process was quicker.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = std::env::temp_dir().join(format!("tidegate-guards-{}", fresh().simple()));
        fs::create_dir_all(&folder).unwrap();
        let clock = Arc::new(ManualClock::at(NOON));
        let base = Base::open(&settings(&folder, &[]), clock.clone()).await.unwrap();
        Self { folder, clock, base }
    }

    /// A process that takes webhooks with these settings.
    pub(crate) async fn serve(&self, more: &[&str]) -> Server {
        self.serve_as("ingress", more).await
    }

    /// A process with this role and these settings.
    pub(crate) async fn serve_as(&self, role: &str, more: &[&str]) -> Server {
        let main = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = main.local_addr().unwrap();
        let stop = CancellationToken::new();
        let (tell, ready) = oneshot::channel();
        let settings = settings(&self.folder, &[&["--roles", role], more].concat());
        let (clock, stopped) = (self.clock.clone(), stop.clone());
        tokio::spawn(async move {
            let listeners = Listeners { main, metrics: None };
            let ready = |_, _| {
                let _ = tell.send(());
            };
            run(settings, clock, listeners, stopped, ready).await.unwrap();
        });
        ready.await.unwrap();
        Server { address, stop }
    }

    pub(crate) async fn add_tenant(&self, slug: &str) -> TenantId {
        let id = TenantId::new(fresh());
        let tenant = Tenant { id, slug: slug.parse().unwrap(), name: slug.into(), created_at: NOON };
        let audit = AuditEntry {
            id: fresh(),
            at: NOON,
            tenant_id: Some(id),
            actor: "test".into(),
            action: "tenant.add".into(),
            target: slug.into(),
            detail: String::new(),
        };
        self.base.store.add_tenant(&tenant, &audit).await.unwrap();
        self.base.live.reload().await.unwrap();
        id
    }

    /// Adds a vendor to a tenant.
    pub(crate) async fn add_vendor(
        &self,
        tenant: TenantId,
        slug: &str,
        preset: &str,
        secret: &str,
    ) -> VendorId {
        let new = NewVendor {
            slug: slug.into(),
            preset: preset.into(),
            secret: Some(secret.into()),
            scheme: None,
            secret_later: false,
        };
        self.base.services.create_vendor(&admin(tenant), new, BTreeMap::new()).await.unwrap();
        self.base.services.vendor_named(&admin(tenant), slug).unwrap().vendor.id
    }

    /// A vendor that follows Standard Webhooks, in the default tenant.
    pub(crate) async fn acme(&self) -> VendorId {
        self.add_vendor(DEFAULT_TENANT_ID, "acme", "std_webhooks", SECRET).await
    }

    pub(crate) async fn limit(&self, vendor: VendorId, tenant: TenantId, limits: NewLimits) {
        self.base.services.set_limits(&admin(tenant), vendor, limits).await.unwrap();
    }

    /// The bytes stored of an event.
    pub(crate) async fn stored(&self, answer: &Answer) -> Vec<u8> {
        let id: EventId = answer.json()["id"].as_str().unwrap().parse().unwrap();
        let event = self.base.store.event(id).await.unwrap();
        let snapshot = self.base.live.now();
        let payload = payloads::read(self.base.store.as_ref(), &snapshot, event.tenant_id, id).await;
        payload.unwrap().body
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn settings(folder: &std::path::Path, more: &[&str]) -> Settings {
    let database = format!("sqlite://{}", folder.join("tidegate.db").display());
    let folder = folder.display().to_string();
    let own = ["tidegate", "--database-url", &database, "--data-dir", &folder, "--metrics-listen", "off"];
    Cli::try_parse_from([&own[..], more].concat()).unwrap().settings
}

/// An admin of a tenant.
pub(crate) fn admin(tenant: TenantId) -> Actor {
    Actor {
        user_id: UserId::new(uuid::Uuid::from_u128(tenant.uuid().as_u128() ^ 1)),
        email: "ada@example.org".into(),
        role: Role::Admin,
        tenant: Some(tenant),
    }
}

/// A running process; ends with the test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
}

impl Server {
    /// Asks it to stop.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn text(&self) -> &str {
        &self.body
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// A request on its way.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Sizes of the chunks it is sent in; with its length when empty.
    pub(crate) chunks: Vec<usize>,
    /// The address it comes from.
    pub(crate) from: [u8; 4],
    /// Whether the client would send another one on the same connection.
    pub(crate) kept: bool,
}

impl Draft {
    /// A request with this body, signed with this secret as the preset signs.
    pub(crate) fn signed(preset: &str, secret: &str, path: &str, body: &[u8]) -> Self {
        Self::signed_at(preset, secret, path, body, NOON)
    }

    /// The same, signed at this time.
    pub(crate) fn signed_at(preset: &str, secret: &str, path: &str, body: &[u8], at: Timestamp) -> Self {
        let url = format!("http://127.0.0.1:3000{path}");
        let event_id = format!("evt_{}", fresh().simple());
        let sample =
            signature::Sample { url: &url, method: "POST", body, event_id: &event_id, event_type: None };
        let preset = signature::preset(preset).unwrap();
        let signed = signature::sign(preset, secret, &sample, at.unix()).unwrap();
        let from = [127, 0, 0, 1];
        Self {
            method: "POST",
            path: path.into(),
            headers: signed.headers,
            body: signed.body,
            chunks: vec![],
            from,
            kept: false,
        }
    }

    /// A webhook of `acme` that nobody sent before.
    pub(crate) fn acme() -> Self {
        Self::signed("std_webhooks", SECRET, "/webhooks/acme", br#"{"type":"a.b"}"#)
    }

    /// A request without signature and body.
    pub(crate) fn bare(method: &'static str, path: &str) -> Self {
        let from = [127, 0, 0, 1];
        Self { method, path: path.into(), headers: vec![], body: vec![], chunks: vec![], from, kept: false }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same on a connection that the client would use again.
    pub(crate) fn kept(self) -> Self {
        Self { kept: true, ..self }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: x\r\n", self.method, self.path);
        if !self.kept {
            head.push_str("connection: close\r\n");
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.chunks.is_empty() {
            head.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
            return [head.as_bytes(), &self.body].concat();
        }
        head.push_str("transfer-encoding: chunked\r\n\r\n");
        let mut bytes = head.into_bytes();
        let mut rest = &self.body[..];
        for size in self.chunks.iter().copied().chain(std::iter::once(usize::MAX)) {
            let (chunk, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            if !chunk.is_empty() {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        bytes
    }

    /// Sends it on a connection of its own.
    pub(crate) async fn send(&self, server: &Server) -> Answer {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((self.from, 0).into()).unwrap();
        let mut stream = socket.connect(server.address).await.unwrap();
        stream.write_all(&self.bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !(self.kept && is_whole(&answer)) && stream.read_buf(&mut answer).await.unwrap() > 0 {}
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }
}

/// Whether an answer has all of the body its head tells of.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}
