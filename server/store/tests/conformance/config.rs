//! What people configure.

use crate::support::{Db, NOW, audit, id, on_both, other_tenant};
use domain::{
    destination::{Destination, DestinationAuth, DestinationKind, DestinationMethod, WordpressRoute},
    id::{DestinationId, ProviderId, RuleId, SecretId, TenantId, VendorId},
    job::{JobKind, JobParams},
    policy::{Rate, VendorPolicy},
    provider::{Provider, ProviderKind},
    rule::Rule,
    secret::{SecretInfo, SecretState},
    tenant::{DEFAULT_TENANT, Tenant},
    time::SECOND,
    vendor::Vendor,
};
use std::collections::BTreeMap;
use store::{DEFAULT_TENANT_ID, Sealed, StoreError};

on_both! {
    a_new_database_has_the_default_tenant_and_nothing_else,
    everything_configured_is_loaded_as_it_was_added,
    a_taken_name_is_a_conflict_and_changes_nothing,
    the_same_name_may_be_used_by_another_tenant,
    a_rule_cannot_name_what_belongs_to_another_tenant,
    the_version_grows_with_each_change_and_only_then,
    every_change_is_audited_and_a_failed_one_is_not,
    a_rotated_secret_retires_the_one_before,
    secrets_rotated_at_once_get_different_versions,
    a_revoked_secret_is_listed_but_not_loaded,
    changing_what_does_not_exist_is_not_found,
    a_vendors_policy_is_loaded_as_it_was_set_and_kept_with_an_audit_entry,
    changes_of_one_policy_at_once_are_all_kept,
    a_vendors_options_can_be_changed_and_neither_its_name_nor_its_preset,
}

fn vendor(tenant_id: TenantId, slug: &str) -> Vendor {
    Vendor {
        id: id(VendorId::new),
        tenant_id,
        slug: slug.parse().unwrap(),
        preset: "standard-webhooks".into(),
        options: BTreeMap::from([("header".into(), "x-signature".into())]),
        enabled: true,
        max_body: Some(u32::MAX),
        policy: VendorPolicy { rate: Some(Rate { per_second: 5, burst: 10 }), ..VendorPolicy::default() },
        created_at: NOW,
    }
}

fn secret(vendor_id: VendorId) -> SecretInfo {
    SecretInfo {
        id: id(SecretId::new),
        vendor_id,
        version: 1,
        state: SecretState::Active,
        not_after: None,
        created_at: NOW,
    }
}

pub(crate) fn provider(tenant_id: TenantId, has_key: bool) -> Provider {
    Provider {
        id: id(ProviderId::new),
        tenant_id,
        slug: "main".parse().unwrap(),
        kind: ProviderKind::Anthropic,
        base_url: None,
        model: "small-1".into(),
        has_key,
        enabled: true,
        created_at: NOW,
    }
}

pub(crate) fn destination(tenant_id: TenantId, has_secret: bool) -> Destination {
    Destination {
        id: id(DestinationId::new),
        tenant_id,
        slug: "blog".parse().unwrap(),
        kind: DestinationKind::Wordpress,
        url: "https://blog.example.org".into(),
        user: Some("editor".into()),
        auth: DestinationAuth::AppPassword,
        route: WordpressRoute::Auto,
        has_secret,
        method: DestinationMethod::Put,
        enabled: false,
        off_reason: None,
        created_at: NOW,
    }
}

fn rule(vendor: &Vendor) -> Rule {
    Rule {
        id: id(RuleId::new),
        tenant_id: vendor.tenant_id,
        vendor_id: vendor.id,
        pattern: "batch.*".into(),
        job: JobKind::Generate,
        provider_id: None,
        destination_id: None,
        params: JobParams { max_tokens: Some(500), ..JobParams::default() },
        enabled: true,
        created_at: NOW,
    }
}

async fn a_new_database_has_the_default_tenant_and_nothing_else(db: Db) {
    let config = db.load_config().await.unwrap();
    assert_eq!(config.tenants.len(), 1);
    assert_eq!((config.tenants[0].id, config.tenants[0].slug.as_str()), (DEFAULT_TENANT_ID, DEFAULT_TENANT));
    assert!(config.vendors.is_empty() && config.secrets.is_empty() && config.rules.is_empty());
    assert_eq!(config.version, db.config_version().await.unwrap());
}

