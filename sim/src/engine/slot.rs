//! The place of a CPU in its machine. It is empty while the CPU is at its worker's.

use crate::processor::Processor;
use std::ops::{Deref, DerefMut};

/// A place.
#[derive(Debug)]
pub(crate) struct Slot(Option<Processor>);

impl Slot {
    pub(super) const fn new(processor: Processor) -> Self {
        Self(Some(processor))
    }

    pub(super) fn take(&mut self) -> Processor {
        self.0.take().expect("a CPU is at one place at a time")
    }

    pub(super) fn put(&mut self, processor: Processor) {
        self.0 = Some(processor);
    }
}

impl Deref for Slot {
    type Target = Processor;
    #[inline]
    fn deref(&self) -> &Processor {
        self.0.as_ref().expect("between windows every CPU is at its place")
    }
}

impl DerefMut for Slot {
    #[inline]
    fn deref_mut(&mut self) -> &mut Processor {
        self.0.as_mut().expect("between windows every CPU is at its place")
    }
}
