//! Outgoing calls at the socket: the client's bounds, what models answer, and deliveries of a running worker.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a story that cannot go on has failed; names are sentences"
)]

mod batch;
mod forward;
mod models;
mod order;
mod outbound;
mod receiver;
mod stopping;
mod support;
mod switched;
mod tokens;
