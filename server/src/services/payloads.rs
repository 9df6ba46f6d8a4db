//! Reading payloads: the one way on which people come to see the bytes of a webhook, by page, command and export. Each
//! reading is in the audit log before the bytes are handed out.

use super::{Services, sees, unavailable};
use crate::payloads::{self, Unreadable};
use app::{
    error::AppError,
    ports::{Actor, PayloadsPort},
    view::{
        payload::Reading,
        story::{BODY_SHOWN, Payload},
    },
};
use async_trait::async_trait;
use domain::{
    event::{Event, EventPayload},
    id::{EventId, JobId},
};

impl Services {
    /// The bytes of an event for somebody who looks at them, as they are stored; `Err` inside says why they cannot be
    /// read. `how` is where they are shown, such as `page`.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the event is another tenant's; [`AppError::Unavailable`] when the database fails,
    /// also when the reading could not be noted.
    pub async fn read_payload(
        &self,
        actor: &Actor,
        event: &Event,
        how: &str,
    ) -> Result<Result<EventPayload, Unreadable>, AppError> {
        if !sees(actor, event.tenant_id) {
            return Err(AppError::NotFound);
        }
        let audit = self.audit(actor, Some(event.tenant_id), "payload.read", event.id, how);
        self.store.note(&audit).await.map_err(unavailable)?;
        let snapshot = self.live.now();
        match payloads::read(self.store.as_ref(), &snapshot, event.tenant_id, event.id).await {
            Err(Unreadable::Store(error)) => Err(unavailable(error)),
            Err(Unreadable::Locked(why)) => {
                tracing::error!(event.id = %event.id, why, "a payload cannot be opened");
                Err(AppError::Unavailable)
            }
            other => Ok(other),
        }
    }

    /// As [`PayloadsPort::read`], with the place where it is shown.
    ///
    /// # Errors
    /// As [`Services::read_payload`].
    pub async fn show_payload(&self, actor: &Actor, event: EventId, how: &str) -> Result<Reading, AppError> {
        let event = self.store.event(event).await.map_err(unavailable)?;
        Ok(match self.read_payload(actor, &event, how).await? {
            Ok(payload) => Reading::Read(shown(payload)),
            Err(Unreadable::Destroyed) => Reading::Destroyed,
            Err(_) => Reading::Removed,
        })
    }
}

#[async_trait]
impl PayloadsPort for Services {
    async fn read(&self, actor: &Actor, event: EventId) -> Result<Reading, AppError> {
        self.show_payload(actor, event, "page").await
    }

    async fn read_of_job(&self, actor: &Actor, job: JobId) -> Result<Reading, AppError> {
        let job = self.store.job(actor.tenant, job).await.map_err(unavailable)?;
        self.show_payload(actor, job.event_id.ok_or(AppError::NotFound)?, "page").await
    }
}

/// Bytes as a page shows them: JSON indented, other text as it came, anything else as hexadecimal.
pub(super) fn shown(payload: EventPayload) -> Payload {
    let cut = payload.body.len() > BODY_SHOWN;
    let part = &payload.body[..payload.body.len().min(BODY_SHOWN)];
    let body = match (cut, serde_json::from_slice::<serde_json::Value>(part)) {
        (false, Ok(value)) => serde_json::to_string_pretty(&value).unwrap_or_default(),
        _ => match std::str::from_utf8(part) {
            Ok(text) => text.to_owned(),
            // A cut in the middle of a character is not a reason to show hexadecimal.
            Err(error) if cut && error.valid_up_to() + 4 > part.len() => {
                String::from_utf8_lossy(&part[..error.valid_up_to()]).into_owned()
            }
            Err(_) => hex::encode(part),
        },
    };
    Payload { headers: payload.headers, body, cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: &[u8]) -> Payload {
        shown(EventPayload { headers: vec![], body: bytes.to_vec() })
    }

    #[test]
    fn a_body_is_shown_in_the_form_people_can_read_best() {
        assert_eq!(body(b"{\"a\":1}").body, "{\n  \"a\": 1\n}");
        assert_eq!(body(b"a=1&b=2").body, "a=1&b=2");
        assert_eq!(body(&[0xff, 0x00]).body, "ff00");
    }

    #[test]
    fn a_long_body_is_cut_and_says_so() {
        let long = body("ä".repeat(BODY_SHOWN).as_bytes());
        assert!(long.cut && long.body.len() <= BODY_SHOWN && long.body.starts_with('ä'));
    }
}
