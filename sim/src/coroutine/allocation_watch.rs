//! An allocator that notices who allocates: software that does is Open from then on, because a counter on the heap is in no
//! checkpoint.
//!
//! It knows software by the stack pointer, so operations pay nothing. A panic allocates, too: so where the watch is
//! installed an access may repeat without a look at it, and still nothing is done while software's frames are unwound.
//! What it cannot notice: statics, thread-local
//! variables, atomics that were captured, files, clocks.

use std::alloc::{GlobalAlloc, Layout, System};

/// A global allocator over the system's that lets an allocation by software make its CPU Open.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct AllocationWatch(System);

impl AllocationWatch {
    /// The watch over the system's allocator.
    pub const fn new() -> Self {
        Self(System)
    }
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for AllocationWatch {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: passed on from the caller.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: passed on from the caller.
        unsafe { self.0.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: passed on from the caller.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        note();
        // SAFETY: passed on from the caller.
        unsafe { self.0.realloc(pointer, layout, bytes) }
    }
}

#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod on_own_stacks {
    use super::super::stack_pool::{label, stack_at};
    use std::cell::Cell;

    thread_local! {
        static PROBED: Cell<bool> = const { Cell::new(false) };
    }

    /// Somebody allocates: is it software?
    #[inline]
    pub(super) fn note() {
        let here = 0u8;
        match stack_at(std::ptr::from_ref(&here).addr()) {
            // SAFETY: software runs on this stack, so its label stands, and nobody else looks at its core now.
            Some(low) => unsafe { (*(*label(low)).hot).note_allocation() },
            None => drop(PROBED.try_with(|probed| probed.set(true))),
        }
    }

    /// Is the watch installed? It notices an allocation of ours, if it is.
    pub(crate) fn is_watching() -> bool {
        PROBED.set(false);
        drop(std::hint::black_box(Box::new(0u8)));
        PROBED.get()
    }
}

#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) use on_own_stacks::is_watching;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
use on_own_stacks::note;

/// Where nothing is proven, nothing needs to be noticed.
#[cfg(not(all(unix, any(target_arch = "x86_64", target_arch = "aarch64"))))]
const fn note() {}
#[cfg(not(all(unix, any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub(crate) const fn is_watching() -> bool {
    false
}
