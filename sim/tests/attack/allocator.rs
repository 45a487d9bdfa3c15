//! What this binary allocates with: the engine's watch over software's allocations, and a count of what is alive.
#![allow(unsafe_code, reason = "an allocator is an unsafe trait; every call goes on to another one")]

use crate::new_names::{Allocator, allocator};
use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that are allocated now, and the most that ever were.
static ALIVE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// Counts, and passes on.
struct Counting(Allocator);

#[global_allocator]
static COUNTING: Counting = Counting(allocator());

fn count(more: usize, less: usize) {
    let alive = ALIVE.fetch_add(more.wrapping_sub(less), Ordering::Relaxed).wrapping_add(more.wrapping_sub(less));
    MOST.fetch_max(alive, Ordering::Relaxed);
}

/// The most bytes that were ever alive in this process.
pub(crate) fn most() -> usize {
    MOST.load(Ordering::Relaxed)
}

// SAFETY: the inner allocator keeps the contract; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: passed on from the caller.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: passed on from the caller.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: passed on from the caller.
        unsafe { self.0.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: passed on from the caller.
        unsafe { self.0.realloc(pointer, layout, size) }
    }
}
