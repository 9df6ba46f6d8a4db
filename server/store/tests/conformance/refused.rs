//! Refused requests: kept within bounds, listed, checked again, taken in by hand.

use crate::support::{Db, NOW, audit, event, id, on_both, other_tenant};
use domain::{
    id::{RequestId, VendorId},
    place::{Place, RefusedFilter},
    refusal::{Acceptance, Finding, Recheck, RefusedRequest},
};
use store::{DEFAULT_TENANT_ID, NewRefused, RefusedBounds, Sealed, StoreError};

on_both! {
    a_refused_request_is_read_back_as_it_was_kept,
    refused_requests_are_kept_up_to_their_bounds_newest_first,
    captures_beyond_the_bytes_of_their_vendor_go_and_their_rows_stay,
    lists_are_narrowed_by_vendor_reason_and_tenant_and_paged_by_place,
    reasons_are_counted_the_most_frequent_first,
    a_recheck_is_noted_with_its_audit_entry,
    a_request_accepted_twice_is_one_event_with_one_audit_entry,
    a_request_accepted_by_fifty_at_once_is_one_event,
    a_request_whose_event_is_there_already_is_accepted_as_that_event_without_a_mark,
    a_request_that_is_no_longer_kept_is_not_found,
    what_is_kept_whole_goes_with_its_tenants_data_key_and_its_row_stays,
}

const ROOM: RefusedBounds = RefusedBounds { rows: 100, bytes: 1_000_000 };

/// A refused request of `vendor_id` that came so long after [`NOW`].
pub(crate) fn refused(vendor_id: VendorId, after: i64, capture: Option<&str>) -> NewRefused {
    NewRefused {
        request: RefusedRequest {
            id: id(RequestId::new),
            tenant_id: DEFAULT_TENANT_ID,
            vendor_id,
            received_at: NOW.plus(after),
            status: 401,
            reason: "signature_mismatch".into(),
            detail: "no signature\0 matched".into(),
            headers: vec![("user-agent".into(), "curl".into())],
            body_len: 12,
            method: "POST".into(),
            path: "/webhooks/acme?n=1".into(),
            client: "192.0.2.7".into(),
            finding: Some(Finding { code: "line_ends".into(), words: "Other line ends.".into() }),
            captured: false,
            rechecked: None,
            accepted: None,
        },
        capture: capture.map(|bytes| Sealed(bytes.into())),
    }
}

fn acceptance(event: &store::NewEvent) -> Acceptance {
    Acceptance { event_id: event.event.id, at: NOW.plus(9), by: "ada@example.org".into() }
}

async fn all(db: &Db, vendor_id: VendorId) -> Vec<RefusedRequest> {
    let filter = RefusedFilter { vendor_id: Some(vendor_id), reason: None };
    db.refused(None, &filter, None, 1_000).await.unwrap()
}

async fn a_refused_request_is_read_back_as_it_was_kept(db: Db) {
    let vendor = id(VendorId::new);
    let new = refused(vendor, 0, Some("sealed"));
    db.record_refused(std::slice::from_ref(&new), ROOM).await.unwrap();
    let kept = db.refused_request(Some(DEFAULT_TENANT_ID), new.request.id).await.unwrap();
    let expected =
        RefusedRequest { detail: "no signature\u{fffd} matched".into(), captured: true, ..new.request };
    assert_eq!(kept, expected);
    assert_eq!(all(&db, vendor).await, [expected]);
    assert_eq!(db.refused_capture(kept.id).await.unwrap(), Sealed("sealed".into()));

    let bare = NewRefused { capture: None, ..refused(vendor, 1, None) };
    let bare = NewRefused { request: RefusedRequest { finding: None, ..bare.request }, ..bare };
    db.record_refused(std::slice::from_ref(&bare), ROOM).await.unwrap();
    let kept = db.refused_request(None, bare.request.id).await.unwrap();
    assert_eq!((kept.captured, kept.finding), (false, None));
    assert!(matches!(db.refused_capture(kept.id).await, Err(StoreError::NotFound)));
}

async fn refused_requests_are_kept_up_to_their_bounds_newest_first(db: Db) {
    let (loud, quiet) = (id(VendorId::new), id(VendorId::new));
    let keep = RefusedBounds { rows: 5, bytes: 1_000 };
    db.record_refused(&[refused(quiet, 0, None)], keep).await.unwrap();
    let mut first = None;
    for round in 0..4 {
        // All of a round come at the same instant: ids decide which are the oldest.
        let batch: Vec<_> = (0..3).map(|_| refused(loud, round, Some("x"))).collect();
        first = first.or(Some(batch[0].request.id));
        db.record_refused(&batch, keep).await.unwrap();
    }
    let kept = all(&db, loud).await;
    assert_eq!(kept.iter().map(|one| one.received_at.since(NOW)).collect::<Vec<_>>(), [3, 3, 3, 2, 2]);
    assert!(kept.iter().all(|one| one.captured));
    assert_eq!(all(&db, quiet).await.len(), 1);
    assert!(matches!(db.refused_capture(first.unwrap()).await, Err(StoreError::NotFound)));
}