async fn everything_configured_is_loaded_as_it_was_added(db: Db) {
    let vendor = vendor(DEFAULT_TENANT_ID, "sender");
    let secret = secret(vendor.id);
    let (provider, destination) = (provider(DEFAULT_TENANT_ID, true), destination(DEFAULT_TENANT_ID, false));
    let (secret_value, key) = (Sealed(vec![0, 1, 255]), Sealed(vec![7; 90]));
    let rule = Rule { provider_id: Some(provider.id), destination_id: Some(destination.id), ..rule(&vendor) };
    db.add_vendor(&vendor, Some((&secret, &secret_value)), &audit("vendor.add")).await.unwrap();
    db.add_provider(&provider, Some(&key), &audit("provider.add")).await.unwrap();
    db.add_destination(&destination, None, None, &audit("destination.add")).await.unwrap();
    db.add_rule(&rule, &audit("rule.add")).await.unwrap();

    let config = db.load_config().await.unwrap();
    assert_eq!(config.vendors, [vendor]);
    assert_eq!(config.secrets, [(secret, secret_value)]);
    assert_eq!(config.providers, [(provider, Some(key))]);
    assert_eq!(config.destinations, [(destination, None)]);
    assert_eq!(config.rules, std::slice::from_ref(&rule));

    db.remove_rule(rule.id, &audit("rule.remove")).await.unwrap();
    assert!(db.load_config().await.unwrap().rules.is_empty());
}

async fn a_taken_name_is_a_conflict_and_changes_nothing(db: Db) {
    db.add_vendor(&vendor(DEFAULT_TENANT_ID, "sender"), None, &audit("vendor.add")).await.unwrap();
    let before = db.load_config().await.unwrap();
    let again = vendor(DEFAULT_TENANT_ID, "sender");
    let added =
        db.add_vendor(&again, Some((&secret(again.id), &Sealed(vec![1]))), &audit("vendor.add")).await;
    assert!(matches!(added, Err(StoreError::Conflict)));
    let tenant = Tenant {
        id: id(TenantId::new),
        slug: DEFAULT_TENANT.parse().unwrap(),
        name: "Again".into(),
        created_at: NOW,
    };
    assert!(matches!(db.add_tenant(&tenant, &audit("tenant.add")).await, Err(StoreError::Conflict)));
    let after = db.load_config().await.unwrap();
    assert_eq!(
        (after.version, after.vendors, after.secrets),
        (before.version, before.vendors, before.secrets)
    );
}

async fn the_same_name_may_be_used_by_another_tenant(db: Db) {
    let other = other_tenant(&db).await;
    db.add_vendor(&vendor(DEFAULT_TENANT_ID, "sender"), None, &audit("vendor.add")).await.unwrap();
    db.add_vendor(&vendor(other, "sender"), None, &audit("vendor.add")).await.unwrap();
}

async fn a_rule_cannot_name_what_belongs_to_another_tenant(db: Db) {
    let other = other_tenant(&db).await;
    let (mine, theirs) = (vendor(DEFAULT_TENANT_ID, "mine"), vendor(other, "theirs"));
    let (provider, destination) = (provider(other, false), destination(other, false));
    db.add_vendor(&mine, None, &audit("vendor.add")).await.unwrap();
    db.add_vendor(&theirs, None, &audit("vendor.add")).await.unwrap();
    db.add_provider(&provider, None, &audit("provider.add")).await.unwrap();
    db.add_destination(&destination, None, None, &audit("destination.add")).await.unwrap();
    for bad in [
        Rule { tenant_id: DEFAULT_TENANT_ID, ..rule(&theirs) },
        Rule { provider_id: Some(provider.id), ..rule(&mine) },
        Rule { destination_id: Some(destination.id), ..rule(&mine) },
    ] {
        assert!(matches!(db.add_rule(&bad, &audit("rule.add")).await, Err(StoreError::NotFound)));
    }
}

