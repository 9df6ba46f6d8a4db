//! Sample data: a newsroom with a few good days and one bad site.

use super::Fake;
use app::view::{
    connections::*,
    jobs::JobRow,
    overview::*,
    story::{Arrival, Chapter, JobStory},
    vendor::VendorAddress,
};
use domain::{
    attempt::Attempt,
    destination::{DestinationAuth, DestinationKind, DestinationMethod, WordpressRoute},
    id::*,
    job::{Job, JobKind, JobResult, JobState, Usage},
    outcome::{AttemptOutcome, ErrorClass},
    provider::ProviderKind,
    secret::{SecretInfo, SecretState},
    time::{DAY, HOUR, MINUTE, SECOND, Timestamp},
    unique::{Unique, UniqueBy},
};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

pub(super) fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x018f_3c51_0000_7000_8000_0000_0000_0000 + n)
}

/// Rows of all jobs, newest first, each with its vendor.
pub(super) fn rows(stories: &[JobStory]) -> Vec<(JobRow, Option<VendorId>)> {
    let mut rows: Vec<_> = stories
        .iter()
        .flat_map(|story| {
            let vendor = story.arrival.as_ref().map(|arrival| arrival.vendor.clone());
            story.chapters.iter().map(move |chapter| {
                let target = chapter.destination.clone().or(chapter.provider.clone());
                (JobRow::of(&chapter.job, vendor.clone(), target), chapter.job.vendor_id)
            })
        })
        .collect();
    rows.sort_by_key(|(row, _)| std::cmp::Reverse((row.created_at, row.id)));
    rows
}

/// A job as it is when nothing is said of it.
fn job(n: u128, kind: JobKind, title: &str, created_at: Timestamp) -> Job {
    Job {
        state: JobState::Succeeded,
        title: title.into(),
        vendor_id: Some(VendorId::new(uuid(n % 3))),
        idempotency_key: format!("job_{n}"),
        attempt: 1,
        max_attempts: 7,
        started_at: Some(created_at.plus(400_000)),
        finished_at: Some(created_at.plus(4_100_000)),
        updated_at: created_at.plus(4_100_000),
        gives_up_at: None,
        ..Job::new(JobId::new(uuid(n)), TenantId::new(uuid(1)), kind, created_at)
    }
}

fn attempt(job: &Job, number: i32, started_at: Timestamp, took: i64, outcome: AttemptOutcome) -> Attempt {
    Attempt {
        job_id: job.id,
        number,
        node_id: NodeId::new(uuid(9)),
        started_at,
        finished_at: started_at.plus(took),
        outcome,
        error_class: None,
        error: None,
        status: None,
        answer: None,
        model: job.model.clone(),
        usage: job.usage,
        next_run_at: None,
    }
}

fn chapter(job: Job, attempts: Vec<Attempt>) -> Chapter {
    let writes = job.kind == JobKind::Generate;
    Chapter {
        provider: writes.then(|| "openai".into()),
        destination: (!writes).then(|| "sports-weekly".into()),
        destination_url: None,
        rule: writes.then(|| "batch.*".into()),
        attempts,
        result: None,
        job,
    }
}

fn generate(n: u128, title: &str, at: Timestamp) -> Chapter {
    let mut job = job(n, JobKind::Generate, title, at);
    job.model = Some("gpt-5-mini".into());
    job.usage = Usage { input_tokens: 2_640, output_tokens: 271, cost_micros: Some(4_800) };
    let attempts = vec![attempt(&job, 1, at.plus(400_000), 3_300_000, AttemptOutcome::Succeeded)];
    let text = "Rovers came from behind at the Quay on Saturday. Two late goals by Adeyemi turned a dull match, and City’s unbeaten run is over.\n\nThe home side had waited eleven weeks for a win.";
    let result = JobResult { text: Some(text.into()), ..JobResult::default() };
    Chapter { result: Some(result), ..chapter(job, attempts) }
}

fn story(n: u128, chapters: Vec<Chapter>, now: Timestamp) -> JobStory {
    let first = &chapters[0].job;
    let vendor = ["openai", "elevenlabs", "slack"][(n % 3) as usize];
    JobStory {
        now,
        focus: first.id,
        arrival: Some(Arrival {
            event_id: EventId::new(uuid(n + 500)),
            request_id: RequestId::new(uuid(n + 700)),
            vendor: vendor.into(),
            path: format!("/webhooks/{vendor}"),
            event_type: "batch.completed".into(),
            external_id: "evt_abc".into(),
            subject_id: Some("batch_6743".into()),
            occurred_at: None,
            received_at: first.created_at.plus(-9_000),
            answered_in: Some(9_000),
            secret_version: Some(3),
            body_len: 1_240,
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
            copy: None,
        }),
        chapters,
        asked_again: if n.is_multiple_of(3) { vec![EventId::new(uuid(2))] } else { vec![] },
    }
}

