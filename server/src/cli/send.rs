//! `tidegate send`: signs a sample, or a file, as a vendor would and posts it to the running server.

use super::{actor, look, named, output::Output};
use crate::{clock::fresh, config::Settings};
use anyhow::Context;
use serde::Serialize;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub(super) struct Send {
    /// The vendor to speak as
    vendor: String,
    /// Whose it is
    #[arg(long)]
    tenant: Option<String>,
    /// Body to send; a sample of the vendor's own when not given
    #[arg(long)]
    file: Option<PathBuf>,
    /// How many different ones to send
    #[arg(long, default_value_t = 1)]
    count: u64,
    /// Event type of the samples
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
}

/// What became of one request.
#[derive(Serialize)]
struct Sent {
    status: u16,
    answer: serde_json::Value,
}

pub(super) async fn run(send: Send, settings: &Settings, out: &Output) -> anyhow::Result<()> {
    let base = look(settings).await?;
    let who = actor(&base, send.tenant.as_deref())?;
    let live = named::vendor(&base, &who, &send.vendor)?;
    if live.vendor.tells_news() {
        anyhow::bail!("this vendor is Tidegate itself: its events are made here, and nobody posts to it");
    }
    let preset = live.preset.as_deref().context("this vendor's preset is unknown")?;
    let file = match &send.file {
        Some(path) => Some(std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?),
        None => None,
    };
    // Some vendors sign the registered URL; the request itself goes to where the server listens.
    let registered = base.services.webhook_url(live.tenant.slug.as_str(), live.vendor.slug.as_str());
    let path = registered.strip_prefix(&settings.public_url()).unwrap_or_default().to_owned();
    let client = reqwest::Client::builder().no_proxy().build()?;

    let mut sent = Vec::new();
    let mut refused = false;
    for n in 0..send.count {
        let now = base.clock.now();
        let secrets = live.secrets_at(now);
        let (_, secret) = secrets.first().context("this vendor has no secret in use")?;
        let event_id = format!("test_{}", fresh().simple());
        let event_type = send.event_type.as_deref().or(signature::sample_type(preset, n));
        let body = match &file {
            Some(body) => body.clone(),
            None => signature::sample_body(preset, &event_id, event_type, n),
        };
        let sample = signature::Sample {
            url: &registered,
            method: "POST",
            body: &body,
            event_id: &event_id,
            event_type,
        };
        let signed = signature::sign(preset, secret, &sample, now.unix())?;
        let query = signed.url.strip_prefix(&registered).unwrap_or_default();
        let mut request = client.post(format!("http://{}{path}{query}", settings.listen)).body(signed.body);
        for (name, value) in &signed.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.with_context(|| {
            format!("nothing answers on {}; is `tidegate serve` running?", settings.listen)
        })?;
        let status = response.status().as_u16();
        let answer = response.text().await.unwrap_or_default();
        let answer = serde_json::from_str(&answer).unwrap_or(serde_json::Value::String(answer));
        refused |= status >= 300;
        sent.push(Sent { status, answer });
    }
    out.list(&sent, &["status", "answer"], |one| {
        let said = one.answer["id"].as_str().or(one.answer["detail"].as_str()).unwrap_or_default();
        vec![one.status.to_string(), said.to_owned()]
    });
    if refused { Err(anyhow::anyhow!("not all were accepted")) } else { Ok(()) }
}
