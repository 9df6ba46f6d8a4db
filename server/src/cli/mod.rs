//! The command line. Each command is a file; this one has the table of them, and how errors become exit codes:
//! 0 ok, 1 failed, 2 wrong usage. A command that could not work whatever is stored was used wrongly; one that could
//! not be done with what is there now has failed. Secrets come on standard input, never as arguments.
//!
//! Commands work on the database directly, with the rules of [`crate::services`]; a running server picks up each
//! change within a second.

mod breaker;
mod chore;
mod destination;
mod doctor;
mod event_list;
mod events;
mod flow;
mod input;
mod job;
mod job_edit;
mod key;
mod limit;
mod mapping;
mod named;
mod node;
mod offer;
mod output;
mod provider;
mod redact;
mod request;
mod rule;
mod schedule;
mod schema;
mod selection;
mod send;
mod serve;
mod tenant;
mod token;
mod user;
mod vendor;
mod verify;

use crate::{
    clock::SystemClock,
    config::{self, Settings},
    serve::Base,
    telemetry,
};
use anyhow::Context;
use app::{
    error::{AppError, Field, Reason},
    ports::Actor,
};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use domain::{id::UserId, role::Role, tenant::DEFAULT_TENANT};
use output::Output;
use std::{process::ExitCode, sync::Arc};

/// Webhook ingress, durable AI jobs and delivery to WordPress in one program.
#[derive(Parser, Debug)]
#[command(name = "tidegate", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
    /// Form of printed data
    #[arg(long, global = true, value_enum, default_value = "text")]
    output: output::Form,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run ingress, API, dashboard and worker, or the --roles given
    Serve,
    /// Bring the database's schema up to date
    Migrate,
    /// Check settings, database, dashboard files and destinations
    Doctor,
    /// Accounts
    #[command(subcommand)]
    User(user::Command),
    /// Customers or sites
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Senders of webhooks
    #[command(subcommand)]
    Vendor(vendor::Command),
    /// AI APIs
    #[command(subcommand)]
    Provider(provider::Command),
    /// Where results go
    #[command(subcommand)]
    Destination(destination::Command),
    /// Which events start which jobs
    #[command(subcommand)]
    Rule(rule::Command),
    /// Events that are made at set times
    #[command(subcommand)]
    Schedule(schedule::Command),
    /// What payloads of an event type must look like
    #[command(subcommand)]
    Schema(schema::Command),
    /// Rules that make changed payloads fit again
    #[command(subcommand)]
    Mapping(mapping::Command),
    /// Look at jobs, put them back in the queue, hold, release and cancel them
    #[command(subcommand)]
    Jobs(job::Command),
    /// Make work wait for a while, and go on
    #[command(subcommand)]
    Pause(flow::PauseCommand),
    /// Circuit breakers of destinations and models
    #[command(subcommand)]
    Breaker(breaker::Command),
    /// How much of a connection's work is done at once and in a minute, and how they share the workers
    #[command(subcommand)]
    Limit(limit::Command),
    /// Look at, export, import and replay events
    #[command(subcommand)]
    Events(events::Command),
    /// The master key that seals all secrets
    #[command(subcommand)]
    Key(key::Command),
    /// The keys that sign tokens for sites
    #[command(subcommand)]
    Token(token::Command),
    /// The processes of this installation
    #[command(subcommand)]
    Node(node::Command),
    /// What this installation does for itself at set times
    #[command(subcommand)]
    Chore(chore::Command),
    /// Look at accepted and refused requests; check and accept refused ones
    #[command(subcommand)]
    Requests(request::Command),
    /// Sign a sample as a vendor would and post it to the running server
    Send(send::Send),
    /// Judge signed requests from standard input with the code ingress uses
    Verify,
}

