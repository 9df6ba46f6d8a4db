//! Secrets that are kept elsewhere: in a variable, in a file, in HashiCorp Vault.

use crate::support::{Node, Place, admin};
use app::{
    error::{AppError, Field, Reason},
    ports::{ProvidersPort, RotationPort},
    view::connections::{NewProvider, NewVendor},
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::get,
};
use domain::{
    provider::ProviderKind,
    time::{DAY, SECOND},
};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::symlink,
    sync::{Arc, Mutex},
};

/// The secret and its version, or how the place refuses to give it.
type Shared = Arc<Mutex<Result<(String, i64), Refusing>>>;

/// How a place refuses: the status and what is said with it.
type Refusing = (StatusCode, Value);

fn refusing(status: u16, errors: &[&str]) -> Refusing {
    (StatusCode::from_u16(status).unwrap(), json!({"errors": errors}))
}

fn sealed() -> Refusing {
    refusing(503, &["Vault is sealed"])
}

const FIRST: &str = "whsec_Zmlyc3Qtc2VjcmV0LW9mLXRoZS1wbGFjZQ==";
const SECOND_ONE: &str = "whsec_c2Vjb25kLXNlY3JldC1vZi10aGUtcGxhY2U=";

async fn rotate(node: &Node, to: &str) -> Result<(), AppError> {
    let vendor = node.vendor("acme");
    node.base.services.rotate_secret(&admin(), &vendor, Some(to.into()), DAY, true).await.map(|_| ())
}

fn newest(node: &Node) -> Option<String> {
    node.accepted("acme").into_iter().next().map(|one| one.1)
}

fn wrong(reason: Reason) -> Result<(), AppError> {
    Err(AppError::invalid(Field::Secret, reason))
}

#[tokio::test]
async fn a_variable_is_read_when_the_settings_allow_it_and_only_then() {
    let place = Place::new();
    // Cargo sets these for every test.
    let node = place.open(&["--secret-env", "CARGO_PKG_*"]).await.unwrap();
    let provider = |name: &str, key: &str| NewProvider {
        slug: name.into(),
        kind: ProviderKind::Openai,
        base_url: None,
        model: "m".into(),
        key: Some(key.into()),
    };
    let services = &node.base.services;
    ProvidersPort::add(services.as_ref(), &admin(), provider("one", "env:CARGO_PKG_NAME")).await.unwrap();
    let live = node.base.live.now();
    let key = live.providers().find_map(|one| one.key.as_ref().map(|key| key.as_str().to_owned()));
    assert_eq!(key.as_deref(), Some("tidegate"));
    let page = ProvidersPort::list(services.as_ref(), &admin()).await.unwrap();
    assert_eq!(page.rows[0].key_place.as_deref(), Some("env:CARGO_PKG_NAME"));
    assert_eq!(node.last_audit().await.detail, "openai, from env:CARGO_PKG_NAME");

    let refused = |reason| Err(AppError::invalid(Field::Key, reason));
    let home = ProvidersPort::add(services.as_ref(), &admin(), provider("two", "env:HOME")).await;
    assert_eq!(home, refused(Reason::PlaceNotAllowed));
    let none =
        ProvidersPort::add(services.as_ref(), &admin(), provider("two", "env:CARGO_PKG_NOTHING")).await;
    assert_eq!(none, refused(Reason::PlaceEmpty));
    let folder = ProvidersPort::add(services.as_ref(), &admin(), provider("two", "file:/etc/hostname")).await;
    assert_eq!(folder, refused(Reason::PlaceNotAllowed));
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changed_and_never_outside_its_folder() {
    let place = Place::new();
    let folder = place.folder.join("run-secrets");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("acme"), format!("{FIRST}\n")).unwrap();
    fs::write(place.folder.join("outside"), FIRST).unwrap();
    symlink(place.folder.join("outside"), folder.join("link")).unwrap();
    let allowed = folder.display().to_string();
    let node = place.open(&["--secret-folder", &allowed]).await.unwrap();
    let id = node.add_vendor("acme").await;

    rotate(&node, &format!("file:{allowed}/acme")).await.unwrap();
    assert_eq!(newest(&node).as_deref(), Some(FIRST));
    let secrets = node.base.services.secrets(&admin(), id).await.unwrap();
    let shown = secrets.versions[0].place.clone().unwrap();
    assert_eq!((shown.reference, shown.problem), (format!("file:{allowed}/acme"), None));

    assert!(!node.base.live.resolver().refresh().await, "nothing changed");
    fs::write(folder.join("acme"), SECOND_ONE).unwrap();
    assert!(node.base.live.resolver().refresh().await);
    node.base.live.reload().await.unwrap();
    assert_eq!(newest(&node).as_deref(), Some(SECOND_ONE));

    // Gone for a moment: the value read last stays in use, and the panel says so.
    fs::remove_file(folder.join("acme")).unwrap();
    assert!(!node.base.live.resolver().refresh().await);
    node.base.live.reload().await.unwrap();
    assert_eq!(newest(&node).as_deref(), Some(SECOND_ONE));
    let secrets = node.base.services.secrets(&admin(), id).await.unwrap();
    let problem = secrets.versions[0].place.clone().unwrap().problem;
    assert_eq!(problem.as_deref(), Some("the file cannot be read"));

    assert_eq!(rotate(&node, &format!("file:{allowed}/link")).await, wrong(Reason::PlaceEmpty));
    let outside = format!("file:{}/outside", place.folder.display());
    assert_eq!(rotate(&node, &outside).await, wrong(Reason::PlaceNotAllowed));
    fs::write(folder.join("short"), "whsec_***").unwrap();
    assert_eq!(rotate(&node, &format!("file:{allowed}/short")).await, wrong(Reason::Malformed));
}

