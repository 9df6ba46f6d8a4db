//! Schemas and mappings in versions, the catalogue of event types, and releasing what waited for a schema.

use crate::support::{Db, NOW, audit, event, id, on_both};
use domain::{
    id::{EventId, JobId, VendorId},
    job::{Job, JobParams, JobState},
    outcome::GIVES_UP_AFTER,
    schema::{
        HELD_BY_SCHEMA, JobShape, MappingVersion, SchemaMode, SchemaOrigin, SchemaUse, SchemaVersion, TypeKey,
    },
    vendor::Vendor,
};
use std::collections::BTreeMap;
use store::{DEFAULT_TENANT_ID, SAMPLES_KEPT, Sighting, StoreError};

on_both! {
    each_save_is_a_new_version_and_the_one_in_use,
    an_older_version_can_be_used_again_and_a_schema_can_be_off,
    versions_belong_to_one_type_and_one_vendor,
    every_word_of_modes_and_origins_can_be_stored,
    mappings_are_kept_in_versions_and_one_of_each_place_is_used,
    schemas_and_mappings_are_part_of_the_configuration,
    what_is_seen_of_a_type_adds_up,
    a_changed_shape_and_the_first_drift_are_dated,
    a_new_schema_or_mapping_ends_the_drift,
    a_vendor_cannot_fill_the_catalogue,
    the_newest_samples_are_kept,
    jobs_held_by_a_schema_are_found_page_by_page_and_no_others,
    released_jobs_are_pending_with_their_new_parameters,
}

async fn vendor(db: &Db, slug: &str) -> VendorId {
    let vendor = Vendor {
        id: id(VendorId::new),
        tenant_id: DEFAULT_TENANT_ID,
        slug: slug.parse().unwrap(),
        preset: "std_webhooks".into(),
        options: BTreeMap::new(),
        enabled: true,
        max_body: None,
        policy: Default::default(),
        created_at: NOW,
    };
    db.add_vendor(&vendor, None, &audit("vendor.add")).await.unwrap();
    vendor.id
}

fn key(vendor_id: VendorId, event_type: &str) -> TypeKey {
    TypeKey { vendor_id, event_type: event_type.into() }
}

fn schema(of: &TypeKey, text: &str) -> (SchemaVersion, SchemaUse) {
    let schema = SchemaVersion {
        of: of.clone(),
        version: 0,
        text: text.into(),
        origin: SchemaOrigin::Pasted,
        samples: 0,
        created_at: NOW,
        created_by: "ada@example.org".into(),
    };
    (schema, SchemaUse { of: of.clone(), version: 0, mode: SchemaMode::Hold })
}

async fn save(db: &Db, of: &TypeKey, text: &str) -> i32 {
    let (schema, used) = schema(of, text);
    db.add_schema(&schema, &used, &audit("schema.save")).await.unwrap()
}

fn mapping(of: &TypeKey, from: Option<&str>, text: &str) -> MappingVersion {
    MappingVersion {
        of: of.clone(),
        version: 0,
        from_version: from.map(Into::into),
        text: text.into(),
        active: true,
        created_at: NOW,
        created_by: "ada@example.org".into(),
    }
}

async fn each_save_is_a_new_version_and_the_one_in_use(db: Db) {
    let of = key(vendor(&db, "acme").await, "story.ready");
    assert_eq!(db.schema_use(&of).await.unwrap(), None);
    assert_eq!((save(&db, &of, "{}").await, save(&db, &of, "{ }").await), (1, 2));
    let versions = db.schemas_of(&of).await.unwrap();
    let (expected, used) = schema(&of, "{ }");
    assert_eq!(versions[0], SchemaVersion { version: 2, ..expected });
    assert_eq!((versions.len(), versions[1].text.as_str()), (2, "{}"));
    assert_eq!(db.schema_use(&of).await.unwrap(), Some(SchemaUse { version: 2, ..used }));
    let log = db.audit_log(None, NOW.plus(1), 10).await.unwrap();
    assert_eq!(log.iter().filter(|entry| entry.action == "schema.save").count(), 2);
}

