//! `load`: what the benchmark needs beside the servers it measures.
//!
//! - [`send`]: a load generator for signed webhooks; [`webhooks`]: what it sends
//! - [`mixed`]: good and bad traffic at a fixed rate
//! - [`floor`]: the least a webhook server can do, to compare with
//! - [`sink`]: where results are delivered to
//! - [`fsync`]: how fast the disk is just now
//! - [`usage`]: processor time and memory of processes
//!
//! Talks to loopback addresses alone, and stops by itself after a set time and number of requests.

mod floor;
mod fsync;
mod mixed;
mod send;
mod sink;
mod usage;
mod webhooks;

use clap::{Parser, Subcommand};

/// Load generator, floor and disk probe of Tidegate's benchmark.
#[derive(Parser)]
#[command(name = "load", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send signed webhooks and print what came back as one JSON object
    Send(send::Send),
    /// Send good and bad webhooks at a fixed rate and print what came back as one JSON object
    Mixed(mixed::Mixed),
    /// Serve a handler that checks the signature and answers 202, nothing more
    Floor(floor::Floor),
    /// Take what is posted and count it
    Sink(sink::Sink),
    /// Append 4 KiB and wait for the disk, again and again
    Fsync(fsync::Fsync),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Send(send) => send::run(send),
        Command::Mixed(mixed) => mixed::run(&mixed),
        Command::Floor(floor) => floor::run(floor),
        Command::Sink(sink) => sink::run(sink),
        Command::Fsync(fsync) => fsync::run(&fsync),
    }
}

/// The one place that prints: a line for the program that reads it.
#[expect(clippy::print_stdout, reason = "results are read from standard output")]
fn say(line: &str) {
    println!("{line}");
}