/// As much of Vault as is asked for: `GET /v1/{mount}/data/{path}` with a token.
struct FakeVault {
    address: String,
    /// What is at `kv/tidegate/acme`: value and version, or why it is not given.
    secret: Shared,
}

impl FakeVault {
    async fn start() -> Self {
        let secret = Arc::new(Mutex::new(Ok((FIRST.to_owned(), 1))));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let routes =
            Router::new().route("/v1/{mount}/data/{*path}", get(Self::read)).with_state(secret.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, secret }
    }

    async fn read(
        State(secret): State<Shared>,
        Path((mount, path)): Path<(String, String)>,
        headers: HeaderMap,
    ) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
        let refuse = |(status, errors): Refusing| (status, Json(errors));
        let (value, version) = secret.lock().unwrap().clone().map_err(refuse)?;
        if headers.get("x-vault-token").is_none_or(|token| token != "the-token") {
            return Err(refuse(refusing(403, &["permission denied"])));
        }
        match (mount.as_str(), path.as_str()) {
            ("kv", "tidegate/acme") => Ok(Json(json!({
                "data": {"data": {"secret": value, "empty": ""}, "metadata": {"version": version, "destroyed": false}}
            }))),
            _ => Err(refuse(refusing(404, &[]))),
        }
    }

    fn set(&self, secret: Result<(&str, i64), Refusing>) {
        *self.secret.lock().unwrap() = secret.map(|(value, version)| (value.to_owned(), version));
    }
}

#[tokio::test]
async fn vault_is_asked_again_when_a_value_s_time_is_over_and_may_be_down_meanwhile() {
    let vault = FakeVault::start().await;
    let place = Place::new();
    let token = place.folder.join("token");
    fs::write(&token, "the-token\n").unwrap();
    let token = token.display().to_string();
    let settings = [
        "--vault-address",
        &vault.address,
        "--vault-token-file",
        &token,
        "--vault-paths",
        "kv/tidegate/*",
        "--vault-lifetime-seconds",
        "30",
    ];
    let node = place.open(&settings).await.unwrap();
    let id = node.add_vendor("acme").await;
    rotate(&node, "vault:kv/tidegate/acme#secret").await.unwrap();
    assert_eq!(newest(&node).as_deref(), Some(FIRST));

    vault.set(Ok((SECOND_ONE, 2)));
    assert!(!node.base.live.resolver().refresh().await, "its time is not over");
    place.clock.advance(30 * SECOND);
    assert!(node.base.live.resolver().refresh().await);
    node.base.live.reload().await.unwrap();
    assert_eq!(newest(&node).as_deref(), Some(SECOND_ONE));

    vault.set(Err(sealed()));
    place.clock.advance(30 * SECOND);
    assert!(!node.base.live.resolver().refresh().await);
    node.base.live.reload().await.unwrap();
    assert_eq!(newest(&node).as_deref(), Some(SECOND_ONE), "the last good value stays in use");
    let shown = node.base.services.secrets(&admin(), id).await.unwrap().versions[0].place.clone().unwrap();
    assert_eq!(
        (shown.version, shown.problem.as_deref()),
        (Some(2), Some("Vault is sealed; somebody has to unseal it"))
    );
    assert_eq!(rotate(&node, "vault:kv/tidegate/acme#secret").await, wrong(Reason::PlaceSealed));
}

