//! The seam: what the rest of the program may ask of a database. One trait per noun; [`Store`] is all of them.

mod accounts;
mod archive;
mod audit;
mod breakers;
mod buckets;
mod chores;
mod config;
mod counters;
mod delivery;
mod event_list;
mod events;
mod greetings;
mod holds;
mod job_changes;
mod job_edits;
mod jobs;
mod keys;
mod lines;
mod news;
mod nodes;
mod policy;
mod privacy;
mod queue;
mod refused;
mod replays;
mod retention;
mod rotation;
mod schedules;
mod schema_state;
mod schemas;
mod sender_links;
mod sessions;
mod switches;
mod token_keys;
mod turns;
mod unique;
mod wake;
mod work_limits;

pub use accounts::*;
pub use archive::*;
pub use audit::*;
pub use breakers::*;
pub use buckets::*;
pub use chores::*;
pub use config::*;
pub use counters::*;
pub use delivery::*;
pub use event_list::*;
pub use events::*;
pub use greetings::*;
pub use holds::*;
pub use job_changes::*;
pub use job_edits::*;
pub use jobs::*;
pub use keys::*;
pub use lines::*;
pub use news::*;
pub use nodes::*;
pub use policy::*;
pub use privacy::*;
pub use queue::*;
pub use refused::*;
pub use replays::*;
pub use retention::*;
pub use rotation::*;
pub use schedules::*;
pub use schema_state::*;
pub use schemas::*;
pub use sender_links::*;
pub use sessions::*;
pub use switches::*;
pub use token_keys::*;
pub use turns::*;
pub use unique::*;
pub use wake::*;
pub use work_limits::*;

use crate::StoreError;
use async_trait::async_trait;
use domain::time::Timestamp;

/// What every method of the seam returns.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A database, whichever it is.
#[async_trait]
pub trait Store:
    EventStore
    + EventListStore
    + GreetingStore
    + ArchiveStore
    + PrivacyStore
    + ReplayStore
    + RetentionStore
    + RefusedStore
    + SenderLinkStore
    + QueueStore
    + JobStore
    + HoldStore
    + LineStore
    + JobChangeStore
    + JobEditStore
    + SwitchStore
    + BreakerStore
    + ConfigStore
    + PolicyStore
    + KeyStore
    + TokenKeyStore
    + RotationStore
    + DeliveryStore
    + TurnStore
    + WakeStore
    + WorkLimitStore
    + BucketStore
    + AccountStore
    + SessionRows
    + CounterStore
    + NodeStore
    + AuditStore
    + SchemaStore
    + ScheduleStore
    + NewsStore
    + UniqueStore
    + ChoreStore
    + Send
    + Sync
    + 'static
{
    /// `sqlite` or `postgres`, for logs and `doctor`.
    fn engine(&self) -> &'static str;
    /// How many batches are worth writing at the same time: while one waits for the disk, another can be worked on,
    /// unless there is one writer for all.
    fn writers(&self) -> usize;
    /// Brings the schema up to date; does nothing when it is.
    async fn migrate(&self) -> Result<()>;
    /// How the schema compares with this program's.
    async fn schema(&self) -> Result<Schema>;
    /// A cheap round trip that also proves the schema is complete, each migration as this program has it.
    async fn ping(&self) -> Result<()>;
    /// What the database's own clock shows, to the millisecond: one clock for all nodes. Nothing else is timed by it.
    async fn time(&self) -> Result<Timestamp>;
    /// Ends all connections after their current statement.
    async fn close(&self);
}
