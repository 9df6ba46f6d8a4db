//! How fast the disk is just now: appends 4 KiB and waits until it is on the disk, as every commit does.

use anyhow::Context;
use hdrhistogram::Histogram;
use serde_json::json;
use std::{
    fs::OpenOptions,
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

#[derive(clap::Args)]
pub(crate) struct Fsync {
    /// Folder on the disk to measure; its file is removed afterwards
    #[arg(long)]
    folder: PathBuf,
    /// How long
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

pub(crate) fn run(args: &Fsync) -> anyhow::Result<()> {
    let path = args.folder.join(format!("load-fsync-{}", std::process::id()));
    let mut file = OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("cannot write in {}", args.folder.display()))?;
    // Gone from the folder at once, from the disk when this ends, however it ends.
    std::fs::remove_file(&path)?;
    let page = [0x5a; 4096];
    let mut times = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
    let began = Instant::now();
    let end = began + Duration::from_secs_f64(args.seconds.clamp(0.1, 60.0));
    while Instant::now() < end {
        let before = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        times.saturating_record(before.elapsed().as_micros() as u64);
    }
    let line = json!({
        "per_second": times.len() as f64 / began.elapsed().as_secs_f64(),
        "p50": times.value_at_quantile(0.5),
        "p99": times.value_at_quantile(0.99),
    });
    crate::say(&line.to_string());
    Ok(())
}
