//! The only error that leaves this crate. Constraint violations are recognised by the database's own
//! classification, never by message text.

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
    /// The schema is missing, or older than this program.
    #[error("the schema is at version {found}, this program needs {needed}: run the migrations first")]
    SchemaBehind {
        /// What the database has; 0 when it has none.
        found: i64,
        /// What this program was built with.
        needed: i64,
    },
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
    /// Whether the database did not answer at all, as opposed to answering with a refusal of what it was given.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(error) if error.as_database_error().is_none())
    }
}