#[tokio::test]
async fn vault_gives_nothing_away_that_the_settings_do_not_name() {
    let vault = FakeVault::start().await;
    let place = Place::new();
    let allowed =
        ["--vault-address", &vault.address, "--vault-token", "the-token", "--vault-paths", "kv/tidegate/*"];
    let node = place.open(&allowed).await.unwrap();
    node.add_vendor("acme").await;
    for (reference, reason) in [
        ("vault:kv/other/acme#secret", Reason::PlaceNotAllowed),
        ("vault:kv/tidegate/nobody#secret", Reason::PlaceEmpty),
        ("vault:kv/tidegate/acme#nothing", Reason::PlaceEmpty),
        ("vault:kv/tidegate/acme#empty", Reason::PlaceEmpty),
    ] {
        assert_eq!(rotate(&node, reference).await, wrong(reason), "{reference}");
    }
    let other = Place::new();
    let wrong_token =
        ["--vault-address", &vault.address, "--vault-token", "another", "--vault-paths", "kv/*"];
    let node = other.open(&wrong_token).await.unwrap();
    node.add_vendor("acme").await;
    assert_eq!(rotate(&node, "vault:kv/tidegate/acme#secret").await, wrong(Reason::PlaceRefused));
    let nowhere = Place::new();
    let node = nowhere.open(&["--vault-paths", "kv/*"]).await.unwrap();
    node.add_vendor("acme").await;
    assert_eq!(rotate(&node, "vault:kv/tidegate/acme#secret").await, wrong(Reason::PlaceNotAllowed));
}

#[tokio::test]
async fn a_reference_is_kept_sealed_and_survives_a_restart_and_a_new_master_key() {
    let place = Place::new();
    let folder = place.folder.join("run-secrets");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("acme"), FIRST).unwrap();
    let allowed = folder.display().to_string();
    let node = place.open(&["--secret-folder", &allowed]).await.unwrap();
    node.add_vendor("acme").await;
    rotate(&node, &format!("file:{allowed}/acme")).await.unwrap();
    let parts = tidegate::vault::rotate::Parts {
        store: node.base.store.as_ref(),
        vault: &node.base.vault,
        clock: &node.base.clock,
        actor: "cli",
    };
    tidegate::vault::rotate::begin(&parts, &[5; 32]).await.unwrap();
    tidegate::vault::rotate::reseal(&parts, 10).await.unwrap();
    tidegate::vault::rotate::finish(&parts).await.unwrap();
    let key = "05".repeat(32);
    let again = place.open(&["--secret-folder", &allowed, "--master-key", &key]).await.unwrap();
    assert_eq!(newest(&again).as_deref(), Some(FIRST));
    // Without the permission nothing is read, and the vendor says that it has no such secret.
    let without = place.open(&["--master-key", &key]).await.unwrap();
    assert_eq!(without.accepted("acme").len(), 1);
}

