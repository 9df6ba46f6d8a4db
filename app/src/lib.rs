//! The dashboard: pages, their parts, and the seam to the rest of the program.

pub mod error;
#[cfg(feature = "ssr")]
pub mod ports;
pub mod view;
