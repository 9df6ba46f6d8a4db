//! The panels of a vendor's page, one file each. Each says what it reads about the
//! [`subject`] and keeps it true; forms stand outside what is drawn anew by itself.

pub mod figures;
pub mod limits;
pub mod news;
pub mod privacy;
pub mod refused;
pub mod scheme;
pub mod secrets;
pub mod signing;
pub mod subject;
pub mod types;
