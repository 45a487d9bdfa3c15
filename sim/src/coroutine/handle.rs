//! What software holds of its CPU.

use super::hot::Hot;
use std::marker::PhantomData;

/// The operation that stands for one begun while software's frames are unwound: it does nothing.
pub(crate) const INERT: u64 = u64::MAX - 1;

/// The address of a core, or of what stands for it on a thread: neither `Send` nor `Sync`, and good for one call of
/// software.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handle {
    pub(super) hot: *mut Hot,
    on_its_thread: PhantomData<*mut ()>,
}

impl Handle {
    /// # Safety
    /// `hot` is that of the core whose software runs on this stack, or the twin's; the handle is not used longer than
    /// that.
    pub(super) unsafe fn new(hot: *mut Hot) -> Self {
        Self { hot, on_its_thread: PhantomData }
    }
}
