//! Settings: flags, environment variables and one TOML file under the same names, flags winning over
//! environment over file over default. `tidegate --help` is the reference.
//! Holds no secret in a form that can be printed.

use crate::delivery::guard::HostAddress;
use anyhow::{Context, bail};
use clap::{Args, Command, ValueEnum};
use domain::policy::Rate;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Everything that can be set. Each field is a flag, `TIDEGATE_<FIELD>` and a key of the TOML file.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// TOML file with any of these settings
    #[arg(long, env = "TIDEGATE_CONFIG", global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where webhooks, API and dashboard are served
    #[arg(long, env = "TIDEGATE_LISTEN", global = true, default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// Where /metrics is served; `off` for nowhere
    #[arg(long, env = "TIDEGATE_METRICS_LISTEN", global = true, default_value = "127.0.0.1:9464")]
    pub metrics_listen: Maybe<SocketAddr>,
    /// sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE [default: sqlite://data/tidegate.db]
    #[arg(
        long,
        env = "TIDEGATE_DATABASE_URL",
        global = true,
        default_value = "sqlite://data/tidegate.db",
        hide_env_values = true,
        hide_default_value = true
    )]
    pub database_url: Hidden,
    /// File that holds the database URL
    #[arg(long, env = "TIDEGATE_DATABASE_URL_FILE", global = true, value_name = "FILE")]
    pub database_url_file: Option<PathBuf>,
    /// Where the master key and other files of this installation are kept
    #[arg(long, env = "TIDEGATE_DATA_DIR", global = true, default_value = "data")]
    pub data_dir: PathBuf,
    /// How the outside reaches this server; signed into URLs and tokens
    #[arg(long, env = "TIDEGATE_PUBLIC_URL", global = true, value_name = "URL")]
    pub public_url: Option<url::Url>,
    /// 32 bytes in base64 or hex that seal all secrets; else DATA_DIR/master.key, made at the first start
    #[arg(
        long,
        env = "TIDEGATE_MASTER_KEY",
        global = true,
        hide_env_values = true,
        hide_default_value = true
    )]
    pub master_key: Option<Hidden>,
    /// File that holds the master key
    #[arg(long, env = "TIDEGATE_MASTER_KEY_FILE", global = true, value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
    /// Variables that `env:NAME` may name as the place of a secret; NAME* allows all that begin so [default: none]
    #[arg(long, env = "TIDEGATE_SECRET_ENV", global = true, value_delimiter = ',', value_name = "NAME")]
    pub secret_env: Vec<String>,
    /// Folder that `file:/path` may name as the place of a secret, with all below it [default: none]
    #[arg(long, env = "TIDEGATE_SECRET_FOLDER", global = true, value_name = "DIR")]
    pub secret_folder: Option<PathBuf>,
    /// Address of a HashiCorp Vault that `vault:mount/path#field` is read from
    #[arg(long, env = "TIDEGATE_VAULT_ADDRESS", global = true, value_name = "URL")]
    pub vault_address: Option<url::Url>,
    /// Token to ask it with
    #[arg(long, env = "TIDEGATE_VAULT_TOKEN", global = true, hide_env_values = true)]
    pub vault_token: Option<Hidden>,
    /// File that holds the token
    #[arg(long, env = "TIDEGATE_VAULT_TOKEN_FILE", global = true, value_name = "FILE")]
    pub vault_token_file: Option<PathBuf>,
    /// Places in Vault that may be read, mount/path; mount/path/* allows all below [default: none]
    #[arg(long, env = "TIDEGATE_VAULT_PATHS", global = true, value_delimiter = ',', value_name = "PATH")]
    pub vault_paths: Vec<String>,
    /// How long a value of Vault is used before it is read again
    #[arg(long, env = "TIDEGATE_VAULT_LIFETIME_SECONDS", global = true, default_value_t = 60)]
    pub vault_lifetime_seconds: u32,
    /// What this process does
    #[arg(
        long,
        env = "TIDEGATE_ROLES",
        global = true,
        value_delimiter = ',',
        default_value = "ingress,api,dashboard,worker"
    )]
    pub roles: Vec<NodeRole>,
    /// Jobs run at the same time
    #[arg(long, env = "TIDEGATE_WORKERS", global = true, default_value_t = 32)]
    pub workers: u32,
    /// Networks whose X-Forwarded-For or Forwarded is believed
    #[arg(long, env = "TIDEGATE_TRUSTED_PROXIES", global = true, value_delimiter = ',', value_name = "CIDR")]
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Let jobs call private, loopback and link-local addresses
    #[arg(long, env = "TIDEGATE_ALLOW_PRIVATE_TARGETS", global = true, value_name = "BOOL",
          num_args = 0..=1, default_value = "false", default_missing_value = "true", action = clap::ArgAction::Set)]
    pub allow_private_targets: bool,
    /// PEM file with further authorities to trust, such as a company's own; the usual ones stay trusted
    #[arg(long, env = "TIDEGATE_CA_FILE", global = true, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Where a host is to be found instead of asking the name service, such as rest.fal.ai=10.0.0.5:8443; can be repeated
    #[arg(
        long,
        env = "TIDEGATE_HOST_ADDRESS",
        global = true,
        value_delimiter = ',',
        value_name = "NAME=ADDRESS"
    )]
    pub host_address: Vec<HostAddress>,
    /// Webhooks a second the whole installation takes, over all its nodes; any number when not given
    #[arg(long, env = "TIDEGATE_MAX_RATE", global = true, value_name = "PER_SECOND",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_rate: Option<u32>,
    /// Connections open at the same time
    #[arg(long, env = "TIDEGATE_MAX_CONNECTIONS", global = true, default_value_t = 10_000)]
    pub max_connections: usize,
    /// Bytes of webhook bodies in memory at the same time
    #[arg(
        long,
        env = "TIDEGATE_MAX_BUFFERED",
        global = true,
        value_name = "BYTES",
        default_value_t = 134_217_728
    )]
    pub max_buffered: usize,
    /// Refuse webhooks with 429 while this many jobs wait; a tenant with few of them is refused last
    #[arg(long, env = "TIDEGATE_MAX_WAITING", global = true, default_value_t = 200_000)]
    pub max_waiting: i64,
    /// First pause before a failed try is repeated; doubles with each further one, for models it gets ten times as long
    #[arg(long, env = "TIDEGATE_RETRY_BASE_MS", global = true, default_value_t = 2_000)]
    pub retry_base_ms: u64,
    /// First pause of a circuit breaker that opens, where `breaker set` says none; doubles with each failed probe, up to ten minutes
    #[arg(long, env = "TIDEGATE_BREAKER_OPEN_MS", global = true, default_value_t = 30_000)]
    pub breaker_open_ms: u64,
    /// Start with all deliveries paused, on every node, until a person resumes them
    #[arg(long, env = "TIDEGATE_PAUSE_DELIVERY", global = true, value_name = "BOOL",
          num_args = 0..=1, default_value = "false", default_missing_value = "true", action = clap::ArgAction::Set)]
    pub pause_delivery: bool,
    /// Calls made at the same time by this process to one destination
    #[arg(long, env = "TIDEGATE_DESTINATION_CALLS", global = true, default_value_t = 4,
          value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub destination_calls: u32,
    /// Calls made at the same time by this process to one provider
    #[arg(long, env = "TIDEGATE_PROVIDER_CALLS", global = true, default_value_t = 8,
          value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub provider_calls: u32,
    /// How long a worker may be silent before its jobs go to another
    #[arg(long, env = "TIDEGATE_LEASE_SECONDS", global = true, default_value_t = 15)]
    pub lease_seconds: u32,
    /// How long requests are still taken after being asked to stop, while /readyz already says no: as long as a balancer needs to notice
    #[arg(long, env = "TIDEGATE_DRAIN_SECONDS", global = true, default_value_t = 0,
          value_parser = clap::value_parser!(u32).range(..=600))]
    pub drain_seconds: u32,
    /// How long running jobs may take to end after being asked to stop; what is left then goes on elsewhere at once
    #[arg(long, env = "TIDEGATE_GRACE_SECONDS", global = true, default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(..=3_600))]
    pub grace_seconds: u32,
    /// Folder with the dashboard's files; found beside the program or in target/site when not given
    #[arg(long, env = "TIDEGATE_SITE_ROOT", global = true, value_name = "DIR")]
    pub site_root: Option<PathBuf>,
    /// Form of the log on standard error; what is logged is RUST_LOG's business
    #[arg(long, env = "TIDEGATE_LOG", global = true, default_value = "json")]
    pub log: LogFormat,
}

