//! How fast the disk is just now: writes 4 KiB and waits until it is on the disk, as every commit does. Once at the
//! end of a growing file, and once over bytes that are there already, as databases write their logs once those have
//! their size: the file system then has nothing of its own to write.

use anyhow::Context;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::{
    fs::{File, OpenOptions},
    io::{Seek, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

const PAGE: [u8; 4096] = [0x5a; 4096];
/// Pages of the file that is written over.
const PAGES: usize = 4096;

#[derive(clap::Args)]
pub(crate) struct Fsync {
    /// Folder on the disk to measure; its file is removed afterwards
    #[arg(long)]
    folder: PathBuf,
    /// How long, each of the two ways
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Writes a second, evenly spaced; as fast as the disk goes unless said. A disk answers after a pause otherwise
    /// than under pressure, so what is compared with paced requests is paced like them
    #[arg(long)]
    rate: Option<u32>,
}

pub(crate) fn run(args: &Fsync) -> anyhow::Result<()> {
    let length = Duration::from_secs_f64(args.seconds.clamp(0.1, 60.0));
    let pause = args.rate.map(|rate| Duration::from_secs(1) / rate.max(1));
    let append = measure(new_file(&args.folder)?, length, usize::MAX, pause)?;
    let mut file = new_file(&args.folder)?;
    for _ in 0..PAGES {
        file.write_all(&PAGE)?;
    }
    file.sync_all()?;
    file.rewind()?;
    let overwrite = measure(file, length, PAGES, pause)?;
    crate::say(&json!({"append": append, "overwrite": overwrite}).to_string());
    Ok(())
}

fn new_file(folder: &std::path::Path) -> anyhow::Result<File> {
    let path = folder.join(format!("load-fsync-{}", std::process::id()));
    let file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot write in {}", folder.display()))?;
    // Gone from the folder at once, from the disk when this ends, however it ends.
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// Writes page after page for `length`, from the beginning again after `pages`, the beginnings `pause` apart.
fn measure(mut file: File, length: Duration, pages: usize, pause: Option<Duration>) -> anyhow::Result<Value> {
    let mut times = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
    let began = Instant::now();
    for page in 1_usize.. {
        if let Some(pause) = pause {
            let due = pause * (page - 1) as u32;
            std::thread::sleep(due.saturating_sub(began.elapsed()));
        }
        let before = Instant::now();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        times.saturating_record(before.elapsed().as_micros() as u64);
        if began.elapsed() >= length {
            break;
        }
        if page % pages == 0 {
            file.rewind()?;
        }
    }
    Ok(json!({
        "per_second": times.len() as f64 / began.elapsed().as_secs_f64(),
        "p50": times.value_at_quantile(0.5),
        "p99": times.value_at_quantile(0.99),
    }))
}
