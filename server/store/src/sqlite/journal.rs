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

    /// How many pages the journal may now have, if the writer was told otherwise.
    pub(super) fn limit(&self) -> Option<u32> {
        let bytes = self.path.metadata().map_or(0, |file| file.len());
        let pages = limit(bytes / PAGE);
        (self.told.load(Ordering::Relaxed) != pages).then_some(pages)
    }

    /// The writer was told this many.
    pub(super) fn was_told(&self, pages: u32) {
        self.told.store(pages, Ordering::Relaxed);
    }

    /// The writer is a new connection, which knows nothing but what SQLite does by itself.
    pub(super) fn begins_anew(&self) {
        self.was_told(USUAL);
    }
}

/// The words that tell the writer so.
pub(super) fn words(pages: u32) -> String {
    format!("pragma wal_autocheckpoint = {pages}; ")
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
    use crate::sqlite::test_file::TestFile;

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
        let file = TestFile::new().await;
        let length = || std::fs::metadata(file.journal()).unwrap().len();
        let write = async |megabytes: usize| {
            for _ in 0..megabytes {
                file.note("x".repeat(1 << 20)).await;
            }
        };
        write(2).await;
        let mut reader = file.db.snapshot().await.unwrap();
        sqlx::query("select count(*) from audit_log").fetch_one(&mut *reader).await.unwrap();
        write(24).await;
        assert!(length() > 24 << 20, "{}", length());
        reader.rollback().await.unwrap();
        // What it may still grow by before it is tried, and as much again.
        write(8).await;
        assert!(length() <= 9 << 20, "{}", length());
        file.remove().await;
    }

    #[tokio::test]
    async fn a_new_connection_is_told_how_long_a_journal_may_be_that_cannot_be_emptied() {
        let file = TestFile::new().await;
        let mut reader = file.db.snapshot().await.unwrap();
        sqlx::query("select count(*) from audit_log").fetch_one(&mut *reader).await.unwrap();
        for _ in 0..20 {
            file.note("x".repeat(1 << 20)).await;
        }
        let mut abandoned = file.db.writer().await.unwrap();
        sqlx::raw_sql("begin immediate").execute(&mut *abandoned).await.unwrap();
        drop(abandoned);
        let mut writer = file.db.writer().await.unwrap();
        let told: i64 =
            sqlx::query_scalar("pragma wal_autocheckpoint").fetch_one(&mut *writer).await.unwrap();
        let pages = std::fs::metadata(file.journal()).unwrap().len() / PAGE;
        assert!(told > i64::from(BLOCKED), "{told}");
        assert_eq!(told, i64::from(limit(pages)));
        drop((writer, reader));
        file.remove().await;
    }
}
