//! Reading references, keeping what was read, noticing changes. Never in the way of a request: whoever needs a value
//! gets the one read last, also while the place it comes from does not answer.

use super::{
    hashicorp::{Client, Problem as VaultProblem},
    reference::{Allowed, Reference},
};
use crate::{clock::SharedClock, config::Settings};
use domain::time::{SECOND, Timestamp};
use std::{
    collections::{HashMap, HashSet},
    io::Read,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use zeroize::Zeroizing;

/// How often files are looked at; one that changed is in use within twice this.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Longest file read, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// Why a reference cannot be read now. Says nothing of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The settings do not allow it.
    #[error("not allowed by the settings")]
    NotAllowed,
    /// There is no such variable, or it is empty.
    #[error("there is no such variable")]
    NoVariable,
    /// The file is not there, not readable, too long, no text, or leads out of the folder.
    #[error("the file cannot be read")]
    NoFile,
    /// No address or token of Vault is set.
    #[error("no Vault is set")]
    NoVault,
    /// Vault's own.
    #[error("{0}")]
    Vault(#[from] VaultProblem),
}

/// What is known of a reference; never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The version read last, where the place counts versions.
    pub version: Option<i64>,
    /// When it was read last.
    pub read_at: Option<Timestamp>,
    /// Why it could not be read the last time.
    pub problem: Option<Problem>,
}

struct Known {
    value: Option<Zeroizing<String>>,
    status: Status,
    tried_at: Timestamp,
}

/// Reads references.
pub struct Resolver {
    allowed: Allowed,
    vault: Option<Client>,
    /// How long a value of Vault is good, in microseconds.
    lifetime: i64,
    clock: SharedClock,
    /// A std mutex: held for one map operation, never across an await.
    known: Mutex<HashMap<Reference, Known>>,
}

impl Resolver {
    /// A resolver with these settings.
    ///
    /// # Errors
    /// When Vault's token cannot be read or its address is none.
    pub fn new(settings: &Settings, clock: SharedClock) -> anyhow::Result<Self> {
        let vault = match (&settings.vault_address, settings.vault_token_text()?) {
            (Some(address), Some(token)) => Some(Client::new(address, token)?),
            _ => None,
        };
        Ok(Self {
            allowed: Allowed {
                env: settings.secret_env.clone(),
                folder: settings.secret_folder.clone(),
                vault: settings.vault_paths.clone(),
            },
            vault,
            lifetime: i64::from(settings.vault_lifetime_seconds.max(1)) * SECOND,
            clock,
            known: Mutex::default(),
        })
    }

    /// The value read last.
    pub fn get(&self, reference: &Reference) -> Option<Zeroizing<String>> {
        self.lock().get(reference).and_then(|known| known.value.clone())
    }

    /// What is known of a reference.
    pub fn status(&self, reference: &Reference) -> Option<Status> {
        self.lock().get(reference).map(|known| known.status.clone())
    }

    /// Reads a reference now and remembers it.
    ///
    /// # Errors
    /// See [`Problem`].
    pub async fn fetch(&self, reference: &Reference) -> Result<Zeroizing<String>, Problem> {
        let read = self.read(reference).await;
        let now = self.clock.now();
        let mut known = self.lock();
        let entry = known.entry(reference.clone()).or_insert_with(|| Known {
            value: None,
            status: Status { version: None, read_at: None, problem: None },
            tried_at: now,
        });
        entry.tried_at = now;
        match read {
            Ok((value, version)) => {
                entry.value = Some(value.clone());
                entry.status = Status { version, read_at: Some(now), problem: None };
                Ok(value)
            }
            // What was read before stays in use.
            Err(problem) => {
                if entry.status.problem.as_ref() != Some(&problem) {
                    tracing::warn!(reference = %reference, %problem, "a secret elsewhere cannot be read");
                }
                entry.status.problem = Some(problem.clone());
                Err(problem)
            }
        }
    }

    /// Reads those of these references that were never tried, and forgets those that are not among them.
    pub async fn ensure(&self, references: &HashSet<Reference>) {
        let new: Vec<Reference> = {
            let mut known = self.lock();
            known.retain(|reference, _| references.contains(reference));
            references.iter().filter(|reference| !known.contains_key(*reference)).cloned().collect()
        };
        // The problem is kept as the reference's status.
        futures::future::join_all(new.iter().map(|reference| self.fetch(reference))).await;
    }

    /// Reads what may have changed: files each time, Vault when a value's time is over. Whether anything did.
    pub async fn refresh(&self) -> bool {
        let now = self.clock.now();
        let due: Vec<(Reference, Option<Zeroizing<String>>)> = self
            .lock()
            .iter()
            .filter(|(reference, known)| match reference {
                Reference::Env(_) => false,
                Reference::File(_) => true,
                Reference::Vault { .. } => now.since(known.tried_at) >= self.lifetime,
            })
            .map(|(reference, known)| (reference.clone(), known.value.clone()))
            .collect();
        let read = futures::future::join_all(due.iter().map(|(reference, _)| self.fetch(reference))).await;
        read.into_iter().zip(&due).any(|(now, (_, before))| {
            now.is_ok_and(|now| before.as_ref().is_none_or(|before| before.as_str() != now.as_str()))
        })
    }

    async fn read(&self, reference: &Reference) -> Result<(Zeroizing<String>, Option<i64>), Problem> {
        if !self.allowed.permits(reference) {
            return Err(Problem::NotAllowed);
        }
        match reference {
            Reference::Env(name) => match std::env::var(name) {
                Ok(value) if !value.is_empty() => Ok((Zeroizing::new(value), None)),
                _ => Err(Problem::NoVariable),
            },
            Reference::File(path) => {
                let folder = self.allowed.folder.clone().ok_or(Problem::NotAllowed)?;
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read_file(&folder, &path)).await;
                Ok((read.ok().flatten().ok_or(Problem::NoFile)?, None))
            }
            Reference::Vault { mount, path, field } => {
                let vault = self.vault.as_ref().ok_or(Problem::NoVault)?;
                let found = vault.read(mount, path, field).await?;
                Ok((found.value, found.version))
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Reference, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text of a file below `folder`, wherever links on the way lead.
fn read_file(folder: &Path, path: &Path) -> Option<Zeroizing<String>> {
    let (folder, path) = (folder.canonicalize().ok()?, path.canonicalize().ok()?);
    if !path.starts_with(&folder) || !path.is_file() {
        return None;
    }
    let mut text = Zeroizing::new(String::new());
    std::fs::File::open(&path).ok()?.take(MAX_FILE + 1).read_to_string(&mut text).ok()?;
    let trimmed = text.trim_end_matches(['\r', '\n']);
    (text.len() as u64 <= MAX_FILE && !trimmed.is_empty()).then(|| Zeroizing::new(trimmed.to_owned()))
}