async fn an_older_version_can_be_used_again_and_a_schema_can_be_off(db: Db) {
    let of = key(vendor(&db, "acme").await, "story.ready");
    save(&db, &of, "{}").await;
    save(&db, &of, "{ }").await;
    let older = SchemaUse { of: of.clone(), version: 1, mode: SchemaMode::Warn };
    let before = db.config_version().await.unwrap();
    db.use_schema(&older, &audit("schema.use")).await.unwrap();
    assert_eq!(db.schema_use(&of).await.unwrap(), Some(older.clone()));
    assert_eq!(db.config_version().await.unwrap(), before + 1);
    let missing = db.use_schema(&SchemaUse { version: 9, ..older.clone() }, &audit("schema.use")).await;
    assert!(matches!(missing, Err(StoreError::NotFound)));
    assert_eq!(db.config_version().await.unwrap(), before + 1);
    assert_eq!(db.load_config().await.unwrap().schemas.len(), 1);
    db.use_schema(&SchemaUse { mode: SchemaMode::Off, ..older }, &audit("schema.use")).await.unwrap();
    assert!(db.load_config().await.unwrap().schemas.is_empty());
    assert_eq!(db.schemas_of(&of).await.unwrap().len(), 2);
}

async fn versions_belong_to_one_type_and_one_vendor(db: Db) {
    let [acme, other] = [vendor(&db, "acme").await, vendor(&db, "other").await];
    for of in [key(acme, "a"), key(acme, ""), key(other, "a")] {
        assert_eq!(save(&db, &of, "{}").await, 1);
        assert_eq!(db.add_mapping(&mapping(&of, None, "drop /a"), &audit("mapping.save")).await.unwrap(), 1);
        assert_eq!(db.schemas_of(&of).await.unwrap().len(), 1);
    }
    let nobody = key(id(VendorId::new), "a");
    let (schema, used) = schema(&nobody, "{}");
    let saved = db.add_schema(&schema, &used, &audit("schema.save")).await;
    assert!(matches!(saved, Err(StoreError::NotFound)));
    let saved = db.add_mapping(&mapping(&nobody, None, "drop /a"), &audit("mapping.save")).await;
    assert!(matches!(saved, Err(StoreError::NotFound)));
}

async fn every_word_of_modes_and_origins_can_be_stored(db: Db) {
    let of = key(vendor(&db, "acme").await, "a");
    for origin in SchemaOrigin::ALL {
        for mode in SchemaMode::ALL {
            let (schema, used) = schema(&of, "{}");
            let schema = SchemaVersion { origin: *origin, ..schema };
            let used = SchemaUse { mode: *mode, ..used };
            let version = db.add_schema(&schema, &used, &audit("schema.save")).await.unwrap();
            assert_eq!(db.schema_use(&of).await.unwrap(), Some(SchemaUse { version, ..used }));
            assert_eq!(db.schemas_of(&of).await.unwrap()[0].origin, *origin);
        }
    }
}

async fn mappings_are_kept_in_versions_and_one_of_each_place_is_used(db: Db) {
    let of = key(vendor(&db, "acme").await, "a");
    for (from, text) in [(None, "drop /1"), (Some("2026-06"), "drop /2"), (None, "drop /3")] {
        db.add_mapping(&mapping(&of, from, text), &audit("mapping.save")).await.unwrap();
    }
    let active = async || {
        let all = db.mappings_of(&of).await.unwrap();
        all.iter().filter(|one| one.active).map(|one| one.version).collect::<Vec<_>>()
    };
    assert_eq!(active().await, [3, 2]);
    db.use_mapping(&of, 1, true, &audit("mapping.use")).await.unwrap();
    assert_eq!(active().await, [2, 1]);
    db.use_mapping(&of, 2, false, &audit("mapping.use")).await.unwrap();
    assert_eq!(active().await, [1]);
    assert!(matches!(db.use_mapping(&of, 9, true, &audit("mapping.use")).await, Err(StoreError::NotFound)));
    let second = db.mapping(&of, 2).await.unwrap();
    assert_eq!(
        second,
        MappingVersion { version: 2, active: false, ..mapping(&of, Some("2026-06"), "drop /2") }
    );
    assert!(matches!(db.mapping(&of, 9).await, Err(StoreError::NotFound)));
}

