//! What the dashboard needs from the rest of the program, as small traits that the server implements.
//!
//! Owns the seam and nothing behind it. Rules that hold for every method:
//! - The server functions in `crate::api` have checked the role before they call; an implementation checks the
//!   tenant: whatever is not in [`Actor::tenant`] is [`AppError::NotFound`] (owners, with `None`, see all).
//! - Text of inner errors goes to the log; only an [`AppError`] comes back.
//! - Everything typed into a form arrives trimmed, with empty optional fields as `None`, and otherwise unchecked.
//!   A field that cannot be accepted is [`AppError::Invalid`] with the field the form shows it at.
//! - Changes write an audit entry that names the actor.
//!
//! Per request the server provides in Leptos' context: [`Ports`], `Option<Actor>`, [`RequestInfo`] and
//! [`Session`]. What is missing makes a page say "could not load" rather than panic.

mod audit;
mod breakers;
mod chores;
mod destination;
mod events;
mod flow;
mod greetings;
mod job_changes;
mod job_edits;
mod limits;
mod nodes;
mod requests;
mod rotation;
mod schedules;
mod schemes;
mod sender;
mod signing;
mod token_keys;
pub mod types;
mod vendor;
mod work_limits;

pub use audit::AuditPort;
pub use breakers::BreakersPort;
pub use chores::ChoresPort;
pub use destination::DestinationPort;
pub use events::EventsPort;
pub use flow::FlowPort;
pub use greetings::GreetingsPort;
pub use job_changes::JobChangesPort;
pub use job_edits::JobEditsPort;
pub use limits::LimitsPort;
pub use nodes::NodesPort;
pub use requests::RequestsPort;
pub use rotation::RotationPort;
pub use schedules::SchedulesPort;
pub use schemes::SchemesPort;
pub use sender::SenderPort;
pub use signing::SigningPort;
pub use token_keys::TokenKeysPort;
pub use vendor::VendorPort;
pub use work_limits::WorkLimitsPort;

use crate::{
    error::AppError,
    view::{
        connections::{
            DestinationPage, NewDestination, NewProvider, NewRule, NewVendor, PresetChoice, ProviderPage,
            Revealed, RulePage, TestReport, VendorPage,
        },
        jobs::JobPage,
        overview::Overview,
        preset_options::PresetOption,
        story::JobStory,
    },
};
use async_trait::async_trait;
use domain::{
    filter::{Cursor, JobFilter},
    id::{DestinationId, JobId, ProviderId, TenantId, UserId},
    role::Role,
};
use std::{collections::BTreeMap, sync::Arc};

mod payloads;
mod redaction;
mod replays;

pub use payloads::PayloadsPort;
pub use redaction::RedactionPort;
pub use replays::ReplaysPort;

/// Who acts: the account behind the session, read anew for every request so that a disabled account or a changed
/// role takes effect at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Identity.
    pub user_id: UserId,
    /// What they sign in with.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Where they may do it; `None` for owners: everywhere.
    pub tenant: Option<TenantId>,
}

/// What is known of the HTTP call being answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// The same text as in the answer's `X-Request-Id`; shown when something fails.
    pub id: String,
    /// Address of the visitor, after trusted proxies; slows down guessing of passwords.
    pub client: String,
}

