//! From where a vendor may send.

use crate::support::{Draft, Place};
use app::view::limits::NewLimits;
use store::DEFAULT_TENANT_ID;

fn only(networks: &str) -> NewLimits {
    NewLimits { allow: networks.into(), ..NewLimits::default() }
}

#[tokio::test]
async fn a_vendor_with_networks_is_taken_from_them_alone() {
    let place = Place::new().await;
    let vendor = place.acme().await;
    place.limit(vendor, DEFAULT_TENANT_ID, only("127.0.0.8/29\n192.0.2.0/24")).await;
    let server = place.serve(&[]).await;
    for (from, status) in
        [([127, 0, 0, 9], 202), ([127, 0, 0, 15], 202), ([127, 0, 0, 7], 403), ([127, 0, 0, 16], 403)]
    {
        // Nobody is trusted to name another address.
        let draft = Draft { from, ..Draft::acme() }.with("x-forwarded-for", "192.0.2.1");
        assert_eq!(draft.send(&server).await.status, status, "{from:?}");
    }
    let refused = Draft { from: [127, 0, 0, 7], ..Draft::acme() }.send(&server).await;
    assert_eq!(refused.code(), "address_not_allowed");
}

#[tokio::test]
async fn behind_a_trusted_proxy_it_is_the_address_the_proxy_saw() {
    let place = Place::new().await;
    let vendor = place.acme().await;
    place.limit(vendor, DEFAULT_TENANT_ID, only("192.0.2.0/24")).await;
    let server = place.serve(&["--trusted-proxies", "127.0.0.2/32,10.0.0.0/8"]).await;
    let send = |from, name: &'static str, chain: &'static str| {
        let draft = Draft { from, ..Draft::acme() }.with(name, chain);
        let server = &server;
        async move { draft.send(server).await.status }
    };
    let (proxy, stranger) = ([127, 0, 0, 2], [127, 0, 0, 3]);
    assert_eq!(send(proxy, "x-forwarded-for", "192.0.2.7").await, 202);
    assert_eq!(send(proxy, "x-forwarded-for", "192.0.2.7, 10.1.1.1").await, 202);
    assert_eq!(send(proxy, "forwarded", "for=192.0.2.7;proto=https").await, 202);
    // Its own words before what the proxy saw.
    assert_eq!(send(proxy, "x-forwarded-for", "192.0.2.7, 198.51.100.1").await, 403);
    assert_eq!(send(proxy, "x-forwarded-for", "192.0.2.7, unknown").await, 403);
    assert_eq!(send(stranger, "x-forwarded-for", "192.0.2.7").await, 403);
    assert_eq!(send(proxy, "x-other", "192.0.2.7").await, 403);
}
