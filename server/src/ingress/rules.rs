//! Which jobs an event starts: one per rule that fits, made in memory from the rule as it is now.

use crate::clock::fresh;
use domain::{
    event::Event,
    id::JobId,
    job::Job,
    rule::{Rule, matches},
    time::SECOND,
};

/// The jobs `rules` start for `event`.
pub fn jobs_for(event: &Event, vendor: &str, rules: &[Rule]) -> Vec<Job> {
    rules
        .iter()
        .filter(|rule| matches(&rule.pattern, &event.event_type))
        .map(|rule| start(event, vendor, rule))
        .collect()
}

fn start(event: &Event, vendor: &str, rule: &Rule) -> Job {
    let title = match event.event_type.as_str() {
        "" => format!("{vendor} {}", event.external_id),
        event_type => format!("{vendor} {event_type}"),
    };
    let new = Job::new(JobId::new(fresh()), event.tenant_id, rule.job, event.received_at);
    let delay = i64::from(rule.params.delay_s.unwrap_or(0)) * SECOND;
    let due = event.received_at.plus(delay);
    Job {
        next_run_at: due,
        gives_up_at: Some(due.plus(rule.params.gives_up_after())),
        max_attempts: rule.params.max_attempts.unwrap_or(new.max_attempts),
        event_id: Some(event.id),
        vendor_id: Some(event.vendor_id),
        rule_id: Some(rule.id),
        provider_id: rule.provider_id,
        destination_id: rule.destination_id,
        params: rule.params.clone(),
        subject_id: event.subject_id.clone(),
        occurred_at: Some(event.occurred_at.unwrap_or(event.received_at)),
        title: title.chars().take(200).collect(),
        ..new
    }
}
