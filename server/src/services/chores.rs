//! What the installation does for itself: listing it, asking for it, switching it off.

use super::{Services, unavailable};
use crate::schedules::pace::{self, BadPace};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, ChoresPort},
    view::chores::{ChorePage, ChoreRow},
};
use async_trait::async_trait;
use domain::{
    chore::{Chore, ChoreName},
    schedule::Pace,
};

#[async_trait]
impl ChoresPort for Services {
    async fn chores(&self, actor: &Actor) -> Result<ChorePage, AppError> {
        let chores = self.store.chores().await.map_err(unavailable)?;
        let rows = chores.into_iter().map(|chore| row(actor, chore)).collect();
        Ok(ChorePage { now: self.clock.now(), rows })
    }

    async fn run_chore(&self, actor: &Actor, name: ChoreName) -> Result<(), AppError> {
        if !actor.role.may_configure() {
            return Err(AppError::NotAllowed);
        }
        // Of the whole installation, so of no tenant.
        let audit = self.audit(actor, None, "chore.run", name, "");
        self.store.ask_for_chore(name, &actor.email, &audit).await.map_err(unavailable)
    }

    async fn switch_chore(&self, actor: &Actor, name: ChoreName, on: bool) -> Result<(), AppError> {
        self.change_chore(actor, name, "chore.switch", if on { "on" } else { "off" }.to_owned(), |chore| {
            (chore.enabled != on).then(|| (on, chore.pace.clone()))
        })
        .await?;
        Ok(())
    }
}

impl Services {
    /// Changes at which times a chore is done; the next one is the first of them after now.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] for anybody but owners; times that never come, and unknown zones, at their field.
    pub async fn set_chore_pace(
        &self,
        actor: &Actor,
        name: ChoreName,
        pace: Pace,
    ) -> Result<ChoreRow, AppError> {
        let words = pace.in_words();
        self.change_chore(actor, name, "chore.set", words, |chore| Some((chore.enabled, pace))).await
    }

    /// The chore of this name as it stands.
    ///
    /// # Errors
    /// [`AppError::NotFound`] while no server was ever started on this database.
    pub async fn chore(&self, name: ChoreName) -> Result<Chore, AppError> {
        let all = self.store.chores().await.map_err(unavailable)?;
        all.into_iter().find(|chore| chore.name == name).ok_or(AppError::NotFound)
    }

    /// Changes whether and at which times a chore is done, unless `to` finds that it is so already.
    async fn change_chore(
        &self,
        actor: &Actor,
        name: ChoreName,
        action: &str,
        detail: String,
        to: impl FnOnce(&Chore) -> Option<(bool, Pace)> + Send,
    ) -> Result<ChoreRow, AppError> {
        if !actor.role.may_own() {
            return Err(AppError::NotAllowed);
        }
        let chore = self.chore(name).await?;
        let Some((enabled, pace)) = to(&chore) else { return Ok(row(actor, chore)) };
        let now = self.clock.now();
        let next_at = pace::next(&pace, now, now).map_err(|bad| {
            let field = match bad {
                BadPace::Cron => Field::Cron,
                BadPace::Zone => Field::Zone,
                BadPace::Every => Field::Every,
            };
            AppError::invalid(field, Reason::Malformed)
        })?;
        let audit = self.audit(actor, None, action, name, detail);
        self.store.set_chore(name, enabled, &pace, next_at, &audit).await.map_err(unavailable)?;
        Ok(row(actor, Chore { enabled, pace, next_at, ..chore }))
    }
}

/// As this actor may see it.
fn row(actor: &Actor, chore: Chore) -> ChoreRow {
    let mut row = ChoreRow::from(chore);
    if let Some(last) = row.last.as_mut().filter(|_| !actor.role.may_configure()) {
        (last.error, last.asked_by) = (None, None);
    }
    row
}
