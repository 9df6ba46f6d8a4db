//! Schemas and mappings as they are in use: compiled, part of the configuration in memory. Judges each event that
//! arrives. A vendor that has neither costs one look into an empty map.

use super::{
    check::{Check, Difference},
    mapping::Mapping,
    shape::summary,
};
use crate::envelope;
use domain::{
    event::{Event, EventPayload},
    id::VendorId,
    job::{Job, JobState},
    schema::{HELD_BY_SCHEMA, JobShape, MappingVersion, SchemaMode, SchemaUse, SchemaVersion},
};
use serde_json::Value;
use std::{collections::HashMap, sync::Arc};

/// Differences that are looked for in one payload.
const MOST: usize = 20;

/// What an event's payload was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its type has no schema.
    Unchecked,
    /// It fits, as it came or mapped.
    Fits,
    /// It does not fit.
    Broken,
}

/// A schema in use.
#[derive(Debug)]
pub struct LiveSchema {
    /// Its version.
    pub version: i32,
    /// What happens to what does not fit.
    pub mode: SchemaMode,
    check: Arc<Check>,
}

/// Schema and mappings of one event type.
#[derive(Debug, Default)]
pub struct LiveType {
    /// The schema, unless it is off.
    pub schema: Option<LiveSchema>,
    /// Version, the vendor's version it is for, and rules.
    mappings: Vec<(i32, Option<String>, Mapping)>,
}

/// What a payload comes to.
#[derive(Debug, Default)]
pub struct Considered {
    /// The version of the mapping that changed it, and what it became; `None` when it stays as it came.
    pub mapped: Option<(i32, Value)>,
    /// What does not fit the schema.
    pub differences: Vec<Difference>,
}

impl LiveType {
    /// Maps and checks `data`, whose vendor states `stated` as its version. A mapping that would break a payload that
    /// fits is left aside.
    pub fn consider(&self, stated: Option<&str>, data: &Value) -> Considered {
        let mapping = self
            .mappings
            .iter()
            .find(|(_, from, _)| from.is_some() && from.as_deref() == stated)
            .or_else(|| self.mappings.iter().find(|(_, from, _)| from.is_none()));
        let mapped = mapping.and_then(|(version, _, mapping)| Some((*version, mapping.apply(data)?)));
        let Some(schema) = &self.schema else { return Considered { mapped, differences: Vec::new() } };
        let seen = mapped.as_ref().map_or(data, |(_, mapped)| mapped);
        let differences = schema.check.differences(seen, MOST);
        if !differences.is_empty() && mapped.is_some() && schema.check.fits(data) {
            return Considered::default();
        }
        Considered { mapped, differences }
    }
}

/// Everything in use, by vendor and event type.
pub type Types = HashMap<VendorId, HashMap<String, LiveType>>;

/// Makes what is stored ready for use; takes compiled schemas over from `before` where the version is the same.
pub fn build(
    schemas: Vec<(SchemaUse, SchemaVersion)>,
    mappings: Vec<MappingVersion>,
    before: impl Fn(VendorId, &str, i32) -> Option<Arc<Check>>,
) -> Types {
    let mut types = Types::new();
    for (used, schema) in schemas.into_iter().filter(|(used, _)| used.mode != SchemaMode::Off) {
        let of = used.of;
        let compiled = before(of.vendor_id, &of.event_type, used.version)
            .map_or_else(|| Check::new(&schema.text).map(Arc::new), Ok);
        match compiled {
            Ok(check) => {
                let live = types.entry(of.vendor_id).or_default().entry(of.event_type).or_default();
                live.schema = Some(LiveSchema { version: used.version, mode: used.mode, check });
            }
            Err(fault) => {
                tracing::error!(vendor = %of.vendor_id, event_type = of.event_type, version = used.version, %fault, "a stored schema cannot be used; its events are not checked");
            }
        }
    }
    for MappingVersion { of, version, from_version, text, .. } in mappings {
        match Mapping::parse(&text) {
            Ok(mapping) => {
                let live = types.entry(of.vendor_id).or_default().entry(of.event_type).or_default();
                live.mappings.push((version, from_version, mapping));
            }
            Err(fault) => {
                tracing::error!(vendor = %of.vendor_id, event_type = of.event_type, version, %fault, "a stored mapping cannot be used");
            }
        }
    }
    types
}

/// The compiled schema of a version, if `types` uses it.
pub fn compiled(types: &HashMap<String, LiveType>, event_type: &str, version: i32) -> Option<Arc<Check>> {
    let schema = types.get(event_type)?.schema.as_ref()?;
    (schema.version == version).then(|| schema.check.clone())
}

