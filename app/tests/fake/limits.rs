//! What a vendor may send.

use super::Fake;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, LimitsPort},
    view::limits::{NewLimits, VendorLimits},
};
use async_trait::async_trait;
use domain::{id::VendorId, network};

#[async_trait]
impl LimitsPort for Fake {
    async fn limits(&self, _: &Actor, vendor: VendorId) -> Result<VendorLimits, AppError> {
        if !self.vendors.iter().any(|row| row.id == vendor) {
            return Err(AppError::NotFound);
        }
        Ok(VendorLimits {
            allow: vec!["203.0.113.0/24".into(), "2001:db8::/32".into()],
            rate: Some(50),
            burst: Some(200),
            max_body: None,
            preset_max_body: 524_288,
        })
    }

    async fn set_limits(&self, _: &Actor, _: VendorId, new: NewLimits) -> Result<(), AppError> {
        network::parse_list(&new.allow).map_err(|_| AppError::invalid(Field::Allow, Reason::Malformed))?;
        self.note(format!("limit {:?}", new.rate));
        Ok(())
    }
}
