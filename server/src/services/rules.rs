//! Rules: listing and adding.

use super::{Services, sees, store_error, unavailable};
use crate::{clock::fresh, delivery::forward, live::LiveDestination, worker::template};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, RulesPort},
    view::connections::{Choice, NewRule, RulePage, RuleRow},
};
use async_trait::async_trait;
use domain::{
    destination::DestinationKind,
    id::RuleId,
    job::{JobKind, JobParams},
    outcome::{DEADLINES_S, MOST_TRIES},
    rule::Rule,
    unique::MAX_WHILE_S,
};

/// Longest answer a rule can ask for, in tokens.
const MAX_TOKENS: u32 = 100_000;
/// Longest that jobs wait before their first try, in seconds.
const MAX_DELAY_S: u32 = 7 * 24 * 3_600;

#[async_trait]
impl RulesPort for Services {
    async fn list(&self, actor: &Actor) -> Result<RulePage, AppError> {
        let snapshot = self.live.now();
        let mut rules: Vec<(&Rule, String)> = snapshot
            .vendors()
            .filter(|live| sees(actor, live.vendor.tenant_id))
            .flat_map(|live| live.rules.iter().map(|rule| (rule, live.vendor.slug.to_string())))
            .collect();
        rules.sort_by_key(|(rule, _)| rule.id);
        let rows = rules
            .into_iter()
            .map(|(rule, vendor)| RuleRow {
                id: rule.id,
                vendor,
                pattern: rule.pattern.clone(),
                job: rule.job,
                provider: rule
                    .provider_id
                    .and_then(|id| snapshot.provider(id))
                    .map(|live| live.provider.slug.to_string()),
                destination: rule
                    .destination_id
                    .and_then(|id| snapshot.destination(id))
                    .map(|live| live.destination.slug.to_string()),
                prompt: rule.params.prompt.clone(),
                delay_s: rule.params.delay_s,
                max_attempts: rule.params.max_attempts,
                deadline_s: rule.params.deadline_s,
                in_order: rule.params.in_order,
                unique: rule.params.unique,
                enabled: rule.enabled,
                created_at: rule.created_at,
            })
            .collect();
        let vendors = snapshot.vendors().filter(|live| sees(actor, live.vendor.tenant_id));
        let providers = snapshot.providers().filter(|live| sees(actor, live.provider.tenant_id));
        let destinations = snapshot.destinations().filter(|live| sees(actor, live.destination.tenant_id));
        Ok(RulePage {
            now: self.clock.now(),
            rows,
            vendors: choices(vendors.map(|live| (live.vendor.id, live.vendor.slug.to_string()))),
            providers: choices(providers.map(|live| (live.provider.id, live.provider.slug.to_string()))),
            destinations: choices(
                destinations.map(|live| (live.destination.id, live.destination.slug.to_string())),
            ),
        })
    }

    async fn add(&self, actor: &Actor, new: NewRule) -> Result<(), AppError> {
        let rule = self.checked(actor, new)?;
        let audit = self.audit(actor, Some(rule.tenant_id), "rule.add", &rule.pattern, rule.job.as_str());
        self.store.add_rule(&rule, &audit).await.map_err(store_error(Field::Form))?;
        self.changed().await;
        Ok(())
    }
}

