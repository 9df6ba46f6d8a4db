//! The page for a vendor's engineer: links to it, what stands on it, and the verdict on what they typed. Says what
//! the sender was answered anyway, and the likely cause where it is the sender's; never a secret, an expected
//! signature, a body, or anything of another vendor.

use super::{Services, unavailable};
use crate::{
    clock::random,
    ingress::capture::{Capture, is_checkable},
    live::{LiveVendor, purpose},
    sender_link::SenderLink as Link,
};
use app::{
    error::AppError,
    ports::{Actor, SenderPort},
    view::sender::{
        BODY_CHECKED, REFUSALS_SHOWN, Recipe, SenderLink, SenderPage, SenderRefusal, SignatureVerdict,
        VendorRefusals,
    },
};
use async_trait::async_trait;
use axum::body::Bytes;
use domain::{
    id::VendorId,
    place::RefusedFilter,
    refusal::RefusedRequest,
    time::{DAY, MINUTE, SECOND, Timestamp},
};
use signature::{Preset, Refusal};
use std::sync::Arc;
use store::{SENDER_LINK_KEY, Sealed};

/// How long a link works.
const LASTS: i64 = 7 * DAY;
/// Checks are counted over windows of this length.
const WINDOW: i64 = 5 * MINUTE;
/// Checks of one address in one window, and of one vendor's page.
const CHECKS_PER_CLIENT: i64 = 30;
const CHECKS_PER_VENDOR: i64 = 300;
/// Header lines that are read.
const HEADER_LINES: usize = 64;

/// Causes that concern the sender and give nothing away: each needs a signature made with the secret.
const TOLD: [&str; 13] = [
    "body_rewritten",
    "line_ends",
    "secret_form",
    "other_label",
    "signature_encoding",
    "other_algorithm",
    "timestamp_not_signed",
    "other_text",
    "other_url",
    "revoked_secret",
    "retired_secret",
    "clock_skew",
    "replay",
];

#[async_trait]
impl SenderPort for Services {
    async fn refusals(&self, actor: &Actor, vendor: VendorId) -> Result<VendorRefusals, AppError> {
        self.vendor_of(actor, vendor)?;
        let reasons = self.store.refused_reasons(actor.tenant, Some(vendor)).await.map_err(unavailable)?;
        Ok(VendorRefusals { now: self.clock.now(), vendor_id: vendor, reasons })
    }

    async fn link(&self, actor: &Actor, vendor: VendorId) -> Result<SenderLink, AppError> {
        let live = self.sender_of(actor, vendor)?;
        let number = self.store.sender_link_number(vendor).await.map_err(unavailable)?;
        let expires_at = self.clock.now().plus(LASTS);
        let text = Link { vendor, number, expires_at }.sign(&self.link_key().await?);
        let detail = format!("until {}", expires_at.rfc3339());
        let audit = self.audit(actor, Some(live.vendor.tenant_id), "sender.link", &live.vendor.slug, detail);
        self.store.note(&audit).await.map_err(unavailable)?;
        let url = format!("{}/sender/{text}", self.public_url);
        Ok(SenderLink { vendor: live.vendor.slug.to_string(), url, expires_at })
    }

    async fn end_links(&self, actor: &Actor, vendor: VendorId) -> Result<(), AppError> {
        let live = self.vendor_of(actor, vendor)?;
        let audit = self.audit(actor, Some(live.vendor.tenant_id), "sender.end", &live.vendor.slug, "");
        self.store.renew_sender_links(vendor, &audit).await.map_err(unavailable)?;
        Ok(())
    }

    async fn page(&self, token: &str) -> Result<SenderPage, AppError> {
        let (live, expires_at) = self.behind(token).await?;
        let preset = live.preset.as_deref().ok_or(AppError::NotFound)?;
        let filter = RefusedFilter { vendor_id: Some(live.vendor.id), reason: None };
        let tenant = Some(live.vendor.tenant_id);
        let refused = self.store.refused(tenant, &filter, None, REFUSALS_SHOWN).await.map_err(unavailable)?;
        let url = self.webhook_url(live.tenant.slug.as_str(), live.vendor.slug.as_str());
        Ok(SenderPage {
            now: self.clock.now(),
            vendor: live.vendor.slug.to_string(),
            recipe: recipe(preset, &url),
            url,
            expires_at,
            refusals: refused.into_iter().map(refusal).collect(),
        })
    }

