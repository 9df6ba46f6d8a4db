//! Texts that could not be saved: kept in memory under an unguessable handle, for the account that typed them, for
//! half an hour, so that the page can show them with what is wrong, with and without JavaScript.

use crate::clock::random;
use app::view::types::Draft;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    id::UserId,
    time::{MINUTE, Timestamp},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

const LASTS: i64 = 30 * MINUTE;
/// Texts kept at once; the oldest goes first. Each is at most as long as a form may be.
const MOST: usize = 100;

/// What a text was meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A schema.
    Schema,
    /// A mapping.
    Mapping,
}

struct Kept {
    owner: UserId,
    until: Timestamp,
    kind: Kind,
    draft: Draft,
}

/// What waits to be mended.
#[derive(Default)]
pub(in crate::services) struct Drafts(Mutex<HashMap<String, Kept>>);

impl Drafts {
    /// Keeps a text; returns its handle.
    pub(super) fn keep(&self, owner: UserId, now: Timestamp, kind: Kind, draft: Draft) -> String {
        let handle = URL_SAFE_NO_PAD.encode(random::<12>());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, one| now < one.until);
        if kept.len() >= MOST
            && let Some(oldest) =
                kept.iter().min_by_key(|(_, one)| one.until).map(|(handle, _)| handle.clone())
        {
            kept.remove(&oldest);
        }
        kept.insert(handle.clone(), Kept { owner, until: now.plus(LASTS), kind, draft });
        handle
    }

    /// The text, if it is this account's and still kept. Stays, so that a page can be loaded again.
    pub(super) fn find(&self, owner: UserId, now: Timestamp, handle: &str) -> Option<(Kind, Draft)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(handle).filter(|one| one.owner == owner && now < one.until)?;
        Some((found.kind, found.draft.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_found_by_its_writer_alone_and_not_for_ever_nor_in_any_number() {
        let drafts = Drafts::default();
        let [me, other] = [1, 2].map(|n| UserId::new(uuid::Uuid::from_u128(n)));
        let text = Draft { text: "{".into(), ..Draft::default() };
        let handle = drafts.keep(me, Timestamp(0), Kind::Schema, text.clone());
        assert_eq!(drafts.find(me, Timestamp(1), &handle), Some((Kind::Schema, text.clone())));
        assert_eq!(drafts.find(other, Timestamp(1), &handle), None);
        assert_eq!(drafts.find(me, Timestamp(LASTS), &handle), None);
        for n in 0..MOST as i64 {
            drafts.keep(me, Timestamp(1 + n), Kind::Mapping, text.clone());
        }
        assert_eq!(drafts.find(me, Timestamp(1), &handle), None);
        assert_eq!(drafts.0.lock().unwrap().len(), MOST);
    }
}
