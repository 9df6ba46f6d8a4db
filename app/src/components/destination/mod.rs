//! The panels of a destination's page, one file each. What they show is read by the page, once for all of them; forms stand
//! outside what is drawn anew by itself.

pub mod facts;
pub mod report;
pub mod secret;
pub mod tokens;
