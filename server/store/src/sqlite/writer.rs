//! The one connection that writes, as whoever writes next must find it. Who begins what on it is told where it is opened.

use sqlx::{Connection as _, SqliteConnection, raw_sql};

/// Makes the writer durable again, whatever the last one asked for. `false` when it cannot be given to the next one, for it is
/// still in a transaction: then it is to be closed, which rolls back what is open.
///
/// How durable its commits are cannot be changed within a transaction, so that asking for it finds one that was left open
/// halfway; and it is answered after the rollback that a dropped transaction queued. SQLite ends a transaction by itself
/// when the disk is full: then sqlx, whose own rollback fails, counts it as open for ever, and could never begin another.
pub(super) async fn restore(writer: &mut SqliteConnection) -> bool {
    // Raw, for it would be prepared each time all the same: SQLite runs a prepared pragma once.
    raw_sql("pragma synchronous = full").execute(&mut *writer).await.is_ok() && !writer.is_in_transaction()
}

#[cfg(test)]
mod tests {
    use crate::sqlite::{Adapter, test_file::TestFile};
    use sqlx::{query, query_scalar};

    async fn noted(db: &Adapter) -> i64 {
        query_scalar("select count(*) from audit_log").fetch_one(&db.read).await.unwrap()
    }

    /// How durable a commit of whoever writes next is: 2 waits for the disk.
    async fn level(db: &Adapter) -> i64 {
        query_scalar("pragma synchronous").fetch_one(&mut *db.writer().await.unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn what_fails_halfway_is_undone_and_the_next_one_can_write() {
        let file = TestFile::new().await;
        let db = &file.db;
        file.note(String::new()).await;
        let halfway =
            "begin immediate; delete from audit_log where $1; insert into nowhere values (1); commit";
        query(halfway).bind(true).execute(&mut *db.writer().await.unwrap()).await.unwrap_err();
        file.note(String::new()).await;
        assert_eq!(noted(db).await, 2);
        file.remove().await;
    }

    #[tokio::test]
    async fn what_is_abandoned_halfway_is_undone_and_the_next_one_can_write() {
        let file = TestFile::new().await;
        let db = &file.db;
        file.note(String::new()).await;
        let mut writer = db.writer().await.unwrap();
        query("begin immediate; delete from audit_log where $1")
            .bind(true)
            .execute(&mut *writer)
            .await
            .unwrap();
        drop(writer);
        file.note(String::new()).await;
        assert_eq!(noted(db).await, 2);
        file.remove().await;
    }

    #[tokio::test]
    async fn a_hasty_change_leaves_the_next_one_durable_however_it_ends() {
        let file = TestFile::new().await;
        let db = &file.db;
        assert_eq!(level(db).await, 2);
        let mut hasty = db.begin_hasty().await.unwrap();
        let within: i64 = query_scalar("pragma synchronous").fetch_one(&mut *hasty).await.unwrap();
        assert_eq!(within, 1);
        hasty.commit().await.unwrap();
        assert_eq!(level(db).await, 2);
        drop(db.begin_hasty().await.unwrap());
        assert_eq!(level(db).await, 2);
        file.remove().await;
    }
}
