//! Turning an event into a prompt or a title: Jinja templates (minijinja) over the event. Templates are written by
//! admins and run with bounded effort; events are data and are never read as templates.

use super::outcome::Failure;
use domain::{envelope::Envelope, event::Event, outcome::ErrorClass};
use minijinja::{Environment, UndefinedBehavior, Value, context};

/// What a model is asked when a rule names no prompt.
pub const DEFAULT_PROMPT: &str =
    "Summarise this {{ vendor }} notification in a few plain sentences for an editor:\n\n{{ body }}";
/// Steps a template may take; a loop over a large event ends here rather than never.
const FUEL: u64 = 200_000;
/// Longest text a template may make, in bytes.
const MAX_TEXT: usize = 256 * 1024;

/// What a template can use: the envelope (`event_type`, `subject_id`, `occurred_at`, `data`, `schema_version`; see
/// [`Envelope`]), `vendor`, `event.id|type|external_id|subject|occurred_at`, `event.data` (what the vendor calls `data`,
/// or the whole body) and `body` (the body as text, as it came). `data` is the body as JSON, mapped where the type has
/// a mapping.
pub fn values(event: &Event, vendor: &str, data: serde_json::Value, body: &[u8]) -> Value {
    let Envelope { event_type, subject_id, occurred_at, data, schema_version } = Envelope::of(event, data);
    context! {
        vendor,
        event_type,
        subject_id,
        occurred_at => occurred_at.rfc3339(),
        schema_version,
        event => context! {
            id => event.id.to_string(),
            type => event.event_type,
            external_id => event.external_id,
            subject => event.subject_id,
            occurred_at => occurred_at.rfc3339(),
            data => Value::from_serialize(data.get("data").unwrap_or(&data)),
        },
        data => Value::from_serialize(&data),
        body => String::from_utf8_lossy(body),
    }
}

/// Fills a template.
pub fn render(template: &str, values: &Value) -> Result<String, Failure> {
    let bad =
        |error: minijinja::Error| Failure::new(ErrorClass::BadInput, format!("The template failed: {error}"));
    let text = environment().render_str(template, values).map_err(bad)?;
    if text.len() > MAX_TEXT {
        return Err(Failure::new(
            ErrorClass::BadInput,
            format!("The template made more than {MAX_TEXT} bytes."),
        ));
    }
    Ok(text)
}

/// Whether a template can be read at all; said when it is saved, not when it is first needed.
pub fn check(template: &str) -> Result<(), String> {
    environment().template_from_str(template).map(drop).map_err(|error| error.to_string())
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(FUEL));
    // What a webhook leaves out is no text; a prompt should not say "None".
    environment.set_formatter(|out, state, value| match value.is_none() {
        true => Ok(()),
        false => minijinja::escape_formatter(out, state, value),
    });
    environment
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        id::{EventId, RequestId, TenantId, VendorId},
        time::Timestamp,
    };

    fn event() -> Event {
        let nil = uuid::Uuid::nil();
        Event {
            id: EventId::new(nil),
            tenant_id: TenantId::new(nil),
            vendor_id: VendorId::new(nil),
            external_id: "wh_1".into(),
            event_type: "batch.completed".into(),
            subject_id: None,
            occurred_at: None,
            schema_version: None,
            received_at: Timestamp(0),
            request_id: RequestId::new(nil),
            trace_id: String::new(),
            secret_version: None,
            body_len: 0,
        }
    }

    #[test]
    fn a_template_reads_the_event_and_its_body() {
        let body = br#"{"data":{"title":"Minutes {{ 1 }}"}}"#;
        let values = values(&event(), "openai", serde_json::from_slice(body).unwrap(), body);
        let text = render("{{ vendor }} {{ event.type }}: {{ data.data.title }}{{ data.no.such }}", &values);
        assert_eq!(text.as_deref(), Ok("openai batch.completed: Minutes {{ 1 }}"));
        let envelope =
            "{{ event_type }} {{ subject_id }} {{ occurred_at }} {{ schema_version }} {{ data.data.title }}";
        let text = render(envelope, &values);
        assert_eq!(text.as_deref(), Ok("batch.completed  1970-01-01T00:00:00.000Z  Minutes {{ 1 }}"));
    }

    #[test]
    fn a_template_that_never_ends_is_stopped() {
        let text = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        assert_eq!(
            render(text, &values(&event(), "v", serde_json::Value::Null, b"")).unwrap_err().class,
            ErrorClass::BadInput
        );
        assert!(check("{{ event.id }").is_err() && check("{{ event.id }}").is_ok());
    }
}
