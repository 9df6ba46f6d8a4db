//! The migrations, embedded. One list makes both sets, so a migration that exists for one database alone does
//! not compile. (`sqlx::migrate!` would read the folders by itself, but drags both databases' drivers into a
//! procedural macro, where they are compiled a second time.)

use crate::{Result, StoreError};
use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

macro_rules! schema {
    ($($version:literal: $file:literal,)+) => {
        /// What a database must have for this program.
        const NEWEST: i64 = {
            let versions = [$($version),+];
            versions[versions.len() - 1]
        };

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

/// An error unless a database at version `found` has all this program needs.
pub(crate) fn require_schema(found: Option<i64>) -> Result<()> {
    match found.unwrap_or(0) {
        found if found < NEWEST => Err(StoreError::SchemaBehind { found, needed: NEWEST }),
        _ => Ok(()),
    }
}