async fn captures_beyond_the_bytes_of_their_vendor_go_and_their_rows_stay(db: Db) {
    let vendor = id(VendorId::new);
    let keep = RefusedBounds { rows: 100, bytes: 25 };
    for n in 0..4 {
        db.record_refused(&[refused(vendor, n, Some("ten bytes!"))], keep).await.unwrap();
    }
    let captured: Vec<_> = all(&db, vendor).await.iter().map(|one| one.captured).collect();
    assert_eq!(captured, [true, true, false, false]);
}

async fn lists_are_narrowed_by_vendor_reason_and_tenant_and_paged_by_place(db: Db) {
    let (a, b) = (id(VendorId::new), id(VendorId::new));
    let elsewhere = other_tenant(&db).await;
    let mut batch = vec![refused(a, 0, None), refused(b, 1, None), refused(a, 2, None), refused(a, 3, None)];
    batch[2].request.reason = "missing_header".into();
    batch[3].request.tenant_id = elsewhere;
    db.record_refused(&batch, ROOM).await.unwrap();
    let seen = async |scope, filter, after, limit| -> Vec<i64> {
        let found = db.refused(scope, &filter, after, limit).await.unwrap();
        found.iter().map(|one| one.received_at.since(NOW)).collect()
    };
    let everything = RefusedFilter::default();
    assert_eq!(seen(None, everything.clone(), None, 10).await, [3, 2, 1, 0]);
    assert_eq!(seen(Some(DEFAULT_TENANT_ID), everything.clone(), None, 10).await, [2, 1, 0]);
    let of_a = RefusedFilter { vendor_id: Some(a), reason: None };
    assert_eq!(seen(Some(DEFAULT_TENANT_ID), of_a.clone(), None, 10).await, [2, 0]);
    let missing = RefusedFilter { reason: Some("missing_header".into()), ..of_a };
    assert_eq!(seen(None, missing, None, 10).await, [2]);
    let place = Place { at: NOW.plus(2), id: batch[2].request.id.uuid() };
    assert_eq!(seen(None, everything.clone(), Some(place), 1).await, [1]);
    assert!(matches!(
        db.refused_request(Some(elsewhere), batch[0].request.id).await,
        Err(StoreError::NotFound)
    ));
}

async fn reasons_are_counted_the_most_frequent_first(db: Db) {
    let vendor = id(VendorId::new);
    let mut batch: Vec<_> = (0..3).map(|n| refused(vendor, n, None)).collect();
    batch[0].request.reason = "timestamp_stale".into();
    db.record_refused(&batch, ROOM).await.unwrap();
    db.record_refused(&[refused(id(VendorId::new), 9, None)], ROOM).await.unwrap();
    let counts = db.refused_reasons(Some(DEFAULT_TENANT_ID), Some(vendor)).await.unwrap();
    let counts: Vec<_> =
        counts.iter().map(|row| (row.reason.as_str(), row.count, row.last_at.since(NOW))).collect();
    assert_eq!(counts, [("signature_mismatch", 2, 2), ("timestamp_stale", 1, 0)]);
    assert_eq!(db.refused_reasons(None, None).await.unwrap()[0].count, 3);
    assert!(db.refused_reasons(Some(other_tenant(&db).await), None).await.unwrap().is_empty());
}

async fn a_recheck_is_noted_with_its_audit_entry(db: Db) {
    let new = refused(id(VendorId::new), 0, Some("sealed"));
    db.record_refused(std::slice::from_ref(&new), ROOM).await.unwrap();
    let recheck = Recheck {
        at: NOW.plus(5),
        by: "ada@example.org".into(),
        code: Recheck::VALID.into(),
        words: "The signature fits version 2.".into(),
    };
    db.note_recheck(new.request.id, &recheck, &audit("request.recheck")).await.unwrap();
    assert_eq!(db.refused_request(None, new.request.id).await.unwrap().rechecked, Some(recheck.clone()));
    assert_eq!(db.audit_log(None, NOW.plus(10), 10).await.unwrap()[0].action, "request.recheck");
    let unknown = db.note_recheck(id(RequestId::new), &recheck, &audit("request.recheck")).await;
    assert!(matches!(unknown, Err(StoreError::NotFound)));
    assert_eq!(db.audit_log(None, NOW.plus(10), 10).await.unwrap().len(), 1);
}

