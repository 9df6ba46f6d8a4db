//! One file per route. A page reads its data through `crate::api`, and chooses between loading, empty, failed and
//! filled; how each looks is the components' business.

pub mod added;
pub mod audit;
pub mod change_jobs;
pub mod destination;
pub mod destinations;
pub mod edit_job;
pub mod event;
pub mod event_type;
pub mod events;
pub mod job;
pub mod jobs;
pub mod login;
pub mod new_custom_vendor;
pub mod new_destination;
pub mod new_provider;
pub mod new_rule;
pub mod new_vendor;
pub mod nodes;
pub mod not_found;
pub mod overview;
pub mod presets;
pub mod providers;
pub mod replays;
pub mod request;
pub mod requests;
pub mod rules;
#[cfg(feature = "ssr")]
pub mod sender;
pub mod sender_link;
pub mod setup;
pub mod types;
pub mod vendor;
pub mod vendors;
pub mod work_limits;
