//! The versions of a vendor's secret: how often each is matched, replacing one, ending one. Owns the rule that a
//! version in use does not end by mistake.

use super::{Services, from_place, store_error, unavailable, vendor::is_sent};
use crate::{
    clock::{fresh, random},
    live::{LiveVendor, purpose},
    stats::name,
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, RotationPort},
    view::{
        connections::Revealed,
        secrets::{CHART_HOURS, SecretPlace, SecretVersion, Secrets},
    },
};
use async_trait::async_trait;
use domain::{
    id::{SecretId, VendorId},
    overlap,
    secret::{SecretInfo, SecretState},
    time::{HOUR, MINUTE, Timestamp, in_words},
};
use signature::SecretOrigin;
use store::CounterRow;

/// Revoked versions that are still shown.
const SHOWN_REVOKED: usize = 5;
/// An end less than this away counts as an end now: too soon for a person to change anything at the vendor.
const SOON: i64 = HOUR;
/// Longest time without a match a policy can ask for, in hours.
const MAX_QUIET_HOURS: i32 = 720;

/// What a rotation brought.
#[derive(Debug)]
pub struct Rotated {
    /// Number of the new version.
    pub version: i32,
    /// The new secret, when it was made here.
    pub secret: Option<String>,
}

impl Services {
    /// See [`RotationPort::rotate`].
    ///
    /// # Errors
    /// Those of [`RotationPort::rotate`].
    pub async fn rotate_secret(
        &self,
        actor: &Actor,
        live: &LiveVendor,
        given: Option<String>,
        overlap: i64,
        force: bool,
    ) -> Result<Rotated, AppError> {
        is_sent(live)?;
        let until = self.end_after(overlap)?;
        let preset = live.preset.as_deref().ok_or(AppError::invalid(Field::Preset, Reason::Unknown))?;
        let made = match &given {
            Some(_) => None,
            None => Some(
                signature::generate_secret(preset, &random())
                    .ok_or(AppError::invalid(Field::Secret, Reason::Missing))?,
            ),
        };
        let given = given.as_ref().or(made.as_ref()).map(String::as_str).unwrap_or_default();
        let (kept, value) = self.take_in(Field::Secret, given).await?;
        signature::check_secret(preset, &value)
            .map_err(|_| AppError::invalid(Field::Secret, Reason::Malformed))?;
        let known = self.store.secrets_of(live.vendor.id).await.map_err(unavailable)?;
        let active: Vec<i32> = known
            .iter()
            .filter(|secret| secret.state == SecretState::Active)
            .map(|secret| secret.version)
            .collect();
        let note = self.may_end(live, &active, until, force).await?;
        let sealed = self.vault.seal(&purpose::vendor(live.vendor.id), &kept.to_seal());
        let detail = format!("overlap {}{note}{}", in_words(overlap), from_place(&kept));
        let audit =
            self.audit(actor, Some(live.vendor.tenant_id), "vendor.rotate", &live.vendor.slug, detail);
        let info = self.secret_info(live.vendor.id, self.clock.now());
        let version = self.store.rotate_secret(&info, &sealed, until, &audit).await.map_err(unavailable)?;
        self.changed().await;
        Ok(Rotated { version, secret: made })
    }

    /// See [`RotationPort::set_overlap`].
    ///
    /// # Errors
    /// Those of [`RotationPort::set_overlap`].
    pub async fn set_secret_overlap(
        &self,
        actor: &Actor,
        live: &LiveVendor,
        version: i32,
        overlap: i64,
        force: bool,
    ) -> Result<(), AppError> {
        let until = self.end_after(overlap)?;
        let known = self.store.secrets_of(live.vendor.id).await.map_err(unavailable)?;
        let secret = self.accepted(&known, version)?;
        if secret.state != SecretState::Retiring {
            return Err(AppError::invalid(Field::Version, Reason::DoesNotFit));
        }
        let note = self.may_end(live, &[version], until, force).await?;
        let detail = format!("version {version} until {}{note}", until.rfc3339());
        let audit =
            self.audit(actor, Some(live.vendor.tenant_id), "vendor.overlap", &live.vendor.slug, detail);
        let done = self.store.set_secret_state(secret.id, SecretState::Retiring, Some(until), &audit).await;
        done.map_err(store_error(Field::Version))?;
        self.changed().await;
        Ok(())
    }

