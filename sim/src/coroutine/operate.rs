//! An operation of software: where it enters the boundary of this host.

use super::handle::{Handle, INERT};
#[cfg(not(all(unix, any(target_arch = "x86_64", target_arch = "aarch64"))))]
use super::hot::Hot;
use super::site::Site;

#[cfg(all(unix, target_arch = "aarch64"))]
use super::aarch64::boundary;
#[cfg(all(unix, target_arch = "x86_64"))]
use super::x86_64::boundary;

impl Handle {
    /// One operation of software that has a [straight way](super::StraightWay): whether its thread panics is looked at here.
    #[inline(always)]
    pub(crate) fn operate_straight(self, operation: u64, value: u64, site: Site) -> u64 {
        self.operate(if std::thread::panicking() { INERT } else { operation }, value, site)
    }

    /// One operation of software.
    #[inline(always)]
    pub(crate) fn operate(self, operation: u64, value: u64, site: Site) -> u64 {
        // SAFETY: see `new`.
        unsafe { boundary(self.hot, operation, value, site) }
    }
}

/// Without a boundary for this host every CPU is on a thread.
#[cfg(not(all(unix, any(target_arch = "x86_64", target_arch = "aarch64"))))]
unsafe fn boundary(hot: *mut Hot, operation: u64, value: u64, site: Site) -> u64 {
    super::threads::operate(hot, operation, value, site)
}
