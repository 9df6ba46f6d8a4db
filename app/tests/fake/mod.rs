//! The ports in memory, with enough sample data to fill every page. Shared by the page tests and the preview.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each of its users needs another part; a panic is a failed test"
)]

pub mod archive;
mod audit;
mod breakers;
mod chores;
mod destination;
mod flow;
mod greeting;
mod job_edits;
mod limits;
mod nodes;
pub mod requests;
mod rotation;
pub mod sample;
mod schedules;
mod schemes;
mod signing;
pub mod site;
mod token_keys;
pub mod types;
mod vendor;
mod work_limits;

use app::{
    error::{AppError, Field, Reason},
    ports::*,
    view::{
        connections::*,
        greeting::{ConnectionView, PresetFacts, SchemeDraft},
        jobs::{Facet, JobFacets, JobPage},
        overview::Overview,
        preset_options::{OptionChoice, PresetOption},
        story::JobStory,
    },
};
use async_trait::async_trait;
use domain::{
    filter::{Cursor, JobFilter},
    id::{DestinationId, JobId, OfferId, ProviderId, UserId, VendorId},
    job::{JobKind, JobState},
    role::Role,
    time::{SECOND, Timestamp},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// 22 November 2026, 12:41:07 UTC: the clock of every test.
pub const NOON: Timestamp = Timestamp(1_795_351_267_000_000);

/// Everything the ports know.
pub struct Fake {
    pub now: Timestamp,
    /// Chains of jobs, newest first.
    pub stories: Mutex<Vec<JobStory>>,
    pub overview: Overview,
    pub vendors: Vec<VendorRow>,
    pub providers: Vec<ProviderRow>,
    pub destinations: Mutex<Vec<DestinationRow>>,
    pub rules: Vec<RuleRow>,
    pub empty_users: AtomicBool,
    pub broken: AtomicBool,
    secret: Mutex<Option<Revealed>>,
    /// What changed something, in order.
    pub calls: Mutex<Vec<String>>,
}

impl Fake {
    /// A busy installation.
    pub fn busy(now: Timestamp) -> Arc<Self> {
        sample::busy(now)
    }

    /// A fresh one: a user and nothing else.
    pub fn fresh(now: Timestamp) -> Arc<Self> {
        Arc::new(Self::bare(now))
    }

    fn bare(now: Timestamp) -> Self {
        Self {
            now,
            stories: Mutex::default(),
            overview: Overview { now, ..Overview::default() },
            vendors: vec![],
            providers: vec![],
            destinations: Mutex::default(),
            rules: vec![],
            empty_users: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            secret: Mutex::default(),
            calls: Mutex::default(),
        }
    }

    pub fn ports(self: &Arc<Self>) -> Ports {
        Ports {
            account: self.clone(),
            overview: self.clone(),
            jobs: self.clone(),
            job_changes: self.clone(),
            job_edits: self.clone(),
            flow: self.clone(),
            breakers: self.clone(),
            work_limits: self.clone(),
            payloads: self.clone(),
            redaction: self.clone(),
            replays: self.clone(),
            vendors: self.clone(),
            vendor: self.clone(),
            limits: self.clone(),
            signing: self.clone(),
            schemes: self.clone(),
            providers: self.clone(),
            destinations: self.clone(),
            destination: self.clone(),
            rules: self.clone(),
            schedules: self.clone(),
            requests: self.clone(),
            events: self.clone(),
            sender: self.clone(),
            types: self.clone(),
            reveal: self.clone(),
            greetings: self.clone(),
            rotation: self.clone(),
            nodes: self.clone(),
            chores: self.clone(),
            token_keys: self.clone(),
            audit: self.clone(),
        }
    }

    fn well(&self) -> Result<(), AppError> {
        if self.broken.load(Ordering::Relaxed) { Err(AppError::Unavailable) } else { Ok(()) }
    }

    fn note(&self, call: impl Into<String>) {
        self.calls.lock().unwrap().push(call.into());
    }
}

/// Somebody with `role`.
pub fn actor(role: Role) -> Actor {
    let user_id = UserId::new(uuid::Uuid::from_u128(1));
    Actor { user_id, email: format!("{role}@daily-herald.example"), role, tenant: None }
}

#[async_trait]
impl AccountPort for Fake {
    async fn needs_setup(&self) -> Result<bool, AppError> {
        Ok(self.empty_users.load(Ordering::Relaxed))
    }

    async fn setup(&self, token: &str, email: &str, password: &str) -> Result<UserId, AppError> {
        if token != "once" {
            return Err(AppError::invalid(Field::SetupLink, Reason::Spent));
        }
        if password.len() < 12 {
            return Err(AppError::invalid(Field::Password, Reason::TooShort));
        }
        self.note(format!("setup {email}"));
        self.empty_users.store(false, Ordering::Relaxed);
        Ok(actor(Role::Owner).user_id)
    }

    async fn login(&self, email: &str, password: &str, _client: &str) -> Result<UserId, AppError> {
        if password != "correct horse" {
            return Err(AppError::invalid(Field::Password, Reason::WrongLogin));
        }
        self.note(format!("login {email}"));
        Ok(actor(Role::Owner).user_id)
    }
}

#[async_trait]
impl OverviewPort for Fake {
    async fn overview(&self, _: &Actor) -> Result<Overview, AppError> {
        self.well()?;
        Ok(self.overview.clone())
    }

    async fn attention(&self, _: &Actor) -> Result<i64, AppError> {
        self.well()?;
        Ok(self.overview.attention)
    }
}

#[async_trait]
impl JobsPort for Fake {
    async fn list(
        &self,
        _: &Actor,
        filter: &JobFilter,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<JobPage, AppError> {
        self.well()?;
        let all = sample::rows(&self.stories.lock().unwrap());
        let in_state = |state: &JobState| all.iter().filter(|(row, _)| row.state == *state).count() as i64;
        let facets = JobFacets {
            total: all.len() as i64,
            states: JobState::ALL.iter().map(|state| (*state, in_state(state))).collect(),
            kinds: JobKind::ALL
                .iter()
                .map(|kind| Facet {
                    value: *kind,
                    label: app::view::words::kind_name(*kind).into(),
                    count: None,
                })
                .collect(),
            vendors: self
                .vendors
                .iter()
                .map(|row| Facet { value: row.id, label: row.address.slug.clone(), count: None })
                .collect(),
        };
        let mut rows: Vec<_> = all
            .into_iter()
            .filter(|(row, vendor)| {
                filter.state.is_none_or(|state| state == row.state)
                    && filter.kind.is_none_or(|kind| kind == row.kind)
                    && filter.vendor_id.is_none_or(|id| Some(id) == *vendor)
                    && cursor.is_none_or(|at| (row.created_at, row.id) < (at.created_at, at.id))
            })
            .map(|(row, _)| row)
            .collect();
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows
            .last()
            .filter(|_| more)
            .map(|row| Cursor { created_at: row.created_at, id: row.id }.to_string());
        Ok(JobPage { now: self.now, rows, next_cursor, facets })
    }

    async fn story(&self, _: &Actor, id: JobId) -> Result<JobStory, AppError> {
        self.well()?;
        let stories = self.stories.lock().unwrap();
        let story = stories.iter().find(|story| story.chapters.iter().any(|chapter| chapter.job.id == id));
        story.cloned().map(|story| JobStory { focus: id, ..story }).ok_or(AppError::NotFound)
    }

    async fn retry(&self, _: &Actor, id: JobId) -> Result<(), AppError> {
        self.note(format!("retry {id}"));
        let mut stories = self.stories.lock().unwrap();
        let job =
            stories.iter_mut().flat_map(|story| &mut story.chapters).find(|chapter| chapter.job.id == id);
        let job = &mut job.ok_or(AppError::NotFound)?.job;
        if !job.state.may_retry() {
            return Err(AppError::invalid(Field::Form, Reason::DoesNotFit));
        }
        (job.state, job.attempt, job.next_run_at, job.reason) = (JobState::Pending, 0, self.now, None);
        Ok(())
    }
}

#[async_trait]
impl VendorsPort for Fake {
    async fn list(&self, _: &Actor) -> Result<VendorPage, AppError> {
        self.well()?;
        Ok(VendorPage { now: self.now, rows: self.vendors.clone() })
    }

    async fn presets(&self, _: &Actor) -> Result<Vec<PresetChoice>, AppError> {
        let known =
            [("openai", "OpenAI", true), ("slack", "Slack", true), ("standard", "Standard Webhooks", false)];
        let choice = |(id, name, vendor_makes_secret): (&str, &str, bool)| PresetChoice {
            id: id.into(),
            name: name.into(),
            vendor_makes_secret,
            options: match id {
                "standard" => {
                    vec![OptionChoice { option: PresetOption::Tolerance, default: "300".into() }]
                }
                _ => vec![],
            },
        };
        Ok(known.into_iter().map(choice).collect())
    }

    async fn add(
        &self,
        _: &Actor,
        new: NewVendor,
        options: BTreeMap<PresetOption, String>,
    ) -> Result<String, AppError> {
        if let Some((option, _)) = options.iter().find(|(_, text)| text.as_str() == "bad") {
            return Err(AppError::invalid(Field::Option(*option), Reason::Malformed));
        }
        if self.vendors.iter().any(|row| row.address.slug == new.slug) {
            return Err(AppError::invalid(Field::Slug, Reason::Taken));
        }
        self.note(format!("add vendor {} {options:?}", new.slug));
        let secret = new.secret.is_none().then(|| "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let url = format!("https://hooks.example.com/webhooks/{}", new.slug);
        *self.secret.lock().unwrap() = Some(Revealed { slug: new.slug, url, secret });
        Ok("h4ndle".into())
    }
}

#[async_trait]
impl GreetingsPort for Fake {
    async fn connection(&self, _: &Actor, _: VendorId) -> Result<ConnectionView, AppError> {
        self.well()?;
        Ok(greeting::connection(self.now))
    }

    async fn accept_offer(&self, _: &Actor, _: VendorId, offer: OfferId) -> Result<String, AppError> {
        self.note(format!("accept {offer}"));
        Ok("h4ndle".into())
    }

    async fn dismiss_offers(&self, _: &Actor, vendor: VendorId) -> Result<(), AppError> {
        self.note(format!("dismiss {vendor}"));
        Ok(())
    }

    async fn all_facts(&self, _: &Actor) -> Result<Vec<PresetFacts>, AppError> {
        self.well()?;
        Ok(vec![greeting::connection(self.now).facts])
    }

    async fn facts(&self, _: &Actor, _: &str) -> Result<PresetFacts, AppError> {
        Ok(greeting::connection(self.now).facts)
    }

    async fn keep_draft(&self, _: &Actor, draft: SchemeDraft) -> Result<Option<String>, AppError> {
        Ok(draft.scheme.contains("singed").then(|| "dr4ft".into()))
    }

    async fn draft(&self, _: &Actor, handle: &str) -> Result<SchemeDraft, AppError> {
        let draft = SchemeDraft {
            slug: "acme".into(),
            scheme: "singed = true".into(),
            fault: "unknown field `singed` (line 1)".into(),
        };
        if handle == "dr4ft" { Ok(draft) } else { Err(AppError::NotFound) }
    }
}

#[async_trait]
impl RevealPort for Fake {
    async fn reveal_once(&self, _: &Actor, handle: &str) -> Result<Revealed, AppError> {
        let secret = if handle == "h4ndle" { self.secret.lock().unwrap().take() } else { None };
        secret.ok_or(AppError::NotFound)
    }
}

#[async_trait]
impl ProvidersPort for Fake {
    async fn switch(&self, _: &Actor, _: ProviderId, on: bool) -> Result<(), AppError> {
        self.note(format!("switch provider {on}"));
        Ok(())
    }

    async fn list(&self, _: &Actor) -> Result<ProviderPage, AppError> {
        self.well()?;
        Ok(ProviderPage { now: self.now, rows: self.providers.clone() })
    }

    async fn add(&self, _: &Actor, new: NewProvider) -> Result<(), AppError> {
        self.note(format!("add provider {}", new.slug));
        Ok(())
    }
}

#[async_trait]
impl DestinationsPort for Fake {
    async fn switch(&self, _: &Actor, id: DestinationId, on: bool) -> Result<(), AppError> {
        self.note(format!("switch destination {on}"));
        let mut rows = self.destinations.lock().unwrap();
        let row = rows.iter_mut().find(|row| row.id == id).ok_or(AppError::NotFound)?;
        (row.enabled, row.off_reason) = (on, None);
        Ok(())
    }

    async fn list(&self, _: &Actor) -> Result<DestinationPage, AppError> {
        self.well()?;
        Ok(DestinationPage { now: self.now, rows: self.destinations.lock().unwrap().clone() })
    }

    async fn add(&self, _: &Actor, new: NewDestination) -> Result<Option<String>, AppError> {
        self.note(format!("add destination {}", new.slug));
        Ok(None)
    }

    async fn test(&self, _: &Actor, id: DestinationId) -> Result<TestReport, AppError> {
        let words = "the plugin 1.0 answered as tidegate".into();
        let report = TestReport { at: self.now, ok: true, words, took: SECOND / 5 };
        let mut rows = self.destinations.lock().unwrap();
        let row = rows.iter_mut().find(|row| row.id == id).ok_or(AppError::NotFound)?;
        row.last_test = Some(report.clone());
        Ok(report)
    }
}

#[async_trait]
impl RulesPort for Fake {
    async fn list(&self, _: &Actor) -> Result<RulePage, AppError> {
        self.well()?;
        Ok(RulePage {
            now: self.now,
            rows: self.rules.clone(),
            vendors: self
                .vendors
                .iter()
                .map(|row| Choice { id: row.id, label: row.address.slug.clone() })
                .collect(),
            providers: self
                .providers
                .iter()
                .map(|row| Choice { id: row.id, label: row.slug.clone() })
                .collect(),
            destinations: self
                .destinations
                .lock()
                .unwrap()
                .iter()
                .map(|row| Choice { id: row.id, label: row.slug.clone() })
                .collect(),
        })
    }

    async fn add(&self, _: &Actor, new: NewRule) -> Result<(), AppError> {
        self.note(format!("add rule {}", new.pattern));
        Ok(())
    }
}

/// A session that only remembers whether somebody is in.
#[derive(Default)]
pub struct FakeSession(pub AtomicBool);

#[async_trait]
impl SessionPort for FakeSession {
    async fn sign_in(&self, _: UserId) -> Result<(), AppError> {
        self.0.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn sign_out(&self) -> Result<(), AppError> {
        self.0.store(false, Ordering::Relaxed);
        Ok(())
    }
}
