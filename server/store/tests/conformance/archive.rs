//! Events in the order they came, and what is stored sealed.

use crate::support::{Db, NOW, event, id, on_both, other_tenant};
use domain::{
    id::{EventId, ReplayId, VendorId},
    replay::ReplayLink,
    selection::{EventCursor, Selection},
};
use store::{ArchivedEvent, DEFAULT_TENANT_ID, NewEvent, Sealed, StoredPayload};

on_both! {
    events_come_oldest_first_page_by_page_with_all_that_is_stored,
    a_selection_means_only_what_fits_all_of_it,
    a_pattern_means_what_it_means_in_rules,
    another_tenants_events_are_neither_listed_nor_counted,
    a_sealed_payload_is_given_back_sealed,
    copies_are_linked_to_their_origin_both_ways_and_can_be_left_out,
    known_ids_are_told_from_unknown_ones,
    the_newest_event_of_a_vendor_is_found,
}

/// Events one second apart, in an order that is not theirs.
async fn some(db: &Db, vendor: VendorId, types: &[&str]) -> Vec<NewEvent> {
    let mut events: Vec<NewEvent> = types
        .iter()
        .enumerate()
        .map(|(n, event_type)| {
            let mut new = event(vendor, &format!("evt-{n}"), &format!("body {n}"), 0);
            new.event.received_at = NOW.plus(n as i64);
            new.event.event_type = (*event_type).to_owned();
            new
        })
        .collect();
    events.reverse();
    db.record(&events, &[]).await.unwrap();
    events.reverse();
    events
}

fn ids(found: &[ArchivedEvent]) -> Vec<EventId> {
    found.iter().map(|archived| archived.event.id).collect()
}

async fn events_come_oldest_first_page_by_page_with_all_that_is_stored(db: Db) {
    let stored = some(&db, id(VendorId::new), &["a", "b", "c", "d", "e"]).await;
    let all = Selection::default();
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = db.archived_events(None, &all, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(EventCursor { received_at: last.event.received_at, id: last.event.id });
        seen.extend(page);
    }
    assert_eq!(ids(&seen), stored.iter().map(|new| new.event.id).collect::<Vec<_>>());
    assert_eq!(
        (seen[0].body_hash, seen[0].payload.as_ref()),
        (stored[0].body_hash, Some(&stored[0].payload))
    );
    assert_eq!((&seen[0].event, seen[0].copy), (&stored[0].event, None));
}

async fn a_selection_means_only_what_fits_all_of_it(db: Db) {
    let (vendor, other) = (id(VendorId::new), id(VendorId::new));
    let stored = some(&db, vendor, &["a", "b", "c"]).await;
    some(&db, other, &["b"]).await;
    let count =
        async |selection: Selection| db.count_events(Some(DEFAULT_TENANT_ID), &selection).await.unwrap();
    assert_eq!(count(Selection::default()).await, 4);
    let of_vendor = Selection { vendor_id: Some(vendor), ..Selection::default() };
    assert_eq!(count(of_vendor.clone()).await, 3);
    assert_eq!(count(Selection { event_type: Some("b".into()), ..of_vendor.clone() }).await, 1);
    // The beginning belongs to a range, its end does not.
    let range = Selection { since: Some(NOW.plus(1)), until: Some(NOW.plus(2)), ..of_vendor.clone() };
    assert_eq!(ids(&db.archived_events(None, &range, None, 9).await.unwrap()), [stored[1].event.id]);
    assert_eq!(count(Selection { id: Some(stored[2].event.id), ..Selection::default() }).await, 1);
    assert_eq!(count(Selection { subject_id: Some("batch-7".into()), ..of_vendor.clone() }).await, 3);
    assert_eq!(count(Selection { subject_id: Some("batch-8".into()), ..of_vendor }).await, 0);
}

