//! The panels of a vendor's page, one file each. A panel takes the [`VendorHead`](crate::view::vendor::VendorHead),
//! reads its own data and keeps it true; forms stand outside what is drawn anew by itself.

pub mod figures;
pub mod limits;
pub mod privacy;
pub mod refused;
pub mod secrets;
pub mod types;
