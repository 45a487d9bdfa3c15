//! Something that its owner lends to a core while the core runs.

use std::cell::Cell;
use std::ptr::NonNull;

/// A place for a reference that is valid during one call of [`lend`](Self::lend) only.
#[derive(Debug)]
pub(crate) struct Lent<T>(Cell<Option<NonNull<T>>>);

// SAFETY: outside `lend` the place is empty; `lend` and `with` happen on one thread, because a `&Lent` cannot be shared
// (`Cell` is not `Sync`).
unsafe impl<T> Send for Lent<T> {}

impl<T> Default for Lent<T> {
    fn default() -> Self {
        Self(Cell::new(None))
    }
}

impl<T> Lent<T> {
    /// What is lent from now on, until [`take_back`](Self::take_back).
    ///
    /// # Safety
    /// `value` lives, and is not written, until then.
    pub(super) unsafe fn lend(&self, value: &T) {
        self.0.set(Some(NonNull::from(value)));
    }

    pub(super) fn take_back(&self) {
        self.0.set(None);
    }

    /// Looks at what is lent.
    ///
    /// # Panics
    /// If nothing is: an operation of a core that does not run.
    #[inline(always)]
    pub(crate) fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        let lent = self.0.get().expect("a running core has been lent what it looks at");
        // SAFETY: it is taken back before it may change, and not while this call lasts, which is on the same thread.
        look(unsafe { lent.as_ref() })
    }
}
