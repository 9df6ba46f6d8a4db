//! What a reference says, and which ones the settings allow. Nothing is allowed that is not named there.

use std::{
    fmt,
    path::{Component, Path, PathBuf},
    str::FromStr,
};

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// `env:NAME`: a variable of this process.
    Env(String),
    /// `file:/path`: a file, without a line break at its end.
    File(PathBuf),
    /// `vault:mount/path#field`: a field of the newest version in HashiCorp Vault's key-value store, version 2.
    Vault {
        /// Where the store is mounted; one part.
        mount: String,
        /// The path below it.
        path: String,
        /// The field.
        field: String,
    },
}

/// A text that is no reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no reference: write env:NAME, file:/path or vault:mount/path#field")]
pub struct NoReference;

/// Parts of a path in Vault: what needs no escaping in a URL, and no way out.
fn is_part(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

impl FromStr for Reference {
    type Err = NoReference;

    fn from_str(text: &str) -> Result<Self, NoReference> {
        let (kind, rest) = text.split_once(':').ok_or(NoReference)?;
        match kind {
            "env" => {
                let fits =
                    !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                fits.then(|| Self::Env(rest.to_owned())).ok_or(NoReference)
            }
            "file" => {
                let path = Path::new(rest);
                // `..` could lead out of the folder that is allowed.
                let plain =
                    path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
                (path.is_absolute() && plain && path.file_name().is_some())
                    .then(|| Self::File(path.to_owned()))
                    .ok_or(NoReference)
            }
            "vault" => {
                let (place, field) = rest.split_once('#').ok_or(NoReference)?;
                let (mount, path) = place.split_once('/').ok_or(NoReference)?;
                let fits = is_part(mount) && path.split('/').all(is_part) && is_part(field);
                fits.then(|| Self::Vault {
                    mount: mount.to_owned(),
                    path: path.to_owned(),
                    field: field.to_owned(),
                })
                .ok_or(NoReference)
            }
            _ => Err(NoReference),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Vault { mount, path, field } => write!(f, "vault:{mount}/{path}#{field}"),
        }
    }
}

/// Which references may be used.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// Names of variables; one that ends with `*` allows all that begin so.
    pub env: Vec<String>,
    /// The folder of files, with everything below it.
    pub folder: Option<PathBuf>,
    /// Places in Vault, `mount/path`; one that ends with `*` allows all that begin so.
    pub vault: Vec<String>,
}

impl Allowed {
    /// Whether a reference may be used. A link that leads out of the folder is found when it is read.
    pub fn permits(&self, reference: &Reference) -> bool {
        match reference {
            Reference::Env(name) => self.env.iter().any(|pattern| fits(pattern, name)),
            Reference::File(path) => self.folder.as_ref().is_some_and(|folder| path.starts_with(folder)),
            Reference::Vault { mount, path, .. } => {
                let place = format!("{mount}/{path}");
                self.vault.iter().any(|pattern| fits(pattern, &place))
            }
        }
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(begin) => text.starts_with(begin),
        None => pattern == text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_and_written_the_same() {
        for text in ["env:SLACK_SECRET", "file:/run/secrets/slack", "vault:secret/tidegate/slack#signing"] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_could_lead_elsewhere_is_no_reference() {
        for text in [
            "whsec_abc",
            "env:",
            "env:A=B",
            "env:A B",
            "file:relative",
            "file:/run/secrets/../shadow",
            "file:/",
            "vault:secret",
            "vault:secret/a",
            "vault:secret/../sys#x",
            "vault:secret/a?b#c",
            "vault:/a#b",
            "vault:secret/a//b#c",
            "http://x",
            "",
        ] {
            assert_eq!(text.parse::<Reference>(), Err(NoReference), "{text}");
        }
    }

    #[test]
    fn nothing_is_allowed_that_the_settings_do_not_name() {
        let [env, file, vault] = ["env:TG_SLACK", "file:/run/secrets/a", "vault:kv/tidegate/a#v"]
            .map(|text| text.parse().unwrap());
        let none = Allowed::default();
        assert!(!none.permits(&env) && !none.permits(&file) && !none.permits(&vault));
        let some = Allowed {
            env: vec!["TG_*".into()],
            folder: Some("/run/secrets".into()),
            vault: vec!["kv/tidegate/*".into()],
        };
        assert!(some.permits(&env) && some.permits(&file) && some.permits(&vault));
        for other in [
            "env:HOME",
            "file:/run/secretsx/a",
            "file:/etc/shadow",
            "vault:kv/other#v",
            "vault:kv/tidegatex/a#v",
        ] {
            assert!(!some.permits(&other.parse().unwrap()), "{other}");
        }
    }
}
