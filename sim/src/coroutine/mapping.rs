//! Memory for stacks: mapped in slabs, a guard at the low end of each stack.
//!
//! Where the host has guard markers (Linux 6.13 and later) a slab is one mapping. Elsewhere a guard is a page without
//! access, and each stack is two mappings, of which a Linux process may have `vm.max_map_count`.

use super::valgrind;

/// Bytes of a stack with its guard.
pub(super) const STACK_BYTES: usize = 256 * 1024;
/// Bytes at the low end that nobody may touch: whole pages, which AArch64 hosts may have of 64 KiB.
pub(super) const GUARD_BYTES: usize = if cfg!(target_arch = "aarch64") { 64 * 1024 } else { 16 * 1024 };

/// Bytes at the high end that stay with us while nobody uses the stack: whole pages. Kernel code uses 8 KiB.
const KEPT_BYTES: usize = if cfg!(target_arch = "aarch64") { 64 * 1024 } else { 16 * 1024 };

/// `MADV_GUARD_INSTALL` (Linux 6.13).
#[cfg(target_os = "linux")]
const GUARD_INSTALL: libc::c_int = 102;
/// Mappings that a process has besides stacks.
const OTHER_MAPPINGS: usize = 1024;

/// Some stacks side by side.
#[derive(Debug)]
pub(super) struct Slab {
    low: usize,
    stacks: usize,
    /// Numbers that valgrind gave them, if memcheck is there.
    known: Vec<u64>,
}

impl Slab {
    /// Room for `stacks` stacks. `None`: the host has none.
    pub(super) fn map(stacks: usize) -> Option<Self> {
        let low = reserve(stacks * STACK_BYTES)?;
        let mut slab = Self { low, stacks, known: Vec::new() };
        if valgrind::is_there() {
            slab.known = slab.stacks().map(|low| valgrind::register_stack(low, STACK_BYTES)).collect();
        }
        let guarded = slab.stacks().all(guard);
        guarded.then_some(slab)
    }

    /// Lowest addresses of the stacks.
    pub(super) fn stacks(&self) -> impl DoubleEndedIterator<Item = usize> + use<> {
        let low = self.low;
        (0..self.stacks).map(move |number| low + number * STACK_BYTES)
    }

    pub(super) const fn low(&self) -> usize {
        self.low
    }

    pub(super) const fn high(&self) -> usize {
        self.low + self.stacks * STACK_BYTES
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        self.known.iter().for_each(|number| valgrind::forget_stack(*number));
        // SAFETY: our own mapping; its stacks are in no coroutine any more (an abandoned one is never given back, and
        // its thread's slabs are leaked with it).
        unsafe { libc::munmap(std::ptr::with_exposed_provenance_mut(self.low), self.stacks * STACK_BYTES) };
    }
}

const FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;

fn reserve(bytes: usize) -> Option<usize> {
    // SAFETY: a new anonymous mapping.
    let address = unsafe { libc::mmap(std::ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, FLAGS, -1, 0) };
    (address != libc::MAP_FAILED).then(|| address.expose_provenance())
}

fn guard(low: usize) -> bool {
    let address = std::ptr::with_exposed_provenance_mut(low);
    #[cfg(target_os = "linux")]
    // SAFETY: the low end of a stack of ours that nobody uses yet.
    if unsafe { libc::madvise(address, GUARD_BYTES, GUARD_INSTALL) } == 0 {
        return true;
    }
    // SAFETY: as above.
    unsafe { libc::mprotect(address, GUARD_BYTES, libc::PROT_NONE) == 0 }
}

/// The stack at `low` reads as zeros again; its guard stays.
///
/// The high end, which every tenant uses, is written: pages that came back from the host would each be a fault. What is
/// below goes back to the host, which has to do something only if it was used.
pub(super) fn clean(low: usize) {
    valgrind::make_defined(low, STACK_BYTES);
    let rest = low + GUARD_BYTES;
    let kept = low + STACK_BYTES - KEPT_BYTES;
    // SAFETY: a stack of ours without a frame on it, above its guard.
    unsafe { std::ptr::with_exposed_provenance_mut::<u8>(kept).write_bytes(0, KEPT_BYTES) };
    give_back(rest, kept - rest);
}

/// Pages of a stack without frames are as fresh ones.
#[cfg(target_os = "linux")]
fn give_back(low: usize, bytes: usize) {
    // SAFETY: as the caller says.
    let cleaned = unsafe { libc::madvise(std::ptr::with_exposed_provenance_mut(low), bytes, libc::MADV_DONTNEED) };
    assert!(cleaned == 0, "the host takes pages of ours back");
}

#[cfg(not(target_os = "linux"))]
fn give_back(low: usize, bytes: usize) {
    let address = std::ptr::with_exposed_provenance_mut(low);
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: as the caller says; the new mapping takes the place of the old one.
    let fresh = unsafe { libc::mmap(address, bytes, access, FLAGS | libc::MAP_FIXED, -1, 0) };
    assert!(fresh != libc::MAP_FAILED, "the host maps pages of ours anew");
}

/// May a machine have so many CPUs? If not: how many mappings it needs, and the limit.
pub(super) fn room_for(cpus: usize) -> Result<(), (usize, usize)> {
    let Some(limit) = mappings_max() else { return Ok(()) };
    let needed = 2 * cpus + OTHER_MAPPINGS;
    if needed <= limit || has_markers() { Ok(()) } else { Err((needed, limit)) }
}

#[cfg(target_os = "linux")]
fn mappings_max() -> Option<usize> {
    std::fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()
}

#[cfg(not(target_os = "linux"))]
const fn mappings_max() -> Option<usize> {
    None
}

#[cfg(target_os = "linux")]
fn has_markers() -> bool {
    let Some(low) = reserve(STACK_BYTES) else { return false };
    let slab = Slab { low, stacks: 1, known: Vec::new() };
    // SAFETY: a mapping of ours that nobody uses.
    let installed =
        unsafe { libc::madvise(std::ptr::with_exposed_provenance_mut(slab.low), GUARD_BYTES, GUARD_INSTALL) };
    installed == 0
}

#[cfg(not(target_os = "linux"))]
const fn has_markers() -> bool {
    false
}