/// The match report: written, then refused seven times by a site under maintenance.
fn bad_story(now: Timestamp) -> JobStory {
    let at = now.plus(-10 * MINUTE);
    let title = "Match report: Rovers 2–1 City";
    let first = generate(10, title, at);
    let mut job = job(11, JobKind::Publish, title, at.plus(4 * SECOND));
    job.parent_id = Some(first.job.id);
    (job.state, job.attempt) = (JobState::Deadletter, 7);
    job.reason = Some("503 from WordPress".into());
    job.vendor_id = first.job.vendor_id;
    let mut start = at.plus(4 * SECOND);
    let waits = [4, 11, 38, 110, 150, 150];
    let attempts: Vec<_> = (1..=7)
        .map(|number: i32| {
            let outcome = if number == 7 { AttemptOutcome::Deadletter } else { AttemptOutcome::Retry };
            let mut attempt = attempt(&job, number, start, 200_000, outcome);
            attempt.error = Some("503 Service Unavailable".into());
            (attempt.error_class, attempt.status) = (Some(ErrorClass::Server), Some(503));
            attempt.answer = Some(
                "{\"code\":\"maintenance\",\"message\":\"Briefly unavailable for scheduled maintenance.\"}"
                    .into(),
            );
            attempt.usage = Usage::default();
            attempt.next_run_at =
                waits.get(number as usize - 1).map(|wait| attempt.finished_at.plus(wait * SECOND));
            start = attempt.next_run_at.unwrap_or(start);
            attempt
        })
        .collect();
    job.finished_at = attempts.last().map(|attempt| attempt.finished_at);
    job.updated_at = job.finished_at.unwrap_or(at);
    story(10, vec![first, chapter(job, attempts)], now)
}

/// A report that came through.
fn good_story(n: u128, title: &str, at: Timestamp, now: Timestamp) -> JobStory {
    let first = generate(n, title, at);
    let mut job = job(n + 1, JobKind::Publish, title, at.plus(4 * SECOND));
    (job.parent_id, job.vendor_id) = (Some(first.job.id), first.job.vendor_id);
    job.finished_at = job.started_at.map(|started| started.plus(310_000));
    let started = job.started_at.unwrap_or(at);
    let attempts = vec![attempt(&job, 1, started, 310_000, AttemptOutcome::Succeeded)];
    let result = JobResult {
        post_id: Some(418),
        post_change: Some("created".into()),
        link: Some("https://daily-herald.example/?p=418".into()),
        ..JobResult::default()
    };
    let mut second = Chapter { result: Some(result), ..chapter(job, attempts) };
    second.destination = Some("daily-herald".into());
    story(n, vec![first, second], now)
}

fn single(n: u128, title: &str, at: Timestamp, now: Timestamp, change: impl FnOnce(&mut Job)) -> JobStory {
    let kind = if n.is_multiple_of(2) { JobKind::Generate } else { JobKind::Publish };
    let mut job = job(n, kind, title, at);
    change(&mut job);
    story(n, vec![chapter(job, vec![])], now)
}

fn stories(now: Timestamp) -> Vec<JobStory> {
    let mut stories = vec![
        good_story(20, "Council minutes, 18 Nov", now.plus(-12 * SECOND), now),
        single(30, "Interview with the harbour master", now.plus(-2 * SECOND), now, |job| {
            (job.state, job.finished_at) = (JobState::Running, None);
        }),
        single(40, "Podcast 212 transcript", now.plus(-4 * MINUTE), now, |job| {
            job.state = JobState::Held;
            job.reason = Some("Budget “Audio” spent, resets 1 Dec".into());
            (job.started_at, job.finished_at, job.attempt) = (None, None, 0);
        }),
        single(51, "Recipe of the week", now.plus(-5 * MINUTE), now, |job| {
            (job.state, job.attempt, job.finished_at) = (JobState::Pending, 2, None);
            job.next_run_at = now.plus(42 * SECOND);
            job.reason = Some("429, waits as asked".into());
        }),
        single(60, "Order #4411 note", now.plus(-6 * MINUTE), now, |job| {
            job.state = JobState::Failed;
            job.reason = Some("model not found".into());
            job.finished_at = job.started_at.map(|started| started.plus(300_000));
        }),
        single(
            70,
            "Weather, cancelled by the desk because the storm passed north of the islands and nobody needs a forecast with a title that never ends",
            now.plus(-7 * MINUTE),
            now,
            |job| {
                job.state = JobState::Cancelled;
                job.finished_at = None;
            },
        ),
        single(80, "<script>alert('title')</script>", now.plus(-8 * MINUTE), now, |_| ()),
        bad_story(now),
    ];
    let titles = ["Ferry timetable changes", "Obituary draft", "Tide tables for December", "School closures"];
    for i in 0..50_u128 {
        let at = now.plus(-(11 + i as i64 * 7) * MINUTE);
        stories.push(good_story(100 + i * 2, titles[i as usize % titles.len()], at, now));
    }
    stories
}