#[tokio::test]
async fn why_vault_gives_nothing_is_said_in_words_of_its_own_and_without_the_token() {
    let vault = FakeVault::start().await;
    let place = Place::new();
    let settings =
        ["--vault-address", &vault.address, "--vault-token", "the-token", "--vault-paths", "kv/tidegate/*"];
    let node = place.open(&settings).await.unwrap();
    let id = node.add_vendor("acme").await;
    rotate(&node, "vault:kv/tidegate/acme#secret").await.unwrap();
    let invalid = "2 errors occurred:\n\t* permission denied\n\t* invalid token the-token\n\n";
    let deleted = json!({"data": {"data": null, "metadata": {"deletion_time": "2026-09-21T00:00:00Z"}}});
    for (refusing, words, reason) in [
        (refusing(403, &["permission denied"]), "permission denied", Reason::PlaceRefused),
        (refusing(403, &[invalid]), "does not know the token", Reason::PlaceRefused),
        (refusing(404, &[]), "there is no such secret", Reason::PlaceEmpty),
        ((StatusCode::NOT_FOUND, deleted), "was deleted", Reason::PlaceEmpty),
        (refusing(404, &["no handler for route \"kv\""]), "no key-value store", Reason::PlaceEmpty),
        (sealed(), "sealed", Reason::PlaceSealed),
        (refusing(429, &["too many"]), "too much to do", Reason::PlaceDown),
        (refusing(502, &["the-token"]), "answers 502", Reason::PlaceDown),
    ] {
        vault.set(Err(refusing));
        place.clock.advance(60 * SECOND);
        assert!(!node.base.live.resolver().refresh().await);
        node.base.live.reload().await.unwrap();
        assert_eq!(newest(&node).as_deref(), Some(FIRST), "the last good value stays in use");
        let secrets = node.base.services.secrets(&admin(), id).await.unwrap();
        let problem = secrets.versions[0].place.clone().unwrap().problem.unwrap();
        assert!(problem.contains(words) && !problem.contains("the-token"), "{problem}");
        let found = node.base.services.check_up().await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].bad && found[0].what == "vendor acme" && found[0].words.ends_with(&problem),
            "{found:?}"
        );
        let refused = rotate(&node, "vault:kv/tidegate/acme#secret").await;
        assert_eq!(refused, wrong(reason), "{problem}");
        assert!(!refused.unwrap_err().to_string().contains("the-token"));
    }
    // Nobody listens there any more.
    let gone = Place::new();
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let address = format!("http://{closed}");
    let settings = ["--vault-address", &address, "--vault-token", "the-token", "--vault-paths", "kv/*"];
    let node = gone.open(&settings).await.unwrap();
    node.add_vendor("acme").await;
    assert_eq!(rotate(&node, "vault:kv/tidegate/acme#secret").await, wrong(Reason::PlaceDown));
}

#[tokio::test]
async fn a_vendor_without_a_secret_is_at_fault_only_where_it_needs_one() {
    let place = Place::new();
    let node = place.open(&[]).await.unwrap();
    let services = &node.base.services;
    let add = async |slug: &str, preset: &str, later: bool, option: Option<(&str, &str)>| {
        let new = NewVendor {
            slug: slug.into(),
            preset: preset.into(),
            secret_later: later,
            ..NewVendor::default()
        };
        let options = option.map(|(name, value)| (name.to_owned(), value.to_owned()));
        services.create_vendor(&admin(), new, options.into_iter().collect()).await.unwrap();
    };
    add("published", "fal", false, Some(("audience", "me"))).await;
    add("made", "std_webhooks", false, None).await;
    add("handed", "notion", false, None).await;
    add("later", "stripe", true, None).await;
    add("ended", "std_webhooks", false, None).await;
    services.revoke_secret(&admin(), &node.vendor("ended"), 1, true).await.unwrap();
    add("off", "std_webhooks", true, None).await;
    services.switch_vendor(&admin(), &node.vendor("off"), false).await.unwrap();

    let found = services.check_up().await.unwrap();
    let told: Vec<_> = found.iter().map(|one| (one.what.as_str(), one.bad)).collect();
    assert_eq!(told, [("vendor ended", true), ("vendor handed", false), ("vendor later", false)]);
    assert!(found[0].words.contains("no version of its secret is accepted"));
    assert!(found[1].words.contains("first request") && found[2].words.contains("to come later"));
}
