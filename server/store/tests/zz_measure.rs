#![allow(clippy::all, clippy::unwrap_used, clippy::print_stdout, unused, missing_docs)]
#[path = "conformance/support.rs"]
mod support;
use domain::{id::*, job::*, outcome::*};
use std::time::Instant;
use store::*;
use support::*;

async fn measure(url: &str) {
    let db = open(url, &OpenOptions::default()).await.unwrap();
    db.migrate().await.unwrap();
    let vendor = id(VendorId::new);
    let node = id(NodeId::new);
    let body = "x".repeat(1024);
    let mk = |n: usize, k: &mut u64| -> Vec<NewEvent> {
        (0..n)
            .map(|_| {
                *k += 1;
                let mut e = event(vendor, &format!("e{k}"), "b", 1);
                e.payload.body = body.clone().into_bytes();
                e
            })
            .collect()
    };
    let mut k = 0;
    for size in [1usize, 10, 50, 200] {
        let mut rows = 0;
        let mut spent = 0f64;
        while spent < 3.0 {
            let batch = mk(size, &mut k);
            let t = Instant::now();
            db.record(&batch, &[delta(node, "accepted", size as i64)]).await.unwrap();
            spent += t.elapsed().as_secs_f64();
            rows += size;
        }
        println!(
            "{} record batch {size}: {:.0} ev/s, {:.2} ms/batch",
            db.engine(),
            rows as f64 / spent,
            spent * 1000.0 / (rows as f64 / size as f64)
        );
    }
    // fill to 100k jobs
    while k < 100_000 {
        let b = mk(1000, &mut k);
        db.record(&b, &[]).await.unwrap();
    }
    for size in [1i64, 10, 50, 200] {
        let (mut claim, mut fin, mut n) = (0f64, 0f64, 0usize);
        while claim + fin < 3.0 {
            let t = Instant::now();
            let jobs = db.claim(node, size, NOW, NOW.plus(1)).await.unwrap();
            claim += t.elapsed().as_secs_f64();
            if jobs.is_empty() {
                break;
            }
            let f: Vec<_> = jobs
                .iter()
                .map(|j| Finished {
                    attempt: attempt(j, AttemptOutcome::Succeeded),
                    next: Next::Succeeded {
                        result: JobResult::default(),
                        then: vec![Job {
                            parent_id: Some(j.id),
                            kind: JobKind::Publish,
                            next_run_at: NOW.plus(1000),
                            vendor_id: Some(vendor),
                            ..job()
                        }],
                    },
                })
                .collect();
            let t = Instant::now();
            let held = db.finish(&f, NOW, &[delta(node, "done", size)]).await.unwrap();
            assert!(held.iter().all(|h| *h));
            fin += t.elapsed().as_secs_f64();
            n += jobs.len();
        }
        println!(
            "{} batch {size}: claim {:.0}/s ({:.2} ms), finish+follow-up {:.0}/s ({:.2} ms), both {:.0}/s, n={n}",
            db.engine(),
            n as f64 / claim,
            claim * 1e3 / (n as f64 / size as f64),
            n as f64 / fin,
            fin * 1e3 / (n as f64 / size as f64),
            n as f64 / (claim + fin)
        );
    }
    let f = domain::filter::JobFilter::default();
    for (name, f) in [
        ("all", f.clone()),
        ("pending", domain::filter::JobFilter { state: Some(JobState::Pending), ..f.clone() }),
        ("running", domain::filter::JobFilter { state: Some(JobState::Running), ..f.clone() }),
        ("failed", domain::filter::JobFilter { state: Some(JobState::Failed), ..f.clone() }),
        ("succeeded", domain::filter::JobFilter { state: Some(JobState::Succeeded), ..f.clone() }),
        ("callback", domain::filter::JobFilter { kind: Some(JobKind::Callback), ..f.clone() }),
        ("publish", domain::filter::JobFilter { kind: Some(JobKind::Publish), ..f.clone() }),
        ("vendor", domain::filter::JobFilter { vendor_id: Some(vendor), ..f.clone() }),
        ("novendor", domain::filter::JobFilter { vendor_id: Some(id(VendorId::new)), ..f.clone() }),
        (
            "vendor+failed",
            domain::filter::JobFilter { vendor_id: Some(vendor), state: Some(JobState::Failed), ..f.clone() },
        ),
        (
            "vendor+callback",
            domain::filter::JobFilter { vendor_id: Some(vendor), kind: Some(JobKind::Callback), ..f.clone() },
        ),
    ] {
        for scope in [None, Some(DEFAULT_TENANT_ID)] {
            for _ in 0..7 {
                db.jobs(scope, &f, None, 50).await.unwrap();
            }
            let t = Instant::now();
            let n = db.jobs(scope, &f, None, 50).await.unwrap().len();
            let a = t.elapsed();
            println!(
                "{} list {name} scope {}: {n} rows {:.2} ms",
                db.engine(),
                scope.is_some(),
                a.as_secs_f64() * 1e3
            );
        }
    }
    for scope in [None, Some(DEFAULT_TENANT_ID)] {
        for _ in 0..7 {
            db.state_counts(scope, 1000).await.unwrap();
            db.oldest_due(scope, NOW).await.unwrap();
        }
        let t = Instant::now();
        let c = db.state_counts(scope, 1000).await.unwrap();
        println!("{} counts {c:?} {:.2} ms", db.engine(), t.elapsed().as_secs_f64() * 1e3);
        let t = Instant::now();
        db.oldest_due(scope, NOW).await.unwrap();
        println!("{} oldest_due {:.2} ms", db.engine(), t.elapsed().as_secs_f64() * 1e3);
    }
    for _ in 0..7 {
        db.next_due().await.unwrap();
    }
    let t = Instant::now();
    db.next_due().await.unwrap();
    println!("{} next_due {:.2} ms", db.engine(), t.elapsed().as_secs_f64() * 1e3);
    // nothing due: 1000s pending later
    let t = Instant::now();
    let n = db.claim(node, 50, NOW.plus(-1), NOW).await.unwrap().len();
    println!("{} idle claim {n} {:.2} ms", db.engine(), t.elapsed().as_secs_f64() * 1e3);
    db.close().await;
}
#[tokio::test]
async fn sq() {
    let _ = std::fs::remove_dir_all("/tmp/storebench/s");
    measure("sqlite:///tmp/storebench/s/t.db").await
}
#[tokio::test]
async fn pg() {
    measure(&std::env::var("TIDEGATE_TEST_POSTGRES_URL").unwrap()).await;
    if let Ok(hold) = std::env::var("AFTER") {
        std::process::Command::new("bash").arg("-c").arg(hold).status().unwrap();
    }
}
