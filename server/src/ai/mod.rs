//! Calls to AI providers, through the `genai` crate and our guarded HTTP client.
//! Owns turning a provider's answer or error into ours; does not choose prompts and does not retry.

use crate::{delivery::outbound::Outbound, live::LiveProvider, worker::outcome::Failure};
use domain::{job::Usage, outcome::ErrorClass, provider::ProviderKind};
use genai::{
    Client, ModelIden, ModelSpec, ServiceTarget,
    adapter::AdapterKind,
    chat::{ChatMessage, ChatOptions, ChatRequest},
    resolver::{AuthData, Endpoint},
};
use std::time::Duration;

/// Longest an AI call may take.
const TIMEOUT: Duration = Duration::from_secs(180);
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

/// AI providers.
pub struct Models {
    client: Client,
    outbound: Outbound,
}

impl Models {
    /// Calls go out through `outbound`.
    ///
    /// # Errors
    /// When the client cannot be built.
    pub fn new(outbound: &Outbound) -> anyhow::Result<Self> {
        let client = Client::builder()
            .with_reqwest(outbound.client().clone())
            .build()
            .map_err(|error| anyhow::anyhow!("the AI client could not be built: {error}"))?;
        Ok(Self { client, outbound: outbound.clone() })
    }

    /// Asks a provider once.
    pub async fn ask(&self, live: &LiveProvider, ask: Ask) -> Result<Answer, Failure> {
        if let (None, Some(reference)) = (&live.key, &live.reference) {
            return Err(Failure::unread(reference));
        }
        let target = target(live, &ask.model);
        self.outbound.check(target.endpoint.base_url())?;
        let mut request = ChatRequest::new(vec![ChatMessage::user(ask.prompt)]);
        if let Some(system) = ask.system {
            request = request.with_system(system);
        }
        let options = ChatOptions::default()
            .with_max_tokens(ask.max_tokens.unwrap_or(MAX_TOKENS))
            .with_extra_headers(vec![("Idempotency-Key".to_owned(), ask.idempotency_key)]);
        let call = self.client.exec_chat(ModelSpec::from_target(target), request, Some(&options));
        let slug = live.provider.slug.as_str();
        let response = match tokio::time::timeout(TIMEOUT, call).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(failure(&error, slug)),
            Err(_) => {
                let words = format!("No answer from {slug} within {} s", TIMEOUT.as_secs());
                return Err(Failure::new(ErrorClass::Timeout, words));
            }
        };
        let usage = Usage {
            input_tokens: response.usage.prompt_tokens.unwrap_or_default().into(),
            output_tokens: response.usage.completion_tokens.unwrap_or_default().into(),
            cost_micros: None,
        };
        let model = response.provider_model_iden.model_name.to_string();
        match response.into_first_text() {
            Some(text) if !text.trim().is_empty() => {
                Ok(Answer { text: text.trim().to_owned(), model, usage })
            }
            // Asking again would cost the same and bring the same.
            _ => Err(Failure::new(
                ErrorClass::BadInput,
                format!(
                    "{slug} answered without any text; a model that thinks first may need a higher limit of tokens"
                ),
            )),
        }
    }
}

fn target(live: &LiveProvider, model: &str) -> ServiceTarget {
    let (adapter, own) = match live.provider.kind {
        ProviderKind::Openai => (AdapterKind::OpenAI, "https://api.openai.com/v1/"),
        ProviderKind::Anthropic => (AdapterKind::Anthropic, "https://api.anthropic.com/v1/"),
    };
    let base = live.provider.base_url.as_deref().unwrap_or(own);
    ServiceTarget {
        endpoint: Endpoint::from_owned(format!("{}/", base.trim_end_matches('/'))),
        // Servers without a key do not look at it, and the crate insists on one.
        auth: AuthData::from_single(live.key.as_ref().map_or("none", |key| key.as_str())),
        model: ModelIden::new(adapter, model.to_owned()),
    }
}

/// Ours for theirs. The body of an error answer is kept; the request, which holds the key, never is.
fn failure(error: &genai::Error, slug: &str) -> Failure {
    use genai::webc::Error as Web;
    let web = match error {
        genai::Error::WebModelCall { webc_error, .. } | genai::Error::WebAdapterCall { webc_error, .. } => {
            webc_error
        }
        _ => {
            tracing::warn!(provider = slug, "a provider's answer could not be understood");
            return Failure::new(
                ErrorClass::BadAnswer,
                format!("{slug} answered in a form that could not be understood"),
            );
        }
    };
    match web {
        Web::ResponseFailedStatus { status, body, headers } => Failure {
            class: ErrorClass::of_status(status.as_u16()),
            words: format!("{} from {slug}", status.as_u16()),
            status: Some(status.as_u16()),
            answer: Some(body.clone()),
            retry_after: crate::delivery::outbound::retry_after(headers),
        },
        Web::ResponseFailedNotJson { body, .. } | Web::ResponseFailedInvalidJson { body, .. } => Failure {
            answer: Some(body.clone()),
            ..Failure::new(ErrorClass::BadAnswer, format!("{slug} answered with something that is not JSON"))
        },
        Web::Reqwest(error) => crate::delivery::outbound::failure(error, slug),
        Web::JsonValueExt(_) => {
            Failure::new(ErrorClass::BadAnswer, format!("{slug} answered without the expected fields"))
        }
    }
}
