//! What a request must be like to be taken, and how many are, tried at the socket of a running server.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a story that cannot go on has failed; names are sentences"
)]

mod address;
mod content;
mod leaving;
mod rate;
mod replays;
mod schemes;
mod sender;
mod support;
mod tenants;
mod unique;
