//! `tidegate verify`: judges signed requests with the code ingress uses. Standard input: one JSON object, or one a
//! line; standard output: one verdict a line.

use super::output::line;
use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use std::io::Read;

/// A request to judge.
#[derive(Deserialize)]
struct Question {
    preset: String,
    secrets: Vec<String>,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    /// Base64.
    body: String,
    now_unix: i64,
    #[serde(default)]
    cert_pem: Option<String>,
}

pub(super) fn run() -> anyhow::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("standard input could not be read")?;
    let mut unreadable = false;
    for question in serde_json::Deserializer::from_str(&text).into_iter::<Question>() {
        let verdict = match &question {
            Ok(question) => judge(question),
            Err(error) => Err(format!("unreadable: {error}")),
        };
        unreadable |= question.is_err();
        let (word, reason) = match &verdict {
            Ok(()) => ("valid", "ok"),
            Err(reason) => ("invalid", reason.as_str()),
        };
        line(&serde_json::json!({"verdict": word, "reason": reason}).to_string());
    }
    if unreadable {
        Err(super::Usage("the input is not the JSON that is expected".to_owned()).into())
    } else {
        Ok(())
    }
}

fn judge(question: &Question) -> Result<(), String> {
    let preset = signature::preset(&question.preset).ok_or_else(|| "unknown_preset".to_owned())?;
    let body = STANDARD.decode(&question.body).map_err(|_| "body_not_base64".to_owned())?;
    let headers: Vec<(&str, &[u8])> =
        question.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request = signature::Request {
        method: &question.method,
        url: &question.url,
        headers: &headers,
        body: &body,
        cert_pem: question.cert_pem.as_deref(),
    };
    let secrets: Vec<&str> = question.secrets.iter().map(String::as_str).collect();
    signature::verify(preset, &secrets, &request, question.now_unix)
        .map(drop)
        .map_err(|refusal| refusal.code().to_owned())
}
