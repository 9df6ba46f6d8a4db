//! OpenAI's chat completions (<https://platform.openai.com/docs/api-reference/chat>). Pure.

use super::{Ask, MAX_TOKENS, Read, tokens};
use domain::job::Usage;
use serde_json::{Value, json};

/// Where OpenAI itself answers.
pub(super) const OWN: &str = "https://api.openai.com/v1";
/// Where chat completions are, from there.
pub(super) const PATH: &str = "chat/completions";

/// The body of a request.
pub(super) fn request(ask: &Ask) -> Value {
    let mut messages = Vec::with_capacity(2);
    messages.extend(ask.system.as_ref().map(|text| json!({"role": "system", "content": text})));
    messages.push(json!({"role": "user", "content": ask.prompt}));
    let mut body = json!({"model": ask.model, "messages": messages});
    body[limit_name(&ask.model)] = ask.max_tokens.unwrap_or(MAX_TOKENS).into();
    body
}

/// What the limit of tokens is called: models that think first refuse the older name, and other makers' servers know
/// only that one.
fn limit_name(model: &str) -> &'static str {
    let thinks = ["gpt-5", "gpt-6", "o1", "o3", "o4"];
    match thinks.iter().any(|family| model.starts_with(family)) {
        true => "max_completion_tokens",
        false => "max_tokens",
    }
}

/// What an answer says; `None` when it is no completion.
pub(super) fn read(answer: &Value) -> Option<Read> {
    let text = match &answer.get("choices")?.get(0)?.get("message")?["content"] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        // Some servers cut it into parts.
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => return None,
    };
    let usage = &answer["usage"];
    Some(Read {
        text,
        model: answer["model"].as_str().filter(|model| !model.is_empty()).map(str::to_owned),
        usage: Usage {
            input_tokens: tokens(&usage["prompt_tokens"]),
            output_tokens: tokens(&usage["completion_tokens"]),
            cost_micros: None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(model: &str) -> Ask {
        Ask {
            system: Some("Be short.".into()),
            prompt: "What happened?".into(),
            model: model.into(),
            max_tokens: Some(50),
            idempotency_key: "job_1".into(),
        }
    }

    #[test]
    fn a_request_has_the_system_message_first() {
        let expected = json!({
            "model": "small-1",
            "messages": [
                {"role": "system", "content": "Be short."},
                {"role": "user", "content": "What happened?"},
            ],
            "max_tokens": 50,
        });
        assert_eq!(request(&ask("small-1")), expected);
    }

    #[test]
    fn a_model_that_thinks_first_gets_its_limit_under_the_newer_name() {
        let body = request(&ask("gpt-5-mini"));
        assert_eq!((&body["max_completion_tokens"], &body["max_tokens"]), (&json!(50), &Value::Null));
    }

    #[test]
    fn an_answer_is_read_with_and_without_usage() {
        let answer = json!({
            "model": "small-1-0711",
            "choices": [{"message": {"role": "assistant", "content": "Rain."}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
        });
        let usage = Usage { input_tokens: 7, output_tokens: 2, cost_micros: None };
        assert_eq!(
            read(&answer),
            Some(Read { text: "Rain.".into(), model: Some("small-1-0711".into()), usage })
        );
        let bare =
            json!({"choices": [{"message": {"content": [{"type": "text", "text": "Ra"}, {"text": "in."}]}}]});
        assert_eq!(read(&bare), Some(Read { text: "Rain.".into(), ..Read::default() }));
    }

    #[test]
    fn what_is_no_completion_is_not_read_as_one() {
        for other in [json!({}), json!({"choices": []}), json!({"error": {"message": "no"}}), json!([1])] {
            assert_eq!(read(&other), None, "{other}");
        }
    }
}
