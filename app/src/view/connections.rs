//! Vendors, destinations, providers and rules: rows, pages, and what the forms that add them carry.
//! Secrets appear in two places only: in what a form brings, and in [`Revealed`], which is read once.

use super::{preset_options::OptionChoice, vendor::VendorAddress};
use domain::{
    destination::{DestinationAuth, DestinationKind, DestinationMethod, WordpressRoute},
    id::{DestinationId, ProviderId, RuleId, VendorId},
    job::JobKind,
    outcome::{GIVES_UP_AFTER, max_attempts},
    provider::ProviderKind,
    secret::SecretInfo,
    time::{SECOND, Timestamp},
    unique::Unique,
};
use serde::{Deserialize, Serialize};

/// One sender of webhooks in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorRow {
    /// Identity.
    pub id: VendorId,
    /// Its name, and its tenant's where its page needs it.
    #[serde(flatten)]
    pub address: VendorAddress,
    /// Name of its preset, as people read it.
    pub preset: String,
    /// The whole URL it posts to; `None` where its events are made here.
    pub url: Option<String>,
    /// Answers 404 while false.
    pub enabled: bool,
    /// Its secrets that are not revoked, newest first, without their values.
    pub secrets: Vec<SecretInfo>,
    /// When the last webhook was taken in.
    pub last_event_at: Option<Timestamp>,
    /// Taken in during the last 24 hours, where that is counted.
    pub accepted: Option<i64>,
    /// Turned away during the last 24 hours, where that is counted.
    pub refused: Option<i64>,
}

/// The list of vendors, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorPage {
    /// The server's clock.
    pub now: Timestamp,
    /// All vendors the actor may see.
    pub rows: Vec<VendorRow>,
}

/// A preset one can choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresetChoice {
    /// Its id, such as `openai`.
    pub id: String,
    /// Its name, such as `OpenAI`.
    pub name: String,
    /// Whether the vendor hands out the secret, so that it must be pasted; else one is generated.
    pub vendor_makes_secret: bool,
    /// What it lets one choose.
    pub options: Vec<OptionChoice>,
}

/// What the form for a vendor carries.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NewVendor {
    /// Short name.
    pub slug: String,
    /// Id of a preset; `custom` with a scheme.
    pub preset: String,
    /// The secret the vendor gave; `None` to generate one, or for none where the preset needs none.
    pub secret: Option<String>,
    /// The secret is given later: until then only greetings are answered.
    pub secret_later: bool,
    /// A scheme of one's own, as TOML or JSON.
    pub scheme: Option<String>,
}

/// What is shown exactly once after something was added.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revealed {
    /// Short name of what was added.
    pub slug: String,
    /// The URL to enter at the vendor, or the destination's.
    pub url: String,
    /// The secret; `None` when the person brought it, so that it needs no showing.
    pub secret: Option<String>,
}

/// Where results go, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationRow {
    /// Identity.
    pub id: DestinationId,
    /// Short name.
    pub slug: String,
    /// What stands at the other end.
    pub kind: DestinationKind,
    /// The site's or endpoint's URL.
    pub url: String,
    /// User name for an application password.
    pub user: Option<String>,
    /// How Tidegate proves itself.
    pub auth: DestinationAuth,
    /// Which WordPress route takes results.
    pub route: WordpressRoute,
    /// Where its password or signing secret is, when that is not the database.
    pub secret_place: Option<String>,
    /// How an HTTP endpoint is called.
    pub method: DestinationMethod,
    /// Names of the headers its calls carry; their values are shown to nobody.
    pub headers: Vec<String>,
    /// Until when the signing secret before the one in use signs, too.
    pub old_secret_until: Option<Timestamp>,
    /// Takes part in work; jobs of one that does not are held.
    pub enabled: bool,
    /// Why it was switched off, when it was not a person who did.
    pub off_reason: Option<String>,
    /// What the last test found, by whoever ran it.
    pub last_test: Option<TestReport>,
}

/// What a test of a destination found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    /// When it ran.
    pub at: Timestamp,
    /// Whether a result would have been taken.
    pub ok: bool,
    /// What was found, in words: `The plugin 1.0 answered as user tidegate`, `401: the password is wrong`.
    pub words: String,
    /// How long the answer took, in microseconds.
    pub took: i64,
}

/// The list of destinations, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationPage {
    /// The server's clock.
    pub now: Timestamp,
    /// All destinations the actor may see.
    pub rows: Vec<DestinationRow>,
}

/// What the form for a destination carries.
#[derive(Clone, PartialEq, Eq)]
pub struct NewDestination {
    /// Short name.
    pub slug: String,
    /// What stands at the other end.
    pub kind: DestinationKind,
    /// The site's or endpoint's URL.
    pub url: String,
    /// How Tidegate proves itself; `None` for what the kind usually has.
    pub auth: Option<DestinationAuth>,
    /// User name for an application password.
    pub user: Option<String>,
    /// Application password, or signing secret (`None` there to generate one).
    pub password: Option<String>,
    /// How an HTTP endpoint is called; `None` for `POST`.
    pub method: Option<DestinationMethod>,
    /// Headers an HTTP endpoint is called with, one `Name: value` a line.
    pub headers: Option<String>,
}

