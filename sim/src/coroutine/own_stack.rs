//! A coroutine on a stack of its own, as the engine drives it: a life begins, goes on, is unwound.

use super::hot::Label;
use super::overflow::watch_this_thread;
use super::seat::{PANICKED, Seat, UNWOUND, WAITS};
use super::sides::{Engine, Guest};
use super::stack_pool::{Stack, StackPool};
use super::turn::{HANDLE, START, SUSPEND, Turn, UNWIND};
use std::panic::resume_unwind;
use std::sync::Arc;

#[cfg(target_arch = "aarch64")]
use super::aarch64::{enter, enter_fresh};
#[cfg(target_arch = "x86_64")]
use super::x86_64::{enter, enter_fresh};

/// How often software may catch the unwinding of its frames before they are abandoned.
pub(super) const CATCHES_MAX: u32 = 64;

/// The coroutine of a core.
pub(super) struct OwnStack {
    seat: Box<Seat>,
    stack: Option<Stack>,
    catches: u32,
}

impl OwnStack {
    /// A coroutine for `core`, which keeps its address. It has no stack before its first life.
    pub(super) fn new<E: Engine>(core: *mut E, cpu: u16, guest: Arc<dyn Guest>) -> Self {
        let seat = Box::new(Seat::new::<E>(cpu, guest));
        // SAFETY: the caller's core is alive, and nobody else looks at it now.
        unsafe {
            (*core).hot().seat = std::ptr::from_ref(&*seat).expose_provenance();
            (*core).hot().steps = std::ptr::from_ref(seat.steps).expose_provenance();
        }
        Self { seat, stack: None, catches: 0 }
    }

    /// Is there a stack that may have frames of software?
    pub(super) const fn is_live(&self) -> bool {
        self.stack.is_some()
    }

    /// Runs `core` until it waits.
    #[inline(always)]
    pub(super) fn run<E: Engine>(&mut self, core: *mut E) {
        // SAFETY: here and below: the core is alive, and each reference ends with its statement.
        let mut turn = unsafe { (*core).advance() };
        loop {
            let end = match turn.kind() {
                // SAFETY: software is suspended on its live stack, on this thread (`Owned` asserts it).
                HANDLE => unsafe { enter(core.cast(), turn.value, turn.action) },
                SUSPEND => WAITS,
                START => self.start(core, turn.code()),
                UNWIND if !self.may_unwind() => UNWOUND,
                // SAFETY: as for a handler.
                _ => unsafe { enter(core.cast(), turn.value, turn.action) },
            };
            // SAFETY: as above.
            let calm = end == WAITS && self.seat.broken.is_none() && !unsafe { (*core).is_unwinding() };
            if calm {
                return;
            }
            let Some(next) = self.go_on(core, end) else { return };
            turn = next;
        }
    }

    /// A life has ended, or software has caught its unwinding. `None`: the core waits.
    #[inline(never)]
    fn go_on<E: Engine>(&mut self, core: *mut E, end: u64) -> Option<Turn> {
        if let Some(panic) = self.seat.broken.take() {
            resume_unwind(panic);
        }
        match end {
            UNWOUND => {
                self.leave();
                // SAFETY: as in `run`.
                unsafe {
                    (*core).unwound();
                    Some((*core).advance())
                }
            }
            PANICKED => {
                self.leave();
                let payload = self.seat.panic.take().expect("a panic has a payload");
                // SAFETY: as in `run`.
                unsafe { (*core).panicked(payload) };
                None
            }
            _ => Some(Turn::UNWIND), // it caught its unwinding, and does another operation: again
        }
    }

    #[inline(never)]
    fn start<E: Engine>(&mut self, core: *mut E, entry: u32) -> u64 {
        self.leave();
        self.catches = 0;
        watch_this_thread();
        let label = Label { hot: core.cast(), cpu: u64::from(self.seat.cpu) };
        let stack = self.stack.insert(StackPool::take(label));
        // SAFETY: the core is alive; the stack is fresh, and stays ours while frames are on it.
        unsafe {
            (*core).hot().set_stack(stack.base(), stack.limit());
            enter_fresh(core.cast(), u64::from(entry), stack.base())
        }
    }

    /// Software that caught its unwinding too often is abandoned.
    #[inline(never)]
    fn may_unwind(&mut self) -> bool {
        self.catches += 1;
        if self.catches > CATCHES_MAX {
            if let Some(stack) = self.stack.take() {
                StackPool::abandon(stack);
            }
            std::mem::forget(Arc::clone(&self.seat.guest));
        }
        self.stack.is_some()
    }

    /// Nothing of software is left on the stack: it goes back.
    pub(super) fn leave(&mut self) {
        if let Some(stack) = self.stack.take() {
            StackPool::give_back(stack);
        }
    }

    /// Unwinds what software has on the stack; `core` makes every operation inert.
    pub(super) fn unwind<E: Engine>(&mut self, core: *mut E) {
        while self.may_unwind() {
            // SAFETY: as in `run`.
            let end = unsafe { enter(core.cast(), 0, UNWIND) };
            if end != WAITS {
                self.leave();
            }
        }
    }
}

impl Drop for OwnStack {
    /// `Owned` unwinds first; what is left has no frame of software, or was abandoned.
    fn drop(&mut self) {
        self.leave();
    }
}
