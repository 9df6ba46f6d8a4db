//! What circuit breakers see, and when they open.

use super::{Services, sees, unavailable};
use crate::{
    live::Snapshot,
    worker::{breaker, gate},
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, BreakersPort},
    view::breakers::{ThresholdPage, ThresholdRow, WatchedRow},
};
use async_trait::async_trait;
use domain::{
    breaker::BreakerKey,
    calls::{self, CallBucket},
    id::TenantId,
    thresholds::{Chosen, Guarded, SetThresholds, Threshold, Thresholds},
    time::SECOND,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What people call the installation here.
const ALL: &str = "All";

#[async_trait]
impl BreakersPort for Services {
    async fn watched(&self, actor: &Actor) -> Result<Vec<WatchedRow>, AppError> {
        let snapshot = self.live.now();
        let now = self.clock.now();
        let mut keys: BTreeSet<BreakerKey> = guarded_by_default(&snapshot);
        keys.extend(snapshot.breakers().map(|breaker| breaker.key.clone()));
        let longest = i64::from(*Threshold::Window.bounds().end()) * SECOND;
        let mut buckets: HashMap<BreakerKey, Vec<CallBucket>> = HashMap::new();
        for bucket in self.store.calls_since(None, now.plus(-longest)).await.map_err(unavailable)? {
            // Rules can ask for models that nobody set up as a provider's own.
            keys.insert(bucket.key.clone());
            buckets.entry(bucket.key.clone()).or_default().push(bucket);
        }
        let mut rows: Vec<WatchedRow> = keys
            .into_iter()
            .filter_map(|key| {
                let tenant = owner(Guarded::of(&key), &snapshot).filter(|tenant| sees(actor, *tenant))?;
                let set = snapshot.thresholds(&key, self.breaker_wait);
                let standing = snapshot.breaker(&key).cloned();
                let breaker = standing.unwrap_or_else(|| breaker::fresh(key.clone(), tenant));
                let buckets = buckets.get(&key).map_or(&[][..], Vec::as_slice);
                Some(WatchedRow {
                    name: gate::breaker_name(&key, &snapshot),
                    counted: calls::count(buckets, breaker.revision, set.window, now),
                    thresholds: numbers(&set),
                    breaker,
                })
            })
            .collect();
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(rows)
    }

    async fn thresholds(&self, actor: &Actor) -> Result<ThresholdPage, AppError> {
        let snapshot = self.live.now();
        let all = snapshot.chosen(Guarded::Installation);
        let tenant_of = |tenant| {
            let slug = || snapshot.tenant(tenant).map(|tenant| tenant.slug.to_string());
            actor.tenant.is_none().then(slug).flatten()
        };
        let installation = ThresholdRow {
            of: Guarded::Installation,
            name: ALL.to_owned(),
            tenant: None,
            chosen: all.cloned().unwrap_or_default(),
            inherited: self.inherited(None, &[false, true]),
            may: actor.role.may_own(),
        };
        let destinations = snapshot.destinations().map(|live| &live.destination);
        let providers = snapshot.providers().map(|live| &live.provider);
        let mut others: Vec<(Guarded, TenantId, String)> = destinations
            .map(|one| (Guarded::Destination(one.id), one.tenant_id, one.slug.to_string()))
            .chain(providers.map(|one| (Guarded::Provider(one.id), one.tenant_id, one.slug.to_string())))
            .filter(|(_, tenant, _)| sees(actor, *tenant))
            .collect();
        others.sort_by(|a, b| {
            let provider = |of: &Guarded| matches!(of, Guarded::Provider(_));
            (provider(&a.0), &a.2, a.0).cmp(&(provider(&b.0), &b.2, b.0))
        });
        let rows = others.into_iter().map(|(of, tenant, name)| ThresholdRow {
            of,
            name,
            tenant: tenant_of(tenant),
            chosen: snapshot.chosen(of).cloned().unwrap_or_default(),
            inherited: self.inherited(all, &[matches!(of, Guarded::Provider(_))]),
            may: actor.role.may_configure(),
        });
        Ok(ThresholdPage { rows: std::iter::once(installation).chain(rows).collect() })
    }

    async fn set_thresholds(&self, actor: &Actor, of: Guarded, chosen: Chosen) -> Result<(), AppError> {
        let snapshot = self.live.now();
        let tenant_id = match of {
            Guarded::Installation if actor.role.may_own() => None,
            Guarded::Installation => return Err(AppError::NotAllowed),
            of => {
                let owner = owner(of, &snapshot).filter(|tenant| sees(actor, *tenant));
                Some(owner.ok_or(AppError::NotFound)?)
            }
        };
        if let Some((what, _)) = chosen.iter().find(|(what, number)| !what.takes(**number)) {
            return Err(AppError::invalid(Field::Threshold(*what), Reason::Malformed));
        }
        if snapshot.chosen(of).unwrap_or(&Chosen::new()) == &chosen {
            return Ok(());
        }
        let name = match of {
            Guarded::Installation => "all breakers".to_owned(),
            Guarded::Destination(id) => gate::breaker_name(&BreakerKey::Destination(id), &snapshot),
            Guarded::Provider(id) => gate::target_name(domain::pause::PauseTarget::Provider(id), &snapshot),
        };
        let audit = self.audit(actor, tenant_id, "breaker.thresholds", name, words(&chosen));
        let set = SetThresholds { of, tenant_id, chosen };
        self.store.set_thresholds(&set, &audit).await.map_err(unavailable)?;
        self.changed().await;
        Ok(())
    }
}

impl Services {
    /// What holds where only these are set; two numbers where it is not the same for deliveries and models.
    fn inherited(&self, set: Option<&Chosen>, of_models: &[bool]) -> BTreeMap<Threshold, String> {
        let wait = i64::try_from(self.breaker_wait.as_micros()).unwrap_or(i64::MAX);
        let each: Vec<_> =
            of_models.iter().map(|models| numbers(&Thresholds::of(*models, &[set], wait))).collect();
        let text = |what: Threshold| {
            let mut all: Vec<String> =
                each.iter().filter_map(|numbers| numbers.get(&what)).map(ToString::to_string).collect();
            all.dedup();
            all.join(" / ")
        };
        Threshold::ALL.iter().map(|what| (*what, text(*what))).collect()
    }
}

/// The breakers there are without anybody having called anything.
fn guarded_by_default(snapshot: &Snapshot) -> BTreeSet<BreakerKey> {
    let destinations = snapshot.destinations().map(|live| BreakerKey::Destination(live.destination.id));
    let providers = snapshot.providers().flat_map(|live| {
        let id = live.provider.id;
        [BreakerKey::Provider(id), BreakerKey::Model(id, live.provider.model.clone())]
    });
    destinations.chain(providers).collect()
}

/// Whose something is; `None` when there is no such thing, and for the installation.
fn owner(of: Guarded, snapshot: &Snapshot) -> Option<TenantId> {
    match of {
        Guarded::Installation => None,
        Guarded::Destination(id) => snapshot.destination(id).map(|live| live.destination.tenant_id),
        Guarded::Provider(id) => snapshot.provider(id).map(|live| live.provider.tenant_id),
    }
}

/// What holds, in the units people set it in.
fn numbers(set: &Thresholds) -> BTreeMap<Threshold, u32> {
    let number = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
    let seconds = |micros: i64| number((micros / SECOND).max(1));
    let of = |what| match what {
        Threshold::FailureRate => number(set.failure_rate),
        Threshold::SlowRate => number(set.slow_rate),
        Threshold::SlowAfter => seconds(set.slow_after),
        Threshold::MinCalls => number(set.min_calls),
        Threshold::InARow => u32::try_from(set.in_a_row).unwrap_or(u32::MAX),
        Threshold::Window => seconds(set.window),
        Threshold::Wait => seconds(set.wait),
    };
    Threshold::ALL.iter().map(|what| (*what, of(*what))).collect()
}

/// For the audit log.
fn words(chosen: &Chosen) -> String {
    let said: Vec<String> =
        chosen.iter().map(|(what, number)| format!("{} {}", what.name(), what.said(*number))).collect();
    if said.is_empty() { "all inherited".to_owned() } else { said.join(", ") }
}
