//! A coroutine on a stack of its own: what runs on the software's stack, and what the boundary calls on the engine's.
//!
//! [`act`] and [`live`] are the only functions of the simulator on a stack of software. They hold no time and no reference
//! to the core.

use super::handle::{Handle, INERT};
use super::hot::{Hot, Label};
use super::stack_pool::{Stack, StackPool};
use super::turn::{Answer, Engine, Guest, HANDLE, SUSPEND, Site, Turn, UNWIND, Unwinding};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

#[cfg(target_arch = "aarch64")]
use super::aarch64::{enter, enter_fresh};
#[cfg(target_arch = "x86_64")]
use super::x86_64::{enter, enter_fresh};

/// How often software may catch the unwinding of its frames before they are abandoned.
pub(super) const CATCHES_MAX: u32 = 64;

/// What `enter` gives: software waits.
const WAITS: u64 = 0;
/// Its frames are unwound.
const UNWOUND: u64 = 1;
/// It panicked.
const PANICKED: u64 = 2;

type Step = extern "C" fn(*mut Hot, u64, u64, Site) -> Answer;

/// Whom the boundary calls for a core, and who runs on it.
#[repr(C)]
pub(super) struct Seat {
    pub(super) begin: Step,
    pub(super) begin_watched: Step,
    pub(super) handler_returned: extern "C" fn(*mut Hot) -> Answer,
    guest: Arc<dyn Guest>,
    cpu: u16,
    /// A panic of software, or one of the simulator: raised again on the engine's stack.
    panic: Option<Box<dyn Any + Send>>,
    broken: Option<Box<dyn Any + Send>>,
}

/// The coroutine of a core.
pub(super) struct OwnStack {
    seat: Box<Seat>,
    stack: Option<Stack>,
    catches: u32,
}

impl OwnStack {
    /// A coroutine for `core`, which keeps its address. It has no stack before its first life.
    pub(super) fn new<E: Engine>(core: *mut E, cpu: u16, guest: Arc<dyn Guest>) -> Self {
        let seat = Box::new(Seat {
            begin: begin::<E>,
            begin_watched: begin_watched::<E>,
            handler_returned: handler_returned::<E>,
            guest,
            cpu,
            panic: None,
            broken: None,
        });
        // SAFETY: the caller's core is alive, and nobody else looks at it now.
        unsafe { (*core).hot().seat = std::ptr::from_ref(&*seat).expose_provenance() };
        Self { seat, stack: None, catches: 0 }
    }

    /// Is there a stack that may have frames of software?
    pub(super) const fn is_live(&self) -> bool {
        self.stack.is_some()
    }

    /// Runs `core` until it waits.
    pub(super) fn run<E: Engine>(&mut self, core: *mut E) {
        // SAFETY: here and below: the core is alive, and each reference ends with its statement.
        let mut turn = unsafe { (*core).advance() };
        loop {
            let end = match turn {
                Turn::Suspend => WAITS,
                Turn::Start(entry) => self.start(core, entry),
                Turn::Unwind if !self.may_unwind() => UNWOUND,
                turn => {
                    let Answer { value, action } = Answer::new(turn);
                    // SAFETY: software is suspended on its live stack, on this thread (`Owned` asserts it).
                    unsafe { enter(core.cast(), value, action) }
                }
            };
            if let Some(panic) = self.seat.broken.take() {
                resume_unwind(panic);
            }
            match end {
                UNWOUND => self.leave(),
                PANICKED => {
                    self.leave();
                    let payload = self.seat.panic.take().expect("a panic has a payload");
                    // SAFETY: as above.
                    return unsafe { (*core).panicked(payload) };
                }
                // It caught its unwinding, and does another operation: again.
                // SAFETY: as above.
                _ if unsafe { (*core).is_unwinding() } => turn = Turn::Unwind,
                _ => return,
            }
            if end == UNWOUND {
                // SAFETY: as above.
                turn = unsafe {
                    (*core).unwound();
                    (*core).advance()
                };
            }
        }
    }

