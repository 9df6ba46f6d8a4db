//! `tidegate events`: looking at one, exporting, importing and replaying many.

use super::{Usage, actor, event_list, output::Output, said, selection::Choice};
use crate::{
    archive::{self, BadLine, Import, Line},
    live::LiveVendor,
    payloads, replay,
    serve::Base,
};
use anyhow::Context;
use app::{
    ports::{Actor, EventsPort, ReplaysPort},
    view::payload::Reading,
};
use domain::{
    id::{EventId, ReplayId},
    replay::{Replay, ReplayState},
    selection::EventCursor,
};
use serde_json::json;
use std::{
    collections::HashSet,
    io::{BufRead, BufReader, IsTerminal, Read, Write},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use store::AuditEntry;

/// Events of one page of an export; all of them are in memory at once.
const PAGE: i64 = 50;
/// Events of one transaction of an import.
const BATCH: usize = 200;
/// Bytes of one transaction of an import.
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// Bad lines told one by one; the others are counted.
const TOLD: usize = 100;

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// List events, newest first
    List(event_list::List),
    /// One event with headers and body; noted in the audit log
    Show {
        /// Its id
        id: EventId,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Write events to standard output, one JSON object a line, oldest first; noted in the audit log
    Export {
        #[command(flatten)]
        choice: Choice,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Take in events that `events export` wrote; those that are here already are passed over
    Import {
        /// File to read instead of standard input
        file: Option<PathBuf>,
        /// Put all events into this tenant instead of the one each line names
        #[arg(long)]
        tenant: Option<String>,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
        /// Start the jobs of the rules as they are now
        #[arg(long)]
        run_rules: bool,
    },
    /// Run stored events again as new, marked events
    Replay {
        #[command(flatten)]
        choice: Choice,
        /// Only this event
        #[arg(long, conflicts_with_all = ["vendor", "event_type", "subject", "since", "until"])]
        id: Option<EventId>,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
        /// Only say how many events would be run again
        #[arg(long)]
        dry_run: bool,
        /// At most this many events a second, such as 10 or 10/s
        #[arg(long, default_value = "10", value_parser = rate)]
        rate: i32,
        /// Do not ask whether the number of events is right
        #[arg(long)]
        yes: bool,
        /// Go on with a replay that was begun, here or in a server that is gone
        #[arg(long, value_name = "REPLAY", conflicts_with_all = ["vendor", "event_type", "subject", "since", "until", "id", "dry_run"])]
        resume: Option<ReplayId>,
        /// Leave the steps to the workers of a running server instead of taking them here
        #[arg(long)]
        detach: bool,
    },
    /// List replays, newest first
    Replays {
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// End a replay; what was run again stays
    Cancel {
        /// Its id
        id: ReplayId,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
}

fn rate(text: &str) -> Result<i32, String> {
    let most = domain::replay::MAX_PER_SECOND;
    let number = text.strip_suffix("/s").unwrap_or(text).parse::<i32>();
    number
        .ok()
        .filter(|rate| (1..=most).contains(rate))
        .ok_or_else(|| format!("give 1 to {most} events a second"))
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    match command {
        Command::List(list) => event_list::run(list, base, out).await,
        Command::Show { id, tenant } => show(base, &actor(base, tenant.as_deref())?, id, out).await,
        Command::Export { choice, tenant } => export(base, &actor(base, tenant.as_deref())?, &choice).await,
        Command::Import { file, tenant, dry_run, run_rules } => {
            let input: Box<dyn Read + Send> = match &file {
                Some(file) => Box::new(
                    std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?,
                ),
                None => Box::new(std::io::stdin()),
            };
            let mut importer = Importer::new(base, tenant.as_deref(), dry_run, run_rules)?;
            importer.run(BufReader::new(input)).await?;
            importer.report(out)
        }
        Command::Replay { choice, id, tenant, dry_run, rate, yes, resume, detach } => {
            let who = actor(base, tenant.as_deref())?;
            let replay = match resume {
                Some(id) => base.store.replay(who.tenant, id).await.context("there is no such replay")?,
                None => match begin(base, &who, &choice, id, rate, dry_run, yes, out).await? {
                    Some(replay) => replay,
                    None => return Ok(()),
                },
            };
            let replay = if detach { replay } else { drive(base, replay, out).await? };
            tell(&replay, out);
            Ok(())
        }
        Command::Replays { tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let page = ReplaysPort::list(base.services.as_ref(), &who).await.map_err(said)?;
            let replays: Vec<Replay> = page.rows.into_iter().map(|row| row.replay).collect();
            out.list(&replays, &["id", "state", "done", "of", "what", "by"], |replay| {
                vec![
                    replay.id.to_string(),
                    replay.state.to_string(),
                    replay.done.to_string(),
                    replay.total.to_string(),
                    replay.selection.in_words(),
                    replay.actor.clone(),
                ]
            });
            Ok(())
        }
        Command::Cancel { id, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            ReplaysPort::cancel(base.services.as_ref(), &who, id).await.map_err(said)?;
            out.done("The replay is ended. What was run again stays.");
            Ok(())
        }
    }
}

async fn show(base: &Base, who: &Actor, id: EventId, out: &Output) -> anyhow::Result<()> {
    let reading = base.services.show_payload(who, id, "command line").await.map_err(said)?;
    let story = EventsPort::event(base.services.as_ref(), who, id).await.map_err(said)?;
    let event = &story.event;
    let version = match story.number() {
        Some(number) => format!("{number} of {}", story.versions.len()),
        None if story.copied => "a copy made by a replay".to_owned(),
        None => "one of many".to_owned(),
    };
    let by_hand =
        story.by_hand.as_ref().map(|mark| format!("{} was refused as {}", mark.request_id, mark.reason));
    let made = story.scheduled.as_ref().map(|made| format!("by the schedule {}", made.slug));
    let done: Vec<String> = story.done_already.iter().map(|done| done.id.to_string()).collect();
    let (headers, body, state) = match reading {
        Reading::Read(payload) => (payload.headers, payload.body, "readable"),
        Reading::Removed => (vec![], String::new(), "removed"),
        Reading::Destroyed => (vec![], String::new(), "destroyed"),
    };
    let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let value = json!({"event": event, "story": story, "headers": headers, "body": body, "payload": state});
    out.value(
        &value,
        &[
            ("event", event.id.to_string()),
            ("type", event.event_type.clone()),
            ("external id", event.external_id.clone()),
            ("subject", event.subject_id.clone().unwrap_or_default()),
            ("received", event.received_at.rfc3339()),
            ("version", version),
            ("taken in by hand", by_hand.unwrap_or_default()),
            ("made", made.unwrap_or_default()),
            ("done already by", done.join(" ")),
            ("payload", state.to_owned()),
            ("headers", lines.join("; ")),
            ("body", body),
        ],
    );
    Ok(())
}

/// Notes something that was done to many events at once.
async fn note(base: &Base, who: &Actor, action: &str, detail: String) -> anyhow::Result<()> {
    let snapshot = base.live.now();
    let tenant = who.tenant.and_then(|id| snapshot.tenant(id));
    let entry = AuditEntry {
        id: crate::clock::fresh(),
        at: base.clock.now(),
        tenant_id: who.tenant,
        actor: who.email.clone(),
        action: action.to_owned(),
        target: tenant.map(|tenant| tenant.slug.to_string()).unwrap_or_default(),
        detail,
    };
    Ok(base.store.note(&entry).await?)
}

async fn export(base: &Base, who: &Actor, choice: &Choice) -> anyhow::Result<()> {
    let selection = choice.selection(base, who)?;
    let tenant = who.tenant.context("an export is of one tenant")?;
    let said = choice.in_words(&selection);
    // Before the first byte leaves, so that one that is broken off is noted, too.
    note(base, who, "payload.export", said.clone()).await?;
    let snapshot = base.live.now();
    let tenant_slug = snapshot.tenant(tenant).map(|tenant| tenant.slug.to_string()).unwrap_or_default();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut after, mut count) = (None, 0_u64);
    loop {
        let page = base.store.archived_events(Some(tenant), &selection, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(EventCursor { received_at: last.event.received_at, id: last.event.id });
        for mut archived in page {
            let vendor = snapshot.vendor(archived.event.vendor_id);
            let vendor = vendor.map(|live| live.vendor.slug.to_string()).unwrap_or_default();
            let payload = match archived.payload.take() {
                Some(stored) => payloads::open(&snapshot, tenant, archived.event.id, stored)
                    .map_err(|error| error.to_string()),
                None => Err(payloads::Unreadable::Removed.to_string()),
            };
            serde_json::to_writer(&mut out, &Line::of(archived, &tenant_slug, &vendor, payload))?;
            out.write_all(b"\n")?;
            count += 1;
        }
    }
    out.flush()?;
    note(base, who, "payload.exported", format!("{count} events: {said}")).await
}

/// Takes in lines, batch by batch.
struct Importer<'a> {
    base: &'a Base,
    who: Actor,
    /// Where all events go; `None` for where each line says.
    into: Option<String>,
    dry_run: bool,
    run_rules: bool,
    lines: u64,
    imported: u64,
    duplicates: u64,
    jobs: u64,
    bad: u64,
    told: Vec<(u64, String)>,
}

impl<'a> Importer<'a> {
    fn new(base: &'a Base, tenant: Option<&str>, dry_run: bool, run_rules: bool) -> anyhow::Result<Self> {
        let who = actor(base, tenant)?;
        let into = tenant.map(str::to_owned);
        Ok(Self {
            base,
            who,
            into,
            dry_run,
            run_rules,
            lines: 0,
            imported: 0,
            duplicates: 0,
            jobs: 0,
            bad: 0,
            told: Vec::new(),
        })
    }

    async fn run(&mut self, mut input: impl BufRead) -> anyhow::Result<()> {
        if !self.dry_run {
            let detail = if self.run_rules { "with jobs" } else { "without jobs" };
            note(self.base, &self.who, "events.import", detail.to_owned()).await?;
        }
        let (mut batch, mut bytes, mut line) = (Vec::new(), 0, Vec::new());
        loop {
            line.clear();
            let read = (&mut input).take(archive::MAX_LINE).read_until(b'\n', &mut line);
            if read.context("the input could not be read")? == 0 {
                break;
            }
            self.lines += 1;
            if line.last() != Some(&b'\n') && line.len() as u64 == archive::MAX_LINE {
                anyhow::bail!(
                    "line {} is longer than {} bytes; nothing from it on was taken in",
                    self.lines,
                    archive::MAX_LINE
                );
            }
            let text = String::from_utf8_lossy(&line);
            if text.trim().is_empty() {
                continue;
            }
            match self.read(&text) {
                Ok(import) => {
                    bytes += line.len();
                    batch.push((self.lines, import));
                }
                Err(error) => self.bad(self.lines, &error),
            }
            if batch.len() >= BATCH || bytes >= BATCH_BYTES {
                self.store(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
        }
        self.store(batch).await?;
        if !self.dry_run {
            let detail = format!(
                "{} new, {} known, {} bad, {} jobs",
                self.imported, self.duplicates, self.bad, self.jobs
            );
            note(self.base, &self.who, "events.imported", detail).await?;
        }
        Ok(())
    }

    fn read(&self, text: &str) -> Result<Import, BadLine> {
        let line = Line::read(text)?;
        let tenant = self.into.clone().unwrap_or_else(|| line.tenant.clone());
        let live: Arc<LiveVendor> = self
            .base
            .live
            .now()
            .vendor_at(Some(&tenant), &line.vendor)
            .cloned()
            .ok_or_else(|| BadLine::NoVendor { vendor: line.vendor.clone(), tenant })?;
        line.import(&live, self.run_rules)
    }

    fn bad(&mut self, line: u64, error: &BadLine) {
        self.bad += 1;
        if self.told.len() < TOLD {
            eprintln!("line {line}: {error}");
            self.told.push((line, error.to_string()));
        }
    }

    async fn store(&mut self, batch: Vec<(u64, Import)>) -> anyhow::Result<()> {
        let ids: Vec<EventId> = batch.iter().map(|(_, import)| import.new.event.id).collect();
        let mut known: HashSet<EventId> = self.base.store.known_events(&ids).await?.into_iter().collect();
        let (mut events, mut links) = (Vec::new(), Vec::new());
        for (_, import) in batch {
            // Also when the same id stands in the file twice.
            if known.insert(import.new.event.id) {
                links.extend(import.copy);
                events.push(import.new);
            } else {
                self.duplicates += 1;
            }
        }
        if self.dry_run {
            self.imported += events.len() as u64;
            self.jobs += events.iter().map(|new| new.jobs.len() as u64).sum::<u64>();
            return Ok(());
        }
        // Links first: one without its event does no harm, a copy without its link would be taken for an original.
        self.base.store.link_copies(&links).await?;
        let recorded = self.base.store.record(&events, &[]).await?;
        for (new, recorded) in events.iter().zip(recorded) {
            if recorded.duplicate {
                self.duplicates += 1;
            } else {
                self.imported += 1;
                self.jobs += new.jobs.len() as u64;
            }
        }
        Ok(())
    }

    fn report(self, out: &Output) -> anyhow::Result<()> {
        let errors: Vec<_> =
            self.told.iter().map(|(line, error)| json!({"line": line, "error": error})).collect();
        let value = json!({
            "dry_run": self.dry_run, "lines": self.lines, "imported": self.imported, "duplicates": self.duplicates,
            "jobs": self.jobs, "bad": self.bad, "errors": errors,
        });
        let imported = if self.dry_run { "would be taken in" } else { "taken in" };
        out.value(
            &value,
            &[
                ("lines", self.lines.to_string()),
                (imported, self.imported.to_string()),
                ("here already", self.duplicates.to_string()),
                ("jobs", self.jobs.to_string()),
                ("bad lines", self.bad.to_string()),
            ],
        );
        anyhow::ensure!(self.bad == 0, "{} of {} lines could not be taken in", self.bad, self.lines);
        Ok(())
    }
}

/// Counts, asks, and begins a replay; `None` when it is not to begin.
#[expect(clippy::too_many_arguments, reason = "one argument per flag")]
async fn begin(
    base: &Base,
    who: &Actor,
    choice: &Choice,
    id: Option<EventId>,
    rate: i32,
    dry_run: bool,
    yes: bool,
    out: &Output,
) -> anyhow::Result<Option<Replay>> {
    let selection = domain::selection::Selection { id, ..choice.selection(base, who)? };
    let chosen = ReplaysPort::choose(base.services.as_ref(), who, selection).await.map_err(said)?;
    let words = choice.in_words(&chosen.selection);
    if dry_run {
        out.value(
            &json!({"events": chosen.count, "selection": chosen.selection}),
            &[("events", chosen.count.to_string()), ("chosen", words)],
        );
        return Ok(None);
    }
    if chosen.count > 0 && !yes && !confirmed(chosen.count, &words)? {
        out.done("Nothing was run again.");
        return Ok(None);
    }
    let id = ReplaysPort::start(base.services.as_ref(), who, chosen, rate).await.map_err(said)?;
    Ok(Some(base.store.replay(who.tenant, id).await?))
}

fn confirmed(count: i64, words: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        anyhow::bail!(Usage(format!(
            "this would run {count} events again ({words}); say --yes if that is meant"
        )));
    }
    eprint!("Run {count} events again ({words})? Type the number: ");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim() == count.to_string())
}

/// Takes the steps of a replay until it ends, beside whoever else takes them.
async fn drive(base: &Base, mut replay: Replay, out: &Output) -> anyhow::Result<Replay> {
    while replay.state == ReplayState::Running {
        let early = replay.next_step_at.since(base.clock.now());
        if early > 0 {
            tokio::time::sleep(Duration::from_micros(early.unsigned_abs())).await;
        }
        replay = match replay::step(base.store.as_ref(), &base.live, &base.clock, &replay).await? {
            Some(after) => after,
            None => base.store.replay(None, replay.id).await?,
        };
        out.progress(&format!("{} of {} events", replay.done + replay.skipped, replay.total));
    }
    Ok(replay)
}

fn tell(replay: &Replay, out: &Output) {
    out.value(
        replay,
        &[
            ("replay", replay.id.to_string()),
            ("state", replay.state.to_string()),
            ("events", replay.total.to_string()),
            ("run again", replay.done.to_string()),
            ("left out", if replay.skipped > 0 { replay.skipped.to_string() } else { String::new() }),
        ],
    );
}
