//! The journal (write-ahead log): how long it may become before SQLite tries to empty it into the file, and what it keeps of
//! its length afterwards.
//!
//! SQLite tries at each commit once the journal is long enough, and sorts all of it before it finds that a reader, who still
//! looks at the file as it was, is in the way (`walCheckpoint` in its `wal.c`). Beside a transaction that stays open every
//! commit would cost as much as the journal is long. So a journal that grew far beyond what it should be is tried again only
//! when it has grown by a tenth.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// Pages after which SQLite tries, as it does by itself: some 4 MB.
const USUAL: u32 = 1_000;
/// Pages of a journal that something keeps from being emptied: 16 MiB.
const BLOCKED: u32 = 4_096;
/// Bytes of a page, and of what the journal keeps with each.
const PAGE: u64 = 4_096 + 24;
/// Bytes the file keeps once the journal is empty. More than it needs as a rule, because writing over what is there is
/// quicker than making a file longer.
pub(super) const KEPT: &str = "8388608";

/// The journal of a file.
pub(super) struct Journal {
    path: PathBuf,
    /// What the writer was told last.
    told: AtomicU32,
}

impl Journal {
    /// That of the file at `path`.
    pub(super) fn of(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        Self { path: name.into(), told: AtomicU32::new(USUAL) }
    }

    /// The words that tell the writer how many pages the journal may now have, if that changed.
    pub(super) fn limit(&self) -> Option<String> {
        let bytes = self.path.metadata().map_or(0, |file| file.len());
        let pages = limit(bytes / PAGE);
        (self.told.swap(pages, Ordering::Relaxed) != pages)
            .then(|| format!("pragma wal_autocheckpoint = {pages}"))
    }

    /// The words that begin a change with `begin`, and those before them, if any.
    pub(super) fn begin(&self, begin: &'static str) -> String {
        self.limit().map_or_else(|| begin.to_owned(), |limit| format!("{limit}; {begin}"))
    }
}

/// Pages at which a journal of so many is to be emptied.
fn limit(pages: u64) -> u32 {
    if pages < u64::from(BLOCKED) {
        return USUAL;
    }
    let mut limit = BLOCKED;
    while u64::from(limit) <= pages && limit < u32::MAX / 2 {
        limit += limit / 10;
    }
    limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuditEntry, AuditStore, OpenOptions, Store, sqlite::Adapter};
    use domain::time::Timestamp;
    use uuid::Uuid;

    #[test]
    fn a_journal_that_cannot_be_emptied_is_tried_again_when_it_has_grown_by_a_tenth() {
        assert_eq!([limit(0), limit(999), limit(4_095)], [USUAL; 3]);
        assert_eq!([limit(4_096), limit(4_504), limit(4_505)], [4_505, 4_505, 4_955]);
        let (mut tries, mut pages) = (0, 4_096);
        while pages < 1_000_000 {
            pages = u64::from(limit(pages));
            tries += 1;
        }
        assert!(tries < 70, "{tries}");
        assert!(limit(u64::MAX) > 1_000_000_000);
    }

    #[tokio::test]
    async fn a_journal_that_grew_beside_a_reader_is_emptied_and_short_again_afterwards() {
        let folder = std::env::temp_dir().join(format!("tidegate-journal-{}", Uuid::now_v7()));
        let file = folder.join("journal.db");
        let options = OpenOptions { create: true, ..OpenOptions::default() };
        let db = Adapter::open(&file, &options).await.unwrap();
        db.migrate().await.unwrap();
        let length = || std::fs::metadata(folder.join("journal.db-wal")).unwrap().len();
        let write = async |megabytes: usize| {
            for _ in 0..megabytes {
                let entry = AuditEntry {
                    id: Uuid::now_v7(),
                    at: Timestamp(0),
                    tenant_id: None,
                    actor: "cli".to_owned(),
                    action: "something".to_owned(),
                    target: "nothing".to_owned(),
                    detail: "x".repeat(1 << 20),
                };
                db.note(&entry).await.unwrap();
            }
        };
        write(2).await;
        let mut reader = db.snapshot().await.unwrap();
        sqlx::query("select count(*) from audit_log").fetch_one(&mut *reader).await.unwrap();
        write(24).await;
        assert!(length() > 24 << 20, "{}", length());
        reader.rollback().await.unwrap();
        // What it may still grow by before it is tried, and as much again.
        write(8).await;
        assert!(length() <= 9 << 20, "{}", length());
        db.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }
}
