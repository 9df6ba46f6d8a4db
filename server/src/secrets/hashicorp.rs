//! HashiCorp Vault's key-value store, version 2, over HTTP: reading one field of the newest version.

use crate::config::Hidden;
use anyhow::Context;
use serde_json::Value;
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer read, in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// A secret as Vault has it.
pub struct Found {
    /// The field.
    pub value: Zeroizing<String>,
    /// The number of the version it is from.
    pub version: Option<i64>,
}

/// A server and the token to ask it with. The address comes from the settings of whoever runs the program, so it may be
/// a private one; redirects are not followed all the same.
pub struct Client {
    http: reqwest::Client,
    address: Url,
    token: Hidden,
}

/// Why a field could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The server cannot be reached or does not answer in time. What was read before stays in use.
    #[error("Vault does not answer")]
    Down,
    /// It answers, but not as Vault's store does.
    #[error("Vault answers {0}, not as its key-value store does")]
    Odd(u16),
    /// Nobody unsealed it since it started.
    #[error("Vault is sealed; somebody has to unseal it")]
    Sealed,
    /// It knows the token or not, and refuses it here; older servers do not say which.
    #[error("Vault refuses the token: permission denied. It expired, or its policy does not cover this path")]
    Refused,
    /// It does not know the token any more.
    #[error("Vault does not know the token: it expired or was revoked")]
    UnknownToken,
    /// It got too many requests.
    #[error("Vault has too much to do (429)")]
    Busy,
    /// No key-value store is mounted there.
    #[error("no key-value store is mounted there in Vault")]
    NoStore,
    /// The newest version was deleted.
    #[error("the newest version of the secret in Vault was deleted")]
    Deleted,
    /// There is no such secret.
    #[error("there is no such secret in Vault")]
    Missing,
    /// The secret has no such field with a text in it.
    #[error("the secret in Vault has no such field")]
    NoField,
}

impl Client {
    /// A client of the server at `address`.
    ///
    /// # Errors
    /// When the address is none, or the client cannot be made.
    pub fn new(address: &Url, token: Hidden) -> anyhow::Result<Self> {
        anyhow::ensure!(
            matches!(address.scheme(), "http" | "https"),
            "the address of Vault must be http or https"
        );
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("the client of Vault could not be made")?;
        Ok(Self { http, address: address.clone(), token })
    }

    /// Reads one field.
    ///
    /// # Errors
    /// See [`Problem`].
    pub async fn read(&self, mount: &str, path: &str, field: &str) -> Result<Found, Problem> {
        let mut url = self.address.clone();
        {
            let mut parts = url.path_segments_mut().map_err(|()| Problem::Down)?;
            parts.pop_if_empty().extend(["v1", mount, "data"]).extend(path.split('/'));
        }
        let request = self.http.get(url).header("x-vault-token", self.token.expose());
        let mut answer = request.send().await.map_err(|_| Problem::Down)?;
        let status = answer.status().as_u16();
        let mut body = Zeroizing::new(Vec::new());
        while let Some(part) = answer.chunk().await.map_err(|_| Problem::Down)? {
            if body.len() + part.len() > MAX_ANSWER {
                return Err(Problem::Odd(status));
            }
            body.extend_from_slice(&part);
        }
        let answer = serde_json::from_slice::<Value>(&body);
        if status != 200 {
            return Err(problem(status, &answer.unwrap_or_default()));
        }
        let answer = answer.map_err(|_| Problem::Odd(status))?;
        let value = answer["data"]["data"][field].as_str().filter(|value| !value.is_empty());
        Ok(Found {
            value: Zeroizing::new(value.ok_or(Problem::NoField)?.to_owned()),
            version: answer["data"]["metadata"]["version"].as_i64(),
        })
    }
}

/// What an answer other than 200 means. The texts are those of Vault and OpenBao; they are looked into, never passed on.
fn problem(status: u16, answer: &Value) -> Problem {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let says = |word: &str| {
        errors.iter().filter_map(Value::as_str).any(|error| error.to_ascii_lowercase().contains(word))
    };
    match status {
        403 if says("invalid token") || says("bad token") => Problem::UnknownToken,
        403 => Problem::Refused,
        404 if says("no handler for route") => Problem::NoStore,
        // A version that was deleted is answered with what is known of it, and without data.
        404 if answer["data"]["metadata"].is_object() => Problem::Deleted,
        // Empty or not, the list is what tells Vault from any other server that has nothing there.
        404 if answer["errors"].is_array() => Problem::Missing,
        429 => Problem::Busy,
        503 if says("sealed") => Problem::Sealed,
        status => Problem::Odd(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_way_vault_says_no_has_words_of_its_own() {
        let both = "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n";
        for (status, answer, expected) in [
            (403, json!({"errors": ["permission denied"]}), Problem::Refused),
            (403, json!({"errors": ["1 error occurred:\n\t* permission denied\n\n"]}), Problem::Refused),
            (403, json!({"errors": [both]}), Problem::UnknownToken),
            (403, json!(null), Problem::Refused),
            (404, json!({"errors": []}), Problem::Missing),
            (
                404,
                json!({"data": {"data": null, "metadata": {"deletion_time": "2026-01-01T00:00:00Z"}}}),
                Problem::Deleted,
            ),
            (
                404,
                json!({"errors": ["no handler for route \"kv/data/x\". route entry not found."]}),
                Problem::NoStore,
            ),
            (404, json!("<html>not found</html>"), Problem::Odd(404)),
            (
                429,
                json!({"errors": ["request path \"kv/data/x\": rate limit quota exceeded"]}),
                Problem::Busy,
            ),
            (503, json!({"errors": ["Vault is sealed"]}), Problem::Sealed),
            (503, json!(null), Problem::Odd(503)),
            (500, json!({"errors": ["internal error"]}), Problem::Odd(500)),
            (307, json!(null), Problem::Odd(307)),
        ] {
            assert_eq!(problem(status, &answer), expected, "{status} {answer}");
        }
    }
}
