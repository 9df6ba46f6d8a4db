//! A secret in rotation: a new version, an old one that is still used, and one that has ended.

use super::Fake;
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
    id::VendorId,
    overlap,
    secret::SecretState,
    time::{DAY, HOUR, MINUTE},
};

/// Matches of the old version during the last hour.
const MATCHES: i64 = 214;

#[async_trait]
impl RotationPort for Fake {
    async fn secrets(&self, _: &Actor, _: VendorId) -> Result<Secrets, AppError> {
        self.well()?;
        let version = |version, state, last_hour| SecretVersion {
            version,
            state,
            created_at: self.now.plus(-3 * HOUR),
            until: None,
            place: None,
            last_match_at: (last_hour > 0).then(|| self.now.plus(-MINUTE)),
            last_hour,
            per_hour: (0..CHART_HOURS as i64).map(|hour| hour * last_hour / 24).collect(),
        };
        let old = SecretVersion {
            until: Some(self.now.plus(21 * HOUR)),
            place: Some(SecretPlace {
                reference: "vault:kv/tidegate/openai#secret".into(),
                version: Some(3),
                read_at: Some(self.now.plus(-MINUTE)),
                problem: Some("Vault does not answer".into()),
            }),
            created_at: self.now.plus(-40 * DAY),
            ..version(5, SecretState::Retiring, MATCHES)
        };
        let versions = vec![version(6, SecretState::Active, 12), old, version(4, SecretState::Revoked, 0)];
        Ok(Secrets { now: self.now, versions, quiet_hours: Some(6), can_make: true })
    }

    async fn rotate(
        &self,
        _: &Actor,
        _: VendorId,
        given: Option<String>,
        overlap: i64,
        force: bool,
    ) -> Result<String, AppError> {
        if !overlap::fits(overlap) {
            return Err(AppError::invalid(Field::Overlap, Reason::TooLong));
        }
        if overlap == 0 && !force {
            return Err(AppError::StillUsed { matches: MATCHES });
        }
        self.note(format!("rotate {overlap} {}", given.is_some()));
        let secret = given.is_none().then(|| "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned());
        let url = "https://hooks.example.com/webhooks/openai".into();
        *self.secret.lock().unwrap() = Some(Revealed { slug: "openai".into(), url, secret });
        Ok("h4ndle".into())
    }

    async fn set_overlap(
        &self,
        _: &Actor,
        _: VendorId,
        version: i32,
        overlap: i64,
        force: bool,
    ) -> Result<(), AppError> {
        if overlap == 0 && !force {
            return Err(AppError::StillUsed { matches: MATCHES });
        }
        self.note(format!("overlap v{version} {overlap}"));
        Ok(())
    }

    async fn revoke(&self, _: &Actor, _: VendorId, version: i32, force: bool) -> Result<(), AppError> {
        match (version, force) {
            (4, _) => return Err(AppError::invalid(Field::Version, Reason::Ended)),
            (_, false) => return Err(AppError::StillUsed { matches: MATCHES }),
            (_, true) => self.note(format!("revoke v{version}")),
        }
        Ok(())
    }

    async fn set_quiet_hours(&self, _: &Actor, _: VendorId, hours: Option<i32>) -> Result<(), AppError> {
        self.note(format!("quiet {hours:?}"));
        Ok(())
    }
}