impl Services {
    /// The rule a form describes, if everything in it fits together and belongs to one tenant.
    fn checked(&self, actor: &Actor, new: NewRule) -> Result<Rule, AppError> {
        let snapshot = self.live.now();
        let invalid = AppError::invalid;
        let vendor = snapshot
            .vendor(new.vendor_id)
            .map(|live| &live.vendor)
            .filter(|vendor| sees(actor, vendor.tenant_id))
            .ok_or(invalid(Field::Vendor, Reason::Unknown))?;
        let tenant = vendor.tenant_id;
        if let Some(id) = new.provider_id {
            let live = snapshot.provider(id).filter(|live| live.provider.tenant_id == tenant);
            live.ok_or(invalid(Field::Provider, Reason::Unknown))?;
        }
        let destination = match new.destination_id {
            Some(id) => Some(
                snapshot
                    .destination(id)
                    .filter(|live| live.destination.tenant_id == tenant)
                    .ok_or(invalid(Field::Destination, Reason::Unknown))?,
            ),
            None => None,
        };
        let kind = destination.map(|live| live.destination.kind);
        match (new.job, kind) {
            (JobKind::Generate, _) if new.provider_id.is_none() => {
                return Err(invalid(Field::Provider, Reason::Missing));
            }
            (JobKind::Publish | JobKind::Callback | JobKind::Forward, None) => {
                return Err(invalid(Field::Destination, Reason::Missing));
            }
            (JobKind::Publish, Some(DestinationKind::Http))
            | (JobKind::Callback | JobKind::Forward, Some(DestinationKind::Wordpress)) => {
                return Err(invalid(Field::Destination, Reason::DoesNotFit));
            }
            _ => {}
        }
        if new.pattern.is_empty() {
            return Err(invalid(Field::Pattern, Reason::Missing));
        }
        if new.pattern.len() > 200 {
            return Err(invalid(Field::Pattern, Reason::TooLong));
        }
        for text in [&new.prompt, &new.title].into_iter().flatten() {
            template::check(text).map_err(|_| invalid(Field::Prompt, Reason::BadTemplate))?;
        }
        if let Some(body) = &new.body {
            let forwards = matches!(new.job, JobKind::Generate | JobKind::Forward);
            let endpoint =
                destination.filter(|live| forwards && live.destination.kind == DestinationKind::Http);
            let endpoint = endpoint.ok_or(invalid(Field::Body, Reason::DoesNotFit))?;
            check_body(body, endpoint)?;
        }
        if new.max_attempts.is_some_and(|tries| !(1..=MOST_TRIES).contains(&tries)) {
            return Err(invalid(Field::Tries, Reason::Malformed));
        }
        if new.delay_s.is_some_and(|seconds| seconds > MAX_DELAY_S) {
            return Err(invalid(Field::Delay, Reason::TooLong));
        }
        if new.unique.is_some_and(|unique| !(1..=MAX_WHILE_S).contains(&unique.for_s)) {
            return Err(invalid(Field::UniqueFor, Reason::Malformed));
        }
        if new.deadline_s.is_some_and(|seconds| !DEADLINES_S.contains(&seconds)) {
            return Err(invalid(Field::Deadline, Reason::Malformed));
        }
        check_max_tokens(new.max_tokens)?;
        Ok(Rule {
            id: RuleId::new(fresh()),
            tenant_id: tenant,
            vendor_id: vendor.id,
            pattern: new.pattern,
            job: new.job,
            provider_id: new.provider_id,
            destination_id: new.destination_id,
            params: JobParams {
                prompt: new.prompt,
                title: new.title,
                body: new.body,
                max_tokens: new.max_tokens,
                max_attempts: new.max_attempts,
                delay_s: new.delay_s.filter(|seconds| *seconds > 0),
                deadline_s: new.deadline_s,
                in_order: new.in_order,
                unique: new.unique,
                ..JobParams::default()
            },
            enabled: true,
            created_at: self.clock.now(),
        })
    }

    /// Removes a rule; jobs it started keep what it told them.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not the actor's.
    pub async fn remove_rule(&self, actor: &Actor, id: RuleId) -> Result<(), AppError> {
        let snapshot = self.live.now();
        let found = snapshot.vendors().flat_map(|live| &live.rules).find(|rule| rule.id == id);
        let rule = found.filter(|rule| sees(actor, rule.tenant_id)).ok_or(AppError::NotFound)?;
        let audit = self.audit(actor, Some(rule.tenant_id), "rule.remove", rule.id, rule.pattern.clone());
        self.store.remove_rule(id, &audit).await.map_err(unavailable)?;
        self.changed().await;
        Ok(())
    }
}

/// Whether a template makes what an endpoint takes.
pub(super) fn check_body(body: &str, endpoint: &LiveDestination) -> Result<(), AppError> {
    let content_type = endpoint.headers.content_type().unwrap_or(forward::JSON);
    let checked = match forward::is_json(content_type) {
        true => template::check_json(body),
        false => template::check(body),
    };
    checked.map_err(|fault| {
        tracing::debug!(fault, "a template of a body was refused");
        AppError::invalid(Field::Body, Reason::BadTemplate)
    })
}

/// Whether an answer may be this long.
pub(super) fn check_max_tokens(tokens: Option<u32>) -> Result<(), AppError> {
    match tokens.is_some_and(|tokens| tokens == 0 || tokens > MAX_TOKENS) {
        true => Err(AppError::invalid(Field::MaxTokens, Reason::Malformed)),
        false => Ok(()),
    }
}

/// What a form lets one choose from, by name.
pub(super) fn choices<T>(pairs: impl Iterator<Item = (T, String)>) -> Vec<Choice<T>> {
    let mut all: Vec<Choice<T>> = pairs.map(|(id, label)| Choice { id, label }).collect();
    all.sort_by(|a, b| a.label.cmp(&b.label));
    all
}
