//! Anthropic's messages (<https://docs.anthropic.com/en/api/messages>). Pure.

use super::{Ask, MAX_TOKENS, Read, tokens};
use domain::job::Usage;
use serde_json::{Value, json};

/// Where Anthropic itself answers.
pub(super) const OWN: &str = "https://api.anthropic.com/v1";
/// Where messages are, from there.
pub(super) const PATH: &str = "messages";
/// The version of the format that is spoken here.
pub(super) const VERSION: &str = "2023-06-01";

/// The body of a request.
pub(super) fn request(ask: &Ask) -> Value {
    let mut body = json!({
        "model": ask.model,
        "max_tokens": ask.max_tokens.unwrap_or(MAX_TOKENS),
        "messages": [{"role": "user", "content": ask.prompt}],
    });
    if let Some(system) = &ask.system {
        body["system"] = system.as_str().into();
    }
    body
}

/// What an answer says; `None` when it is no message.
pub(super) fn read(answer: &Value) -> Option<Read> {
    let blocks = answer.get("content")?.as_array()?;
    let usage = &answer["usage"];
    // What was read from or written to the provider's cache is counted beside the rest.
    let read = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
    Some(Read {
        text: blocks.iter().filter_map(|block| block["text"].as_str()).collect(),
        model: answer["model"].as_str().filter(|model| !model.is_empty()).map(str::to_owned),
        usage: Usage {
            input_tokens: read.iter().map(|name| tokens(&usage[*name])).fold(0, i64::saturating_add),
            output_tokens: tokens(&usage["output_tokens"]),
            cost_micros: None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_its_limit_and_puts_the_system_message_beside_the_others() {
        let ask = Ask {
            system: Some("Be short.".into()),
            prompt: "What happened?".into(),
            model: "small-1".into(),
            max_tokens: None,
            idempotency_key: "job_1".into(),
        };
        let expected = json!({
            "model": "small-1",
            "max_tokens": MAX_TOKENS,
            "messages": [{"role": "user", "content": "What happened?"}],
            "system": "Be short.",
        });
        assert_eq!(request(&ask), expected);
    }

    #[test]
    fn an_answers_text_is_that_of_all_its_text_blocks() {
        let answer = json!({
            "model": "small-1-0711",
            "content": [
                {"type": "thinking", "thinking": "Hm."},
                {"type": "text", "text": "Rain"},
                {"type": "text", "text": "."},
            ],
            "usage": {"input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 2},
        });
        let usage = Usage { input_tokens: 7, output_tokens: 2, cost_micros: None };
        assert_eq!(
            read(&answer),
            Some(Read { text: "Rain.".into(), model: Some("small-1-0711".into()), usage })
        );
        assert_eq!(read(&json!({"type": "error"})), None);
    }
}
