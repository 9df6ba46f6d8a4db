//! Ends retiring secrets by themselves: when their time is over, or earlier when their vendor has a policy and no
//! request matched them for so many hours. Each end is in the audit log. When it is looked is `chores`' business.

use crate::{
    by_itself,
    live::{LiveConfig, LiveVendor},
    stats::name,
};
use domain::{
    id::VendorId,
    secret::{SecretInfo, SecretState},
    time::{HOUR, MINUTE, Timestamp},
};
use std::{collections::HashMap, sync::Arc};
use store::{Store, StoreError};

/// Ends what is to end at `now`; returns how many versions that were.
///
/// # Errors
/// When the database does not answer.
pub async fn retire(store: &dyn Store, live: &LiveConfig, now: Timestamp) -> Result<usize, StoreError> {
    let snapshot = live.now();
    let retiring: Vec<(&Arc<LiveVendor>, SecretInfo)> = snapshot
        .vendors()
        .flat_map(|vendor| vendor.secret_infos().into_iter().map(move |secret| (vendor, secret)))
        .filter(|(_, secret)| secret.state == SecretState::Retiring)
        .collect();
    if retiring.is_empty() {
        return Ok(0);
    }
    let policies: HashMap<VendorId, i32> = store.rotation_policies().await?.into_iter().collect();
    let mut ended = 0;
    for (vendor, secret) in retiring {
        let Some(not_after) = secret.not_after else { continue };
        let why = if not_after <= now {
            "its time was over".to_owned()
        } else {
            let Some(hours) = policies.get(&vendor.vendor.id) else { continue };
            let quiet = i64::from(*hours) * HOUR;
            if now.since(quiet_since(store, vendor, &secret).await?) < quiet {
                continue;
            }
            format!("no request matched it for {hours} h")
        };
        let detail = format!("version {}: {why}", secret.version);
        let of = &vendor.vendor;
        let audit = by_itself::audit(now, of.tenant_id, "vendor.retire", &of.slug, detail);
        match store.end_retiring(secret.id, not_after, &audit).await {
            Ok(()) => ended += 1,
            // Somebody changed it meanwhile; it is looked at again next time.
            Err(StoreError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    if ended > 0 {
        tracing::info!(secrets = ended, "old secrets ended");
        live.reload().await?;
    }
    Ok(ended)
}

/// Since when no request matched a version: its last match, or when it was replaced.
async fn quiet_since(
    store: &dyn Store,
    vendor: &LiveVendor,
    secret: &SecretInfo,
) -> Result<Timestamp, StoreError> {
    let name = name::secret(vendor.vendor.id, secret.version);
    // A minute counts to its end.
    let matched = store.last_counted(vendor.vendor.tenant_id, &name).await?.map(|minute| minute.plus(MINUTE));
    let replaced = vendor
        .secret_infos()
        .into_iter()
        .filter(|next| next.version > secret.version)
        .map(|next| next.created_at)
        .min()
        .unwrap_or(secret.created_at);
    Ok(matched.map_or(replaced, |matched| matched.max(replaced)))
}
