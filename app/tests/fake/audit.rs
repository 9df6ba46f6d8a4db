//! An audit log of a hundred and twenty entries.

use super::Fake;
use app::{
    error::AppError,
    ports::{Actor, AuditPort},
    view::audit::{AuditPage, AuditRow},
};
use async_trait::async_trait;
use domain::{
    audit::{AuditCursor, AuditFilter},
    time::MINUTE,
};
use uuid::Uuid;

#[async_trait]
impl AuditPort for Fake {
    async fn page(
        &self,
        _: &Actor,
        filter: &AuditFilter,
        cursor: Option<AuditCursor>,
        limit: u32,
    ) -> Result<AuditPage, AppError> {
        self.well()?;
        let entry = |n: i64| AuditRow {
            id: Uuid::from_u128(1_000 - n as u128),
            at: self.now.plus(-n * MINUTE),
            tenant: Some("default".into()),
            actor: if n % 3 == 0 { "cli".into() } else { "ada+x@example.org".into() },
            action: if n % 2 == 0 { "vendor.rotate".into() } else { "rule.add".into() },
            target: "openai".into(),
            detail: "overlap 24 h".into(),
        };
        let wanted = |row: &AuditRow| {
            filter.actor.as_ref().is_none_or(|actor| *actor == row.actor)
                && filter.action.as_ref().is_none_or(|action| *action == row.action)
                && filter.target.as_ref().is_none_or(|target| *target == row.target)
                && cursor.is_none_or(|at| (row.at, row.id) < (at.at, at.id))
        };
        let count = if self.vendors.is_empty() { 0 } else { 120 };
        let mut rows: Vec<AuditRow> = (0..count).map(entry).filter(wanted).collect();
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let last = rows.last().filter(|_| more);
        let next_cursor = last.map(|row| AuditCursor { at: row.at, id: row.id }.to_string());
        Ok(AuditPage { now: self.now, rows, next_cursor })
    }
}
