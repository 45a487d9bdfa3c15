//! How many there are at once: who comes to a full house is told so at once, or may wait a little.

use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::Duration;

/// Places that are taken and given back.
#[derive(Debug, Clone)]
pub(super) struct Slots(Arc<(Mutex<usize>, Condvar)>);

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot(Slots);

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        Self(Arc::new((Mutex::new(count), Condvar::new())))
    }

    /// A place, if one is free now or becomes free within `patience`.
    pub(super) fn take(&self, patience: Duration) -> Option<Slot> {
        let (free, freed) = &*self.0;
        let mut count = free.lock();
        if *count == 0 {
            let _timed_out = freed.wait_while_for(&mut count, |count| *count == 0, patience);
        }
        if *count == 0 {
            return None;
        }
        *count -= 1;
        drop(count);
        Some(Slot(self.clone()))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let (free, freed) = &*self.0.0;
        *free.lock() += 1;
        freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_given_back_is_free_again() {
        let slots = Slots::new(2);
        let (one, two) = (slots.take(Duration::ZERO), slots.take(Duration::ZERO));
        assert!(one.is_some() && two.is_some() && slots.take(Duration::ZERO).is_none());
        drop(one);
        assert!(slots.take(Duration::ZERO).is_some());
        drop(two);
    }
}