/// What a process does. Any mix; together the processes of one database must cover all four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NodeRole {
    /// Takes webhooks.
    Ingress,
    /// Answers `/api`.
    Api,
    /// Serves the pages.
    Dashboard,
    /// Runs jobs.
    Worker,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// A text that is never printed: URLs with passwords, keys.
#[derive(Clone)]
pub struct Hidden(String);

impl Hidden {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Hidden {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

/// A value that can be switched off with the word `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maybe<T>(pub Option<T>);

impl<T: std::str::FromStr> std::str::FromStr for Maybe<T> {
    type Err = T::Err;
    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text == "off" { Ok(Self(None)) } else { text.parse().map(|value| Self(Some(value))) }
    }
}

impl Settings {
    /// Whether this process has a role.
    pub fn has(&self, role: NodeRole) -> bool {
        self.roles.contains(&role)
    }

    /// The database URL, from its file when one is named.
    pub fn database_url(&self) -> anyhow::Result<String> {
        match &self.database_url_file {
            Some(file) => read_secret_file(file),
            None => Ok(self.database_url.expose().to_owned()),
        }
    }

    /// The master key as given, from its file when one is named; `None` when neither is.
    pub fn master_key_text(&self) -> anyhow::Result<Option<Hidden>> {
        match (&self.master_key, &self.master_key_file) {
            (_, Some(file)) => Ok(Some(Hidden(read_secret_file(file)?))),
            (key, None) => Ok(key.clone()),
        }
    }