/// All ports, in one value that is cheap to clone.
#[derive(Clone)]
pub struct Ports {
    /// Accounts.
    pub account: Arc<dyn AccountPort>,
    /// First page.
    pub overview: Arc<dyn OverviewPort>,
    /// Jobs.
    pub jobs: Arc<dyn JobsPort>,
    /// What people do to jobs.
    pub job_changes: Arc<dyn JobChangesPort>,
    /// Running jobs again with something changed.
    pub job_edits: Arc<dyn JobEditsPort>,
    /// Pauses and breakers.
    pub flow: Arc<dyn FlowPort>,
    /// Counts and thresholds of breakers.
    pub breakers: Arc<dyn BreakersPort>,
    /// How the work is shared.
    pub work_limits: Arc<dyn WorkLimitsPort>,
    /// Bytes of webhooks.
    pub payloads: Arc<dyn PayloadsPort>,
    /// What is never stored.
    pub redaction: Arc<dyn RedactionPort>,
    /// Running events again.
    pub replays: Arc<dyn ReplaysPort>,
    /// Senders.
    pub vendors: Arc<dyn VendorsPort>,
    /// One sender.
    pub vendor: Arc<dyn VendorPort>,
    /// What a vendor may send.
    pub limits: Arc<dyn LimitsPort>,
    /// Options of a vendor's preset.
    pub signing: Arc<dyn SigningPort>,
    /// Schemes of one's own.
    pub schemes: Arc<dyn SchemesPort>,
    /// AI APIs.
    pub providers: Arc<dyn ProvidersPort>,
    /// Where results go.
    pub destinations: Arc<dyn DestinationsPort>,
    /// One destination.
    pub destination: Arc<dyn DestinationPort>,
    /// Event type to job.
    pub rules: Arc<dyn RulesPort>,
    /// Events made at set times.
    pub schedules: Arc<dyn SchedulesPort>,
    /// Accepted and refused requests.
    pub requests: Arc<dyn RequestsPort>,
    /// Accepted webhooks.
    pub events: Arc<dyn EventsPort>,
    /// The page for a vendor's engineer.
    pub sender: Arc<dyn SenderPort>,
    /// Event types and their schemas.
    pub types: Arc<dyn types::TypesPort>,
    /// Secrets that are shown once.
    pub reveal: Arc<dyn RevealPort>,
    /// Vendors' sides of connections.
    pub greetings: Arc<dyn GreetingsPort>,
    /// The audit log.
    pub audit: Arc<dyn AuditPort>,
    /// Running processes.
    pub nodes: Arc<dyn NodesPort>,
    /// What they do at set times.
    pub chores: Arc<dyn ChoresPort>,
    /// Keys that sign tokens.
    pub token_keys: Arc<dyn TokenKeysPort>,
    /// Versions of a vendor's secret.
    pub rotation: Arc<dyn RotationPort>,
}

/// The session of the request being answered, as it stands in context.
#[derive(Clone)]
pub struct Session(pub Arc<dyn SessionPort>);

/// Begins and ends a session. Called in successful form posts only, never while a page is written.
#[async_trait]
pub trait SessionPort: Send + Sync {
    /// Makes the session belong to `user`. Changes the session's id, so that one planted before is worthless.
    async fn sign_in(&self, user: UserId) -> Result<(), AppError>;
    /// Deletes the session. Succeeds when there is none.
    async fn sign_out(&self) -> Result<(), AppError>;
}

/// Accounts: the first one, and signing in.
#[async_trait]
pub trait AccountPort: Send + Sync {
    /// Whether nobody has an account yet.
    async fn needs_setup(&self) -> Result<bool, AppError>;
    /// Makes the first account, an owner. `token` comes from the one-time link, which dies with success.
    /// A wrong or used token: `Invalid { SetupLink, Spent }`; an account exists already: the same.
    /// A password under 12 characters: `Invalid { Password, TooShort }`; no e-mail address: `Invalid { Email, Malformed }`.
    async fn setup(&self, token: &str, email: &str, password: &str) -> Result<UserId, AppError>;
    /// Checks e-mail address and password. Takes equally long whether the account exists or not; unknown, wrong
    /// and disabled alike are `Invalid { Password, WrongLogin }`. Too many failures from `client` or for `email`:
    /// [`AppError::Busy`].
    async fn login(&self, email: &str, password: &str, client: &str) -> Result<UserId, AppError>;
}

/// Figures of the first page.
#[async_trait]
pub trait OverviewPort: Send + Sync {
    /// All figures, within one read. What is not measured yet stays `None` or empty.
    async fn overview(&self, actor: &Actor) -> Result<Overview, AppError>;
    /// How many jobs ended badly or are held; stands in the navigation of every page, so it reads counters only.
    async fn attention(&self, actor: &Actor) -> Result<i64, AppError>;
}

