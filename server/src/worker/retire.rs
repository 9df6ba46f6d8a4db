//! Ends retiring secrets by themselves: when their time is over, or earlier when their vendor has a policy and no
//! request matched them for so many hours. One node at a time does it; each end is in the audit log.

use crate::{
    by_itself,
    clock::SharedClock,
    live::{LiveConfig, LiveVendor},
    stats::name,
};
use domain::{
    id::{NodeId, VendorId},
    secret::{SecretInfo, SecretState},
    time::{HOUR, MINUTE, Timestamp},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60);
/// How long the turn of a node lasts: another takes over when it missed two.
const TURN: i64 = 3 * MINUTE;

/// Looks for secrets to end until `stop`.
pub async fn keep(
    store: Arc<dyn Store>,
    live: Arc<LiveConfig>,
    clock: SharedClock,
    node: NodeId,
    stop: CancellationToken,
) {
    loop {
        let now = clock.now();
        match store.take_turn("retire-secrets", node, now, now.plus(TURN)).await {
            Ok(true) => {
                if let Err(error) = retire(store.as_ref(), &live, now).await {
                    tracing::warn!(%error, "old secrets could not be looked through");
                }
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "whose turn it is to end old secrets could not be found out")
            }
        }
        if stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

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
