//! What an installation does for itself at set times: forgetting what is old. Every node looks, whatever its roles; each due
//! time is used by one of them.
//!
//! - [`work`]: what each chore does
//! - [`run`]: taking one that is due, holding it while it is done, and noting how it ended

pub mod run;
pub mod work;