/// Jobs.
#[async_trait]
pub trait JobsPort: Send + Sync {
    /// One page, newest first, of at most `limit` rows, those after `cursor` when there is one.
    async fn list(
        &self,
        actor: &Actor,
        filter: &JobFilter,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<JobPage, AppError>;
    /// The whole chain `id` belongs to: the webhook, every job from the first to the last, their tries and results.
    async fn story(&self, actor: &Actor, id: JobId) -> Result<JobStory, AppError>;
    /// Puts one resting job back in the queue with fresh tries. A job that does not rest: `Invalid { Form, DoesNotFit }`.
    async fn retry(&self, actor: &Actor, id: JobId) -> Result<(), AppError>;
}

/// Senders of webhooks.
#[async_trait]
pub trait VendorsPort: Send + Sync {
    /// All of them, by name.
    async fn list(&self, actor: &Actor) -> Result<VendorPage, AppError>;
    /// The presets one can choose, by name.
    async fn presets(&self, actor: &Actor) -> Result<Vec<PresetChoice>, AppError>;
    /// Adds one (an owner's goes to the default tenant) and keeps its URL and secret for [`RevealPort::reveal_once`].
    /// `options` are those of its preset that were chosen; one that cannot be taken is `Invalid { Option, … }`.
    /// Returns the handle: unguessable, of characters that need no escaping in a URL.
    async fn add(
        &self,
        actor: &Actor,
        new: NewVendor,
        options: BTreeMap<PresetOption, String>,
    ) -> Result<String, AppError>;
}

/// AI APIs.
#[async_trait]
pub trait ProvidersPort: Send + Sync {
    /// All of them, by name.
    async fn list(&self, actor: &Actor) -> Result<ProviderPage, AppError>;
    /// Switches one on or off. Jobs of one that is off are held, and go on when it is on. One that is so already:
    /// nothing happens.
    async fn switch(&self, actor: &Actor, id: ProviderId, on: bool) -> Result<(), AppError>;
    /// Adds one (an owner's goes to the default tenant). Seals its key. A base URL inside a private network, while
    /// those are not allowed: `Invalid { BaseUrl, PrivateAddress }`.
    async fn add(&self, actor: &Actor, new: NewProvider) -> Result<(), AppError>;
}

/// Where results go.
#[async_trait]
pub trait DestinationsPort: Send + Sync {
    /// All of them, by name, each with its last test.
    async fn list(&self, actor: &Actor) -> Result<DestinationPage, AppError>;
    /// Adds one (an owner's goes to the default tenant). Returns a handle for [`RevealPort::reveal_once`] when it
    /// made a signing secret, `None` when there is nothing to show.
    async fn add(&self, actor: &Actor, new: NewDestination) -> Result<Option<String>, AppError>;
    /// Calls the destination in a way that changes nothing there, within 10 s. Keeps the report, so that
    /// [`DestinationsPort::list`] shows it. A destination that refuses is a report, not an error.
    async fn test(&self, actor: &Actor, id: DestinationId) -> Result<TestReport, AppError>;
    /// Switches one on or off. Jobs of one that is off are held, and go on when it is on. One that is so already:
    /// nothing happens.
    async fn switch(&self, actor: &Actor, id: DestinationId, on: bool) -> Result<(), AppError>;
}

/// Event type to job.
#[async_trait]
pub trait RulesPort: Send + Sync {
    /// All of them, oldest first, with what a new one can refer to.
    async fn list(&self, actor: &Actor) -> Result<RulePage, AppError>;
    /// Adds one, in its vendor's tenant. `generate` without provider: `Invalid { Provider, Missing }`; anything else
    /// without destination: `Invalid { Destination, Missing }`; a template that cannot be read: `Invalid { Prompt, BadTemplate }`;
    /// one of a body that makes no JSON although its destination takes JSON: `Invalid { Body, BadTemplate }`.
    async fn add(&self, actor: &Actor, new: NewRule) -> Result<(), AppError>;
}

/// Secrets that are shown once. After adding something the browser is sent to a page that names a handle, which
/// also works without JavaScript; the page's first reading takes the secret away.
#[async_trait]
pub trait RevealPort: Send + Sync {
    /// What `handle` stands for, for the account that made it, once, within ten minutes. Then and otherwise:
    /// [`AppError::NotFound`]. Kept in memory, never in the database.
    async fn reveal_once(&self, actor: &Actor, handle: &str) -> Result<Revealed, AppError>;
}