async fn schemas_and_mappings_are_part_of_the_configuration(db: Db) {
    let of = key(vendor(&db, "acme").await, "a");
    save(&db, &of, "{\"x\":1}").await;
    db.add_mapping(&mapping(&of, None, "drop /1"), &audit("mapping.save")).await.unwrap();
    db.add_mapping(&mapping(&of, None, "drop /2"), &audit("mapping.save")).await.unwrap();
    let config = db.load_config().await.unwrap();
    let [(used, version)] = config.schemas.try_into().unwrap();
    assert_eq!((used.version, used.mode, version.text.as_str()), (1, SchemaMode::Hold, "{\"x\":1}"));
    let [mapping] = config.mappings.try_into().unwrap();
    assert_eq!((mapping.version, mapping.text.as_str()), (2, "drop /2"));
}

fn sighting(of: &TypeKey) -> Sighting {
    Sighting {
        tenant_id: DEFAULT_TENANT_ID,
        of: of.clone(),
        events: 1,
        broken: 0,
        first: NOW,
        last: NOW,
        sample: id(EventId::new),
        first_broken: None,
        good: None,
        shape_hash: None,
        samples: vec![],
    }
}

async fn what_is_seen_of_a_type_adds_up(db: Db) {
    let of = key(id(VendorId::new), "a\0b");
    let first = Sighting { events: 3, first: NOW.plus(5), last: NOW.plus(9), ..sighting(&of) };
    let second = Sighting { events: 2, broken: 1, first: NOW.plus(1), last: NOW.plus(7), ..sighting(&of) };
    db.sight_types(&[first], 10).await.unwrap();
    db.sight_types(std::slice::from_ref(&second), 10).await.unwrap();
    let seen = db.event_type(&of).await.unwrap();
    assert_eq!((seen.events, seen.broken, seen.first_seen, seen.last_seen), (5, 1, NOW.plus(1), NOW.plus(9)));
    assert_eq!(seen.sample, second.sample);
    assert_eq!(db.event_types(Some(DEFAULT_TENANT_ID), None).await.unwrap(), std::slice::from_ref(&seen));
    assert_eq!(db.event_types(None, Some(of.vendor_id)).await.unwrap(), [seen]);
    assert!(db.event_types(Some(id(domain::id::TenantId::new)), None).await.unwrap().is_empty());
    assert!(matches!(db.event_type(&key(of.vendor_id, "other")).await, Err(StoreError::NotFound)));
}

async fn a_changed_shape_and_the_first_drift_are_dated(db: Db) {
    let of = key(id(VendorId::new), "a");
    let good = id(EventId::new);
    let shape = |hash: &str, at| Sighting {
        good: Some(good),
        shape_hash: Some(hash.into()),
        last: NOW.plus(at),
        ..sighting(&of)
    };
    db.sight_types(&[shape("x", 1)], 10).await.unwrap();
    db.sight_types(&[shape("x", 2)], 10).await.unwrap();
    assert_eq!(db.event_type(&of).await.unwrap().shape_since, Some(NOW.plus(1)));
    db.sight_types(&[shape("y", 3)], 10).await.unwrap();
    let drift = |at| Sighting { broken: 1, first_broken: Some(NOW.plus(at)), ..sighting(&of) };
    db.sight_types(&[drift(4)], 10).await.unwrap();
    db.sight_types(&[drift(5)], 10).await.unwrap();
    let seen = db.event_type(&of).await.unwrap();
    assert_eq!((seen.shape_hash.as_deref(), seen.shape_since), (Some("y"), Some(NOW.plus(3))));
    assert_eq!((seen.drift_since, seen.broken, seen.good), (Some(NOW.plus(4)), 2, Some(good)));
}

async fn a_new_schema_or_mapping_ends_the_drift(db: Db) {
    let of = key(vendor(&db, "acme").await, "a");
    let drift = Sighting { broken: 1, first_broken: Some(NOW), ..sighting(&of) };
    db.sight_types(std::slice::from_ref(&drift), 10).await.unwrap();
    save(&db, &of, "{}").await;
    assert_eq!(db.event_type(&of).await.unwrap().drift_since, None);
    db.sight_types(&[drift], 10).await.unwrap();
    assert_eq!(db.event_type(&of).await.unwrap().drift_since, Some(NOW));
    db.add_mapping(&mapping(&of, None, "drop /a"), &audit("mapping.save")).await.unwrap();
    assert_eq!(db.event_type(&of).await.unwrap().drift_since, None);
}