fn overview(now: Timestamp, stories: &[JobStory]) -> Overview {
    let mut troubles: Vec<_> = rows(stories).into_iter().map(|(row, _)| row).collect();
    troubles.retain(|row| row.state.may_retry() && row.state != JobState::Cancelled);
    let wave = |i: i64| 40 + (i * 7 % 23) + if (20..34).contains(&i) { 30 } else { 0 };
    Overview {
        now,
        oldest_waiting: Some(now.plus(-1_200_000)),
        waiting: 31,
        running: 12,
        attention: troubles.len() as i64,
        answer_p50: Some(4_000),
        answer_p99: Some(11_000),
        spent_today: Some(18_400_000),
        tokens_today: 1_204_418,
        budget_day: Some(40_000_000),
        traffic: (0..60)
            .map(|i| Minute {
                at: now.plus((i - 60) * MINUTE),
                accepted: wave(i),
                refused: if (17..21).contains(&i) { 6 + i % 3 } else { 0 },
            })
            .collect(),
        funnel: Some(Funnel {
            received: 9_412,
            accepted: 9_140,
            refused: 272,
            done: 8_996,
            delivered: 8_990,
        }),
        providers: vec![
            ProviderHealth {
                slug: "openai".into(),
                breaker: Breaker::Closed,
                why: String::new(),
                p95: Some(3_900_000),
                next_probe: None,
            },
            ProviderHealth {
                slug: "anthropic".into(),
                breaker: Breaker::Open,
                why: "anthropic says that its credit is used up".into(),
                p95: None,
                next_probe: Some(now.plus(600 * SECOND)),
            },
            ProviderHealth {
                slug: "replicate".into(),
                breaker: Breaker::HalfOpen,
                why: "5 jobs in a row failed".into(),
                p95: None,
                next_probe: Some(now.plus(8 * SECOND)),
            },
        ],
        destinations: vec![DestinationHealth {
            id: DestinationId::new(uuid(1)),
            slug: "crm".into(),
            off_reason: Some("It answered that it is gone (410) on 2026-11-22T06:12:40.000Z.".into()),
            breaker: Breaker::Closed,
            next_probe: None,
        }],
        models: vec![
            ModelTimes {
                model: "gpt-5-mini".into(),
                calls: 904,
                p50: 2_100_000,
                p95: 3_900_000,
                p99: 6_200_000,
            },
            ModelTimes {
                model: "claude-haiku".into(),
                calls: 210,
                p50: 1_800_000,
                p95: 4_400_000,
                p99: 7_000_000,
            },
        ],
        troubles,
        set_up: SetUp { vendor: true, provider: true, destination: true, rule: true },
    }
}

fn secret(version: i32, state: SecretState, not_after: Option<Timestamp>, now: Timestamp) -> SecretInfo {
    let (id, vendor_id) = (SecretId::new(uuid(1)), VendorId::new(uuid(1)));
    SecretInfo { id, vendor_id, version, state, not_after, created_at: now.plus(-30 * DAY) }
}

fn vendors(now: Timestamp) -> Vec<VendorRow> {
    let row = |n: u128, slug: &str, preset: &str| VendorRow {
        id: VendorId::new(uuid(n)),
        address: VendorAddress { slug: slug.into(), tenant: None },
        preset: preset.into(),
        url: Some(format!("https://hooks.daily-herald.example/webhooks/{slug}")),
        enabled: true,
        secrets: vec![secret(3, SecretState::Active, None, now)],
        last_event_at: Some(now.plus(-12 * SECOND)),
        accepted: Some(8_120),
        refused: Some(0),
    };
    let rotating = vec![
        secret(6, SecretState::Active, None, now),
        secret(5, SecretState::Retiring, Some(now.plus(21 * HOUR)), now),
    ];
    vec![
        VendorRow { accepted: Some(201), refused: Some(268), ..row(1, "elevenlabs", "ElevenLabs") },
        row(0, "openai", "OpenAI"),
        VendorRow {
            secrets: rotating,
            enabled: false,
            last_event_at: None,
            accepted: Some(0),
            ..row(2, "slack", "Slack")
        },
        row(4, "weather", "Weather service"),
        VendorRow { url: None, secrets: Vec::new(), ..row(5, "alerts", domain::news::PRESET_NAME) },
        VendorRow {
            address: VendorAddress { slug: "slack".into(), tenant: Some("weekly-mirror".into()) },
            ..row(3, "slack", "Slack")
        },
    ]
}

