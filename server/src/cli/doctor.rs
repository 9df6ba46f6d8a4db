//! `tidegate doctor`: is everything there that `serve` needs, and do the destinations answer? Makes and changes
//! nothing.

use super::{actor, output::Output};
use crate::{clock::SystemClock, config::Settings, serve::Base};
use serde::Serialize;
use std::sync::Arc;

/// One thing looked at.
#[derive(Serialize)]
struct Check {
    what: String,
    /// `ok`, `warning` or `problem`.
    state: &'static str,
    found: String,
}

fn check(what: &str, found: Result<String, String>) -> Check {
    let (state, found) = match found {
        Ok(words) => ("ok", words),
        Err(words) => ("problem", words),
    };
    Check { what: what.to_owned(), state, found }
}

pub(super) async fn run(settings: &Settings, out: &Output) -> anyhow::Result<()> {
    let mut checks: Vec<Check> = settings
        .warnings()
        .into_iter()
        .map(|words| Check { what: "settings".to_owned(), state: "warning", found: words.to_owned() })
        .collect();
    let site = crate::serve::site_root(settings).join("pkg/tidegate.js");
    let files = if site.is_file() {
        Ok(site.display().to_string())
    } else {
        Err(format!("{} is missing", site.display()))
    };
    checks.push(check("dashboard files", files));
    match Base::open_existing(settings, Arc::new(SystemClock)).await {
        Ok(base) => with_database(&base, settings, &mut checks).await?,
        Err(error) => checks.push(check("database", Err(format!("{error:#}")))),
    }
    out.list(&checks, &["check", "state", "found"], |check| {
        vec![check.what.clone(), check.state.to_owned(), check.found.clone()]
    });
    let problems = checks.iter().filter(|check| check.state == "problem").count();
    if problems > 0 { Err(anyhow::anyhow!("{problems} of {} checks failed", checks.len())) } else { Ok(()) }
}

async fn with_database(base: &Base, settings: &Settings, checks: &mut Vec<Check>) -> anyhow::Result<()> {
    let ping = base.store.ping().await;
    checks.push(check(
        "database",
        ping.map(|()| base.store.engine().to_owned()).map_err(|error| error.to_string()),
    ));
    if let Some(words) = base.store.schema().await?.newer_words() {
        checks.push(Check { what: "database".to_owned(), state: "warning", found: words });
    }
    let url = format!("http://{}/readyz", settings.listen);
    let answer = reqwest::Client::builder().no_proxy().build()?.get(&url).send().await;
    let server = match answer {
        Ok(answer) if answer.status().is_success() => Ok("ready".to_owned()),
        Ok(answer) => Err(format!("{url} answers {}", answer.status().as_u16())),
        Err(_) => Err(format!("nothing answers on {}; start it with `tidegate serve`", settings.listen)),
    };
    checks.push(check("server", server));
    let found = base.services.check_up().await?;
    checks.extend(found.into_iter().map(|found| Check {
        what: found.what,
        state: if found.bad { "problem" } else { "warning" },
        found: found.words,
    }));
    let snapshot = base.live.now();
    let who = actor(base, None)?;
    for live in snapshot.destinations().filter(|live| Some(live.destination.tenant_id) == who.tenant) {
        let report = base.services.try_destination(live).await;
        let found = if report.ok { Ok(report.words) } else { Err(report.words) };
        checks.push(check(&format!("destination {}", live.destination.slug), found));
    }
    Ok(())
}