async fn a_vendor_cannot_fill_the_catalogue(db: Db) {
    let loud = id(VendorId::new);
    for n in 0..6 {
        db.sight_types(&[sighting(&key(loud, &format!("t{n}")))], 4).await.unwrap();
    }
    db.sight_types(&[sighting(&key(loud, "t0")), sighting(&key(id(VendorId::new), "t"))], 4).await.unwrap();
    let seen = db.event_types(None, Some(loud)).await.unwrap();
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[0].events, 2, "a known type is still counted");
    assert_eq!(db.event_types(None, None).await.unwrap().len(), 5);
}

async fn the_newest_samples_are_kept(db: Db) {
    let of = key(id(VendorId::new), "a");
    let all: Vec<EventId> = (0..SAMPLES_KEPT + 5).map(|_| id(EventId::new)).collect();
    for some in all.chunks(20) {
        db.sight_types(&[Sighting { samples: some.to_vec(), ..sighting(&of) }], 10).await.unwrap();
    }
    let mut expected = all.clone();
    expected.sort();
    expected.reverse();
    expected.truncate(SAMPLES_KEPT as usize);
    assert_eq!(db.samples_of(&of, 1_000).await.unwrap(), expected);
    assert_eq!(db.samples_of(&of, 3).await.unwrap(), expected[..3]);
}

fn held(mut job: Job, at: i64) -> Job {
    job.state = JobState::Held;
    job.reason = Some(format!("{HELD_BY_SCHEMA}/title is missing"));
    job.created_at = NOW.plus(at);
    job
}

async fn jobs_held_by_a_schema_are_found_page_by_page_and_no_others(db: Db) {
    let acme = id(VendorId::new);
    let mut new = event(acme, "1", "one", 5);
    let jobs: Vec<Job> = new.jobs.drain(..).collect();
    new.jobs = jobs.into_iter().enumerate().map(|(n, job)| held(job, n as i64 / 2)).collect();
    new.jobs[4].reason = Some("Held by hand".into());
    let mut expected = new.jobs[..4].to_vec();
    expected.sort_by_key(|job| (job.created_at, job.id));
    let mut other = event(acme, "2", "two", 1);
    other.event.event_type = "batch.failed".into();
    other.jobs = other.jobs.into_iter().map(|job| held(job, 0)).collect();
    let elsewhere = event(id(VendorId::new), "3", "three", 1);
    db.record(&[new, other, elsewhere], &[]).await.unwrap();
    let of = key(acme, "batch.completed");
    assert_eq!(db.held_by_schema(&of, None, 10).await.unwrap(), expected);
    let mut seen = Vec::new();
    while seen.len() < 10 {
        let after = seen.last().map(|job: &Job| (job.created_at, job.id));
        let page = db.held_by_schema(&of, after, 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen, expected);
}

async fn released_jobs_are_pending_with_their_new_parameters(db: Db) {
    let mut new = event(id(VendorId::new), "1", "one", 3);
    new.jobs = new.jobs.into_iter().map(|job| held(job, 0)).collect();
    new.jobs[2].state = JobState::Cancelled;
    let jobs = new.jobs.clone();
    db.record(&[new], &[]).await.unwrap();
    let shape = JobShape { schema: Some(1), mapping: Some(2), warning: None };
    let params = JobParams { shape: Some(shape), ..jobs[0].params.clone() };
    let wanted: Vec<(JobId, JobParams)> = jobs.iter().map(|job| (job.id, params.clone())).collect();
    let later = NOW.plus(9);
    assert_eq!(db.release(&wanted, later, &audit("schema.release")).await.unwrap(), 2);
    let expected = Job {
        state: JobState::Pending,
        params,
        reason: None,
        next_run_at: later,
        updated_at: later,
        gives_up_at: Some(later.plus(GIVES_UP_AFTER)),
        ..jobs[0].clone()
    };
    assert_eq!(db.job(None, jobs[0].id).await.unwrap(), expected);
    assert_eq!(db.job(None, jobs[2].id).await.unwrap(), jobs[2]);
    assert_eq!(db.release(&wanted, later, &audit("schema.release")).await.unwrap(), 0);
    assert_eq!(db.audit_log(None, NOW.plus(1), 10).await.unwrap().len(), 1);
}
