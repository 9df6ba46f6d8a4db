//! Calls to AI providers, through our guarded and bounded HTTP client.
//! Owns turning a provider's answer or error into ours; does not choose prompts and does not retry.
//!
//! - `openai`: chat completions, of OpenAI and of every server that speaks the same
//! - `anthropic`: messages, as Anthropic calls them
//! - `credit`: which refusals say that the account's credit is used up
//!
//! Each wire format is two pure functions, request and answer. A client library for many providers stood here; all of
//! those read an answer whole, however long it is, and this program may not.

mod anthropic;
mod credit;
mod openai;

use crate::{
    delivery::outbound::{Bounds, Outbound},
    live::LiveProvider,
    worker::outcome::Failure,
};
use domain::{job::Usage, outcome::ErrorClass, provider::ProviderKind};
use serde_json::Value;

/// Longest answer asked for when a rule sets no limit, in tokens.
const MAX_TOKENS: u32 = 1024;

/// What is asked.
#[derive(Debug)]
pub struct Ask {
    /// System message.
    pub system: Option<String>,
    /// User message.
    pub prompt: String,
    /// Model.
    pub model: String,
    /// Longest answer, in tokens.
    pub max_tokens: Option<u32>,
    /// So that a provider that knows it charges once.
    pub idempotency_key: String,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// The text.
    pub text: String,
    /// Model that answered, as the provider says.
    pub model: String,
    /// Tokens used.
    pub usage: Usage,
}

/// What a wire format finds in an answer; the model where it is named.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    text: String,
    model: Option<String>,
    usage: Usage,
}

/// AI providers.
pub struct Models {
    outbound: Outbound,
}

impl Models {
    /// Calls go out through `outbound`.
    pub fn new(outbound: &Outbound) -> Self {
        Self { outbound: outbound.clone() }
    }

    /// Asks a provider once.
    pub async fn ask(&self, live: &LiveProvider, ask: Ask) -> Result<Answer, Failure> {
        if let (None, Some(reference)) = (&live.key, &live.reference) {
            return Err(Failure::unread(reference));
        }
        let slug = live.provider.slug.as_str();
        let base = live.provider.base_url.as_deref();
        let url = self.outbound.check(&match live.provider.kind {
            ProviderKind::Openai => at(base.unwrap_or(openai::OWN), openai::PATH),
            ProviderKind::Anthropic => at(base.unwrap_or(anthropic::OWN), anthropic::PATH),
        })?;
        let request = self.outbound.client().post(url).header("Idempotency-Key", &ask.idempotency_key);
        // Servers without a key do not look at it.
        let key = live.key.as_ref().map_or("none", |key| key.as_str());
        let request = match live.provider.kind {
            ProviderKind::Openai => request.bearer_auth(key).json(&openai::request(&ask)),
            ProviderKind::Anthropic => request
                .header("x-api-key", key)
                .header("anthropic-version", anthropic::VERSION)
                .json(&anthropic::request(&ask)),
        };
        let answer = self.outbound.send_bounded(request, slug, Bounds::MODEL).await?;
        if !answer.is_success() {
            let failure = answer.failure(slug);
            return Err(match credit::used_up(answer.status, &answer.body) {
                Some(what) => {
                    let words = format!("{slug} says that {what}");
                    Failure { class: ErrorClass::Budget, words, ..failure }
                }
                None => failure,
            });
        }
        let bad = |words: String| Failure {
            status: Some(answer.status),
            answer: Some(String::from_utf8_lossy(&answer.body).into_owned()),
            ..Failure::new(ErrorClass::BadAnswer, words)
        };
        if answer.cut {
            return Err(bad(format!("{slug} answered with more than {} MiB", Bounds::MODEL.answer >> 20)));
        }
        let json: Value = serde_json::from_slice(&answer.body)
            .map_err(|_| bad(format!("{slug} answered with something that is not JSON")))?;
        let read = match live.provider.kind {
            ProviderKind::Openai => openai::read(&json),
            ProviderKind::Anthropic => anthropic::read(&json),
        };
        let read = read.ok_or_else(|| bad(format!("{slug} answered without the expected fields")))?;
        match read.text.trim() {
            // Asking again would cost the same and bring the same.
            "" => Err(Failure::new(
                ErrorClass::BadInput,
                format!(
                    "{slug} answered without any text; a model that thinks first may need a higher limit of tokens"
                ),
            )),
            text => Ok(Answer {
                text: text.to_owned(),
                model: read.model.unwrap_or(ask.model),
                usage: read.usage,
            }),
        }
    }
}

fn at(base: &str, path: &str) -> String {
    format!("{}/{path}", base.trim_end_matches('/'))
}

/// A count of tokens; none where the provider names none.
fn tokens(count: &Value) -> i64 {
    count.as_i64().unwrap_or_default().max(0)
}