    fn start<E: Engine>(&mut self, core: *mut E, entry: u32) -> u64 {
        self.leave();
        self.catches = 0;
        let label = Label { hot: core.cast(), cpu: u64::from(self.seat.cpu) };
        let stack = self.stack.insert(StackPool::take(label));
        // SAFETY: the core is alive; the stack is fresh, and stays ours while frames are on it.
        unsafe {
            (*core).hot().set_stack(stack.base(), stack.limit());
            enter_fresh(core.cast(), u64::from(entry), stack.base())
        }
    }

    /// Software that caught its unwinding too often is abandoned.
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

/// Software's own panic, or the engine, unwinds frames of this thread's software: what they ask for is not done.
fn unless_panicking(operation: u64) -> u64 {
    if std::thread::panicking() { INERT } else { operation }
}

extern "C" fn begin<E: Engine>(hot: *mut Hot, operation: u64, value: u64, site: Site) -> Answer {
    guarded::<E>(hot, |core| core.begin(unless_panicking(operation), value, site))
}

extern "C" fn begin_watched<E: Engine>(hot: *mut Hot, operation: u64, value: u64, site: Site) -> Answer {
    guarded::<E>(hot, |core| match unless_panicking(operation) {
        INERT => core.begin(INERT, value, site),
        _ if core.hot().is_used_up() => core.exhausted(site),
        operation => core.begin_watched(operation, value, site),
    })
}

extern "C" fn handler_returned<E: Engine>(hot: *mut Hot) -> Answer {
    guarded::<E>(hot, E::handler_returned)
}

/// A panic of the simulator stays on the engine's side: software never sees it.
#[inline(always)]
fn guarded<E: Engine>(hot: *mut Hot, step: impl FnOnce(&mut E) -> Turn) -> Answer {
    // SAFETY: the block is the first field of a core (`Engine`'s contract), whose software has left its stack for this
    // call; nobody else has a reference to it.
    let core = unsafe { &mut *hot.cast::<E>() };
    match catch_unwind(AssertUnwindSafe(|| step(core))) {
        Ok(turn) => Answer::new(turn),
        Err(payload) => {
            // SAFETY: the seat is as old as the coroutine, which runs now.
            unsafe { (*seat(hot)).broken = Some(payload) };
            Answer { value: 0, action: SUSPEND }
        }
    }
}

/// # Safety
/// `hot` belongs to a core with a coroutine.
unsafe fn seat(hot: *mut Hot) -> *mut Seat {
    // SAFETY: passed on from the caller.
    std::ptr::with_exposed_provenance_mut(unsafe { (*hot).seat })
}

/// On the software's stack: a handler, or the beginning of the end.
pub(super) extern "C-unwind" fn act(hot: *mut Hot, action: u64) {
    if action & 0xFF != HANDLE {
        resume_unwind(Box::new(Unwinding));
    }
    // SAFETY: the guest is behind an `Arc` that the seat never replaces, and the seat is older than this stack's frames.
    // The handle is used in this call only.
    unsafe { (*seat(hot)).guest.handle(Handle::new(hot), (*seat(hot)).cpu, (action >> 8) as u32) }
}

/// On the software's stack: a life, from its start to its end. A program that returns stays suspended for ever.
pub(super) extern "C" fn live(hot: *mut Hot, entry: u64) -> u64 {
    // SAFETY: as in `act`.
    let life = || unsafe { (*seat(hot)).guest.live(Handle::new(hot), (*seat(hot)).cpu, entry as u32) };
    match catch_unwind(AssertUnwindSafe(life)) {
        Err(payload) if !payload.is::<Unwinding>() => {
            // SAFETY: the seat is older than this stack's frames.
            unsafe { (*seat(hot)).panic = Some(payload) };
            PANICKED
        }
        _ => UNWOUND,
    }
}