/// Checks the payload of an event that arrived and notes on its jobs what was found. A payload that does not fit is
/// kept like any other: its jobs are held, or run with a warning.
pub fn judge(
    types: &HashMap<String, LiveType>,
    event: &Event,
    payload: &EventPayload,
    jobs: &mut [Job],
) -> Verdict {
    // The usual case first: nothing is read, nothing allocated.
    if types.is_empty() {
        return Verdict::Unchecked;
    }
    let Some(live) = types.get(&event.event_type) else { return Verdict::Unchecked };
    let found = live.consider(event.schema_version.as_deref(), &envelope::data_of(payload));
    let summary = (!found.differences.is_empty()).then(|| summary(&found.differences));
    let hold = live.schema.as_ref().is_some_and(|schema| schema.mode == SchemaMode::Hold);
    let shape = JobShape {
        schema: live.schema.as_ref().map(|schema| schema.version),
        mapping: found.mapped.as_ref().map(|(version, _)| *version),
        warning: summary.clone().filter(|_| !hold),
    };
    for job in jobs {
        job.params.shape = Some(shape.clone());
        if let Some(summary) = summary.as_ref().filter(|_| hold) {
            job.state = JobState::Held;
            job.reason = Some(format!("{HELD_BY_SCHEMA}{summary}"));
        }
    }
    match (summary, &live.schema) {
        (Some(_), _) => Verdict::Broken,
        (None, Some(_)) => Verdict::Fits,
        (None, None) => Verdict::Unchecked,
    }
}

