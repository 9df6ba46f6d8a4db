//! How many posts the plugin of each site takes in one call, as it said last. Forgotten at restart; the first answer of a
//! site tells it again.

use crate::delivery::outbound::Answer;
use domain::id::DestinationId;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The header of the plugin's answers that says so.
const HEADER: &str = "tidegate-batch";
/// Most posts of one call, whatever a site offers.
const MOST: usize = 100;

/// What sites offer.
#[derive(Default)]
pub struct Offers(Mutex<HashMap<DestinationId, usize>>);

impl Offers {
    /// How many posts a call to this destination may bring; one where nobody said more.
    pub fn most(&self, id: DestinationId) -> usize {
        self.known().get(&id).copied().unwrap_or(1)
    }

    /// How many posts a call to this destination may bring for one of which that is halved so often; at least one.
    pub fn most_halved(&self, id: DestinationId, halvings: u32) -> usize {
        self.most(id).checked_shr(halvings).unwrap_or(0).max(1)
    }

    /// Takes note of what an answer of the plugin says.
    pub(in crate::delivery) fn note(&self, id: DestinationId, answer: &Answer) {
        let said = answer.headers.get(HEADER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        self.set(id, said.unwrap_or(1));
    }

    /// From now on a call to this destination may bring so many.
    pub fn set(&self, id: DestinationId, most: usize) {
        match most {
            0 | 1 => self.known().remove(&id),
            most => self.known().insert(id, most.min(MOST)),
        };
    }

    /// It offers that no more.
    pub(super) fn forget(&self, id: DestinationId) {
        self.known().remove(&id);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<DestinationId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(offer: Option<&str>) -> Answer {
        let headers = offer.map(|offer| (HEADER.parse().unwrap(), offer.parse().unwrap()));
        Answer {
            status: 200,
            headers: headers.into_iter().collect(),
            body: Vec::new(),
            cut: false,
            retry_after: None,
        }
    }

    #[test]
    fn what_a_site_offers_is_what_it_said_last_or_half_of_it_as_often_as_is_asked() {
        let offers = Offers::default();
        let id = DestinationId::new(uuid::Uuid::nil());
        assert_eq!(offers.most(id), 1);
        for (said, most) in [
            (Some("50"), 50),
            (Some("9999999"), MOST),
            (Some("1"), 1),
            (Some("20"), 20),
            (Some("many"), 1),
            (Some("20"), 20),
            (None, 1),
        ] {
            offers.note(id, &answer(said));
            assert_eq!(offers.most(id), most, "{said:?}");
        }
        offers.note(id, &answer(Some("50")));
        let each = [0, 1, 2, 3, 4, 5, 6, 64, u32::MAX].map(|halvings| offers.most_halved(id, halvings));
        assert_eq!(each, [50, 25, 12, 6, 3, 1, 1, 1, 1]);
        offers.forget(id);
        assert_eq!(offers.most(id), 1);
    }
}
