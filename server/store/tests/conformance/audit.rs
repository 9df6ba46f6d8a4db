//! The audit log as its page reads it.

use crate::support::{Db, NOW, audit, on_both, other_tenant};
use domain::{
    audit::{AuditCursor, AuditFilter},
    time::SECOND,
};
use store::{AuditEntry, DEFAULT_TENANT_ID};

on_both! {
    the_log_is_read_in_pages_that_miss_and_repeat_nothing,
    the_log_is_narrowed_by_actor_action_and_target,
    a_tenant_s_log_shows_nothing_of_others_and_of_the_installation,
}

fn entry(n: i64, actor: &str, action: &str, target: &str) -> AuditEntry {
    // Two of each time, so that the id has to decide.
    AuditEntry { at: NOW.plus(n / 2 * SECOND), actor: actor.into(), target: target.into(), ..audit(action) }
}

async fn the_log_is_read_in_pages_that_miss_and_repeat_nothing(db: Db) {
    let mut written: Vec<AuditEntry> = (0..7).map(|n| entry(n, "ada", "vendor.add", "acme")).collect();
    for entry in &written {
        db.add_audit_entry(entry).await.unwrap();
    }
    written.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id)));
    let (mut read, mut cursor) = (Vec::new(), None);
    loop {
        let page = db.audit_page(None, &AuditFilter::default(), cursor, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        cursor = Some(AuditCursor { at: last.at, id: last.id });
        read.extend(page);
    }
    assert_eq!(read, written);
}

async fn the_log_is_narrowed_by_actor_action_and_target(db: Db) {
    let written = [
        entry(0, "ada", "vendor.add", "acme"),
        entry(2, "cli", "vendor.rotate", "acme"),
        entry(4, "ada", "vendors.import", "acme"),
        entry(6, "ada", "vendor.rotate", "other"),
    ];
    for entry in &written {
        db.add_audit_entry(entry).await.unwrap();
    }
    let found = async |actor: Option<&str>, action: Option<&str>, target: Option<&str>| {
        let filter = AuditFilter {
            actor: actor.map(Into::into),
            action: action.map(Into::into),
            target: target.map(Into::into),
        };
        let page = db.audit_page(None, &filter, None, 10).await.unwrap();
        let place = |entry: &AuditEntry| written.iter().position(|one| one.id == entry.id).unwrap();
        page.iter().map(place).collect::<Vec<_>>()
    };
    assert_eq!(found(Some("ada"), None, None).await, [3, 2, 0]);
    assert_eq!(found(None, Some("vendor.rotate"), None).await, [3, 1]);
    assert_eq!(found(None, Some("vendor"), None).await, [3, 1, 0], "a kind is all of its actions");
    assert_eq!(found(Some("ada"), Some("vendor"), Some("acme")).await, [0]);
    assert_eq!(found(None, Some("vend%"), None).await, [] as [usize; 0]);
}

async fn a_tenant_s_log_shows_nothing_of_others_and_of_the_installation(db: Db) {
    let other = other_tenant(&db).await;
    let mine = entry(2, "ada", "vendor.add", "acme");
    let theirs = AuditEntry { tenant_id: Some(other), ..entry(4, "bob", "vendor.add", "acme") };
    let ours = AuditEntry { tenant_id: None, ..entry(6, "cli", "key.rotate", "master-key") };
    for entry in [&mine, &theirs, &ours] {
        db.add_audit_entry(entry).await.unwrap();
    }
    let filter = AuditFilter { actor: Some("ada".into()), ..AuditFilter::default() };
    assert_eq!(db.audit_page(Some(DEFAULT_TENANT_ID), &filter, None, 9).await.unwrap(), [mine]);
    let all = AuditFilter { action: Some("key.rotate".into()), ..AuditFilter::default() };
    assert_eq!(db.audit_page(Some(DEFAULT_TENANT_ID), &all, None, 9).await.unwrap(), []);
    assert_eq!(db.audit_page(None, &all, None, 9).await.unwrap(), [ours]);
}
