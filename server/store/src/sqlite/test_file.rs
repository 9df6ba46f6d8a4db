//! A file of its own for a unit test of SQLite's ways, and what they write into it.

use super::Adapter;
use crate::{AuditEntry, AuditStore, OpenOptions, Store};
use domain::time::Timestamp;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// An empty database, in a folder that its test removes.
pub(super) struct TestFile {
    pub(super) db: Adapter,
    folder: PathBuf,
}

impl TestFile {
    pub(super) async fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("tidegate-sqlite-{}", Uuid::now_v7()));
        let options = OpenOptions { create: true, ..OpenOptions::default() };
        let db = Adapter::open(&folder.join("test.db"), &options).await.unwrap();
        db.migrate().await.unwrap();
        Self { db, folder }
    }

    /// The journal of the file.
    pub(super) fn journal(&self) -> PathBuf {
        Path::join(&self.folder, "test.db-wal")
    }

    /// Writes an entry of the audit log, durably.
    pub(super) async fn note(&self, detail: String) {
        let entry = AuditEntry {
            id: Uuid::now_v7(),
            at: Timestamp(0),
            tenant_id: None,
            actor: "cli".to_owned(),
            action: "something".to_owned(),
            target: "nothing".to_owned(),
            detail,
        };
        self.db.note(&entry).await.unwrap();
    }

    pub(super) async fn remove(self) {
        self.db.close().await;
        std::fs::remove_dir_all(self.folder).unwrap();
    }
}
