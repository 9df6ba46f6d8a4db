//! Which answers of a provider say that the credit, the quota or the spending limit of its account is used up. Pure.
//!
//! What is not in this table is no such answer: a 429 that only asks for patience must not stop a provider for minutes. So
//! Google's `RESOURCE_EXHAUSTED` is none, although its words tell people to look at their billing: it says the same of a
//! limit per minute.

use serde_json::Value;

/// `error.code` or `error.type` of an answer, and what it says.
const CODES: [(&str, &str); 4] = [
    // OpenAI, 429: <https://platform.openai.com/docs/guides/error-codes/api-errors>. Servers that speak the same use it, too.
    ("insufficient_quota", "its credit or quota is used up (insufficient_quota)"),
    // OpenAI, 400 and 429: the limit the account's owner set; an account that is not paid for.
    ("billing_hard_limit_reached", "its spending limit is reached (billing_hard_limit_reached)"),
    ("billing_not_active", "its account is not paid for (billing_not_active)"),
    // Anthropic, 402: <https://docs.anthropic.com/en/api/errors>.
    ("billing_error", "its credit is used up (billing_error)"),
];

/// How `error.message` begins where no code says it, and what it says. Only its beginning: further on a provider may quote
/// what it was asked, and that comes from strangers.
const BEGINNINGS: [(&str, &str); 4] = [
    // Anthropic, 400 `invalid_request_error`: no credit; a limit set by the account's owner, of all or of one workspace.
    ("Your credit balance is too low", "its credit is used up"),
    ("You have reached your specified API usage limits", "its spending limit is reached"),
    ("You have reached your specified workspace API usage limits", "its spending limit is reached"),
    // Google, 429 `RESOURCE_EXHAUSTED` of an account that pays in advance.
    ("Your prepayment credits are depleted", "its credit is used up"),
];

/// What an answer says of the account's credit, to be read after "it says that"; `None` when it says nothing of it.
pub(super) fn used_up(status: u16, body: &[u8]) -> Option<&'static str> {
    if !(400..500).contains(&status) {
        return None;
    }
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    // Google's server that speaks as OpenAI's puts its errors into a list.
    let error = json.get(0).unwrap_or(&json).get("error").unwrap_or(&Value::Null);
    let text = |name: &str| error[name].as_str().unwrap_or_default();
    let (code, kind, message) = (text("code"), text("type"), text("message"));
    let by_code = CODES.iter().find(|(word, _)| *word == code || *word == kind);
    match by_code.or_else(|| BEGINNINGS.iter().find(|(beginning, _)| message.starts_with(beginning))) {
        Some((_, words)) => Some(words),
        // DeepSeek (<https://api-docs.deepseek.com/quick_start/error_codes>), OpenRouter
        // (<https://openrouter.ai/docs/api-reference/errors>) and others say it by the status alone.
        None => (status == 402).then_some("its credit is used up (402)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What providers answered, as people who met it wrote it down.
    const SPENT: [(u16, &str); 9] = [
        (
            429,
            r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        ),
        (
            429,
            r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":null}}"#,
        ),
        (
            429,
            r#"{"error":{"message":"Your account is not active, please check your billing details on our website.","type":"billing_not_active","param":null,"code":"billing_not_active"}}"#,
        ),
        (
            400,
            r#"{"error":{"code":"billing_hard_limit_reached","message":"Billing hard limit has been reached","param":null,"type":"invalid_request_error"}}"#,
        ),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."},"request_id":"req_1"}"#,
        ),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."},"request_id":"req_1"}"#,
        ),
        (
            402,
            r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}"#,
        ),
        (
            402,
            r#"{"error":{"message":"This request requires more credits, or fewer max_tokens. You requested up to 4096 tokens, but can only afford 222.","code":402,"metadata":{"provider_name":null}}}"#,
        ),
        (
            429,
            r#"[{"error":{"code":429,"message":"Your prepayment credits are depleted. Please go to AI Studio to manage your project and billing.","status":"RESOURCE_EXHAUSTED"}}]"#,
        ),
    ];

    #[test]
    fn what_providers_answer_to_an_account_without_credit_is_recognised() {
        for (status, body) in SPENT {
            assert!(used_up(status, body.as_bytes()).is_some(), "{status} {body}");
        }
        let words = |n: usize| used_up(SPENT[n].0, SPENT[n].1.as_bytes());
        assert_eq!(words(0), Some("its credit or quota is used up (insufficient_quota)"));
        assert_eq!(words(5), Some("its spending limit is reached"));
        assert_eq!(words(6), Some("its credit is used up (402)"));
        assert_eq!(used_up(402, b""), Some("its credit is used up (402)"));
    }

    #[test]
    fn a_limit_that_passes_by_itself_and_a_refusal_are_something_else() {
        for (status, body) in [
            (
                429,
                r#"{"error":{"message":"Rate limit reached for gpt-5-mini on tokens per min (TPM): Limit 200000, Used 199000.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
            ),
            (
                429,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your account's rate limit. Please try again later."}}"#,
            ),
            // The same words as OpenAI's, of a limit per minute.
            (
                429,
                r#"[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details. Please retry in 12s.","status":"RESOURCE_EXHAUSTED"}}]"#,
            ),
            (
                429,
                r#"{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}}"#,
            ),
            (
                401,
                r#"{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","code":"invalid_api_key"}}"#,
            ),
            (429, "<html>busy</html>"),
            (400, "[]"),
        ] {
            assert_eq!(used_up(status, body.as_bytes()), None, "{status} {body}");
        }
    }

    #[test]
    fn what_a_provider_quotes_of_a_request_stops_nothing() {
        let quoted = r#"{"error":{"type":"invalid_request_error","message":"Invalid content: 'Your credit balance is too low', insufficient_quota"}}"#;
        assert_eq!(used_up(400, quoted.as_bytes()), None);
    }

    #[test]
    fn only_a_refusal_says_something_of_credit() {
        let body = SPENT[0].1.as_bytes();
        for status in [200, 302, 500, 503] {
            assert_eq!(used_up(status, body), None, "{status}");
        }
    }
}