    async fn check(
        &self,
        token: &str,
        client: &str,
        headers: &str,
        body: &str,
    ) -> Result<SignatureVerdict, AppError> {
        let (live, _) = self.behind(token).await?;
        let preset = live.preset.as_deref().ok_or(AppError::NotFound)?;
        self.slow_down(live.vendor.id, client).await?;
        if body.len() > BODY_CHECKED {
            let words = format!("Only bodies of up to {BODY_CHECKED} bytes can be checked here.");
            return Ok(SignatureVerdict { valid: false, code: "body_too_large".into(), words, likely: None });
        }
        let url = self.webhook_url(live.tenant.slug.as_str(), live.vendor.slug.as_str());
        let path = url.strip_prefix(&self.public_url).unwrap_or_default().to_owned();
        let (live, headers, body) = (live.clone(), header_lines(headers), body.to_owned());
        let (preset, public_url, now) = (preset.clone(), self.public_url.clone(), self.clock.now());
        // Trying the spellings of a body takes a while; not on the threads that answer.
        let judged = tokio::task::spawn_blocking(move || {
            let secrets = live.secrets_at(now);
            let values: Vec<&str> = secrets.iter().map(|(_, value)| *value).collect();
            judge(&preset, &values, &path, &headers, &body, &public_url, now)
        });
        judged.await.map_err(|_| AppError::Unavailable)
    }
}

impl Services {
    /// The vendor behind a link that still counts, and when the link ends.
    async fn behind(&self, token: &str) -> Result<(Arc<LiveVendor>, Timestamp), AppError> {
        let key = self.link_key().await?;
        let link = Link::read(&key, token, self.clock.now()).ok_or(AppError::NotFound)?;
        let number = self.store.sender_link_number(link.vendor).await.map_err(unavailable)?;
        if number != link.number {
            return Err(AppError::NotFound);
        }
        let live = self.live.now().vendor(link.vendor).cloned().ok_or(AppError::NotFound)?;
        Ok((live, link.expires_at))
    }

    /// The key of all links, made when it is first needed.
    async fn link_key(&self) -> Result<[u8; 32], AppError> {
        let key = self.link_key.get_or_try_init(|| async {
            let sealed = match self.store.setting(SENDER_LINK_KEY).await.map_err(unavailable)? {
                Some(sealed) => sealed,
                None => {
                    let fresh = self.vault.seal_bytes(purpose::SENDER_LINKS, &random::<32>());
                    self.store.setting_or_insert(SENDER_LINK_KEY, &fresh.0).await.map_err(unavailable)?
                }
            };
            let opened =
                self.vault.unseal_bytes(purpose::SENDER_LINKS, &Sealed(sealed)).map_err(|error| {
                    tracing::error!(%error, "the key of the links to sender pages cannot be opened");
                    AppError::Unavailable
                })?;
            <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| AppError::Unavailable)
        });
        key.await.copied()
    }

    async fn slow_down(&self, vendor: VendorId, client: &str) -> Result<(), AppError> {
        let window = Timestamp(self.clock.now().0.div_euclid(WINDOW) * WINDOW);
        let of_client = format!("sender:{vendor}:{client}");
        let tries = self.store.throttle(&of_client, window).await.map_err(unavailable)?;
        if tries > CHECKS_PER_CLIENT {
            return Err(AppError::Busy);
        }
        let tries = self.store.throttle(&format!("sender:{vendor}"), window).await.map_err(unavailable)?;
        if tries > CHECKS_PER_VENDOR { Err(AppError::Busy) } else { Ok(()) }
    }
}

/// Seconds until checks that were too many are counted anew.
pub fn checks_go_on_after(now: Timestamp) -> i64 {
    let left = WINDOW - now.0.rem_euclid(WINDOW);
    (left + SECOND - 1) / SECOND
}

fn recipe(preset: &Preset, url: &str) -> Recipe {
    Recipe {
        preset: preset.name.clone(),
        doc_url: Some(preset.doc_url.clone()).filter(|url| url.starts_with("https://")),
        facts: preset.facts_for_senders(),
        script: preset.script_for_senders(url),
    }
}

fn refusal(request: RefusedRequest) -> SenderRefusal {
    let likely = request.finding.map(|finding| finding.code).filter(|code| TOLD.contains(&code.as_str()));
    SenderRefusal {
        request_id: request.id.to_string(),
        received_at: request.received_at,
        status: request.status,
        reason: request.reason,
        detail: request.detail,
        likely,
        body_len: request.body_len,
    }
}

/// `Name: value`, line by line; what has no colon is passed over.
fn header_lines(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .filter(|(name, _)| !name.is_empty())
        .take(HEADER_LINES)
        .collect()
}

/// A browser writes every line end of a text field as CR LF, and people copy a last one along or leave it out: the
/// forms in which the body may have been meant.
fn bodies(typed: &str) -> Vec<String> {
    let lines = typed.replace("\r\n", "\n");
    let bare = lines.trim_end_matches('\n').to_owned();
    let mut bodies = vec![lines.clone(), typed.to_owned(), bare.clone(), format!("{bare}\n")];
    let mut seen = std::collections::HashSet::new();
    bodies.retain(|body| seen.insert(body.clone()));
    bodies
}

