//! The written form of a preset: what the files of `presets` and custom JSON schemes may say.
//! Holds no behaviour; `scheme` compiles it and refuses what makes no sense.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One `[[preset]]` entry, or one custom scheme.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Definition {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) docs: String,
    #[serde(default)]
    pub(crate) notes: String,
    #[serde(default)]
    pub(crate) answer: Answer,
    #[serde(default = "default_max_body")]
    pub(crate) max_body: usize,
    #[serde(default = "default_content")]
    pub(crate) content: Vec<ContentKind>,
    /// Form field that holds the JSON when the body is a form (GitHub, Slack).
    pub(crate) json_in_form: Option<String>,
    #[serde(default)]
    pub(crate) options: Vec<OptionName>,
    pub(crate) algorithm: Algorithm,
    #[serde(default)]
    pub(crate) key: KeyKind,
    pub(crate) keys: Option<KeysDefinition>,
    /// Whom a token must be for; the registered URL when not said.
    pub(crate) audience: Option<String>,
    /// Signed place of the account's name, which must be the `audience` where one is configured.
    pub(crate) account: Option<String>,
    #[serde(default)]
    pub(crate) issue: Issue,
    pub(crate) signature: SignatureDefinition,
    pub(crate) timestamp: Option<TimestampDefinition>,
    #[serde(default)]
    pub(crate) signed: String,
    #[serde(default)]
    pub(crate) require: Vec<String>,
    #[serde(default)]
    pub(crate) refuse_empty_body: bool,
    pub(crate) one_time: Option<String>,
    #[serde(default)]
    pub(crate) event: EventDefinition,
    pub(crate) handshake: Option<HandshakeDefinition>,
    /// Further headers that samples carry, name to value.
    #[serde(default)]
    pub(crate) sample_headers: BTreeMap<String, String>,
}

fn default_max_body() -> usize {
    512 * 1024
}

fn default_content() -> Vec<ContentKind> {
    vec![ContentKind::Json]
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    #[serde(default = "accepted")]
    pub(crate) status: u16,
    /// Seconds the vendor waits for the answer.
    pub(crate) within: Option<u32>,
    #[serde(default)]
    pub(crate) retries: String,
}

fn accepted() -> u16 {
    202
}

impl Default for Answer {
    fn default() -> Self {
        Self { status: accepted(), within: None, retries: String::new() }
    }
}

/// What the body of a delivery may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContentKind {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// A setting of a preset that may differ from vendor to vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionName {
    /// Header that carries the signature or the shared secret.
    SignatureHeader,
    /// Header that carries the timestamp.
    TimestampHeader,
    /// Header that carries the event id.
    IdHeader,
    /// Text before the encoded signature, such as `sha256=`.
    Prefix,
    /// Seconds a timestamp may be off, to either side.
    Tolerance,
    /// `hmac-sha1`, `hmac-sha256` or `hmac-sha512`.
    Algorithm,
    /// Selectors of the event id, separated by spaces.
    EventId,
    /// Selectors of the event type, separated by spaces.
    EventType,
    /// Whom a signed token must be for, where it is not for the registered URL.
    Audience,
    /// Selector of a value that counts once, or `signed` for the text that is signed; see [`crate::Once`].
    OneTime,
}

/// How the signature is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the names are the algorithms
pub enum Algorithm {
    HmacSha1,
    HmacSha256,
    HmacSha512,
    Sha256,
    Ed25519,
    EcdsaP256Sha256,
    RsaSha256,
    SharedSecret,
    /// Twilio's own: <https://www.twilio.com/docs/usage/security#validating-requests>.
    Twilio,
    /// A token of Google's: <https://ai.google.dev/gemini-api/docs/webhooks>.
    GeminiJwt,
    /// A token of Plaid's: <https://plaid.com/docs/api/webhooks/webhook-verification/>.
    PlaidJwt,
    /// <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>.
    AwsSns,
    /// <https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures/>.
    Adyen,
}

impl Algorithm {
    pub(crate) fn is_hmac(self) -> bool {
        matches!(self, Self::HmacSha1 | Self::HmacSha256 | Self::HmacSha512)
    }

    /// Schemes with a module of their own instead of `signed` and `timestamp`.
    pub(crate) fn is_code(self) -> bool {
        matches!(self, Self::Twilio | Self::GeminiJwt | Self::PlaidJwt | Self::AwsSns | Self::Adyen)
    }

