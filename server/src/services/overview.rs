//! Figures of the first page, from counters and capped counts only.

use super::{Services, sees, unavailable};
use crate::{
    live::Snapshot,
    stats::{name, percentile},
    worker::gate::breaker_name,
};
use app::{
    error::AppError,
    ports::{Actor, OverviewPort},
    view::overview::{
        Breaker, DestinationHealth, Funnel, Minute, ModelTimes, Overview, ProviderHealth, SetUp,
        TRAFFIC_MINUTES,
    },
};
use async_trait::async_trait;
use domain::{
    breaker::{BreakerKey, BreakerState},
    filter::JobFilter,
    job::JobState,
    time::{DAY, HOUR, MINUTE, Timestamp},
};
use std::collections::BTreeMap;
use store::CounterRow;

/// Numbers above this are shown as this; no page counts a table.
const COUNT_CAP: i64 = 10_000;
/// States a person should look at.
const TROUBLED: [JobState; 3] = [JobState::Deadletter, JobState::Failed, JobState::Held];
/// Troubled jobs shown.
const SHOWN: usize = 6;

#[async_trait]
impl OverviewPort for Services {
    async fn overview(&self, actor: &Actor) -> Result<Overview, AppError> {
        let now = self.clock.now();
        let counters = self.store.counters(actor.tenant, now.plus(-DAY)).await.map_err(unavailable)?;
        let states: BTreeMap<JobState, i64> = self
            .store
            .state_counts(actor.tenant, COUNT_CAP)
            .await
            .map_err(unavailable)?
            .into_iter()
            .collect();
        let in_state = |state| states.get(&state).copied().unwrap_or_default();
        let snapshot = self.live.now();
        let mut troubles = Vec::new();
        for state in TROUBLED {
            let filter = JobFilter { state: Some(state), ..JobFilter::default() };
            let jobs =
                self.store.jobs(actor.tenant, &filter, None, SHOWN as i64).await.map_err(unavailable)?;
            troubles.extend(jobs.iter().map(|job| super::jobs::row(job, &snapshot)));
        }
        troubles.sort_by_key(|row| std::cmp::Reverse(row.updated_at));
        troubles.truncate(SHOWN);

        let sum =
            |wanted: &str| counters.iter().filter(|row| row.name == wanted).map(|row| row.value).sum::<i64>();
        let today = Timestamp(now.0.div_euclid(DAY) * DAY);
        let tokens_today = counters
            .iter()
            .filter(|row| {
                row.minute >= today && (row.name == name::INPUT_TOKENS || row.name == name::OUTPUT_TOKENS)
            })
            .map(|row| row.value)
            .sum();
        let lately: Vec<&CounterRow> = counters.iter().filter(|row| row.minute >= now.plus(-HOUR)).collect();
        let mut answers = histogram(lately.into_iter(), name::ANSWER);
        let (accepted, duplicate, refused) = (sum(name::ACCEPTED), sum(name::DUPLICATE), sum(name::REFUSED));
        Ok(Overview {
            now,
            oldest_waiting: self.store.oldest_due(actor.tenant, now).await.map_err(unavailable)?,
            waiting: in_state(JobState::Pending),
            running: in_state(JobState::Running),
            attention: TROUBLED.into_iter().map(in_state).sum(),
            answer_p50: percentile(&mut answers, 0.5),
            answer_p99: percentile(&mut answers, 0.99),
            spent_today: None,
            tokens_today,
            budget_day: None,
            traffic: traffic(&counters, now),
            funnel: Some(Funnel {
                received: accepted + duplicate + refused,
                accepted,
                refused,
                done: sum(name::DONE),
                delivered: sum(name::DELIVERED),
            }),
            providers: unwell(actor, &snapshot),
            destinations: silent(actor, &snapshot),
            models: models(&counters),
            troubles,
            set_up: SetUp {
                vendor: snapshot.vendors().any(|live| sees(actor, live.vendor.tenant_id)),
                provider: snapshot.providers().any(|live| sees(actor, live.provider.tenant_id)),
                destination: snapshot.destinations().any(|live| sees(actor, live.destination.tenant_id)),
                rule: snapshot
                    .vendors()
                    .any(|live| sees(actor, live.vendor.tenant_id) && !live.rules.is_empty()),
            },
        })
    }

    async fn attention(&self, actor: &Actor) -> Result<i64, AppError> {
        let states = self.store.state_counts(actor.tenant, COUNT_CAP).await.map_err(unavailable)?;
        Ok(states.into_iter().filter(|(state, _)| TROUBLED.contains(state)).map(|(_, count)| count).sum())
    }
}

/// Providers and models whose breaker is not closed; those that answer need no line.
fn unwell(actor: &Actor, snapshot: &Snapshot) -> Vec<ProviderHealth> {
    let mut found: Vec<_> = snapshot
        .breakers()
        .filter(|breaker| sees(actor, breaker.tenant_id) && breaker.key.of_models())
        .filter_map(|breaker| {
            let breaker_stands = stands(breaker.state);
            (breaker_stands != Breaker::Closed).then(|| ProviderHealth {
                slug: breaker_name(&breaker.key, snapshot),
                breaker: breaker_stands,
                why: breaker.reason.clone(),
                p95: None,
                next_probe: breaker.open_until,
            })
        })
        .collect();
    found.sort_by(|a, b| a.slug.cmp(&b.slug));
    found
}