    /// Vault's token, from its file when one is named; `None` when neither is.
    pub fn vault_token_text(&self) -> anyhow::Result<Option<Hidden>> {
        match (&self.vault_token, &self.vault_token_file) {
            (_, Some(file)) => Ok(Some(Hidden(read_secret_file(file)?))),
            (token, None) => Ok(token.clone()),
        }
    }

    /// How the outside reaches this server, without a slash at the end.
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.listen),
        }
    }

    /// How long a claimed job is a node's own.
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_seconds.max(3).into())
    }

    /// How long requests are taken after being asked to stop.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.into())
    }

    /// How long running jobs may take to end then.
    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_seconds.into())
    }

    /// What the whole installation takes: its rate, and one second's worth of it at once.
    pub fn max_rate(&self) -> Option<Rate> {
        self.max_rate.map(|rate| Rate { per_second: rate, burst: rate })
    }

    /// The roles as they are written in settings.
    pub fn roles_text(&self) -> String {
        let names: Vec<String> = self
            .roles
            .iter()
            .filter_map(|role| role.to_possible_value())
            .map(|value| value.get_name().to_owned())
            .collect();
        names.join(",")
    }

    /// Pairs of settings that are allowed but probably not meant.
    pub fn warnings(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        if !self.listen.ip().is_loopback() && self.public_url.is_none() {
            found.push("listening on a public address without --public-url: links and tokens will name the wrong host");
        }
        if self.public_url.as_ref().is_some_and(|url| url.scheme() == "http" && !is_loopback(url)) {
            found.push("--public-url is not https: sign-in cookies and webhooks travel in the clear");
        }
        if self.allow_private_targets && !self.listen.ip().is_loopback() {
            found.push("--allow-private-targets lets rules reach this machine's own network");
        }
        found
    }
}

/// Whether a URL names this machine.
pub fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn read_secret_file(file: &std::path::Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text.trim().to_owned())
}

/// Makes the values of the TOML file the defaults of `command`, so that flags and environment win over them.
///
/// # Errors
/// When the file cannot be read, is not TOML, or names a setting that does not exist.
pub fn with_config_file(mut command: Command, file: &std::path::Path) -> anyhow::Result<Command> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let table: toml::Table = text.parse().with_context(|| format!("{} is not valid TOML", file.display()))?;
    for (key, value) in table {
        let id = key.replace('-', "_");
        if id == "config" || !command.get_arguments().any(|arg| arg.get_id() == id.as_str()) {
            bail!("{}: there is no setting {key:?}; see `tidegate --help`", file.display());
        }
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Array(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                    .collect();
                items.join(",")
            }
            other => other.to_string(),
        };
        command = command.mut_arg(id, |arg| arg.default_value(text));
    }
    Ok(command)
}

/// The `--config` file named on the command line or in the environment, found before anything else is parsed.
pub fn config_file(args: &[String]) -> Option<PathBuf> {
    let flag = args.iter().enumerate().find_map(|(at, arg)| match arg.strip_prefix("--config") {
        Some("") => args.get(at + 1).map(PathBuf::from),
        Some(rest) => rest.strip_prefix('=').map(PathBuf::from),
        None => None,
    });
    flag.or_else(|| std::env::var_os("TIDEGATE_CONFIG").map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{FromArgMatches, Parser};

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        settings: Settings,
    }

    fn parse(file: &str, args: &[&str]) -> anyhow::Result<Settings> {
        let dir = std::env::temp_dir().join(format!("tidegate-config-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(&dir)?;
        let path = dir.join("tidegate.toml");
        std::fs::write(&path, file)?;
        let command = with_config_file(<Cli as clap::CommandFactory>::command(), &path);
        std::fs::remove_dir_all(&dir)?;
        let matches = command?.try_get_matches_from([&["tidegate"], args].concat())?;
        Ok(Cli::from_arg_matches(&matches)?.settings)
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let settings =
            parse("workers = 5\nlisten = \"127.0.0.1:4000\"\nroles = [\"worker\"]", &["--workers", "7"])
                .unwrap();
        assert_eq!((settings.workers, settings.listen.port()), (7, 4000));
        assert_eq!(settings.roles, [NodeRole::Worker]);
        assert_eq!(settings.metrics_listen.0.map(|address| address.port()), Some(9464));
    }

    #[test]
    fn an_unknown_setting_in_the_file_is_an_error_that_names_it() {
        let error = parse("wokers = 5", &[]).unwrap_err().to_string();
        assert!(error.contains("\"wokers\""), "{error}");
    }

    #[test]
    fn a_database_password_is_not_printed_with_the_settings() {
        let settings =
            parse("", &["--database-url", "postgres://u:hunter2@h/d", "--metrics-listen", "off"]).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert_eq!(settings.metrics_listen.0, None);
    }
}
