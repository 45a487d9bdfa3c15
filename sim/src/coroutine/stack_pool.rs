//! Stacks of software: mapped in slabs, guarded, handed out clean, pooled by the thread that uses them.
//!
//! Not done: stacks of other sizes. A page is the host's business until software touches it.

use super::hot::Label;
use super::mapping::{self, GUARD_BYTES, STACK_BYTES, Slab};
use parking_lot::Mutex;
use std::cell::{Cell, RefCell};

/// Bytes that an operation must leave: unwinding takes 3 KiB, the panic hook 6, a backtrace 20.
const RESERVE: usize = 24 * 1024;
/// Stacks of the first slab; each later one doubles.
const FIRST_SLAB: usize = 16;

/// One stack. It belongs to the thread that took it.
#[derive(Debug)]
pub(super) struct Stack {
    low: usize,
}

impl Stack {
    /// Address above every frame.
    pub(super) const fn base(&self) -> u64 {
        (self.low + STACK_BYTES - size_of::<Label>()) as u64
    }

    /// Lowest stack pointer that an operation may have.
    pub(super) const fn limit(&self) -> u64 {
        (self.low + GUARD_BYTES + RESERVE) as u64
    }
}

const _: () = assert!(size_of::<Label>() == 16);

#[derive(Debug, Default)]
struct Pool {
    slabs: Vec<Slab>,
    /// Clean stacks.
    free: Vec<usize>,
    /// Stacks with somebody's bytes.
    used: Vec<usize>,
    /// Some stack has frames that nobody will ever unwind: they may be pointed to.
    abandoned: bool,
}

impl Drop for Pool {
    fn drop(&mut self) {
        RANGE.set((0, 0));
        if self.abandoned {
            std::mem::forget(std::mem::take(&mut self.slabs));
        }
    }
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
    /// The slabs of this thread, for whoever must not lock or allocate: lowest and highest address.
    static RANGE: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// The stacks of this thread.
pub(super) struct StackPool;

impl StackPool {
    /// May a machine have so many CPUs? If not: how many mappings it needs, and the limit. The host is asked only where
    /// this thread has fewer stacks to hand out, as it has before its first machine.
    pub(super) fn room_for(cpus: usize) -> Result<(), (usize, usize)> {
        let there = POOL.with_borrow(|pool| pool.free.len() + pool.used.len());
        if cpus <= there { Ok(()) } else { mapping::room_for(cpus) }
    }

    /// A stack with the bytes of a fresh one.
    ///
    /// # Panics
    /// If the host has no address space for one.
    pub(super) fn take(label: Label) -> Stack {
        let low = POOL.with_borrow_mut(Pool::take);
        let stack = Stack { low };
        // SAFETY: the top of a stack that nobody else has: mapped, aligned to 16.
        unsafe { std::ptr::with_exposed_provenance_mut::<Label>(stack.base() as usize).write(label) };
        stack
    }

    /// Nothing ever runs on this stack again, and nobody else gets it.
    pub(super) fn abandon(stack: Stack) {
        let Stack { low: _ } = stack;
        POOL.with_borrow_mut(|pool| pool.abandoned = true);
    }

    /// A stack without frames of software is somebody else's next.
    pub(super) fn give_back(stack: Stack) {
        POOL.with_borrow_mut(|pool| pool.used.push(stack.low));
    }
}

impl Pool {
    fn take(&mut self) -> usize {
        if self.free.is_empty() {
            self.clean();
        }
        if self.free.is_empty() {
            let slab = Slab::map(FIRST_SLAB << self.slabs.len().min(8)).expect("the host has address space for stacks");
            self.free.extend(slab.stacks().rev());
            self.slabs.push(slab);
            RANGE.set(self.range());
        }
        self.free.pop().expect("a slab has stacks")
    }

    /// Stacks that were used are as fresh ones again.
    fn clean(&mut self) {
        /// Two threads that return pages at once make the host interrupt every core of the process, which takes longer
        /// than to wait; it decides nothing.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        self.used.sort_unstable();
        let _turn = ONE_AT_A_TIME.lock();
        self.used.iter().for_each(|low| mapping::clean(*low));
        self.free.extend(self.used.drain(..).rev());
    }

    fn range(&self) -> (usize, usize) {
        let low = self.slabs.iter().map(Slab::low).min().unwrap_or(0);
        (low, self.slabs.iter().map(Slab::high).max().unwrap_or(0))
    }

    fn find(&self, address: usize) -> Option<usize> {
        let slab = self.slabs.iter().find(|slab| (slab.low()..slab.high()).contains(&address))?;
        Some(slab.low() + (address - slab.low()) / STACK_BYTES * STACK_BYTES)
    }
}

/// The stack of this thread's slabs that `address` is in: its lowest address. Safe in a signal handler and an allocator.
pub(super) fn stack_at(address: usize) -> Option<usize> {
    let (low, high) = RANGE.try_with(Cell::get).ok()?;
    if !(low..high).contains(&address) {
        return None;
    }
    POOL.try_with(|pool| pool.try_borrow().ok()?.find(address)).ok()?
}

/// Whose stack is it that begins at `low`?
pub(super) fn label(low: usize) -> *const Label {
    std::ptr::with_exposed_provenance(Stack { low }.base() as usize)
}