/// The payload of an event as the jobs it starts see it: mapped, where its type has a mapping.
pub fn seen(types: &HashMap<String, LiveType>, event: &Event, payload: &EventPayload) -> Value {
    let data = envelope::data_of(payload);
    let live = types.get(&event.event_type);
    let mapped = live.and_then(|live| live.consider(event.schema_version.as_deref(), &data).mapped);
    mapped.map_or(data, |(_, mapped)| mapped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::fresh;
    use domain::{
        id::{EventId, JobId, RequestId, TenantId},
        job::JobKind,
        schema::{SchemaOrigin, TypeKey},
        time::Timestamp,
    };
    use serde_json::json;

    const SCHEMA: &str = r#"{"required": ["title"], "properties": {"title": {"type": "string"}}}"#;

    fn of(event_type: &str) -> TypeKey {
        TypeKey { vendor_id: VendorId::new(uuid::Uuid::nil()), event_type: event_type.into() }
    }

    fn event(event_type: &str, stated: Option<&str>) -> Event {
        Event {
            id: EventId::new(fresh()),
            tenant_id: TenantId::new(uuid::Uuid::nil()),
            vendor_id: of("").vendor_id,
            external_id: "1".into(),
            event_type: event_type.into(),
            subject_id: None,
            occurred_at: None,
            schema_version: stated.map(Into::into),
            received_at: Timestamp(0),
            request_id: RequestId::new(uuid::Uuid::nil()),
            trace_id: String::new(),
            secret_version: None,
            body_len: 0,
        }
    }

    fn payload(body: &Value) -> EventPayload {
        EventPayload {
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string().into(),
        }
    }

    fn live(mode: SchemaMode, mappings: &[(Option<&str>, &str)]) -> HashMap<String, LiveType> {
        let schema = SchemaVersion {
            of: of("a"),
            version: 3,
            text: SCHEMA.into(),
            origin: SchemaOrigin::Pasted,
            samples: 0,
            created_at: Timestamp(0),
            created_by: String::new(),
        };
        let mappings = (1..).zip(mappings).map(|(version, (from, text))| MappingVersion {
            of: of("a"),
            version,
            from_version: from.map(Into::into),
            text: (*text).into(),
            active: true,
            created_at: Timestamp(0),
            created_by: String::new(),
        });
        let used = SchemaUse { of: of("a"), version: 3, mode };
        let mut types = build(vec![(used, schema)], mappings.collect(), |_, _, _| None);
        types.remove(&of("a").vendor_id).unwrap_or_default()
    }

    fn judged(types: &HashMap<String, LiveType>, event: &Event, body: &Value) -> (Verdict, Job) {
        let mut job = [Job::new(JobId::new(fresh()), event.tenant_id, JobKind::Generate, Timestamp(0))];
        let verdict = judge(types, event, &payload(body), &mut job);
        let [job] = job;
        (verdict, job)
    }

    #[test]
    fn a_payload_that_does_not_fit_is_held_with_its_first_differences() {
        let types = live(SchemaMode::Hold, &[]);
        let (verdict, job) = judged(&types, &event("a", None), &json!({"heading": "x"}));
        assert_eq!((verdict, job.state), (Verdict::Broken, JobState::Held));
        assert_eq!(job.reason.as_deref(), Some("schema: /title is missing"));
        let shape = JobShape { schema: Some(3), mapping: None, warning: None };
        assert_eq!(job.params.shape, Some(shape));
    }

    #[test]
    fn in_warn_mode_the_job_runs_and_says_what_did_not_fit() {
        let types = live(SchemaMode::Warn, &[]);
        let (verdict, job) = judged(&types, &event("a", None), &json!({"title": 1}));
        assert_eq!((verdict, job.state, job.reason), (Verdict::Broken, JobState::Pending, None));
        assert_eq!(job.params.shape.unwrap().warning.as_deref(), Some("/title is number instead of string"));
    }

    #[test]
    fn a_schema_that_is_off_or_of_another_type_checks_nothing() {
        for (types, event_type) in
            [(live(SchemaMode::Off, &[]), "a"), (live(SchemaMode::Hold, &[]), "b"), (HashMap::new(), "a")]
        {
            let (verdict, job) = judged(&types, &event(event_type, None), &json!({}));
            assert_eq!((verdict, job.state, job.params.shape), (Verdict::Unchecked, JobState::Pending, None));
        }
    }

    #[test]
    fn a_mapping_makes_it_fit_and_the_job_knows_which() {
        let types =
            live(SchemaMode::Hold, &[(None, "rename /heading /title"), (Some("2"), "rename /head /title")]);
        for (stated, body, mapping) in [
            (None, json!({"heading": "x"}), Some(1)),
            (Some("2"), json!({"head": "x"}), Some(2)),
            (Some("9"), json!({"heading": "x"}), Some(1)),
            (None, json!({"title": "x"}), None),
        ] {
            let (verdict, job) = judged(&types, &event("a", stated), &body);
            assert_eq!((verdict, job.state), (Verdict::Fits, JobState::Pending), "{body}");
            assert_eq!(job.params.shape, Some(JobShape { schema: Some(3), mapping, warning: None }));
        }
        let (verdict, job) = judged(&types, &event("a", Some("2")), &json!({"heading": "x"}));
        assert_eq!(
            (verdict, job.state),
            (Verdict::Broken, JobState::Held),
            "the rules for version 2 know no heading"
        );
    }

    #[test]
    fn a_mapping_that_would_break_what_fits_is_left_aside() {
        let types = live(SchemaMode::Hold, &[(None, "drop /title")]);
        let (verdict, job) = judged(&types, &event("a", None), &json!({"title": "x"}));
        assert_eq!((verdict, job.params.shape.unwrap().mapping), (Verdict::Fits, None));
    }

    #[test]
    fn a_body_that_is_no_json_does_not_fit_and_is_kept_all_the_same() {
        let types = live(SchemaMode::Hold, &[]);
        let mut types = types;
        types.get_mut("a").unwrap().schema.as_mut().unwrap().check =
            Arc::new(Check::new(r#"{"type":"object"}"#).unwrap());
        let text = EventPayload { headers: vec![], body: b"plain words".to_vec() };
        let mut job =
            [Job::new(JobId::new(fresh()), event("a", None).tenant_id, JobKind::Generate, Timestamp(0))];
        assert_eq!(judge(&types, &event("a", None), &text, &mut job), Verdict::Broken);
        assert_eq!(job[0].reason.as_deref(), Some("schema: the body is null instead of object"));
    }

    #[test]
    fn a_compiled_schema_is_taken_over_when_the_configuration_is_read_again() {
        let before = live(SchemaMode::Hold, &[]);
        let kept = compiled(&before, "a", 3).unwrap();
        assert!(compiled(&before, "a", 4).is_none() && compiled(&before, "b", 3).is_none());
        let used = SchemaUse { of: of("a"), version: 3, mode: SchemaMode::Warn };
        let broken = SchemaVersion {
            of: of("a"),
            version: 3,
            text: "never read".into(),
            origin: SchemaOrigin::Pasted,
            samples: 0,
            created_at: Timestamp(0),
            created_by: String::new(),
        };
        let types = build(vec![(used, broken)], vec![], |_, event_type, version| {
            compiled(&before, event_type, version)
        });
        assert!(Arc::ptr_eq(&kept, &compiled(&types[&of("a").vendor_id], "a", 3).unwrap()));
    }

    /// What judging costs: `cargo test --release -p tidegate --lib judging -- --ignored --nocapture`.
    #[test]
    #[ignore = "a measurement"]
    #[expect(clippy::print_stdout, reason = "it prints what it measured")]
    fn judging_costs() {
        let body: Value = (0..200)
            .map(|n| (format!("field{n}"), json!({"title": "x", "n": n})))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let mut body = body;
        body["title"] = json!("x");
        let (event, payload) = (event("a", None), payload(&body));
        let time = |name: &str, rounds: u32, types: &HashMap<String, LiveType>| {
            let began = std::time::Instant::now();
            for _ in 0..rounds {
                std::hint::black_box(judge(std::hint::black_box(types), &event, &payload, &mut []));
            }
            println!(
                "{name}: {:.1} ns an event ({} bytes)",
                began.elapsed().as_nanos() as f64 / f64::from(rounds),
                payload.body.len()
            );
        };
        time("vendor without schema", 10_000_000, &HashMap::new());
        time(
            "another type has a schema",
            10_000_000,
            &HashMap::from([("b".to_owned(), LiveType::default())]),
        );
        time("schema of one field", 2_000, &live(SchemaMode::Hold, &[]));
        time("schema and mapping", 2_000, &live(SchemaMode::Hold, &[(None, "rename /field1 /first")]));
    }
}
