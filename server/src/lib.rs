//! Tidegate: webhook ingress, durable AI jobs and delivery to WordPress in one program.
//!
//! The way of one webhook, top to bottom: [`ingress`] → [`wake`] → [`worker`] → [`ai`] → [`delivery`].
//!
//! - [`cli`]: the commands; `main` parses and calls one of them
//! - [`config`]: settings; [`clock`]: time and fresh ids; [`vault`]: sealing secrets; [`secrets`]: those kept elsewhere; [`telemetry`]: the log
//! - [`live`]: vendors, providers, destinations and rules in memory
//! - [`envelope`]: a body as JSON; [`schema`]: what it must look like, and how others are made to fit
//! - [`http`]: routes, sessions, context of pages; [`services`]: what people can do
//! - [`sender_link`]: links for the engineers of vendors
//! - [`ingress`]: receiving webhooks; [`worker`]: running jobs; [`ai`], [`delivery`]: calling out
//! - [`trust`]: authorities certificates must come from
//! - [`payloads`], [`data_key`]: the bytes of webhooks, sealed where a tenant wants it
//! - [`archive`]: events as lines of a file; [`replay`]: running stored events again;
//!   [`retention`]: removing old ones
//! - [`schedules`]: making events at set times; [`news`]: of what was done by itself; [`made`]: how either is made
//! - [`stats`]: counting; [`beat`]: saying that this node lives; [`chores`]: forgetting what is old
//! - [`serve`]: starting and ending all of it
//!
//! SQL is in crate `store`, signatures are in crate `signature`, words in crate `domain`, pages in crate `app`.

pub mod ai;
pub mod archive;
pub mod beat;
pub mod by_itself;
pub mod chores;
pub mod cli;
pub mod clock;
pub mod config;
pub mod data_key;
pub mod delivery;
pub mod envelope;
pub mod http;
pub mod ingress;
pub mod live;
pub mod made;
pub mod news;
pub mod payloads;
pub mod replay;
pub mod retention;
pub mod schedules;
pub mod schema;
pub mod secrets;
pub mod sender_link;
pub mod serve;
pub mod services;
pub mod stats;
pub mod telemetry;
pub mod tokens;
pub mod tries;
pub mod trust;
pub mod vault;
pub mod wake;
pub mod worker;
