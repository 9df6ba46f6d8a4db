//! Three chores: one that went well, one that fails, one that is off.

use super::Fake;
use app::{
    error::AppError,
    ports::{Actor, ChoresPort},
    view::chores::{ChorePage, ChoreRow},
};
use async_trait::async_trait;
use domain::{
    chore::{ChoreName, LastRun},
    id::NodeId,
    time::{MINUTE, SECOND},
};
use uuid::Uuid;

impl Fake {
    fn chore(&self, name: ChoreName) -> ChoreRow {
        let ended_at = self.now.plus(-4 * MINUTE);
        ChoreRow {
            name,
            pace: name.usual_pace(),
            enabled: true,
            next_at: self.now.plus(6 * MINUTE),
            asked: false,
            at_work: None,
            failures: 0,
            last: Some(LastRun {
                node: NodeId::new(Uuid::from_u128(1)),
                host: "gate-1".into(),
                began_at: ended_at.plus(-2 * SECOND),
                ended_at,
                asked_by: None,
                removed: Some(1_234),
                error: None,
            }),
        }
    }
}

#[async_trait]
impl ChoresPort for Fake {
    async fn chores(&self, actor: &Actor) -> Result<ChorePage, AppError> {
        self.well()?;
        let mut ill = self.chore(ChoreName::Retention);
        ill.failures = 3;
        if let Some(last) = ill.last.as_mut() {
            last.removed = None;
            last.error = actor.role.may_configure().then(|| "the database is unavailable: full".into());
        }
        let rows = vec![
            ChoreRow { enabled: false, last: None, ..self.chore(ChoreName::Counters) },
            ill,
            self.chore(ChoreName::Sessions),
            ChoreRow {
                at_work: Some((self.now.plus(-3 * SECOND), "gate-2".into())),
                ..self.chore(ChoreName::UniqueKeys)
            },
        ];
        Ok(ChorePage { now: self.now, rows })
    }

    async fn run_chore(&self, _: &Actor, name: ChoreName) -> Result<(), AppError> {
        self.note(format!("run {name}"));
        Ok(())
    }

    async fn switch_chore(&self, _: &Actor, name: ChoreName, on: bool) -> Result<(), AppError> {
        self.note(format!("switch {name} {on}"));
        Ok(())
    }
}
