//! The web side: what is served where, and what every request passes through.
//!
//! - [`listen`], [`patience`]: connections, their limits and their orderly end; [`leaving`]: what is said before it
//! - [`client`]: whose request it is, behind proxies
//! - [`router`]: the table of routes
//! - [`context`]: what pages and server functions find in their context
//! - [`session`]: cookies and rows behind "signed in"
//! - [`origin`]: refusing form posts from other sites
//! - [`refusals`]: the status of a refused server function
//! - [`request_id`]: an id for every request, in its answer and in the log
//! - [`export`]: lists as files
//! - [`problem`]: errors as RFC 9457
//! - [`published`]: the public keys of our tokens
//! - [`sender`]: the page for a vendor's engineer
//! - [`changes`], [`stream`]: telling open pages that something changed
//! - [`health`], [`metrics`]: for machines

pub mod changes;
pub mod client;
pub mod context;
pub mod export;
pub mod health;
pub mod leaving;
pub mod listen;
pub mod metrics;
pub mod origin;
pub mod patience;
pub mod problem;
pub mod published;
pub mod refusals;
pub mod request_id;
pub mod router;
pub mod sender;
pub mod session;
pub mod stream;
