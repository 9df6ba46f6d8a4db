//! View models: what a page shows, as plain data that travels from the server to the browser.
//!
//! Times are instants and lengths are microseconds; `now` is the server's clock when the data was read, so that
//! both sides write the same words. Owns no way of getting the data (that is `crate::ports`) and no markup.
//!
//! - [`account`]: who is signed in
//! - [`jobs`]: rows, facets and pages of jobs
//! - [`job_edits`]: running a job again with something changed
//! - [`query`]: the list of jobs as its URL says it
//! - [`story`]: one job from webhook to post; [`telling`]: the same as sentences
//! - [`overview`]: figures of the first page
//! - [`connections`]: vendors, destinations, providers, rules and the forms that add them
//! - [`mod@destination`]: one destination
//! - [`greeting`]: a vendor's side of a connection; [`preset_options`]: what a preset lets one choose
//! - [`payload`]: what comes of asking for a webhook's bytes; [`replays`]: running events again;
//!   [`redaction`]: what is never stored
//! - [`vendor`]: the head of one vendor's page; [`secrets`]: the versions of its secret; [`signing`]: what of its
//!   preset's options was chosen; [`scheme`]: how it signs, where that was written by hand
//! - [`mod@audit`]: the audit log and its URL; [`mod@escape`]: texts as parts of a URL
//! - [`requests`], [`reasons`]: accepted and refused requests, and why; [`events`]: what became of accepted ones
//! - [`flow`]: pauses and breakers; [`breakers`]: what they count and when they open;
//!   [`work_limits`]: how the work is shared
//! - [`token_keys`]: the keys that sign tokens for sites
//! - [`sender`]: the page for a vendor's engineer
//! - [`types`]: event types with their schemas and mappings
//! - [`nodes`]: the processes that run; [`chores`]: what they do at set times
//! - [`words`]: numbers, sums of money and states as people read them

pub mod account;
pub mod audit;
pub mod breakers;
pub mod chores;
pub mod connections;
pub mod destination;
pub mod escape;
pub mod events;
pub mod flow;
pub mod greeting;
pub mod job_edits;
pub mod jobs;
pub mod limits;
pub mod nodes;
pub mod overview;
pub mod payload;
pub mod preset_options;
pub mod query;
pub mod reasons;
pub mod redaction;
pub mod replays;
pub mod requests;
pub mod schedules;
pub mod scheme;
pub mod secrets;
pub mod sender;
pub mod signing;
pub mod story;
pub mod telling;
pub mod token_keys;
pub mod types;
pub mod vendor;
pub mod words;
pub mod work_limits;
