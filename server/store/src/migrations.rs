//! The migrations, embedded. One list makes both sets, so a migration that exists for one database alone does
//! not compile. (`sqlx::migrate!` would read the folders by itself, but drags both databases' drivers into a
//! procedural macro, where they are compiled a second time.)

use crate::Schema;
use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

macro_rules! schema {
    ($($version:literal: $file:literal,)+) => {
        /// SQLite's.
        pub(crate) fn sqlite() -> Migrator {
            migrator(vec![
                $(migration($version, $file, include_str!(concat!("../../../migrations/sqlite/", $file)))),+
            ])
        }

        /// PostgreSQL's.
        pub(crate) fn postgres() -> Migrator {
            migrator(vec![
                $(migration($version, $file, include_str!(concat!("../../../migrations/postgres/", $file)))),+
            ])
        }
    };
}

schema! {
    1: "0001_configuration.sql",
    2: "0002_events.sql",
    3: "0003_jobs.sql",
    4: "0004_operation.sql",
    5: "0005_policy.sql",
    6: "0006_secrets.sql",
    7: "0007_requests.sql",
    8: "0008_greetings.sql",
    9: "0009_schemas.sql",
    10: "0010_privacy_and_replay.sql",
    11: "0011_flow.sql",
    12: "0012_delivery.sql",
    13: "0013_queues.sql",
    15: "0015_job_edits.sql",
    16: "0016_unique_and_schedules.sql",
    17: "0017_breaker_windows.sql",
    18: "0018_token_keys.sql",
    19: "0019_job_facts.sql",
    21: "0021_chores.sql",
    23: "0023_news.sql",
    24: "0024_jobs_in_order.sql",
    25: "0025_whole_tries.sql",
    26: "0026_jobs_ascend.sql",
    27: "0027_job_facts_ascend.sql",
    28: "0028_events_ascend.sql",
}

fn migration(version: i64, file: &'static str, sql: &'static str) -> Migration {
    Migration::new(version, file.into(), MigrationType::Simple, sql.into_sql_str(), false)
}

fn migrator(migrations: Vec<Migration>) -> Migrator {
    let mut migrator = Migrator::with_migrations(migrations);
    // A schema newer than the program is fine: while nodes are replaced one by one, the old ones go on, and
    // migrations only add.
    migrator.set_ignore_missing(true);
    migrator
}

/// A migration as a database remembers it: its number, and the hash of what it said.
pub(crate) type Applied = (i64, Vec<u8>);

/// How the migrations that `applied` names compare with those of this program.
pub(crate) fn compare(ours: &Migrator, applied: &[Applied]) -> Schema {
    let said = |version| applied.iter().find(|(known, _)| *known == version).map(|(_, hash)| hash.as_slice());
    let mut schema = Schema::default();
    for migration in ours.iter() {
        match said(migration.version) {
            None => schema.missing.push(migration.version),
            Some(hash) if hash != migration.checksum.as_ref() => schema.different.push(migration.version),
            Some(_) => {}
        }
    }
    let known = |version: &i64| ours.version_exists(*version);
    schema.newer = applied.iter().map(|(version, _)| *version).filter(|version| !known(version)).collect();
    schema
}
