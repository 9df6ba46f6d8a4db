//! One destination in memory: all are what the list says.

use super::Fake;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, DestinationPort},
    view::{
        connections::{DestinationRow, Revealed},
        destination::{DestinationHead, DestinationView},
    },
};
use async_trait::async_trait;
use domain::{
    destination::{DestinationAuth, DestinationKind},
    id::DestinationId,
    overlap,
    time::DAY,
};

impl Fake {
    fn destination_row(&self, id: DestinationId) -> Result<DestinationRow, AppError> {
        let rows = self.destinations.lock().unwrap();
        rows.iter().find(|row| row.id == id).cloned().ok_or(AppError::NotFound)
    }
}

#[async_trait]
impl DestinationPort for Fake {
    async fn destination_head(&self, _: &Actor, id: DestinationId) -> Result<DestinationHead, AppError> {
        self.well()?;
        let row = self.destination_row(id)?;
        Ok(DestinationHead { id, slug: row.slug, tenant: None, kind: row.kind, auth: row.auth })
    }

    async fn destination_now(&self, _: &Actor, id: DestinationId) -> Result<DestinationView, AppError> {
        self.well()?;
        let row = self.destination_row(id)?;
        let by_token = row.auth == DestinationAuth::Jwt;
        Ok(DestinationView {
            now: self.now,
            row,
            secret_readable: (!by_token).then_some(true),
            issuer: by_token.then(|| "https://hooks.example.com".into()),
            created_at: self.now.plus(-30 * DAY),
        })
    }

    async fn end_old_secret(&self, _: &Actor, id: DestinationId, why: String) -> Result<(), AppError> {
        let row = self.destination_row(id)?;
        if row.old_secret_until.is_none() {
            return Err(AppError::invalid(Field::OldSecret, Reason::Ended));
        }
        self.note(format!("end old secret of {}: {why}", row.slug));
        Ok(())
    }

    async fn replace_signing_secret(
        &self,
        _: &Actor,
        id: DestinationId,
        given: Option<String>,
        overlap: i64,
    ) -> Result<String, AppError> {
        let row = self.destination_row(id)?;
        if row.kind != DestinationKind::Http {
            return Err(AppError::invalid(Field::Kind, Reason::DoesNotFit));
        }
        if !overlap::fits(overlap) {
            return Err(AppError::invalid(Field::Overlap, Reason::TooLong));
        }
        self.note(format!("replace secret of {} {overlap} {}", row.slug, given.is_some()));
        let secret = given.is_none().then(|| "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned());
        *self.secret.lock().unwrap() = Some(Revealed { slug: row.slug, url: row.url, secret });
        Ok("h4ndle".into())
    }
}
