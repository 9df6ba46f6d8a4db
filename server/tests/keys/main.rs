//! Keys that vendors publish, and first requests of vendors that need one, told against a running server: with a key
//! server on loopback and a certificate authority made for the occasion.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod greetings;
mod published;
mod refused;
mod support;
mod vendors;
