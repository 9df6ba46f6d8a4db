//! The only error that leaves this crate. Constraint violations are recognised by the database's own
//! classification, never by message text.

use crate::seam::{lacking, named};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A name, e-mail or key that must be unique is taken.
    #[error("already exists")]
    Conflict,
    /// The thing named does not exist (or belongs to another tenant).
    #[error("not found")]
    NotFound,
    /// The database cannot be reached, is full, or gave up; nothing was half-written.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// A stored value cannot be read: the schema and this program disagree.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    /// The schema could not be brought up to date.
    #[error("migration failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The schema lacks migrations of this program: all of them where there is none.
    #[error("{}: run the migrations first", lacking(missing))]
    SchemaBehind {
        /// Their numbers.
        missing: Vec<i64>,
    },
    /// Migrations of these numbers were applied that are not this program's.
    #[error(
        "the database has {} in another form than this program: it was made by another program, or changed by hand",
        named(versions)
    )]
    SchemaDiffers {
        /// Their numbers.
        versions: Vec<i64>,
    },
    /// There is no such database, and none was to be made.
    #[error("there is no database at {0}")]
    Missing(String),
    /// The database URL is of no known kind.
    #[error("unknown database URL: expected sqlite://PATH or postgres://…")]
    UnknownUrl,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(inner) if inner.is_unique_violation() => Self::Conflict,
            sqlx::Error::Database(inner) if inner.is_foreign_key_violation() => Self::NotFound,
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Unavailable(error),
        }
    }
}

impl StoreError {
    /// Whether the database could not do its work, whatever it was given: it does not answer, is locked, full,
    /// read-only or shutting down. `false` when it refused what it was given, so that giving it less can help.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unavailable(error) => !error.as_database_error().is_some_and(is_about_data),
            Self::Migration(_)
            | Self::SchemaBehind { .. }
            | Self::SchemaDiffers { .. }
            | Self::Missing(_)
            | Self::UnknownUrl => true,
            Self::Conflict | Self::NotFound | Self::Corrupt(_) => false,
        }
    }
}

/// PostgreSQL: classes 22 (data), 23 (constraints) and 54 (limits). SQLite: too big (18), constraint (19),
/// mismatch (20), range (25), in the low byte of the extended code.
fn is_about_data(error: &dyn sqlx::error::DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 18 | 19 | 20 | 25),
        _ => ["22", "23", "54"].iter().any(|class| code.starts_with(class)),
    }
}
