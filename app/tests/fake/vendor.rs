//! One vendor in memory: the first of the list is its own tenant's, all are what the list says.

use super::Fake;
use app::{
    error::AppError,
    ports::{Actor, VendorPort},
    view::vendor::{VendorAddress, VendorFigures, VendorHead, VendorState},
};
use async_trait::async_trait;
use domain::{id::VendorId, news, time::DAY};

#[async_trait]
impl VendorPort for Fake {
    async fn head(&self, _: &Actor, at: &VendorAddress) -> Result<VendorHead, AppError> {
        self.well()?;
        let row = self.vendors.iter().find(|row| row.address == *at).ok_or(AppError::NotFound)?;
        Ok(VendorHead {
            id: row.id,
            address: row.address.clone(),
            preset_id: match row.preset.as_str() {
                "Weather service" => "custom".into(),
                news::PRESET_NAME => news::PRESET.into(),
                _ => row.address.slug.clone(),
            },
            preset: row.preset.clone(),
            doc_url: Some("https://docs.example.com/webhooks".into()),
            url: row.url.clone(),
            state: if row.enabled { VendorState::On } else { VendorState::Off },
            created_at: self.now.plus(-30 * DAY),
        })
    }

    async fn figures(&self, _: &Actor, id: VendorId) -> Result<VendorFigures, AppError> {
        self.well()?;
        let row = self.vendors.iter().find(|row| row.id == id).ok_or(AppError::NotFound)?;
        Ok(VendorFigures {
            now: self.now,
            accepted: row.accepted.unwrap_or(0),
            duplicate: 12,
            refused: row.refused.unwrap_or(0),
            last_event_at: row.last_event_at,
        })
    }

    async fn switch(&self, _: &Actor, id: VendorId, enabled: bool) -> Result<(), AppError> {
        self.note(format!("switch {id} {enabled}"));
        Ok(())
    }
}