/// Destinations that switched themselves off, and those whose breaker is not closed. What a person switched off is as
/// they want it.
fn silent(actor: &Actor, snapshot: &Snapshot) -> Vec<DestinationHealth> {
    let mut found: Vec<_> = snapshot
        .destinations()
        .map(|live| &live.destination)
        .filter(|one| sees(actor, one.tenant_id) && (one.enabled || one.off_reason.is_some()))
        .filter_map(|one| {
            let breaker = snapshot.breaker(&BreakerKey::Destination(one.id));
            let stands = breaker.map_or(Breaker::Closed, |breaker| stands(breaker.state));
            (one.off_reason.is_some() || stands != Breaker::Closed).then(|| DestinationHealth {
                id: one.id,
                slug: one.slug.to_string(),
                off_reason: one.off_reason.clone(),
                breaker: stands,
                next_probe: breaker.and_then(|breaker| breaker.open_until),
            })
        })
        .collect();
    found.sort_by(|a, b| a.slug.cmp(&b.slug));
    found
}

const fn stands(state: BreakerState) -> Breaker {
    match state {
        BreakerState::Closed => Breaker::Closed,
        BreakerState::HalfOpen => Breaker::HalfOpen,
        BreakerState::Open => Breaker::Open,
    }
}

/// One entry per minute of the last hour, quiet ones too, oldest first.
fn traffic(counters: &[CounterRow], now: Timestamp) -> Vec<Minute> {
    let this = now.0.div_euclid(MINUTE) * MINUTE;
    let minutes = TRAFFIC_MINUTES as i64;
    let mut traffic: Vec<Minute> = (0..minutes)
        .map(|i| Minute { at: Timestamp(this - (minutes - 1 - i) * MINUTE), accepted: 0, refused: 0 })
        .collect();
    for row in counters {
        let ago = (this - row.minute.0) / MINUTE;
        if !(0..minutes).contains(&ago) {
            continue;
        }
        let minute = &mut traffic[(minutes - 1 - ago) as usize];
        match row.name.as_str() {
            name::ACCEPTED | name::DUPLICATE => minute.accepted += row.value,
            name::REFUSED => minute.refused += row.value,
            _ => {}
        }
    }
    traffic
}

/// The buckets of a histogram, from counters named `prefix:bound`.
fn histogram<'a>(counters: impl Iterator<Item = &'a CounterRow>, prefix: &str) -> Vec<(i64, i64)> {
    let mut buckets: BTreeMap<i64, i64> = BTreeMap::new();
    for row in counters {
        let bound = row.name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(':')?.parse().ok());
        if let Some(bound) = bound {
            *buckets.entry(bound).or_default() += row.value;
        }
    }
    buckets.into_iter().collect()
}

fn models(counters: &[CounterRow]) -> Vec<ModelTimes> {
    let mut by_model: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
    for row in counters {
        let named =
            row.name.strip_prefix(name::MODEL).and_then(|rest| rest.strip_prefix(':')?.rsplit_once(':'));
        if let Some((model, bound)) = named
            && let Ok(bound) = bound.parse()
        {
            by_model.entry(model).or_default().push((bound, row.value));
        }
    }
    by_model
        .into_iter()
        .filter_map(|(model, mut buckets)| {
            Some(ModelTimes {
                model: model.to_owned(),
                calls: buckets.iter().map(|(_, count)| count).sum(),
                p50: percentile(&mut buckets, 0.5)?,
                p95: percentile(&mut buckets, 0.95)?,
                p99: percentile(&mut buckets, 0.99)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(minute: i64, name: &str, value: i64) -> CounterRow {
        CounterRow { minute: Timestamp(minute * MINUTE), name: name.into(), value }
    }

    #[test]
    fn traffic_has_an_entry_for_every_minute_and_ignores_older_ones() {
        let now = Timestamp(100 * MINUTE + 5);
        let traffic = traffic(&[row(100, "accepted", 3), row(41, "refused", 2), row(40, "accepted", 9)], now);
        assert_eq!(traffic.len(), TRAFFIC_MINUTES);
        assert_eq!((traffic[59].accepted, traffic[0].refused), (3, 2));
        assert_eq!(traffic.iter().map(|minute| minute.accepted).sum::<i64>(), 3);
    }

    #[test]
    fn a_models_name_may_contain_colons() {
        let rows =
            [row(1, "model:llama3:8b:400", 9), row(2, "model:llama3:8b:900", 1), row(1, "answer:400", 5)];
        let models = models(&rows);
        assert_eq!((models.len(), models[0].model.as_str(), models[0].calls), (1, "llama3:8b", 10));
        assert_eq!((models[0].p50, models[0].p99), (400, 900));
    }
}
