//! `tidegate vendor set`: from where, how much and how large a vendor may send, how its signatures are read, and whether it
//! may send at all.

use crate::{
    cli::{Usage, actor, named, output::Output, said},
    serve::Base,
};
use app::{
    ports::{LimitsPort, SigningPort},
    view::{limits::NewLimits, preset_options::PresetOption, signing::SigningOption},
};
use clap::ArgGroup;
use domain::{bytes, network};
use ipnet::IpNet;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(clap::Args, Debug)]
#[command(group = ArgGroup::new("change").required(true).multiple(true))]
pub(in crate::cli) struct Set {
    /// Short name
    slug: String,
    /// Whose it is
    #[arg(long)]
    tenant: Option<String>,
    /// Networks it may send from, such as 203.0.113.0/24; others get 403. Replaces those set before
    #[arg(long, value_name = "CIDR", num_args = 1.., value_delimiter = ',', value_parser = network::parse, group = "change")]
    allow: Vec<IpNet>,
    /// Let it send from any address
    #[arg(long, conflicts_with = "allow", group = "change")]
    allow_any: bool,
    /// Requests a second over all nodes; more get 429
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), group = "change")]
    rate: Option<u32>,
    /// Requests at once after a pause; a second's worth when a rate is set without it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), group = "change")]
    burst: Option<u32>,
    /// Let it send any number of requests
    #[arg(long, conflicts_with_all = ["rate", "burst"], group = "change")]
    no_rate: bool,
    /// Largest body: bytes, or such as 512KiB
    #[arg(long, value_name = "BYTES", value_parser = bytes::parse, group = "change")]
    max_body: Option<u32>,
    /// Let its preset say how large a body may be
    #[arg(long, conflicts_with = "max_body", group = "change")]
    preset_max_body: bool,
    /// An option of its preset, such as one_time=signed; those that say where id and type stand stay as they are
    #[arg(long = "option", value_name = "NAME=VALUE", value_parser = super::option, group = "change")]
    options: Vec<(String, String)>,
    /// Let its preset say this option again
    #[arg(long = "preset-option", value_name = "NAME", group = "change")]
    preset_options: Vec<String>,
    /// File that describes how it signs, for a vendor that was added with one; secrets, and where an event's id and type
    /// stand, stay as they are
    #[arg(long, value_name = "FILE", conflicts_with_all = ["options", "preset_options"], group = "change")]
    scheme_file: Option<PathBuf>,
    /// Let its URL answer
    #[arg(long, group = "change")]
    enable: bool,
    /// Let its URL answer 404
    #[arg(long, conflicts_with = "enable", group = "change")]
    disable: bool,
}

impl Set {
    fn changes_limits(&self) -> bool {
        !self.allow.is_empty()
            || self.allow_any
            || self.rate.is_some()
            || self.burst.is_some()
            || self.no_rate
            || self.max_body.is_some()
            || self.preset_max_body
    }

    /// The options that can be changed as they are to be: those that are not named stay.
    fn chosen(&self, now: &[SigningOption]) -> Result<BTreeMap<PresetOption, String>, Usage> {
        let known = |name: &str| {
            name.parse::<PresetOption>().map_err(|()| Usage(format!("there is no option {name:?}")))
        };
        let stays = now.iter().filter(|one| !one.choice.option.decided_once());
        let mut chosen: BTreeMap<PresetOption, String> =
            stays.filter_map(|one| Some((one.choice.option, one.value.clone()?))).collect();
        for name in &self.preset_options {
            chosen.remove(&known(name)?);
        }
        for (name, value) in &self.options {
            chosen.insert(known(name)?, value.clone());
        }
        Ok(chosen)
    }
}

pub(super) async fn run(set: Set, base: &Base, out: &Output) -> anyhow::Result<()> {
    let who = actor(base, set.tenant.as_deref())?;
    let services = base.services.as_ref();
    let live = named::vendor(base, &who, &set.slug)?;
    let id = live.vendor.id;
    if set.changes_limits() {
        let now = services.limits(&who, id).await.map_err(said)?;
        let text: Vec<String> = set.allow.iter().map(ToString::to_string).collect();
        let new = NewLimits {
            allow: match (set.allow_any, text.is_empty()) {
                (true, _) => String::new(),
                (false, true) => now.allow.join("\n"),
                (false, false) => text.join("\n"),
            },
            rate: if set.no_rate { None } else { set.rate.or(now.rate) },
            // A new rate without a burst takes a second's worth, not what was the burst of another rate.
            burst: match (set.no_rate, set.burst, set.rate) {
                (true, ..) => None,
                (_, Some(burst), _) => Some(burst),
                (_, None, Some(_)) => None,
                (_, None, None) => now.burst,
            },
            max_body: if set.preset_max_body { None } else { set.max_body.or(now.max_body) },
        };
        services.set_limits(&who, id, new).await.map_err(said)?;
    }
    if !set.options.is_empty() || !set.preset_options.is_empty() {
        let now = services.signing(&who, id).await.map_err(said)?;
        services.set_signing(&who, id, set.chosen(&now)?).await.map_err(said)?;
    }
    if let Some(file) = &set.scheme_file {
        let text = super::scheme(file)?;
        if let Some(words) = services.change_scheme(&who, &live, &text).await.map_err(said)? {
            anyhow::bail!(Usage(format!("{}: {words}", file.display())));
        }
    }
    if set.enable || set.disable {
        services.switch_vendor(&who, &live, set.enable).await.map_err(said)?;
    }
    let limits = services.limits(&who, id).await.map_err(said)?;
    let live = named::vendor(base, &who, &set.slug)?;
    let options: BTreeMap<&str, String> = services
        .signing(&who, id)
        .await
        .map_err(said)?
        .into_iter()
        .filter_map(|one| Some((one.choice.option.as_str(), one.value?)))
        .collect();
    let words: Vec<String> = options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let shown =
        |number: Option<u32>| number.map_or_else(|| "any number".to_owned(), |number| number.to_string());
    out.value(
        &serde_json::json!({
            "slug": set.slug, "enabled": live.vendor.enabled, "allow": limits.allow, "rate": limits.rate,
            "burst": limits.burst, "max_body": limits.max_body.unwrap_or(limits.preset_max_body),
            "options": options,
        }),
        &[
            ("slug", set.slug.clone()),
            ("state", if live.vendor.enabled { "on" } else { "off" }.to_owned()),
            (
                "may send from",
                if limits.allow.is_empty() { "any address".to_owned() } else { limits.allow.join(" ") },
            ),
            ("a second", shown(limits.rate)),
            ("at once", shown(limits.burst)),
            ("largest body", bytes::show(limits.max_body.unwrap_or(limits.preset_max_body))),
            ("options", words.join(" ")),
        ],
    );
    Ok(())
}
