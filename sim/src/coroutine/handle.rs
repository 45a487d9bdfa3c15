//! What software holds of its CPU.

use super::hot::Hot;
use super::turn::Site;
use std::marker::PhantomData;

/// The operation that stands for one begun while software's frames are unwound: it does nothing.
pub(crate) const INERT: u64 = u64::MAX - 1;

/// The address of a core, or of what stands for it on a thread: neither `Send` nor `Sync`, and good for one call of
/// software.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handle {
    hot: *mut Hot,
    on_its_thread: PhantomData<*mut ()>,
}

impl Handle {
    /// # Safety
    /// `hot` is that of the core whose software runs on this stack, or the twin's; the handle is not used longer than
    /// that.
    pub(super) unsafe fn new(hot: *mut Hot) -> Self {
        Self { hot, on_its_thread: PhantomData }
    }

    /// One operation of software.
    #[inline(always)]
    pub(crate) fn operate(self, operation: u64, value: u64, site: Site) -> u64 {
        // SAFETY: see `new`.
        unsafe { boundary(self.hot, operation, value, site) }
    }
}

#[cfg(all(unix, target_arch = "aarch64"))]
use super::aarch64::boundary;
#[cfg(all(unix, target_arch = "x86_64"))]
use super::x86_64::boundary;

/// Without a boundary for this host every CPU is on a thread.
#[cfg(not(all(unix, any(target_arch = "x86_64", target_arch = "aarch64"))))]
unsafe fn boundary(hot: *mut Hot, operation: u64, value: u64, site: Site) -> u64 {
    super::threads::operate(hot, operation, value, site)
}