/// Runs the command in `args` and says how it went.
pub fn main(args: Vec<String>) -> ExitCode {
    let command = match config::config_file(&args) {
        Some(file) => config::with_config_file(Cli::command(), &file),
        None => Ok(Cli::command()),
    };
    let command = match command {
        Ok(command) => command,
        Err(error) => return failed(&error, 2),
    };
    let matches = match command.try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // Nothing can be done about a closed terminal.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    // `cargo leptos watch` starts the program without arguments.
    let watched = std::env::var_os("LEPTOS_WATCH").is_some().then_some(Command::Serve);
    let Some(command) = cli.command.or(watched) else {
        return failed(&Usage("a command is needed; see `tidegate --help`".to_owned()).into(), 2);
    };
    telemetry::start(cli.settings.log, matches!(command, Command::Serve));
    // Fails only when one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into(), 1),
    };
    match runtime.block_on(run(command, cli.settings, Output::new(cli.output))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = if error.is::<Usage>() { 2 } else { 1 };
            failed(&error, code)
        }
    }
}

fn failed(error: &anyhow::Error, code: u8) -> ExitCode {
    eprintln!("error: {}", output::plain(&format!("{error:#}"), true));
    ExitCode::from(code)
}

/// Something that was asked for in a way that cannot work.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

async fn run(command: Command, settings: Settings, out: Output) -> anyhow::Result<()> {
    match command {
        Command::Serve => serve::serve(settings).await,
        Command::Migrate => migrate(&settings, &out).await,
        Command::Doctor => doctor::run(&settings, &out).await,
        Command::User(command) => {
            let base = if command.only_looks() { look(&settings).await? } else { open(&settings).await? };
            user::run(command, &base, &out).await
        }
        Command::Tenant(command) => {
            let base = if command.only_looks() { look(&settings).await? } else { open(&settings).await? };
            tenant::run(command, &base, &out).await
        }
        Command::Vendor(command) => vendor::run(command, &settings, &out).await,
        Command::Key(command) => key::run(command, &settings, &out).await,
        Command::Provider(command) => {
            let base = if command.only_looks() { look(&settings).await? } else { open(&settings).await? };
            provider::run(command, &base, &out).await
        }
        Command::Destination(command) => {
            let base = if command.only_looks() { look(&settings).await? } else { open(&settings).await? };
            destination::run(command, &base, &out).await
        }
        Command::Rule(command) => {
            let base = if command.only_looks() { look(&settings).await? } else { open(&settings).await? };
            rule::run(command, &base, &out).await
        }
        Command::Schedule(command) => {
            let base = if command.only_looks() { look(&settings).await? } else { open(&settings).await? };
            schedule::run(command, &base, &out).await
        }
        Command::Pause(command) => {
            let base = if command.only_looks() { look(&settings).await? } else { open(&settings).await? };
            flow::pause(command, &base, &out).await
        }
        Command::Breaker(command) => {
            let base = if command.only_looks() { look(&settings).await? } else { open(&settings).await? };
            breaker::run(command, &base, &out).await
        }
        Command::Limit(command) => {
            let base = if command.only_looks() { look(&settings).await? } else { open(&settings).await? };
            limit::run(command, &base, &out).await
        }
        Command::Token(command) => {
            let base = if command.only_looks() { look(&settings).await? } else { open(&settings).await? };
            token::run(command, &base, &out).await
        }
        Command::Chore(command) => {
            let base = if command.only_looks() { look(&settings).await? } else { open(&settings).await? };
            chore::run(command, &base, &out).await
        }
        Command::Jobs(command) => job::run(command, &look(&settings).await?, &out).await,
        Command::Node(command) => node::run(command, &look(&settings).await?, &out).await,
        Command::Events(command) => events::run(command, &look(&settings).await?, &out).await,
        Command::Schema(command) => schema::run(command, &open(&settings).await?, &out).await,
        Command::Mapping(command) => mapping::run(command, &open(&settings).await?, &out).await,
        Command::Requests(command) => request::run(command, &look(&settings).await?, &out).await,
        Command::Send(send) => send::run(send, &settings, &out).await,
        Command::Verify => verify::run(),
    }
}

async fn open(settings: &Settings) -> anyhow::Result<Base> {
    Base::open(settings, Arc::new(SystemClock)).await
}

