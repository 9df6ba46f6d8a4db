//! One destination: how it stands, and its signing secret replaced by a page.

use super::{Services, destinations, sees, unavailable};
use crate::live::LiveDestination;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, DestinationPort},
    view::destination::{DestinationHead, DestinationView},
};
use async_trait::async_trait;
use domain::{destination::DestinationAuth, id::DestinationId, tenant::DEFAULT_TENANT};
use std::sync::Arc;
use store::StoreError;

/// Longest reason a person can give, in characters.
const LONGEST_WHY: usize = 200;

impl Services {
    /// The destination of this id, if the actor may see it.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn destination_of(&self, actor: &Actor, id: DestinationId) -> Result<Arc<LiveDestination>, AppError> {
        let live = self.live.now().destination(id).cloned();
        live.filter(|live| sees(actor, live.destination.tenant_id)).ok_or(AppError::NotFound)
    }
}

#[async_trait]
impl DestinationPort for Services {
    async fn destination_head(&self, actor: &Actor, id: DestinationId) -> Result<DestinationHead, AppError> {
        let live = self.destination_of(actor, id)?;
        let destination = &live.destination;
        let snapshot = self.live.now();
        // An owner sees those of all tenants; of the usual one nothing needs to be said.
        let tenant = snapshot.tenant(destination.tenant_id).map(|tenant| tenant.slug.to_string());
        Ok(DestinationHead {
            id,
            slug: destination.slug.to_string(),
            tenant: tenant.filter(|slug| actor.tenant.is_none() && slug != DEFAULT_TENANT),
            kind: destination.kind,
            auth: destination.auth,
        })
    }

    async fn destination_now(&self, actor: &Actor, id: DestinationId) -> Result<DestinationView, AppError> {
        let live = self.destination_of(actor, id)?;
        let by_token = live.destination.auth == DestinationAuth::Jwt;
        let now = self.clock.now();
        Ok(DestinationView {
            now,
            row: destinations::row(&live, self.last_test(id), now),
            secret_readable: (!by_token).then_some(live.secret.is_some()),
            issuer: by_token.then(|| self.delivery.tokens().issuer().to_owned()),
            created_at: live.destination.created_at,
        })
    }

    async fn replace_signing_secret(
        &self,
        actor: &Actor,
        id: DestinationId,
        given: Option<String>,
        overlap: i64,
    ) -> Result<String, AppError> {
        let live = self.destination_of(actor, id)?;
        let revealed = self.rotate_destination(actor, &live, given, overlap).await?;
        Ok(self.reveals.keep(actor.user_id, self.clock.now(), (live.destination.tenant_id, revealed)))
    }

    async fn end_old_secret(&self, actor: &Actor, id: DestinationId, why: String) -> Result<(), AppError> {
        let live = self.destination_of(actor, id)?;
        let now = self.clock.now();
        let ended = AppError::invalid(Field::OldSecret, Reason::Ended);
        if live.retiring.as_ref().is_none_or(|(_, until)| *until <= now) {
            return Err(ended);
        }
        // Messages would go out without any signature, and be refused.
        if live.secret.is_none() {
            return Err(AppError::invalid(Field::OldSecret, Reason::OnlyOne));
        }
        if why.chars().count() > LONGEST_WHY {
            return Err(AppError::invalid(Field::Why, Reason::TooLong));
        }
        let destination = &live.destination;
        let detail = format!("the old one ended before its time: {why}");
        let audit =
            self.audit(actor, Some(destination.tenant_id), "destination.revoke", &destination.slug, detail);
        self.store.end_retiring_of_destination(id, now, &audit).await.map_err(|error| match error {
            StoreError::NotFound => ended,
            other => unavailable(other),
        })?;
        self.changed().await;
        Ok(())
    }
}