async fn a_pattern_means_what_it_means_in_rules(db: Db) {
    let types = ["batch.done", "Batch.done", "batch", "a[b]?c", "axbxc", "50%_x", "50ab", "", r"back\slash"];
    some(&db, id(VendorId::new), &types).await;
    for pattern in ["*", "batch.*", "*done", "b*h", "a[b]?c", "a*c", "50%_*", "", r"back\*", "batch.?one"] {
        let selection = Selection { event_type: Some(pattern.into()), ..Selection::default() };
        let found = db.archived_events(None, &selection, None, 20).await.unwrap();
        let found: Vec<&str> = found.iter().map(|archived| archived.event.event_type.as_str()).collect();
        let fits: Vec<&str> = types.into_iter().filter(|kind| selection.means_type(kind)).collect();
        assert_eq!(found, fits, "{pattern}");
    }
}

async fn another_tenants_events_are_neither_listed_nor_counted(db: Db) {
    let other = other_tenant(&db).await;
    let stored = some(&db, id(VendorId::new), &["a"]).await;
    let all = Selection::default();
    let one = Selection { id: Some(stored[0].event.id), ..Selection::default() };
    for selection in [all, one] {
        assert_eq!(db.count_events(Some(other), &selection).await.unwrap(), 0);
        assert!(db.archived_events(Some(other), &selection, None, 9).await.unwrap().is_empty());
        assert_eq!(db.count_events(Some(DEFAULT_TENANT_ID), &selection).await.unwrap(), 1);
    }
}

async fn a_sealed_payload_is_given_back_sealed(db: Db) {
    let mut new = event(id(VendorId::new), "evt-1", "body", 0);
    new.payload = StoredPayload::Sealed(Sealed(vec![1, 0, 255]));
    let plain = event(id(VendorId::new), "evt-1", "body", 0);
    db.record(&[new.clone(), plain.clone()], &[]).await.unwrap();
    assert_eq!(db.event_payload(new.event.id).await.unwrap(), new.payload);
    assert_eq!(db.event_payload(plain.event.id).await.unwrap(), plain.payload);
}

async fn copies_are_linked_to_their_origin_both_ways_and_can_be_left_out(db: Db) {
    let stored = some(&db, id(VendorId::new), &["a", "b", "c"]).await;
    let link = |n: usize| ReplayLink {
        event_id: stored[n].event.id,
        origin_id: stored[0].event.id,
        replay_id: id(ReplayId::new),
    };
    let links = [link(1), link(2)];
    db.link_copies(&links).await.unwrap();
    // What is noted stays.
    db.link_copies(&[ReplayLink { replay_id: id(ReplayId::new), ..links[0] }]).await.unwrap();
    db.link_copies(&[]).await.unwrap();

    assert_eq!(db.copies_of(stored[0].event.id, 9).await.unwrap(), links);
    assert_eq!(db.copies_of(stored[0].event.id, 1).await.unwrap(), links[..1]);
    assert_eq!(db.origins_of(&[stored[1].event.id, stored[0].event.id]).await.unwrap(), links[..1]);
    assert!(db.origins_of(&[]).await.unwrap().is_empty());
    let originals = Selection { originals: true, ..Selection::default() };
    assert_eq!(ids(&db.archived_events(None, &originals, None, 9).await.unwrap()), [stored[0].event.id]);
    let all = db.archived_events(None, &Selection::default(), None, 9).await.unwrap();
    assert_eq!(all[2].copy, Some(links[1]));
}

async fn known_ids_are_told_from_unknown_ones(db: Db) {
    let stored = some(&db, id(VendorId::new), &["a"]).await;
    let known = db.known_events(&[stored[0].event.id, id(EventId::new)]).await.unwrap();
    assert_eq!(known, [stored[0].event.id]);
    assert!(db.known_events(&[]).await.unwrap().is_empty());
}

async fn the_newest_event_of_a_vendor_is_found(db: Db) {
    let (vendor, other) = (id(VendorId::new), id(VendorId::new));
    let stored = some(&db, vendor, &["a", "b"]).await;
    assert_eq!(db.newest_event(DEFAULT_TENANT_ID, vendor).await.unwrap(), Some(stored[1].event.clone()));
    assert_eq!(db.newest_event(DEFAULT_TENANT_ID, other).await.unwrap(), None);
}
