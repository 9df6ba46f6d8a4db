//! The HTTP client all outgoing calls use: keep-alive, HTTP/2 where the far side offers it, gzip, bounds on time and
//! answer, few redirects (see [`redirect`]), and a guard ([`guard`](super::guard)) that refuses private, loopback, link-local
//! and metadata addresses unless the settings allow them.

use super::{
    guard::{Guard, HostAddress, PrivateAddress, is_private},
    redirect,
};
use crate::{trust::Trust, worker::outcome::Failure};
use domain::outcome::ErrorClass;
use reqwest::{
    Client, Request, RequestBuilder, Response,
    header::{HeaderMap, RETRY_AFTER},
    redirect::Policy,
};
use std::{net::IpAddr, sync::Arc, time::Duration};

/// Longest to a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Connections kept open to one host while nothing is sent, and for how long.
const IDLE_PER_HOST: usize = 32;
const IDLE: Duration = Duration::from_secs(60);
/// How often a shared HTTP/2 connection is asked whether it still lives while an answer is awaited, and how long that may
/// take: a far side that vanished is noticed long before a model's time is over.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_ANSWER: Duration = Duration::from_secs(10);

/// How long a call may take and how much of its answer is read. An answer is measured as it is read, after it was
/// unpacked, so that a small one cannot grow without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Longest until the answer's head is there, connecting and sending included.
    pub first_byte: Duration,
    /// Longest until its last byte is there, redirects included.
    pub total: Duration,
    /// Most of it that is read, in bytes.
    pub answer: usize,
}

impl Bounds {
    /// A call to a destination.
    pub const DELIVERY: Self =
        Self { first_byte: Duration::from_secs(25), total: Duration::from_secs(30), answer: 1024 * 1024 };
    /// A call to a model, which is silent while it thinks.
    pub const MODEL: Self = Self {
        first_byte: Duration::from_secs(175),
        total: Duration::from_secs(180),
        answer: 8 * 1024 * 1024,
    };
}

/// The client and what it may reach; cheap to clone.
#[derive(Clone)]
pub struct Outbound {
    client: Client,
    allow_private: bool,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, cut where the bounds of the call say.
    pub body: Vec<u8>,
    /// Whether it was cut.
    pub cut: bool,
    /// What `Retry-After` says.
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// Whether it is a success.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// This answer as a failure of `who`.
    pub fn failure(&self, who: &str) -> Failure {
        Failure {
            status: Some(self.status),
            answer: Some(String::from_utf8_lossy(&self.body).into_owned()),
            retry_after: self.retry_after,
            ..Failure::new(ErrorClass::of_status(self.status), format!("{} from {who}", self.status))
        }
    }
}

