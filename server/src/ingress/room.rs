//! Memory for bodies: how many bytes of bodies that are being read or wait to be stored there may be at once. Each
//! byte counts from its arrival, so a sender holds no more than it has sent.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory for bodies; cheap to clone.
#[derive(Clone, Debug)]
pub struct Room(Arc<Semaphore>);

/// There is no memory left for more bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The bytes of one body, counted until this is gone.
#[derive(Debug)]
pub struct Held {
    room: Room,
    permit: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Memory for this many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// A place for one body, which holds nothing yet.
    pub fn place(&self) -> Held {
        Held { room: self.clone(), permit: None }
    }

    /// How many more bytes there is room for.
    pub fn left(&self) -> usize {
        self.0.available_permits()
    }
}

impl Held {
    /// Counts more bytes.
    ///
    /// # Errors
    /// [`Full`] when there is no room for them; what was counted before stays counted.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let bytes = u32::try_from(bytes).map_err(|_| Full)?;
        let more = self.room.0.clone().try_acquire_many_owned(bytes).map_err(|_| Full)?;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_until_the_body_is_gone_and_no_more_than_there_is_room_for() {
        let room = Room::new(10);
        let (mut one, mut two) = (room.place(), room.place());
        assert_eq!(one.grow(4).and(one.grow(4)), Ok(()));
        assert_eq!((two.grow(3), two.grow(2)), (Err(Full), Ok(())));
        assert_eq!(room.left(), 0);
        drop(one);
        assert_eq!(room.left(), 8);
    }
}
