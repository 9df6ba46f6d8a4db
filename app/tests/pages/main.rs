//! Every page as HTML, the way a browser without JavaScript sees it, over ports in memory.
#![allow(missing_docs, reason = "names of tests are sentences")]

mod adding;
mod chores;
mod destinations;
mod events;
mod every_page;
#[path = "../fake/mod.rs"]
pub mod fake;
mod jobs;
mod operation;
mod requests;
mod schedules;
mod signing_in;
mod types;
mod vendors;

use domain::role::Role;
use fake::{Fake, NOON, site::Site};

const VENDOR: &str = "/vendors/openai";
/// An HTTP endpoint whose old secret still signs.
const ENDPOINT: &str = "/destinations/dst_018f3c51000070008000000000000003";
/// A WordPress site.
const SITE: &str = "/destinations/dst_018f3c51000070008000000000000001";
/// A WordPress site that is shown tokens.
const TOKEN_SITE: &str = "/destinations/dst_018f3c51000070008000000000000004";
const BAD_JOB: &str = "/jobs/job_018f3c5100007000800000000000000b";

const FAILED_JOB: &str = "/jobs/job_018f3c5100007000800000000000003c";

/// A webhook that arrived, and the copy a replay made of another.
const EVENT: &str = "/events/evt_018f3c51000070008000000000000001";
const COPY: &str = "/events/evt_018f3c51000070008000000000000003";
const TYPE: &str = "/events/types/acme/story.ready";

const REFUSED: &str = "/requests/req_018f3c51000070008000000000000001";
const NOT_KEPT: &str = "/requests/req_018f3c51000070008000000000000002";
const BY_HAND: &str = "/requests/req_018f3c51000070008000000000000003";
const SENDER_LINK: &str = "/requests/sender?vendor=ven_018f3c51000070008000000000000001";

fn busy(role: Role) -> Site {
    Site::new(Fake::busy(NOON), Some(role))
}

fn fresh(role: Role) -> Site {
    Site::new(Fake::fresh(NOON), Some(role))
}

fn signed_out() -> Site {
    Site::new(Fake::busy(NOON), None)
}