    /// See [`RotationPort::revoke`].
    ///
    /// # Errors
    /// Those of [`RotationPort::revoke`].
    pub async fn revoke_secret(
        &self,
        actor: &Actor,
        live: &LiveVendor,
        version: i32,
        force: bool,
    ) -> Result<(), AppError> {
        let now = self.clock.now();
        let known = self.store.secrets_of(live.vendor.id).await.map_err(unavailable)?;
        let secret = self.accepted(&known, version)?;
        let others = known.iter().any(|other| other.version != version && other.accepts(now));
        if !others && !force {
            return Err(AppError::OnlySecret);
        }
        let note = self.may_end(live, &[version], now, force).await?;
        let detail = format!("version {version}{note}");
        let audit =
            self.audit(actor, Some(live.vendor.tenant_id), "vendor.revoke", &live.vendor.slug, detail);
        let done = self.store.set_secret_state(secret.id, SecretState::Revoked, None, &audit).await;
        done.map_err(store_error(Field::Version))?;
        self.changed().await;
        Ok(())
    }

    /// The versions of a vendor's secret, for its panel and for the command line.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn secret_versions(&self, live: &LiveVendor) -> Result<Vec<SecretVersion>, AppError> {
        let now = self.clock.now();
        let mut known = self.store.secrets_of(live.vendor.id).await.map_err(unavailable)?;
        let mut revoked = 0;
        known.retain(|secret| {
            revoked += usize::from(!secret.accepts(now));
            secret.accepts(now) || revoked <= SHOWN_REVOKED
        });
        let versions: Vec<i32> = known.iter().map(|secret| secret.version).collect();
        let since = now.plus(-HOUR * CHART_HOURS as i64);
        let counted = self.matches(live, &versions, since).await?;
        let mut shown = Vec::with_capacity(known.len());
        for secret in known {
            let name = name::secret(live.vendor.id, secret.version);
            let mine: Vec<&CounterRow> = counted.iter().filter(|row| row.name == name).collect();
            let last_match_at = match mine.last() {
                Some(row) => Some(row.minute),
                None => self.store.last_counted(live.vendor.tenant_id, &name).await.map_err(unavailable)?,
            };
            shown.push(SecretVersion {
                version: secret.version,
                state: if secret.accepts(now) { secret.state } else { SecretState::Revoked },
                created_at: secret.created_at,
                until: secret.not_after.filter(|end| now < *end),
                place: live.reference_of(secret.version).map(|reference| {
                    let status = self.live.resolver().status(reference);
                    SecretPlace {
                        reference: reference.to_string(),
                        version: status.as_ref().and_then(|status| status.version),
                        read_at: status.as_ref().and_then(|status| status.read_at),
                        problem: status.and_then(|status| status.problem).map(|problem| problem.to_string()),
                    }
                }),
                last_match_at,
                last_hour: last_hour(&mine, now),
                per_hour: per_hour(&mine, now),
            });
        }
        Ok(shown)
    }

    /// A version that was not given a number yet.
    pub(super) fn secret_info(&self, vendor_id: VendorId, now: Timestamp) -> SecretInfo {
        SecretInfo {
            id: SecretId::new(fresh()),
            vendor_id,
            version: 1,
            state: SecretState::Active,
            not_after: None,
            created_at: now,
        }
    }

    fn end_after(&self, micros: i64) -> Result<Timestamp, AppError> {
        match overlap::fits(micros) {
            true => Ok(self.clock.now().plus(micros)),
            false => Err(AppError::invalid(Field::Overlap, Reason::TooLong)),
        }
    }

    fn accepted<'a>(&self, known: &'a [SecretInfo], version: i32) -> Result<&'a SecretInfo, AppError> {
        let secret = known.iter().find(|secret| secret.version == version).ok_or(AppError::NotFound)?;
        match secret.accepts(self.clock.now()) {
            true => Ok(secret),
            false => Err(AppError::invalid(Field::Version, Reason::Ended)),
        }
    }

    /// Whether these versions may end at `until`; what the audit log says about it. Requests of the last second may
    /// not be counted yet.
    async fn may_end(
        &self,
        live: &LiveVendor,
        versions: &[i32],
        until: Timestamp,
        force: bool,
    ) -> Result<String, AppError> {
        let now = self.clock.now();
        if until >= now.plus(SOON) {
            return Ok(String::new());
        }
        let counted = self.matches(live, versions, now.plus(-HOUR)).await?;
        let matches = counted.iter().map(|row| row.value).sum();
        match (matches, force) {
            (0, _) => Ok(String::new()),
            (matches, true) => {
                Ok(format!(", forced although {matches} requests matched it in the last hour"))
            }
            (matches, false) => Err(AppError::StillUsed { matches }),
        }
    }

    async fn matches(
        &self,
        live: &LiveVendor,
        versions: &[i32],
        since: Timestamp,
    ) -> Result<Vec<CounterRow>, AppError> {
        let names: Vec<String> =
            versions.iter().map(|version| name::secret(live.vendor.id, *version)).collect();
        // A minute that began before counts whole: rather one match too many than one too few.
        let since = Timestamp(since.0.div_euclid(MINUTE) * MINUTE);
        self.store.counters_named(live.vendor.tenant_id, &names, since).await.map_err(unavailable)
    }
}