fn providers() -> Vec<ProviderRow> {
    let row = |n, slug: &str, kind, model: &str| ProviderRow {
        id: ProviderId::new(uuid(n)),
        slug: slug.into(),
        kind,
        base_url: None,
        model: model.into(),
        has_key: true,
        key_place: None,
        key_problem: None,
        enabled: true,
    };
    let local = row(3, "press-room", ProviderKind::Openai, "qwen2.5-0.5b-instruct");
    vec![
        row(1, "anthropic", ProviderKind::Anthropic, "claude-haiku"),
        row(2, "openai", ProviderKind::Openai, "gpt-5-mini"),
        ProviderRow { base_url: Some("http://10.0.4.7:8080/v1".into()), has_key: false, ..local },
    ]
}

fn destinations(now: Timestamp) -> Vec<DestinationRow> {
    let row = |n, slug: &str, url: &str| DestinationRow {
        id: DestinationId::new(uuid(n)),
        slug: slug.into(),
        kind: DestinationKind::Wordpress,
        url: url.into(),
        user: Some("tidegate".into()),
        auth: DestinationAuth::AppPassword,
        route: WordpressRoute::Auto,
        secret_place: None,
        method: DestinationMethod::Post,
        headers: Vec::new(),
        old_secret_until: None,
        enabled: true,
        off_reason: None,
        last_test: None,
    };
    let report =
        |ok, words: &str, ago: i64| TestReport { at: now.plus(-ago), ok, words: words.into(), took: 212_000 };
    let hook = row(3, "archive", "https://archive.example/in");
    vec![
        DestinationRow {
            kind: DestinationKind::Http,
            auth: DestinationAuth::Signature,
            user: None,
            headers: vec!["authorization".into(), "x-tenant".into()],
            old_secret_until: Some(now.plus(20 * HOUR)),
            enabled: false,
            off_reason: Some("It answered that it is gone (410) on 2026-11-22T09:14:05.000Z.".into()),
            ..hook
        },
        DestinationRow {
            auth: DestinationAuth::Jwt,
            route: WordpressRoute::Plugin,
            user: None,
            last_test: Some(report(true, "the plugin 1.0 answered as newsroom", HOUR)),
            ..row(4, "cooking-club", "https://cooking-club.example")
        },
        DestinationRow {
            last_test: Some(report(true, "the plugin 1.0 answered as tidegate", 2 * HOUR)),
            ..row(1, "daily-herald", "https://daily-herald.example")
        },
        DestinationRow {
            last_test: Some(report(false, "503: briefly unavailable for scheduled maintenance", 4 * MINUTE)),
            ..row(2, "sports-weekly", "https://sports-weekly.example")
        },
    ]
}

fn rules(now: Timestamp) -> Vec<RuleRow> {
    let row = |n, vendor: &str, pattern: &str, job| RuleRow {
        id: RuleId::new(uuid(n)),
        vendor: vendor.into(),
        pattern: pattern.into(),
        job,
        provider: None,
        destination: Some("daily-herald".into()),
        prompt: None,
        delay_s: None,
        max_attempts: None,
        deadline_s: None,
        in_order: false,
        unique: None,
        enabled: true,
        created_at: now.plus(-3 * DAY),
    };
    vec![
        RuleRow {
            provider: Some("openai".into()),
            prompt: Some("Summarise for our readers in two short paragraphs: {{ event.data.text }}".into()),
            ..row(1, "openai", "batch.*", JobKind::Generate)
        },
        RuleRow {
            enabled: false,
            max_attempts: Some(7),
            deadline_s: Some(7_200),
            in_order: true,
            unique: Some(Unique { for_s: 600, by: UniqueBy::Subject }),
            delay_s: Some(90),
            ..row(2, "slack", "*", JobKind::Forward)
        },
    ]
}

/// All of it.
pub(super) fn busy(now: Timestamp) -> Arc<Fake> {
    let stories = stories(now);
    Arc::new(Fake {
        overview: overview(now, &stories),
        stories: Mutex::new(stories),
        vendors: vendors(now),
        providers: providers(),
        destinations: Mutex::new(destinations(now)),
        rules: rules(now),
        ..Fake::bare(now)
    })
}