/// For commands that change nothing about the database: it must be there and up to date.
async fn look(settings: &Settings) -> anyhow::Result<Base> {
    Base::open_existing(settings, Arc::new(SystemClock)).await
}

async fn migrate(settings: &Settings, out: &Output) -> anyhow::Result<()> {
    let store = crate::serve::open_store(settings, true).await?;
    store.migrate().await?;
    out.done(&format!("The {} database is up to date.", store.engine()));
    Ok(())
}

/// Who the command line acts as: somebody who can read the database may do anything in it, in one tenant at a time.
fn actor(base: &Base, tenant: Option<&str>) -> anyhow::Result<Actor> {
    let slug = tenant.unwrap_or(DEFAULT_TENANT);
    let snapshot = base.live.now();
    let tenant = snapshot.tenant_named(slug).with_context(|| format!("there is no tenant {slug:?}"))?;
    Ok(Actor {
        user_id: UserId::new(uuid::Uuid::nil()),
        email: "cli".to_owned(),
        role: Role::Owner,
        tenant: Some(tenant.id),
    })
}

/// The dashboard's errors, said on the command line.
fn said(error: AppError) -> anyhow::Error {
    match error {
        AppError::Invalid { field, reason } if is_usage(field, reason) => Usage(error.to_string()).into(),
        AppError::StillUsed { matches } => anyhow::anyhow!(
            "{matches} requests matched this version during the last hour; ending it would refuse the next ones. Let \
             the vendor change to the new secret first, or give --force"
        ),
        AppError::OnlySecret => anyhow::anyhow!(
            "this is the only version that is accepted; without it everything this vendor sends is refused. Rotate \
             first, or give --force"
        ),
        other => anyhow::anyhow!("{other}"),
    }
}

/// Whether what was given could not be taken whatever is stored. Else something that is, or is not, there stands in the
/// way, and the same command may work later.
fn is_usage(field: Field, reason: Reason) -> bool {
    !matches!(
        (reason, field),
        (
            Reason::Taken
                | Reason::Unknown
                | Reason::Spent
                | Reason::Ended
                | Reason::OnlyOne
                | Reason::UnderWay
                | Reason::Off
                | Reason::StillRefused
                | Reason::KeysNotAtHand
                | Reason::NoEvents
                | Reason::PrivateAddress
                | Reason::PlaceNotAllowed
                | Reason::PlaceEmpty
                | Reason::PlaceDown
                | Reason::PlaceRefused
                | Reason::PlaceSealed
                | Reason::WrongLogin,
            _
        ) | (Reason::DoesNotFit | Reason::Unsigned, Field::Form | Field::Version)
            | (Reason::Missing, Field::Schema)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_usage_is_what_could_not_work_whatever_is_stored() {
        let usage = |field, reason| said(AppError::invalid(field, reason)).is::<Usage>();
        for (field, reason) in [
            (Field::Slug, Reason::Malformed),
            (Field::Slug, Reason::Reserved),
            (Field::Prompt, Reason::BadTemplate),
            (Field::PerSecond, Reason::Missing),
            (Field::Auth, Reason::DoesNotFit),
        ] {
            assert!(usage(field, reason), "{field:?} {reason:?}");
        }
        for (field, reason) in [
            (Field::Slug, Reason::Taken),
            (Field::Form, Reason::StillRefused),
            (Field::Form, Reason::Spent),
            (Field::Form, Reason::DoesNotFit),
            (Field::Form, Reason::Unsigned),
            (Field::Form, Reason::NoEvents),
            (Field::Version, Reason::Ended),
            (Field::Secret, Reason::PlaceDown),
            (Field::Secret, Reason::PlaceRefused),
            (Field::Schema, Reason::Missing),
        ] {
            assert!(!usage(field, reason), "{field:?} {reason:?}");
        }
        assert!(!said(AppError::NotFound).is::<Usage>() && !said(AppError::Unavailable).is::<Usage>());
    }
}