fn last_hour(rows: &[&CounterRow], now: Timestamp) -> i64 {
    rows.iter().filter(|row| now.since(row.minute) < HOUR + MINUTE).map(|row| row.value).sum()
}

fn per_hour(rows: &[&CounterRow], now: Timestamp) -> Vec<i64> {
    let mut hours = vec![0; CHART_HOURS];
    for row in rows {
        let ago = usize::try_from(now.since(row.minute) / HOUR).unwrap_or(0);
        if let Some(hour) = CHART_HOURS.checked_sub(ago + 1).and_then(|at| hours.get_mut(at)) {
            *hour += row.value;
        }
    }
    hours
}

#[async_trait]
impl RotationPort for Services {
    async fn secrets(&self, actor: &Actor, vendor: VendorId) -> Result<Secrets, AppError> {
        let live = self.vendor_of(actor, vendor)?;
        let policies = self.store.rotation_policies().await.map_err(unavailable)?;
        Ok(Secrets {
            now: self.clock.now(),
            versions: self.secret_versions(&live).await?,
            quiet_hours: policies.iter().find(|(id, _)| *id == vendor).map(|(_, hours)| *hours),
            can_make: live
                .preset
                .as_deref()
                .is_some_and(|preset| preset.secret_origin() == SecretOrigin::Either),
        })
    }

    async fn rotate(
        &self,
        actor: &Actor,
        vendor: VendorId,
        given: Option<String>,
        overlap: i64,
        force: bool,
    ) -> Result<String, AppError> {
        let live = self.vendor_of(actor, vendor)?;
        let rotated = self.rotate_secret(actor, &live, given, overlap, force).await?;
        let revealed = Revealed {
            slug: live.vendor.slug.to_string(),
            url: self.webhook_url(live.tenant.slug.as_str(), live.vendor.slug.as_str()),
            secret: rotated.secret,
        };
        Ok(self.reveals.keep(actor.user_id, self.clock.now(), (live.vendor.tenant_id, revealed)))
    }

    async fn set_overlap(
        &self,
        actor: &Actor,
        vendor: VendorId,
        version: i32,
        overlap: i64,
        force: bool,
    ) -> Result<(), AppError> {
        let live = self.vendor_of(actor, vendor)?;
        self.set_secret_overlap(actor, &live, version, overlap, force).await
    }

    async fn revoke(
        &self,
        actor: &Actor,
        vendor: VendorId,
        version: i32,
        force: bool,
    ) -> Result<(), AppError> {
        let live = self.vendor_of(actor, vendor)?;
        self.revoke_secret(actor, &live, version, force).await
    }

    async fn set_quiet_hours(
        &self,
        actor: &Actor,
        vendor: VendorId,
        hours: Option<i32>,
    ) -> Result<(), AppError> {
        let live = self.vendor_of(actor, vendor)?;
        if hours.is_some_and(|hours| !(1..=MAX_QUIET_HOURS).contains(&hours)) {
            return Err(AppError::invalid(Field::QuietHours, Reason::TooLong));
        }
        let detail = hours.map_or_else(|| "never".to_owned(), |hours| format!("after {hours} quiet hours"));
        let audit = self.audit(actor, Some(live.vendor.tenant_id), "vendor.quiet", &live.vendor.slug, detail);
        self.store.set_rotation_policy(vendor, hours, &audit).await.map_err(store_error(Field::Form))?;
        self.changed().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_stand_in_the_hour_they_fell_into() {
        let now = Timestamp::from_unix(1_000_000_000);
        let rows: Vec<CounterRow> = [(0, 1), (59, 2), (60, 4), (23 * 60, 8), (24 * 60, 16)]
            .map(|(minutes, value)| CounterRow {
                minute: now.plus(-minutes * MINUTE),
                name: "secret:v:1".into(),
                value,
            })
            .into();
        let rows: Vec<&CounterRow> = rows.iter().collect();
        let hours = per_hour(&rows, now);
        assert_eq!((hours.len(), hours[23], hours[22], hours[0]), (24, 3, 4, 8));
        assert_eq!(hours.iter().sum::<i64>(), 15);
        assert_eq!(last_hour(&rows, now), 7);
    }
}