    /// Schemes whose secret is public: a key set, a certificate's name, a topic.
    pub(crate) fn has_public_secret(self) -> bool {
        matches!(
            self,
            Self::Ed25519
                | Self::EcdsaP256Sha256
                | Self::RsaSha256
                | Self::GeminiJwt
                | Self::PlaidJwt
                | Self::AwsSns
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KeyKind {
    #[default]
    Raw,
    /// Standard Webhooks: base64, with or without `whsec_`.
    Whsec,
    /// OpenAI: base64 behind `whsec_`, otherwise the text itself.
    WhsecOrRaw,
    Base64,
    Hex,
    /// WooCommerce stores the secret HTML-escaped and unescapes it before use.
    HtmlUnescape,
    SpkiBase64,
    Jwks,
    Certificate,
}

/// Where the vendor publishes its keys. One of the two is said.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeysDefinition {
    /// Address of the key set.
    pub(crate) url: Option<String>,
    /// The address wants a key id and the account's own credentials.
    #[serde(default)]
    pub(crate) by_id: bool,
    /// Hosts a certificate may be fetched from; `*` stands for one or more labels, `<region>` for one of AWS.
    #[serde(default)]
    pub(crate) certificate_hosts: Vec<String>,
    /// Names one of which such a certificate must be for, in the same form.
    #[serde(default)]
    pub(crate) certificate_names: Vec<String>,
    /// Hosts a missing intermediate certificate may be fetched from, in the same form.
    #[serde(default)]
    pub(crate) issuer_hosts: Vec<String>,
    /// Seconds an answer may be kept.
    pub(crate) max_age: u32,
}

/// Shape of a secret of this vendor, for the ones we make ourselves.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issue {
    #[serde(default)]
    pub(crate) prefix: String,
    /// Hexadecimal digits after the prefix; 64 when not said.
    pub(crate) digits: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Encoding {
    Hex,
    /// Refuses upper case, as SDKs that compare text do.
    HexLower,
    Base64,
    Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignatureDefinition {
    pub(crate) from: String,
    /// Further places of signatures, each of which may be missing.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    pub(crate) encoding: Encoding,
    /// Separates several signatures.
    #[serde(default)]
    pub(crate) list: String,
    #[serde(default)]
    pub(crate) trim: bool,
    /// Separates a label from its value.
    #[serde(default)]
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) accept: Vec<String>,
    /// Labels of Ed25519 signatures, checked with secrets that begin with `whpk_`.
    #[serde(default)]
    pub(crate) accept_ed25519: Vec<String>,
    /// A value without a label counts as a signature.
    #[serde(default)]
    pub(crate) bare: bool,
    /// The labels must be exactly these, in this order.
    #[serde(default)]
    pub(crate) exactly: Vec<String>,
    #[serde(default)]
    pub(crate) prefix: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Unit {
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "ms")]
    Millis,
    #[serde(rename = "iso8601")]
    Iso8601,
    /// Vendors whose documents and deliveries disagree.
    #[serde(rename = "s-or-ms")]
    SecondsOrMillis,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimestampDefinition {
    pub(crate) from: String,
    pub(crate) unit: Unit,
    pub(crate) past: u32,
    pub(crate) future: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventDefinition {
    #[serde(default)]
    pub(crate) id: Vec<String>,
    #[serde(default, rename = "type")]
    pub(crate) kind: Vec<String>,
    #[serde(default)]
    pub(crate) subject: Vec<String>,
    #[serde(default)]
    pub(crate) occurred: Vec<String>,
    #[serde(default)]
    pub(crate) version: Vec<String>,
    /// The same bytes again are another event.
    #[serde(default)]
    pub(crate) repeats: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandshakeDefinition {
    #[serde(default = "post")]
    pub(crate) method: String,
    /// Runs before the signature check, because the vendor does not sign it.
    #[serde(default)]
    pub(crate) unsigned: bool,
    #[serde(default)]
    pub(crate) when: BTreeMap<String, Value>,
    #[serde(default)]
    pub(crate) present: Vec<String>,
    #[serde(default)]
    pub(crate) absent: Vec<String>,
    /// These values have digits only.
    #[serde(default)]
    pub(crate) digits: Vec<String>,
    /// Longer bodies are no handshake.
    #[serde(default = "handshake_body")]
    pub(crate) body_at_most: usize,
    /// This value must equal one of the secrets.
    pub(crate) proof: Option<String>,
    /// A secret the vendor hands over in this request.
    pub(crate) captures: Option<String>,
    pub(crate) reply: ReplyDefinition,
}

fn handshake_body() -> usize {
    4096
}

fn post() -> String {
    "POST".to_owned()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyDefinition {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) json: Option<Value>,
    /// Further headers of the reply, name to template.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}
