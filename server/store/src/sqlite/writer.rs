//! The one connection that writes, as whoever writes next must find it. Who begins what on it is told where it is opened.

use sqlx::{Connection as _, SqliteConnection, raw_sql};

/// Whether the writer can be given to the next one: durable, whatever the last one asked for, and in no transaction.
/// Otherwise it is to be closed, which rolls back what is open.
///
/// How durable its commits are cannot be changed within a transaction, so that asking for it finds one that was left open
/// halfway; and it is answered after the rollback that a dropped transaction queued. SQLite ends a transaction by itself
/// when the disk is full: then sqlx, whose own rollback fails, counts it as open for ever, and could never begin another.
pub(super) async fn comes_back_well(writer: &mut SqliteConnection) -> bool {
    // Not kept as a prepared statement: SQLite does what this says when it is prepared, not when it is run.
    raw_sql("pragma synchronous = full").execute(&mut *writer).await.is_ok() && !writer.is_in_transaction()
}

#[cfg(test)]
mod tests {
    use crate::{AuditEntry, AuditStore, OpenOptions, Store, sqlite::Adapter};
    use domain::time::Timestamp;
    use sqlx::{query, query_scalar};
    use std::path::PathBuf;
    use uuid::Uuid;

    async fn opened() -> (Adapter, PathBuf) {
        let folder = std::env::temp_dir().join(format!("tidegate-writer-{}", Uuid::now_v7()));
        let options = OpenOptions { create: true, ..OpenOptions::default() };
        let db = Adapter::open(&folder.join("writer.db"), &options).await.unwrap();
        db.migrate().await.unwrap();
        (db, folder)
    }

    async fn notes_one(db: &Adapter) {
        let entry = AuditEntry {
            id: Uuid::now_v7(),
            at: Timestamp(0),
            tenant_id: None,
            actor: "cli".to_owned(),
            action: "something".to_owned(),
            target: "nothing".to_owned(),
            detail: String::new(),
        };
        db.note(&entry).await.unwrap();
    }

    async fn noted(db: &Adapter) -> i64 {
        query_scalar("select count(*) from audit_log").fetch_one(&db.read).await.unwrap()
    }

    /// How durable a commit of whoever writes next is: 2 waits for the disk.
    async fn level(db: &Adapter) -> i64 {
        query_scalar("pragma synchronous").fetch_one(&mut *db.writer().await.unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn what_fails_halfway_is_undone_and_the_next_one_can_write() {
        let (db, folder) = opened().await;
        notes_one(&db).await;
        let halfway =
            "begin immediate; delete from audit_log where $1; insert into nowhere values (1); commit";
        query(halfway).bind(true).execute(&mut *db.writer().await.unwrap()).await.unwrap_err();
        notes_one(&db).await;
        assert_eq!(noted(&db).await, 2);
        db.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn what_is_abandoned_halfway_is_undone_and_the_next_one_can_write() {
        let (db, folder) = opened().await;
        notes_one(&db).await;
        let mut writer = db.writer().await.unwrap();
        query("begin immediate; delete from audit_log where $1")
            .bind(true)
            .execute(&mut *writer)
            .await
            .unwrap();
        drop(writer);
        notes_one(&db).await;
        assert_eq!(noted(&db).await, 2);
        db.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_hasty_change_leaves_the_next_one_durable_however_it_ends() {
        let (db, folder) = opened().await;
        assert_eq!(level(&db).await, 2);
        let mut hasty = db.begin_hasty().await.unwrap();
        let within: i64 = query_scalar("pragma synchronous").fetch_one(&mut *hasty).await.unwrap();
        assert_eq!(within, 1);
        hasty.commit().await.unwrap();
        assert_eq!(level(&db).await, 2);
        drop(db.begin_hasty().await.unwrap());
        assert_eq!(level(&db).await, 2);
        db.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }
}