/// One AI API in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRow {
    /// Identity.
    pub id: ProviderId,
    /// Short name.
    pub slug: String,
    /// Wire format.
    pub kind: ProviderKind,
    /// Base URL; `None` for the vendor's own.
    pub base_url: Option<String>,
    /// Model asked for unless a rule names another.
    pub model: String,
    /// Whether a key is stored.
    pub has_key: bool,
    /// Where the key is, when that is not the database: `env:NAME`, `file:/path`, `vault:mount/path#field`.
    pub key_place: Option<String>,
    /// Why it could not be read there the last time; the key read before stays in use.
    pub key_problem: Option<String>,
    /// Takes part in new work.
    pub enabled: bool,
}

/// The list of providers, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderPage {
    /// The server's clock.
    pub now: Timestamp,
    /// All providers the actor may see.
    pub rows: Vec<ProviderRow>,
}

/// What the form for a provider carries.
#[derive(Clone, PartialEq, Eq)]
pub struct NewProvider {
    /// Short name.
    pub slug: String,
    /// Wire format.
    pub kind: ProviderKind,
    /// Base URL; `None` for the vendor's own.
    pub base_url: Option<String>,
    /// Model asked for.
    pub model: String,
    /// API key; `None` where the server asks for none.
    pub key: Option<String>,
}

/// One rule in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRow {
    /// Identity.
    pub id: RuleId,
    /// Short name of the vendor.
    pub vendor: String,
    /// Which event types.
    pub pattern: String,
    /// What to do.
    pub job: JobKind,
    /// Short name of the provider.
    pub provider: Option<String>,
    /// Short name of the destination.
    pub destination: Option<String>,
    /// The template.
    pub prompt: Option<String>,
    /// How long its jobs wait before their first try, in seconds.
    pub delay_s: Option<u32>,
    /// Tries its jobs have; `None` for what their kind usually has.
    pub max_attempts: Option<i32>,
    /// How long its jobs are tried, in seconds; `None` for the usual time.
    pub deadline_s: Option<u32>,
    /// Whether its jobs about one subject run one after the other.
    pub in_order: bool,
    /// Whether the same work is not done twice, and for how long.
    pub unique: Option<Unique>,
    /// Takes part.
    pub enabled: bool,
    /// When it was added.
    pub created_at: Timestamp,
}

impl RuleRow {
    /// Tries its jobs have.
    pub fn tries(&self) -> i32 {
        self.max_attempts.unwrap_or(max_attempts(self.job))
    }

    /// How long its jobs are tried, in microseconds.
    pub fn gives_up_after(&self) -> i64 {
        self.deadline_s.map_or(GIVES_UP_AFTER, |seconds| i64::from(seconds) * SECOND)
    }
}

/// One entry of a choice list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice<T> {
    /// What is sent.
    pub id: T,
    /// What people read.
    pub label: String,
}

/// The list of rules with what a new one can refer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulePage {
    /// The server's clock.
    pub now: Timestamp,
    /// All rules the actor may see, oldest first.
    pub rows: Vec<RuleRow>,
    /// Vendors a rule can listen to.
    pub vendors: Vec<Choice<VendorId>>,
    /// Providers a rule can ask.
    pub providers: Vec<Choice<ProviderId>>,
    /// Destinations a rule can deliver to.
    pub destinations: Vec<Choice<DestinationId>>,
}

/// What the form for a rule carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// Events of this vendor.
    pub vendor_id: VendorId,
    /// Which event types: see [`domain::rule::matches()`].
    pub pattern: String,
    /// What to do.
    pub job: JobKind,
    /// For `generate`: whom to ask.
    pub provider_id: Option<ProviderId>,
    /// Where the result goes; needed for anything but `generate`.
    pub destination_id: Option<DestinationId>,
    /// Template of the title.
    pub title: Option<String>,
    /// Template of the message to the model.
    pub prompt: Option<String>,
    /// Template of the body that is forwarded; `None` for the event's own.
    pub body: Option<String>,
    /// Longest answer, in tokens.
    pub max_tokens: Option<u32>,
    /// Tries its jobs may have; `None` for what their kind usually has.
    pub max_attempts: Option<i32>,
    /// How long its jobs wait before their first try, in seconds.
    pub delay_s: Option<u32>,
    /// How long its jobs are tried, in seconds; `None` for the usual time.
    pub deadline_s: Option<u32>,
    /// Whether its jobs about one subject run one after the other, as their events came.
    pub in_order: bool,
    /// Whether the same work is not done twice, and for how long.
    pub unique: Option<Unique>,
}