impl Outbound {
    /// A client that trusts the usual authorities and asks the system's name service.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(allow_private: bool) -> anyhow::Result<Self> {
        Self::with(allow_private, &Trust::default(), &[])
    }

    /// A client that also trusts the authorities of `trust`, and for which the names in `hosts` are at the addresses
    /// given with them. Those addresses are guarded as any other.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn with(allow_private: bool, trust: &Trust, hosts: &[HostAddress]) -> anyhow::Result<Self> {
        Self::connecting_within(CONNECT, allow_private, trust, hosts)
    }

    /// The same with another bound on the time to a connection: name service and TLS included.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn connecting_within(
        connect: Duration,
        allow_private: bool,
        trust: &Trust,
        hosts: &[HostAddress],
    ) -> anyhow::Result<Self> {
        let client = Client::builder()
            .tls_backend_preconfigured(trust.client_config()?)
            .user_agent(concat!("Tidegate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(connect)
            // Followed here, not by the client, so that each place is checked.
            .redirect(Policy::none())
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .pool_idle_timeout(IDLE)
            .http2_keep_alive_interval(PING_EVERY)
            .http2_keep_alive_timeout(PING_ANSWER)
            .tcp_nodelay(true)
            .no_proxy()
            .dns_resolver(Arc::new(Guard { allow_private, hosts: hosts.to_vec() }))
            .build()?;
        Ok(Self { client, allow_private })
    }

    /// The bare client, to make requests with; what is sent by [`send`](Self::send) is checked there.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Refuses URLs that are no HTTP URL or name a private address outright. Names are checked when they are
    /// resolved.
    pub fn check(&self, url: &str) -> Result<url::Url, Failure> {
        let no_url = || Failure::new(ErrorClass::BadInput, "The target is no http or https URL.");
        let url = url::Url::parse(url).map_err(|_| no_url())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(no_url());
        }
        self.guard(&url)?;
        Ok(url)
    }

    /// Refuses a URL that names a private address outright.
    fn guard(&self, url: &url::Url) -> Result<(), Failure> {
        let ip = match url.host() {
            Some(url::Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(url::Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            _ => None,
        };
        match ip {
            Some(ip) if !self.allow_private && is_private(ip) => Err(forbidden()),
            _ => Ok(()),
        }
    }

    /// Sends a request to `who` and reads the whole answer, whatever its status.
    pub async fn send(&self, request: RequestBuilder, who: &str) -> Result<Answer, Failure> {
        self.send_bounded(request, who, Bounds::DELIVERY).await
    }

    /// The same within `longest`, reading no more than `most` bytes of the answer.
    pub async fn send_within(
        &self,
        request: RequestBuilder,
        who: &str,
        longest: Duration,
        most: usize,
    ) -> Result<Answer, Failure> {
        self.send_bounded(request, who, Bounds { first_byte: longest, total: longest, answer: most }).await
    }

    /// The same within these bounds.
    pub async fn send_bounded(
        &self,
        request: RequestBuilder,
        who: &str,
        bounds: Bounds,
    ) -> Result<Answer, Failure> {
        let request = request.build().map_err(|error| failure(&error, who))?;
        // An address in place of a name is never resolved; whoever forgot to look at it must not get through.
        self.guard(request.url())?;
        let whole = async {
            let response = self.follow(request, who, bounds.first_byte).await?;
            read(response, who, bounds.answer).await
        };
        match tokio::time::timeout(bounds.total, whole).await {
            Ok(answer) => answer,
            Err(_) => Err(late("No whole answer from", who, bounds.total)),
        }
    }

    /// Makes a call, again where the answer says so; returns the head of the answer that counts.
    async fn follow(&self, mut request: Request, who: &str, longest: Duration) -> Result<Response, Failure> {
        let mut hops = 0;
        loop {
            let (method, from) = (request.method().clone(), request.url().clone());
            // Bodies are held in memory, so that each can be sent again.
            let again = request.try_clone();
            let response = match tokio::time::timeout(longest, self.client.execute(request)).await {
                Ok(response) => response.map_err(|error| failure(&error, who))?,
                Err(_) => return Err(late("No answer from", who, longest)),
            };
            let status = response.status().as_u16();
            let refuse = |to: &url::Url, why: &str| Failure {
                status: Some(status),
                ..Failure::new(
                    ErrorClass::Rejected,
                    format!(
                        "{status} from {who}: it points to {}, which is {why}; check the address",
                        redirect::named(to)
                    ),
                )
            };
            match redirect::after(&method, &from, status, response.headers()) {
                redirect::Next::Answer => return Ok(response),
                redirect::Next::Refuse(to, why) => return Err(refuse(&to, why)),
                redirect::Next::Follow(to) if hops >= redirect::MOST => {
                    return Err(refuse(&to, "one redirect too many"));
                }
                redirect::Next::Follow(to) => {
                    let to = self.check(to.as_str())?;
                    let Some(mut next) = again else { return Err(refuse(&to, "no place for a stream")) };
                    *next.url_mut() = to;
                    request = next;
                    hops += 1;
                }
            }
        }
    }
}

/// Reads an answer's body, no more than `most` bytes of it.
async fn read(mut response: Response, who: &str, most: usize) -> Result<Answer, Failure> {
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let retry_after = retry_after(&headers);
    let mut body = Vec::new();
    let mut cut = false;
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error, who))? {
        let room = most - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            cut = true;
            break;
        }
    }
    Ok(Answer { status, headers, body, cut, retry_after })
}

fn late(what: &str, who: &str, longest: Duration) -> Failure {
    let words = format!("{what} {who} within {:.0} s", longest.as_secs_f64().max(1.0));
    Failure::new(ErrorClass::Timeout, words)
}

