//! A scheme of one's own, after its vendor was added: reading and changing it. Owns what stays as it was: where an event's
//! id and type stand, because what is stored would mean something else, and that the secrets in use fit.

use super::{Services, store_error, vendor::address};
use crate::live::{CUSTOM, LiveVendor, SCHEME};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, SchemesPort},
    view::{greeting::SchemeDraft, scheme::SchemeSet},
};
use async_trait::async_trait;
use domain::{id::VendorId, vendor::Vendor};
use signature::{OptionName, Preset};

/// Longest account of a change in the audit log, in characters.
const MAX_DETAIL: usize = 2_000;

/// Why a vendor's scheme cannot become this one, in words.
fn refusal(live: &LiveVendor, text: &str, secrets: &[(i32, &str)]) -> Option<String> {
    let next = match Preset::custom(text) {
        Ok(next) => next,
        Err(words) => return Some(words),
    };
    // One that is not known any more, as after an update, has nothing that could stay.
    if let Some(now) = live.preset.as_deref() {
        for (option, place) in [(OptionName::EventId, "event.id"), (OptionName::EventType, "event.type")] {
            let stays = now.default_of(option);
            if next.default_of(option) != stays {
                return Some(format!(
                    "`{place}` was decided when the vendor was added ({stays:?}): what is stored would mean something \
                     else. Add another vendor"
                ));
            }
        }
    }
    secrets.iter().find_map(|(version, secret)| {
        let words = signature::check_secret(&next, secret).err()?;
        Some(format!("version {version} of the secret does not fit this scheme. {words}"))
    })
}

/// What is different, line by line, for the audit log.
fn difference(before: &str, after: &str) -> String {
    let only = |one: &str, other: &str, sign: char| -> Vec<String> {
        let there = lines(other);
        lines(one)
            .into_iter()
            .filter(|line| !there.contains(line))
            .map(|line| format!("{sign} {line}"))
            .collect()
    };
    let mut parts = only(before, after, '-');
    parts.extend(only(after, before, '+'));
    let words = if parts.is_empty() { "other order or white space".to_owned() } else { parts.join("; ") };
    words.chars().take(MAX_DETAIL).collect()
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn scheme_of(vendor: &Vendor) -> Option<&str> {
    (vendor.preset == CUSTOM).then(|| vendor.options.get(SCHEME).map_or("", String::as_str))
}

impl Services {
    /// Lets a vendor with a scheme of its own be judged by this one from now on. What was stored stays as it is. Returns
    /// what is wrong with it, in words, when it cannot be taken; then nothing was changed.
    ///
    /// # Errors
    /// `Invalid { Scheme, DoesNotFit }` for a vendor of a preset.
    pub async fn change_scheme(
        &self,
        actor: &Actor,
        live: &LiveVendor,
        text: &str,
    ) -> Result<Option<String>, AppError> {
        let before = scheme_of(&live.vendor).ok_or(AppError::invalid(Field::Scheme, Reason::DoesNotFit))?;
        if let Some(words) = refusal(live, text, &live.secrets_at(self.clock.now())) {
            return Ok(Some(words));
        }
        if before == text {
            return Ok(None);
        }
        let detail = difference(before, text);
        let audit =
            self.audit(actor, Some(live.vendor.tenant_id), "vendor.scheme", &live.vendor.slug, detail);
        let edit = |vendor: &mut Vendor| {
            vendor.options.insert(SCHEME.to_owned(), text.to_owned());
        };
        self.store.edit_vendor(live.vendor.id, &edit, &audit).await.map_err(store_error(Field::Form))?;
        self.changed().await;
        Ok(None)
    }
}

#[async_trait]
impl SchemesPort for Services {
    async fn scheme(&self, actor: &Actor, vendor: VendorId) -> Result<Option<String>, AppError> {
        self.vendor_of(actor, vendor).map(|live| scheme_of(&live.vendor).map(str::to_owned))
    }

    async fn set_scheme(
        &self,
        actor: &Actor,
        vendor: VendorId,
        scheme: String,
    ) -> Result<SchemeSet, AppError> {
        let live = self.vendor_of(actor, vendor)?;
        let slug = live.vendor.slug.to_string();
        let fault = self.change_scheme(actor, &live, &scheme).await?;
        let draft =
            fault.map(|fault| self.kept_draft(actor, SchemeDraft { slug: slug.clone(), scheme, fault }));
        Ok(SchemeSet { address: address(actor, &live.tenant, &slug), draft: draft.transpose()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_log_is_told_which_lines_are_different() {
        let before = "name = \"A\"\n\nsigned = \"{body}\"\n";
        let after = "name = \"A\"\nsigned = \"{ts}.{body}\"";
        assert_eq!(difference(before, after), "- signed = \"{body}\"; + signed = \"{ts}.{body}\"");
        assert_eq!(difference("a\nb", "b\n\na"), "other order or white space");
        assert_eq!(difference("", &"x".repeat(9_000)).chars().count(), MAX_DETAIL);
    }
}
