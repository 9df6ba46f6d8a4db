//! Tenants share a program and a database and nothing else: what belongs to another tenant looks as if it did not exist.

use crate::support::{Draft, NOON, Place, Server, admin};
use app::{
    error::{AppError, Field, Reason},
    ports::{
        Actor, DestinationsPort, JobsPort, LimitsPort, OverviewPort, ProvidersPort, RulesPort, VendorsPort,
    },
    view::{
        connections::{NewDestination, NewProvider, NewRule},
        limits::NewLimits,
    },
};
use domain::{
    destination::DestinationKind,
    filter::JobFilter,
    id::{DestinationId, JobId, ProviderId, TenantId, VendorId},
    job::JobKind,
    provider::ProviderKind,
    role::Role,
};
use store::DEFAULT_TENANT_ID;
use tidegate::clock::{Clock, SystemClock, fresh};

const NORTH_SECRET: &str = "whsec_bm9ydGggbm9ydGggbm9ydGggbm9ydGggbm9ydGg=";
const SOUTH_SECRET: &str = "whsec_c291dGggc291dGggc291dGggc291dGggc291dGg=";

/// Two tenants with a vendor of the same name.
async fn two(place: &Place) -> (TenantId, TenantId, VendorId, VendorId) {
    let (north, south) = (place.add_tenant("north").await, place.add_tenant("south").await);
    let of_north = place.add_vendor(north, "acme", "std_webhooks", NORTH_SECRET).await;
    let of_south = place.add_vendor(south, "acme", "std_webhooks", SOUTH_SECRET).await;
    (north, south, of_north, of_south)
}

fn webhook(secret: &str, path: &str) -> Draft {
    Draft::signed("std_webhooks", secret, path, br#"{"type":"secret.plan"}"#)
}

#[tokio::test]
async fn one_name_in_two_tenants_is_two_vendors_with_secrets_ids_and_limits_of_their_own() {
    let place = Place::new().await;
    let (north, south, of_north, _) = two(&place).await;
    assert_ne!(north, south);
    let server = place.serve(&[]).await;

    let to_north = webhook(NORTH_SECRET, "/webhooks/north/acme");
    let wrong_door = Draft { path: "/webhooks/south/acme".into(), ..to_north.clone() };
    assert_eq!(wrong_door.send(&server).await.status, 401, "a secret opens one door");
    assert_eq!(Draft { path: "/webhooks/acme".into(), ..to_north.clone() }.send(&server).await.status, 404);

    let first = to_north.send(&server).await;
    assert_eq!(first.status, 202);
    assert_eq!(to_north.send(&server).await.status, 200, "known here");
    // The same id and body, signed with the other's secret.
    let id = to_north.headers.iter().find(|(name, _)| name == "webhook-id").unwrap().1.clone();
    let sample = signature::Sample {
        url: "http://127.0.0.1:3000/webhooks/south/acme",
        method: "POST",
        body: &to_north.body,
        event_id: &id,
        event_type: None,
    };
    let preset = signature::preset("std_webhooks").unwrap();
    let signed = signature::sign(preset, SOUTH_SECRET, &sample, NOON.unix()).unwrap();
    let to_south = Draft { headers: signed.headers, path: "/webhooks/south/acme".into(), ..to_north.clone() };
    let other = to_south.send(&server).await;
    assert_eq!(other.status, 202, "new there");
    assert_ne!(first.json()["id"], other.json()["id"]);

    let limits = NewLimits { rate: Some(1), burst: Some(1), ..NewLimits::default() };
    place.limit(of_north, north, limits).await;
    let limited = place.serve(&[]).await;
    let send = |secret, path: &'static str| {
        let (draft, limited) = (webhook(secret, path), &limited);
        async move { draft.send(limited).await.status }
    };
    assert_eq!(send(NORTH_SECRET, "/webhooks/north/acme").await, 202);
    assert_eq!(send(NORTH_SECRET, "/webhooks/north/acme").await, 429);
    for _ in 0..3 {
        assert_eq!(send(SOUTH_SECRET, "/webhooks/south/acme").await, 202);
    }
}

/// What one tenant has.
struct Belongings {
    vendor: VendorId,
    provider: ProviderId,
    destination: DestinationId,
    job: JobId,
}