/// What `Retry-After` says, in seconds or as a date. A date is read against the answer's own `Date`, so that two
/// clocks that differ do no harm.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let read = |text: &str| chrono::DateTime::parse_from_rfc2822(text).ok();
    let (until, now) = (read(text)?, read(headers.get(reqwest::header::DATE)?.to_str().ok()?)?);
    (until - now).to_std().ok()
}

/// Our failure for reqwest's error. Its URL is left out: it can hold a secret.
pub fn failure(error: &reqwest::Error, who: &str) -> Failure {
    if is_forbidden(error) {
        return forbidden();
    }
    // Whoever has no connection after a moment has none; all other bounds are longer, so that what they end was connected.
    if error.is_connect() {
        let (class, when) = match error.is_timeout() {
            true => (ErrorClass::Timeout, " in time"),
            false => (ErrorClass::Connection, ""),
        };
        return Failure { unreached: true, ..Failure::new(class, format!("No connection to {who}{when}")) };
    }
    if error.is_timeout() {
        return Failure::new(ErrorClass::Timeout, format!("No answer from {who} in time"));
    }
    if error.is_decode() && !has_source(error, |source| source.is::<hyper::Error>()) {
        return Failure::new(ErrorClass::BadAnswer, format!("The answer of {who} could not be unpacked"));
    }
    if error.is_builder() {
        return Failure::new(ErrorClass::BadInput, format!("The request to {who} could not be built"));
    }
    Failure::new(ErrorClass::Connection, format!("The connection to {who} broke"))
}

fn forbidden() -> Failure {
    Failure::new(
        ErrorClass::Forbidden,
        "The target is a private address. Start Tidegate with --allow-private-targets if that is meant.",
    )
}

fn is_forbidden(error: &reqwest::Error) -> bool {
    has_source(error, |source| source.is::<PrivateAddress>())
}

fn has_source(error: &reqwest::Error, is: impl Fn(&(dyn std::error::Error + 'static)) -> bool) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if is(inner) {
            return true;
        }
        source = inner.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_a_private_address_is_refused_before_any_call() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let outbound = Outbound::new(false).unwrap();
        for url in ["http://127.0.0.1/", "http://[::1]:80/", "http://2130706433/", "http://0x7f.1/"] {
            assert_eq!(outbound.check(url).unwrap_err().class, ErrorClass::Forbidden, "{url}");
        }
        assert_eq!(outbound.check("file:///etc/passwd").unwrap_err().class, ErrorClass::BadInput);
        assert!(outbound.check("https://example.com/x").is_ok());
        assert!(Outbound::new(true).unwrap().check("http://127.0.0.1/").is_ok());
    }

    #[tokio::test]
    async fn a_private_address_is_refused_when_it_is_called_although_nobody_looked_before() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let outbound = Outbound::new(false).unwrap();
        for url in ["http://127.0.0.1:9/", "http://[::ffff:10.0.0.1]:9/", "http://169.254.169.254/"] {
            let refused = outbound.send(outbound.client().get(url), "x").await.unwrap_err();
            assert_eq!(refused.class, ErrorClass::Forbidden, "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_private_address_is_refused_when_it_is_called() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let outbound = Outbound::new(false).unwrap();
        let request = outbound.client().get("http://localhost:9/");
        assert_eq!(outbound.send(request, "x").await.unwrap_err().class, ErrorClass::Forbidden);
    }

    #[tokio::test]
    async fn a_host_whose_address_is_set_is_guarded_as_any_other() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let hosts = ["public.example=127.0.0.1:9".parse().unwrap()];
        let outbound = Outbound::with(false, &Trust::default(), &hosts).unwrap();
        let request = outbound.client().get("http://public.example/");
        assert_eq!(outbound.send(request, "x").await.unwrap_err().class, ErrorClass::Forbidden);
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let with = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect()
        };
        assert_eq!(retry_after(&with(&[("retry-after", "7")])), Some(Duration::from_secs(7)));
        let dated =
            [("retry-after", "Sun, 22 Nov 2026 12:00:30 GMT"), ("date", "Sun, 22 Nov 2026 12:00:00 GMT")];
        assert_eq!(retry_after(&with(&dated)), Some(Duration::from_secs(30)));
        assert_eq!(retry_after(&with(&[("retry-after", "soon")])), None);
    }
}