async fn a_request_accepted_twice_is_one_event_with_one_audit_entry(db: Db) {
    let vendor = id(VendorId::new);
    let new = refused(vendor, 0, Some("sealed"));
    db.record_refused(std::slice::from_ref(&new), ROOM).await.unwrap();
    let taken = event(vendor, "evt-1", "body", 1);
    let request = new.request.id;
    let first =
        db.accept_refused(request, &taken, &acceptance(&taken), &audit("request.accept")).await.unwrap();
    assert_eq!((first.id, first.duplicate), (taken.event.id, false));
    assert_eq!(db.jobs_of_event(first.id).await.unwrap().len(), 1);
    let mark = db.taken_by_hand(first.id).await.unwrap().unwrap();
    assert_eq!((mark.request_id, mark.reason.as_str()), (request, "signature_mismatch"));
    let kept = db.refused_request(None, request).await.unwrap();
    assert_eq!(kept.accepted, Some(acceptance(&taken)));

    let again = event(vendor, "evt-1", "body", 1);
    let second =
        db.accept_refused(request, &again, &acceptance(&again), &audit("request.accept")).await.unwrap();
    assert_eq!((second.id, second.duplicate), (first.id, true));
    assert_eq!(db.jobs_of_event(first.id).await.unwrap().len(), 1);
    assert_eq!(db.audit_log(None, NOW.plus(10), 10).await.unwrap().len(), 1);
}

async fn a_request_accepted_by_fifty_at_once_is_one_event(db: Db) {
    let vendor = id(VendorId::new);
    let new = refused(vendor, 0, Some("sealed"));
    db.record_refused(std::slice::from_ref(&new), ROOM).await.unwrap();
    let mut people = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (db, request) = (db.clone(), new.request.id);
        people.spawn(async move {
            let taken = event(vendor, "evt-1", "body", 1);
            db.accept_refused(request, &taken, &acceptance(&taken), &audit("request.accept")).await.unwrap()
        });
    }
    let answers = people.join_all().await;
    assert_eq!(answers.iter().filter(|answer| !answer.duplicate).count(), 1);
    assert!(answers.iter().all(|answer| answer.id == answers[0].id));
    assert_eq!(db.audit_log(None, NOW.plus(10), 100).await.unwrap().len(), 1);
}

async fn a_request_whose_event_is_there_already_is_accepted_as_that_event_without_a_mark(db: Db) {
    let vendor = id(VendorId::new);
    let stored = event(vendor, "evt-1", "body", 1);
    db.record(std::slice::from_ref(&stored), &[]).await.unwrap();
    let new = refused(vendor, 0, Some("sealed"));
    db.record_refused(std::slice::from_ref(&new), ROOM).await.unwrap();
    let taken = event(vendor, "evt-1", "body", 1);
    let answer = db
        .accept_refused(new.request.id, &taken, &acceptance(&taken), &audit("request.accept"))
        .await
        .unwrap();
    assert_eq!((answer.id, answer.duplicate), (stored.event.id, true));
    assert_eq!(db.taken_by_hand(stored.event.id).await.unwrap(), None);
    let kept = db.refused_request(None, new.request.id).await.unwrap();
    assert_eq!(kept.accepted.unwrap().event_id, stored.event.id);
}

async fn a_request_that_is_no_longer_kept_is_not_found(db: Db) {
    let taken = event(id(VendorId::new), "evt-1", "body", 1);
    let accepted =
        db.accept_refused(id(RequestId::new), &taken, &acceptance(&taken), &audit("request.accept")).await;
    assert!(matches!(accepted, Err(StoreError::NotFound)));
    assert!(matches!(db.event(taken.event.id).await, Err(StoreError::NotFound)));
    assert!(matches!(db.refused_request(None, id(RequestId::new)).await, Err(StoreError::NotFound)));
}

async fn what_is_kept_whole_goes_with_its_tenants_data_key_and_its_row_stays(db: Db) {
    let mine = refused(id(VendorId::new), 0, Some("sealed"));
    let mut theirs = refused(id(VendorId::new), 0, Some("sealed"));
    theirs.request.tenant_id = other_tenant(&db).await;
    db.record_refused(&[mine.clone(), theirs.clone()], ROOM).await.unwrap();
    db.set_encryption(DEFAULT_TENANT_ID, true, Some(&Sealed(vec![1])), &audit("on")).await.unwrap();
    db.shred(DEFAULT_TENANT_ID, None, NOW, &audit("shred")).await.unwrap();
    assert!(!db.refused_request(None, mine.request.id).await.unwrap().captured);
    assert!(db.refused_request(None, theirs.request.id).await.unwrap().captured);
}