/// The verdict on a typed request at `now`.
fn judge(
    preset: &Preset,
    secrets: &[&str],
    path: &str,
    headers: &[(String, String)],
    typed: &str,
    public_url: &str,
    now: Timestamp,
) -> SignatureVerdict {
    let capture = |body: &str| Capture::typed(path, headers, Bytes::copy_from_slice(body.as_bytes()));
    let verdict = |valid, code: &str, words: String, likely: Option<&str>| SignatureVerdict {
        valid,
        code: code.to_owned(),
        words,
        likely: likely.map(ToOwned::to_owned),
    };
    if !is_checkable(preset) {
        let words =
            "This scheme is checked with keys that its vendor publishes; that cannot be tried out here.";
        return verdict(false, "not_checkable", words.to_owned(), None);
    }
    let mut first = None;
    for body in bodies(typed) {
        let capture = capture(&body);
        let refusal = match capture.check(preset, secrets, public_url, now) {
            Ok(_) => {
                return verdict(true, "valid", "This request would be accepted.".to_owned(), None);
            }
            Err(refusal) => refusal,
        };
        let drift = match &refusal {
            Refusal::TimestampStale { seconds } => Some(now.unix().saturating_sub(*seconds)),
            Refusal::TimestampFuture { seconds } => Some(now.unix().saturating_add(*seconds)),
            _ => None,
        };
        let good_then = drift.is_some_and(|then| {
            capture.check(preset, secrets, public_url, Timestamp::from_unix(then)).is_ok()
        });
        if good_then {
            let likely = "The signature itself is right; only its time is off. A request that is sent at once would \
                          be accepted.";
            return verdict(false, refusal.code(), refusal.detail(), Some(likely));
        }
        first.get_or_insert(refusal);
    }
    let Some(refusal) = first else {
        return verdict(false, "missing_field", "Nothing was given to check.".to_owned(), None);
    };
    let likely = bodies(typed).first().and_then(|body| {
        capture(body).with_delivery(public_url, |delivery| delivery.diagnose(preset, secrets, now.unix()))
    });
    verdict(false, refusal.code(), refusal.detail(), likely.map(|likely| likely.detail()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);
    const PATH: &str = "/webhooks/acme";
    const PUBLIC: &str = "https://hooks.example.com";

    fn preset() -> &'static Preset {
        signature::preset("std_webhooks").unwrap()
    }

    fn secret() -> String {
        signature::generate_secret(preset(), &[1; 32]).unwrap()
    }

    fn signed(body: &str, at: i64) -> Vec<(String, String)> {
        let url = format!("{PUBLIC}{PATH}");
        let sample = signature::Sample {
            url: &url,
            method: "POST",
            body: body.as_bytes(),
            event_id: "msg_1",
            event_type: None,
        };
        signature::sign(preset(), &secret(), &sample, at).unwrap().headers
    }

    fn verdict(headers: &[(String, String)], typed: &str) -> SignatureVerdict {
        judge(preset(), &[&secret()], PATH, headers, typed, PUBLIC, NOW)
    }

    #[test]
    fn a_body_is_recognised_whatever_a_browser_made_of_its_line_ends() {
        for body in ["{}", "{\n  \"a\": 1\n}", "{\r\n}", "{}\n"] {
            let headers = signed(body, NOW.unix());
            for typed in [body.to_owned(), body.replace("\r\n", "\n").replace('\n', "\r\n")] {
                assert!(verdict(&headers, &typed).valid, "{body:?} typed as {typed:?}");
            }
        }
        assert!(verdict(&signed("{}", NOW.unix()), "{}\r\n").valid);
    }

    #[test]
    fn a_good_signature_that_is_too_old_is_told_from_a_bad_one() {
        let old = verdict(&signed("{}", NOW.unix() - 900), "{}");
        assert_eq!((old.valid, old.code.as_str()), (false, "timestamp_stale"));
        assert!(old.likely.unwrap().contains("itself is right"));
        let bad = verdict(&signed("{\"a\":1}", NOW.unix()), "{\"a\":2}");
        assert_eq!((bad.code.as_str(), bad.likely), ("signature_mismatch", None));
    }

    #[test]
    fn no_verdict_holds_the_secret_or_the_signature_that_was_expected() {
        let good = signed("{\"a\":2}", NOW.unix());
        let expected = &good.iter().find(|(name, _)| name == "webhook-signature").unwrap().1;
        let said = format!("{:?}", verdict(&signed("{\"a\":1}", NOW.unix()), "{\"a\":2}"));
        assert!(!said.contains(expected.trim_start_matches("v1,")) && !said.contains(&secret()));
    }

    #[test]
    fn header_lines_are_read_however_they_were_copied() {
        let lines = header_lines("Webhook-Id:  msg_1 \r\nnonsense\n: x\nX-Time: 12:30\n");
        assert_eq!(lines, [("webhook-id".into(), "msg_1".into()), ("x-time".into(), "12:30".into())]);
    }
}
