//! What processes have used so far, as the kernel counts it.

use std::{collections::HashMap, fs};

/// Ticks of `/proc/PID/stat` in a second; the same on every Linux.
const TICKS: f64 = 100.0;

/// Processor seconds of these processes and all their descendants, ended children included.
pub(crate) fn cpu_seconds(roots: &[u32]) -> f64 {
    let mut times = HashMap::new();
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let Ok(entries) = fs::read_dir("/proc") else { return 0.0 };
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // A process may end while it is looked at.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name may hold spaces and brackets; everything after its last bracket is plain.
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
        children.entry(number(1) as u32).or_default().push(pid);
        times.insert(pid, number(11) + number(12) + number(13) + number(14));
    }
    let mut waiting = roots.to_vec();
    let mut ticks = 0;
    while let Some(pid) = waiting.pop() {
        ticks += times.remove(&pid).unwrap_or_default();
        waiting.extend(children.remove(&pid).unwrap_or_default());
    }
    ticks as f64 / TICKS
}

/// Memory of a process that is its own (not of files it has mapped), in KiB; 0 when it has ended.
pub(crate) fn resident(pid: u32) -> u64 {
    let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_some_time_and_one_that_is_not_there_none() {
        let mut sum = 0_u64;
        while cpu_seconds(&[std::process::id()]) == 0.0 && sum < u64::MAX {
            sum = (0..100_000).fold(sum, u64::wrapping_add);
        }
        assert!(cpu_seconds(&[std::process::id()]) > 0.0);
        assert!(cpu_seconds(&[u32::MAX]).abs() < f64::EPSILON);
    }
}
