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
    /// The server does not answer, or not as Vault does. What was read before stays in use.
    #[error("Vault does not answer")]
    Down,
    /// It refuses the token.
    #[error("Vault refuses the token (403)")]
    Refused,
    /// There is no such secret, or it was deleted.
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
        match answer.status().as_u16() {
            200 => {}
            403 => return Err(Problem::Refused),
            404 => return Err(Problem::Missing),
            _ => return Err(Problem::Down),
        }
        let mut body = Zeroizing::new(Vec::new());
        while let Some(part) = answer.chunk().await.map_err(|_| Problem::Down)? {
            if body.len() + part.len() > MAX_ANSWER {
                return Err(Problem::Down);
            }
            body.extend_from_slice(&part);
        }
        let answer: Value = serde_json::from_slice(&body).map_err(|_| Problem::Down)?;
        let value = answer["data"]["data"][field].as_str().filter(|value| !value.is_empty());
        Ok(Found {
            value: Zeroizing::new(value.ok_or(Problem::NoField)?.to_owned()),
            version: answer["data"]["metadata"]["version"].as_i64(),
        })
    }
}