/// Gives a tenant one of everything, made the way people make it.
async fn furnish(
    place: &Place,
    tenant: TenantId,
    vendor: VendorId,
    server: &Server,
    webhook: &dyn Fn() -> Draft,
) -> Belongings {
    let services = place.base.services.as_ref();
    let who = admin(tenant);
    let provider = NewProvider {
        slug: "model-of-north".into(),
        kind: ProviderKind::Openai,
        base_url: None,
        model: "model".into(),
        key: None,
    };
    ProvidersPort::add(services, &who, provider).await.unwrap();
    let provider = ProvidersPort::list(services, &who).await.unwrap().rows[0].id;
    let destination = NewDestination {
        slug: "blog-of-north".into(),
        kind: DestinationKind::Http,
        url: "https://north.invalid/".into(),
        auth: None,
        user: None,
        password: None,
        method: None,
        headers: None,
    };
    DestinationsPort::add(services, &who, destination).await.unwrap();
    let destination = DestinationsPort::list(services, &who).await.unwrap().rows[0].id;
    RulesPort::add(services, &who, rule(vendor, Some(provider), None)).await.unwrap();
    // The server sees the rule as other processes do, by looking; until then webhooks start nothing.
    let job = loop {
        assert_eq!(webhook().send(server).await.status, 202);
        let page = JobsPort::list(services, &who, &JobFilter::default(), None, 10).await.unwrap();
        if let Some(row) = page.rows.first() {
            break row.id;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    Belongings { vendor, provider, destination, job }
}

fn rule(
    vendor_id: VendorId,
    provider_id: Option<ProviderId>,
    destination_id: Option<DestinationId>,
) -> NewRule {
    NewRule {
        vendor_id,
        pattern: "*".into(),
        job: JobKind::Generate,
        provider_id,
        destination_id,
        title: None,
        prompt: Some("Summarise".into()),
        body: None,
        max_tokens: None,
        max_attempts: None,
        delay_s: None,
        deadline_s: None,
        in_order: false,
        unique: None,
    }
}

/// Everything that takes the id of something, asked with these ids.
async fn ask_all(
    place: &Place,
    who: &Actor,
    own: &Belongings,
    of: &Belongings,
) -> Vec<(&'static str, Option<AppError>)> {
    let services = place.base.services.as_ref();
    let added = |vendor, provider, destination| async move {
        RulesPort::add(services, who, rule(vendor, Some(provider), destination)).await.err()
    };
    vec![
        ("story of a job", services.story(who, of.job).await.err()),
        ("retrying a job", services.retry(who, of.job).await.err()),
        ("testing a destination", services.test(who, of.destination).await.err()),
        (
            "switching a destination",
            DestinationsPort::switch(services, who, of.destination, false).await.err(),
        ),
        ("switching a provider", ProvidersPort::switch(services, who, of.provider, false).await.err()),
        ("limits of a vendor", services.limits(who, of.vendor).await.err()),
        ("setting limits", services.set_limits(who, of.vendor, NewLimits::default()).await.err()),
        ("rule with a vendor", added(of.vendor, own.provider, None).await),
        ("rule with a provider", added(own.vendor, of.provider, None).await),
        ("rule with a destination", added(own.vendor, own.provider, Some(of.destination)).await),
    ]
}

#[tokio::test]
async fn what_belongs_to_another_tenant_looks_as_if_it_did_not_exist() {
    let place = Place::new().await;
    let (north, south, of_north, of_south) = two(&place).await;
    let server = place.serve(&[]).await;
    let theirs =
        furnish(&place, north, of_north, &server, &|| webhook(NORTH_SECRET, "/webhooks/north/acme")).await;
    let who = admin(south);
    let own_provider = {
        let provider = NewProvider {
            slug: "mine".into(),
            kind: ProviderKind::Openai,
            base_url: None,
            model: "m".into(),
            key: None,
        };
        ProvidersPort::add(place.base.services.as_ref(), &who, provider).await.unwrap();
        ProvidersPort::list(place.base.services.as_ref(), &who).await.unwrap().rows[0].id
    };
    let own = Belongings {
        vendor: of_south,
        provider: own_provider,
        destination: DestinationId::new(fresh()),
        job: JobId::new(fresh()),
    };
    let nothing = Belongings {
        vendor: VendorId::new(fresh()),
        provider: ProviderId::new(fresh()),
        destination: DestinationId::new(fresh()),
        job: JobId::new(fresh()),
    };
    let foreign = ask_all(&place, &who, &own, &theirs).await;
    assert_eq!(foreign, ask_all(&place, &who, &own, &nothing).await);
    for (what, error) in foreign {
        let absent =
            matches!(error, Some(AppError::NotFound | AppError::Invalid { reason: Reason::Unknown, .. }));
        assert!(absent, "{what}: {error:?}");
    }
    // The same questions about what is one's own are answered, so they do ask for something.
    let answered = ask_all(&place, &admin(north), &theirs, &theirs).await;
    let refused: Vec<_> = answered.into_iter().filter(|(_, error)| error.is_some()).collect();
    let resting = AppError::invalid(Field::Form, Reason::DoesNotFit);
    assert_eq!(refused, [("retrying a job", Some(resting))], "a job that waits need not be put back");

    // And no list, figure or choice of the other tenant holds any of it.
    let services = place.base.services.as_ref();
    let seen = [
        serde_json::to_string(
            &JobsPort::list(services, &who, &JobFilter::default(), None, 50).await.unwrap(),
        ),
        serde_json::to_string(&VendorsPort::list(services, &who).await.unwrap()),
        serde_json::to_string(&ProvidersPort::list(services, &who).await.unwrap()),
        serde_json::to_string(&DestinationsPort::list(services, &who).await.unwrap()),
        serde_json::to_string(&RulesPort::list(services, &who).await.unwrap()),
        serde_json::to_string(&services.overview(&who).await.unwrap()),
    ]
    .map(Result::unwrap)
    .join("\n");
    let names = ["model-of-north", "blog-of-north", "north.invalid", "webhooks/north", "secret.plan"];
    let ids = [
        theirs.job.to_string(),
        theirs.vendor.to_string(),
        theirs.provider.to_string(),
        theirs.destination.to_string(),
    ];
    for word in names.into_iter().chain(ids.iter().map(String::as_str)) {
        assert!(!seen.contains(word), "{word} in {seen}");
    }
}

#[tokio::test]
async fn over_http_the_other_tenants_things_are_404_and_its_own_are_not() {
    let place = Place::new().await;
    let (north, south, of_north, _) = two(&place).await;
    let server = place.serve(&["--roles", "dashboard"]).await;
    let theirs =
        furnish(&place, north, of_north, &server, &|| webhook(NORTH_SECRET, "/webhooks/north/acme")).await;
    // Sessions end by the clock of the machine.
    place.clock.advance(SystemClock.now().since(NOON));
    let mut cookies = Vec::new();
    for (email, tenant) in [("n@example.org", north), ("s@example.org", south)] {
        let services = &place.base.services;
        services
            .add_user(&admin(tenant), email, "correct horse battery", Role::Admin, Some(tenant))
            .await
            .unwrap();
        let body = format!("email={}&password=correct+horse+battery", email.replace('@', "%40"));
        let login = form("/ui/login", body).send(&server).await;
        let cookie = login.header("set-cookie").unwrap_or_else(|| panic!("{login:?}"));
        cookies.push(cookie.split(';').next().unwrap().to_owned());
    }
    let Belongings { vendor, destination, job, .. } = &theirs;
    let reads = [format!("/ui/job?id={job}"), format!("/ui/vendor/limits?vendor={vendor}")];
    let changes = [
        ("/ui/job/retry", format!("id={job}")),
        ("/ui/destination/test", format!("id={destination}")),
        ("/ui/vendor/limits/set", format!("vendor={vendor}&allow=&rate=&burst=&max_body=")),
    ];
    for path in reads {
        for (cookie, status) in [(&cookies[0], 200), (&cookies[1], 404)] {
            let mut ask = Draft::bare("GET", &path).with("cookie", cookie);
            ask = ask.with("accept", "application/json");
            assert_eq!(ask.send(&server).await.status, status, "{path}");
        }
        assert_eq!(Draft::bare("GET", &path).send(&server).await.status, 401, "{path}");
    }
    for (path, body) in changes {
        let ask = form(path, body).with("cookie", &cookies[1]).with("accept", "application/json");
        assert_eq!(ask.send(&server).await.status, 404, "{path}");
    }
    let page = Draft::bare("GET", &format!("/jobs/{job}")).with("cookie", &cookies[1]);
    assert!(!page.send(&server).await.text().contains("secret.plan"));
    let page = Draft::bare("GET", &format!("/jobs/{job}")).with("cookie", &cookies[0]);
    assert!(page.send(&server).await.text().contains("secret.plan"));
}

fn form(path: &str, body: String) -> Draft {
    let draft = Draft { body: body.into_bytes(), ..Draft::bare("POST", path) };
    draft.with("content-type", "application/x-www-form-urlencoded")
}

#[tokio::test]
async fn the_default_tenant_needs_no_name_in_the_url_and_is_no_other_ones_default() {
    let place = Place::new().await;
    two(&place).await;
    place.acme().await;
    let server = place.serve(&[]).await;
    let draft = Draft::acme();
    assert_eq!(draft.send(&server).await.status, 202);
    let named = Draft { path: "/webhooks/default/acme".into(), ..draft };
    assert_eq!(named.send(&server).await.status, 200);
    assert_eq!(
        place.base.services.vendor_named(&admin(DEFAULT_TENANT_ID), "acme").unwrap().tenant.slug.as_str(),
        "default"
    );
}