async fn the_version_grows_with_each_change_and_only_then(db: Db) {
    let vendor = vendor(DEFAULT_TENANT_ID, "sender");
    let first = secret(vendor.id);
    let value = Sealed(vec![1]);
    let rule = rule(&vendor);
    let mut last = db.config_version().await.unwrap();
    let mut grown = async || {
        let version = db.config_version().await.unwrap();
        let grew = version > last;
        last = version;
        grew
    };
    other_tenant(&db).await;
    assert!(grown().await);
    db.add_vendor(&vendor, Some((&first, &value)), &audit("vendor.add")).await.unwrap();
    assert!(grown().await);
    db.set_vendor_enabled(vendor.id, false, &audit("vendor.disable")).await.unwrap();
    assert!(grown().await);
    db.rotate_secret(&secret(vendor.id), &value, NOW, &audit("secret.rotate")).await.unwrap();
    assert!(grown().await);
    db.set_secret_state(first.id, SecretState::Revoked, None, &audit("secret.revoke")).await.unwrap();
    assert!(grown().await);
    db.add_provider(&provider(DEFAULT_TENANT_ID, false), None, &audit("provider.add")).await.unwrap();
    assert!(grown().await);
    db.add_destination(&destination(DEFAULT_TENANT_ID, false), None, None, &audit("add")).await.unwrap();
    assert!(grown().await);
    db.add_rule(&rule, &audit("rule.add")).await.unwrap();
    assert!(grown().await);
    db.remove_rule(rule.id, &audit("rule.remove")).await.unwrap();
    assert!(grown().await);
    assert!(db.remove_rule(rule.id, &audit("rule.remove")).await.is_err());
    db.load_config().await.unwrap();
    assert!(!grown().await);
}

async fn every_change_is_audited_and_a_failed_one_is_not(db: Db) {
    let vendor = vendor(DEFAULT_TENANT_ID, "sender");
    db.add_vendor(&vendor, None, &audit("vendor.add")).await.unwrap();
    assert!(db.add_vendor(&vendor, None, &audit("vendor.add.twice")).await.is_err());
    let global = store::AuditEntry { tenant_id: None, at: NOW.plus(1), ..audit("vendor.disable") };
    db.set_vendor_enabled(vendor.id, false, &global).await.unwrap();

    let actions = async |scope, before| -> Vec<String> {
        db.audit_log(scope, before, 10).await.unwrap().into_iter().map(|entry| entry.action).collect()
    };
    assert_eq!(actions(None, NOW.plus(2)).await, ["vendor.disable", "vendor.add"]);
    assert_eq!(actions(None, NOW.plus(1)).await, ["vendor.add"]);
    assert_eq!(actions(Some(DEFAULT_TENANT_ID), NOW.plus(2)).await, ["vendor.add"]);
    assert_eq!(db.audit_log(None, NOW.plus(2), 1).await.unwrap(), [global]);
}

async fn a_rotated_secret_retires_the_one_before(db: Db) {
    let vendor = vendor(DEFAULT_TENANT_ID, "sender");
    let first = secret(vendor.id);
    db.add_vendor(&vendor, Some((&first, &Sealed(vec![1]))), &audit("vendor.add")).await.unwrap();
    let until = NOW.plus(SECOND);
    let second = secret(vendor.id);
    assert_eq!(db.rotate_secret(&second, &Sealed(vec![2]), until, &audit("rotate")).await.unwrap(), 2);
    let third = secret(vendor.id);
    let later = until.plus(SECOND);
    assert_eq!(db.rotate_secret(&third, &Sealed(vec![3]), later, &audit("rotate")).await.unwrap(), 3);

    let expected = [
        SecretInfo { version: 3, ..third },
        SecretInfo { version: 2, state: SecretState::Retiring, not_after: Some(later), ..second },
        SecretInfo { version: 1, state: SecretState::Retiring, not_after: Some(until), ..first },
    ];
    assert_eq!(db.secrets_of(vendor.id).await.unwrap(), expected);
    let loaded = db.load_config().await.unwrap().secrets;
    assert_eq!(loaded.iter().map(|(_, value)| value.0[0]).collect::<Vec<_>>(), [3, 2, 1]);
}

async fn secrets_rotated_at_once_get_different_versions(db: Db) {
    let vendor = vendor(DEFAULT_TENANT_ID, "sender");
    db.add_vendor(&vendor, None, &audit("vendor.add")).await.unwrap();
    let mut people = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (db, next) = (db.clone(), secret(vendor.id));
        people.spawn(async move {
            db.rotate_secret(&next, &Sealed(vec![1]), NOW, &audit("rotate")).await.unwrap()
        });
    }
    let mut versions = people.join_all().await;
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
    let active = db.secrets_of(vendor.id).await.unwrap();
    assert_eq!(active.iter().filter(|secret| secret.state == SecretState::Active).count(), 1);
}

