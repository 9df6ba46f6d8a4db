//! What an accepted request says, whoever sent it: id, type, subject, time, version.
//! Reads only; whether the request is authentic is `verify`'s matter.

use crate::definition::ContentKind;
use crate::delivery::{Delivery, Request};
use crate::preset::Preset;
use crate::refusal::Refusal;
use crate::scheme::{OneTime, Scheme};
use crate::selector::Selector;
use crate::template::{Context, missing};
use crate::timestamp;

/// The same few facts for every vendor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The vendor's id of the event, or the SHA-256 of the body where it sends none.
    pub external_id: Option<String>,
    /// The vendor's name for what happened.
    pub event_type: Option<String>,
    /// What it happened to.
    pub subject_id: Option<String>,
    /// When it happened, by the vendor's account.
    pub occurred_at_unix_micros: Option<i64>,
    /// Version of the vendor's payload.
    pub schema_version: Option<String>,
}

/// Reads the envelope; of each list of places the first that holds something wins.
pub fn normalize(preset: &Preset, request: &Request<'_>) -> Result<Envelope, Refusal> {
    Delivery::new(*request).normalize(preset)
}

impl Delivery<'_> {
    /// As [`normalize`], keeping what was parsed.
    pub fn normalize(&self, preset: &Preset) -> Result<Envelope, Refusal> {
        let in_form = preset.scheme.json_in_form.as_deref();
        let form = self.is_form() && preset.content.contains(&ContentKind::Form);
        if !form && preset.content.contains(&ContentKind::Json) && self.json(in_form).is_none() {
            return Err(Refusal::BodyNotJson);
        }
        let event = &preset.scheme.event;
        let first = |selectors: &[Selector]| self.first(selectors, in_form);
        Ok(Envelope {
            external_id: first(&event.id)?.or_else(|| Some(self.body_sha256())),
            event_type: first(&event.kind)?,
            subject_id: first(&event.subject)?,
            occurred_at_unix_micros: first(&event.occurred)?.as_deref().and_then(timestamp::lenient_micros),
            schema_version: first(&event.version)?,
        })
    }

    /// The value that must not be seen twice for this preset although its id is fresh: Mailgun's token,
    /// the only signed part besides the time; or the whole text that is signed. Of an authentic request, in which all
    /// of that was found before.
    pub fn one_time_value(&self, preset: &Preset) -> Option<Vec<u8>> {
        let scheme = &preset.scheme;
        match scheme.one_time.as_ref()? {
            OneTime::At(place) => {
                let found = self.first(std::slice::from_ref(place), scheme.json_in_form.as_deref());
                found.ok().flatten().map(String::into_bytes)
            }
            OneTime::Signed => self.signed_text(scheme).ok(),
        }
    }

    /// What the signature is made of, but for a secret in it.
    fn signed_text(&self, scheme: &Scheme) -> Result<Vec<u8>, Refusal> {
        let evidence = self.evidence(scheme)?;
        let in_form = scheme.json_in_form.as_deref();
        let timestamp = match &scheme.timestamp {
            Some(rule) => {
                let found = self.find(&rule.from, &evidence.labels, in_form)?;
                timestamp::text(rule, &found.ok_or_else(|| missing(&rule.from))?)?.to_owned()
            }
            None => String::new(),
        };
        scheme.signed.render(&Context {
            delivery: self,
            body: self.request.body,
            timestamp: &timestamp,
            labels: &evidence.labels,
            secret: "",
            json_in_form: in_form,
        })
    }

    fn first(&self, selectors: &[Selector], in_form: Option<&str>) -> Result<Option<String>, Refusal> {
        for selector in selectors {
            match self.find(selector, &[], in_form) {
                Ok(Some(found)) if !found.bytes.is_empty() => {
                    return Ok(Some(String::from_utf8_lossy(&found.bytes).into_owned()));
                }
                // A form has no JSON to look into.
                Ok(_) | Err(Refusal::BodyNotJson) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(None)
    }
}
