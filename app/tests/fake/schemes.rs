//! A vendor whose scheme was written by hand: the one called `weather`.

use super::Fake;
use app::{
    error::AppError,
    ports::{Actor, SchemesPort},
    view::{scheme::SchemeSet, vendor::VendorAddress},
};
use async_trait::async_trait;
use domain::id::VendorId;

#[async_trait]
impl SchemesPort for Fake {
    async fn scheme(&self, _: &Actor, vendor: VendorId) -> Result<Option<String>, AppError> {
        self.well()?;
        let row = self.vendors.iter().find(|row| row.id == vendor).ok_or(AppError::NotFound)?;
        Ok((row.preset == "Weather service")
            .then(|| "name = \"Weather service\"\nsigned = \"{ts}.{body}\"".into()))
    }

    async fn set_scheme(&self, _: &Actor, vendor: VendorId, scheme: String) -> Result<SchemeSet, AppError> {
        let row = self.vendors.iter().find(|row| row.id == vendor).ok_or(AppError::NotFound)?;
        let address = VendorAddress { slug: row.address.slug.clone(), tenant: row.address.tenant.clone() };
        let draft = scheme.contains("singed").then(|| "dr4ft".to_owned());
        if draft.is_none() {
            self.note(format!("scheme {scheme}"));
        }
        Ok(SchemeSet { address, draft })
    }
}