async fn a_revoked_secret_is_listed_but_not_loaded(db: Db) {
    let vendor = vendor(DEFAULT_TENANT_ID, "sender");
    let first = secret(vendor.id);
    db.add_vendor(&vendor, Some((&first, &Sealed(vec![1]))), &audit("vendor.add")).await.unwrap();
    db.set_secret_state(first.id, SecretState::Revoked, None, &audit("revoke")).await.unwrap();
    assert_eq!(db.secrets_of(vendor.id).await.unwrap()[0].state, SecretState::Revoked);
    assert!(db.load_config().await.unwrap().secrets.is_empty());
}

async fn a_vendors_policy_is_loaded_as_it_was_set_and_kept_with_an_audit_entry(db: Db) {
    let vendor = vendor(DEFAULT_TENANT_ID, "sender");
    db.add_vendor(&vendor, None, &audit("vendor.add")).await.unwrap();
    let before = db.config_version().await.unwrap();
    let policy = VendorPolicy {
        allow: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        ..VendorPolicy::default()
    };
    db.set_vendor_policy(vendor.id, &policy, &audit("vendor.policy")).await.unwrap();
    let config = db.load_config().await.unwrap();
    assert_eq!(config.vendors, [domain::vendor::Vendor { policy, ..vendor }]);
    assert!(config.version > before);
    assert_eq!(db.audit_log(None, NOW.plus(1), 1).await.unwrap()[0].action, "vendor.policy");
}

async fn changes_of_one_policy_at_once_are_all_kept(db: Db) {
    let vendor = vendor(DEFAULT_TENANT_ID, "sender");
    db.add_vendor(&vendor, None, &audit("vendor.add")).await.unwrap();
    let mut people = tokio::task::JoinSet::new();
    for n in 0..6 {
        let (db, id) = (db.clone(), vendor.id);
        people.spawn(async move {
            let network = format!("10.{n}.0.0/16").parse().unwrap();
            let add = move |vendor: &mut Vendor| vendor.policy.allow.push(network);
            db.edit_vendor(id, &add, &audit("vendor.policy")).await.unwrap();
        });
    }
    people.join_all().await;
    db.edit_vendor(vendor.id, &|vendor| (vendor.enabled, vendor.max_body) = (false, None), &audit("x"))
        .await
        .unwrap();
    let stored = &db.load_config().await.unwrap().vendors[0];
    assert_eq!((stored.policy.allow.len(), stored.enabled, stored.max_body), (6, false, None));
    assert_eq!(stored.policy.rate, vendor.policy.rate);
}

async fn a_vendors_options_can_be_changed_and_neither_its_name_nor_its_preset(db: Db) {
    let vendor = vendor(DEFAULT_TENANT_ID, "sender");
    db.add_vendor(&vendor, None, &audit("vendor.add")).await.unwrap();
    let before = db.config_version().await.unwrap();
    let edit = |vendor: &mut Vendor| {
        vendor.options.insert("one_time".into(), "signed".into());
        vendor.slug = "other".parse().unwrap();
        vendor.preset = "other".into();
    };
    db.edit_vendor(vendor.id, &edit, &audit("vendor.signing")).await.unwrap();
    let mut expected = vendor.clone();
    expected.options.insert("one_time".into(), "signed".into());
    let config = db.load_config().await.unwrap();
    assert_eq!(config.vendors, [expected]);
    assert!(config.version > before);
}

async fn changing_what_does_not_exist_is_not_found(db: Db) {
    let unknown = id(VendorId::new);
    let outcomes = [
        db.set_vendor_policy(unknown, &VendorPolicy::default(), &audit("x")).await,
        db.set_vendor_enabled(unknown, true, &audit("x")).await,
        db.rotate_secret(&secret(unknown), &Sealed(vec![1]), NOW, &audit("x")).await.map(|_| ()),
        db.set_secret_state(id(SecretId::new), SecretState::Revoked, None, &audit("x")).await,
        db.remove_rule(id(RuleId::new), &audit("x")).await,
        db.add_vendor(&vendor(id(TenantId::new), "sender"), None, &audit("x")).await,
        db.add_rule(&rule(&vendor(DEFAULT_TENANT_ID, "sender")), &audit("x")).await,
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Err(StoreError::NotFound)));
    }
    assert!(db.audit_log(None, NOW.plus(1), 10).await.unwrap().is_empty());
}
