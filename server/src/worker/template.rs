//! Turning an event into a prompt, a title or a body: Jinja templates (minijinja) over the event. Templates are written by
//! admins and run with bounded effort; events are data and are never read as templates.
//!
//! In a template of a JSON body each value is written as JSON, strings with their quotes: `{"title": {{ event.data.title }}}`.

use super::outcome::Failure;
use domain::{envelope::Envelope, event::Event, outcome::ErrorClass};
use minijinja::{
    AutoEscape, Environment, UndefinedBehavior, Value, context,
    value::{Enumerator, Object, ObjectRepr},
};
use std::{io, sync::Arc};

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

/// [`values`], and what a model made of the event: `result.text`, `result.title` and `result.model`.
pub fn with_result(values: Value, text: &str, title: &str, model: Option<&str>) -> Value {
    context! { result => context! { text, title, model }, ..values }
}

/// Fills a template.
pub fn render(template: &str, values: &Value) -> Result<String, Failure> {
    fill(&environment(), template, values)
}

/// Fills a template of a JSON body.
pub fn render_json(template: &str, values: &Value) -> Result<String, Failure> {
    fill(&json_environment(), template, values)
}

fn fill(environment: &Environment<'_>, template: &str, values: &Value) -> Result<String, Failure> {
    let bad =
        |error: minijinja::Error| Failure::new(ErrorClass::BadInput, format!("The template failed: {error}"));
    let mut text = Bounded::default();
    let ready = environment.template_from_str(template).map_err(bad)?;
    let filled = ready.render_captured_to(values, &mut text).map(drop);
    if text.full {
        let words = format!("The template made more than {MAX_TEXT} bytes.");
        return Err(Failure::new(ErrorClass::BadInput, words));
    }
    filled.map_err(bad)?;
    // Templates write text only, so nothing is replaced here.
    Ok(String::from_utf8_lossy(&text.made).into_owned())
}

/// Text as it is made; ends a template that makes too much before it is in memory.
#[derive(Default)]
struct Bounded {
    made: Vec<u8>,
    full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.made.len().saturating_add(more.len()) > MAX_TEXT {
            self.full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.made.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a template can be read at all; said when it is saved, not when it is first needed.
pub fn check(template: &str) -> Result<(), String> {
    environment().template_from_str(template).map(drop).map_err(|error| error.to_string())
}

/// Whether a template of a JSON body can be read and makes JSON; said when it is saved. It is filled with text that no
/// JSON survives unless it was written as a JSON value. A template that works only on real events (that counts with
/// their numbers, say) passes; its bodies are looked at before they are sent.
pub fn check_json(template: &str) -> Result<(), String> {
    check(template)?;
    let environment = json_environment();
    let made = [Value::from_object(Anything), Value::UNDEFINED].into_iter().find_map(|value| {
        let names = ["vendor", "event_type", "subject_id", "occurred_at", "schema_version"];
        let names = names.into_iter().chain(["event", "data", "body", "result"]);
        let values: Value = names.map(|name| (name, value.clone())).collect();
        environment.render_str(template, values).ok()
    });
    let Some(made) = made else { return Ok(()) };
    match serde_json::from_str::<serde::de::IgnoredAny>(&made) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("it makes no JSON: {error}")),
    }
}

/// Stands for whatever an event may hold: has every field, is a list of one, and is text with characters that must be
/// escaped.
#[derive(Debug)]
struct Anything;

impl Object for Anything {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(Value::from_object(Self))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(1)
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a \"b\" \\ c")
    }
}

fn json_environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| AutoEscape::Json);
    environment
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
    fn values_in_a_json_body_are_written_as_json() {
        let body = br#"{"data":{"title":"Say \"hi\"\n</script>","n":3,"tags":["a","b"]}}"#;
        let values = values(&event(), "openai", serde_json::from_slice(body).unwrap(), body);
        let values = with_result(values, "Two\nlines", "T", None);
        let template = r#"{"title": {{ event.data.title }}, "n": {{ event.data.n }}, "none": {{ data.no.such }},
            "all": {{ event.data }}, "who": {{ "from " ~ vendor }}, "text": {{ result.text }},
            "model": {{ result.model }},
            "tags": [{% for tag in event.data.tags %}{{ tag }}{% if not loop.last %}, {% endif %}{% endfor %}]}"#;
        let made = render_json(template, &values).unwrap();
        let json: serde_json::Value = serde_json::from_str(&made).unwrap();
        assert_eq!(json["title"], "Say \"hi\"\n</script>");
        assert_eq!((&json["n"], &json["none"]), (&3.into(), &serde_json::Value::Null));
        assert_eq!(json["all"]["tags"], serde_json::json!(["a", "b"]));
        assert_eq!((&json["who"], &json["text"]), (&"from openai".into(), &"Two\nlines".into()));
        assert_eq!((&json["model"], &json["tags"][1]), (&serde_json::Value::Null, &"b".into()));
        assert_eq!(check_json(template), Ok(()));
    }

    #[test]
    fn a_template_that_would_make_no_json_is_refused_when_it_is_saved() {
        for bad in [
            r#"{"title": "{{ event.data.title }}"}"#,
            r#"{"title": {{ event.data.title }}"#,
            r#"{"title": "about {{ event.data.title }}"}"#,
            "plain {{ body }}",
            "",
        ] {
            let fault = check_json(bad).unwrap_err();
            assert!(fault.contains("no JSON"), "{bad}: {fault}");
        }
        assert!(check_json("{{ event.id }").unwrap_err().contains("syntax"));
        for good in [
            "{{ data }}",
            "{{ data | tojson }}",
            r#"{"total": {{ data.price * 2 }}}"#,
            r#"{% if data.a %}{"a": {{ data.a }}}{% else %}null{% endif %}"#,
            r#"[{% for item in data.items %}{{ item.id }}{% endfor %}]"#,
        ] {
            assert_eq!(check_json(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_template_that_makes_too_much_is_stopped_before_it_is_in_memory() {
        let values = values(&event(), "v", serde_json::Value::Null, &[b'x'; 100_000]);
        let text = "{% for a in range(9999) %}{{ body }}{% endfor %}";
        let failure = render(text, &values).unwrap_err();
        assert_eq!((failure.class, failure.words.contains("262144 bytes")), (ErrorClass::BadInput, true));
        assert_eq!(render("{{ body }}{{ body }}", &values).unwrap().len(), 200_000);
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
