//! Whom the boundary calls for a core: what runs on the engine's stack for an operation, and what runs on the software's.
//!
//! [`act`] and [`live`] are the only functions of the simulator on a stack of software. They hold no time and no reference
//! to the core.

use super::handle::{Handle, INERT};
use super::hot::Hot;
use super::sides::{Engine, Guest, StraightWay, Way};
use super::site::Site;
use super::steps::{Step, Steps};
use super::turn::{HANDLE, Turn, Unwinding};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// What `enter` gives: software waits.
pub(super) const WAITS: u64 = 0;
/// Its frames are unwound.
pub(super) const UNWOUND: u64 = 1;
/// It panicked.
pub(super) const PANICKED: u64 = 2;

/// Operations of one kind that have different ways, by their operands.
pub(crate) trait Chosen {
    /// Who begins this one.
    fn choose(operation: u64) -> Step;
}

/// By what it [chooses](Chosen).
pub(crate) extern "C" fn begin_chosen<C: Chosen>(hot: *mut Hot, operation: u64, value: u64, site: Site) -> Turn {
    C::choose(operation)(hot, operation, value, site)
}

/// The way of all operations that have none of their own.
pub(crate) struct Somehow;

impl<E: Engine> Way<E> for Somehow {
    #[inline(always)]
    fn begin(core: &mut E, operation: u64, value: u64, site: Site) -> Turn {
        core.begin(operation, value, site)
    }
}

/// Whom the boundary calls for a core, and who runs on it.
#[repr(C)]
pub(super) struct Seat {
    pub(super) steps: &'static Steps,
    #[cfg(target_arch = "aarch64")]
    pub(super) begin: Step,
    pub(super) begin_watched: Step,
    pub(super) handler_returned: extern "C" fn(*mut Hot) -> Turn,
    pub(super) guest: Arc<dyn Guest>,
    pub(super) cpu: u16,
    /// A panic of software, or one of the simulator: raised again on the engine's stack.
    pub(super) panic: Option<Box<dyn Any + Send>>,
    pub(super) broken: Option<Box<dyn Any + Send>>,
}

impl Seat {
    /// For the software `guest` of CPU `cpu`, whose core is an `E`.
    pub(super) fn new<E: Engine>(cpu: u16, guest: Arc<dyn Guest>) -> Self {
        Self {
            steps: E::STEPS,
            #[cfg(target_arch = "aarch64")]
            begin: begin::<E, Somehow>,
            begin_watched: begin_watched::<E>,
            handler_returned: handler_returned::<E>,
            guest,
            cpu,
            panic: None,
            broken: None,
        }
    }
}

/// In the way `W`.
pub(crate) extern "C" fn begin<E: Engine, W: Way<E>>(hot: *mut Hot, operation: u64, value: u64, site: Site) -> Turn {
    if std::thread::panicking() {
        return begin_unwinding::<E>(hot, value, site);
    }
    guarded::<E>(hot, |core| W::begin(core, operation, value, site))
}

extern "C" fn begin_watched<E: Engine>(hot: *mut Hot, operation: u64, value: u64, site: Site) -> Turn {
    if std::thread::panicking() {
        return begin_unwinding::<E>(hot, value, site);
    }
    guarded::<E>(hot, |core| match operation {
        INERT => core.begin(INERT, value, site),
        _ if core.hot().is_used_up() => core.exhausted(site),
        operation => core.begin_watched(operation, value, site),
    })
}

/// Software's own panic, or the engine, unwinds frames of this thread's software: what they ask for is not done.
#[cold]
#[inline(never)]
fn begin_unwinding<E: Engine>(hot: *mut Hot, value: u64, site: Site) -> Turn {
    guarded::<E>(hot, |core| core.begin(INERT, value, site))
}

/// In the straight way `S` where nothing is special, else in the way `W`.
pub(crate) extern "C" fn begin_straight<E: Engine, S: StraightWay<E>, W: Way<E>>(
    hot: *mut Hot,
    operation: u64,
    value: u64,
    site: Site,
) -> Turn {
    // SAFETY: as in `guarded`; the reference ends with this statement.
    match S::begin(unsafe { &mut *hot.cast::<E>() }, operation, value, site) {
        Some(turn) => turn,
        None => begin_special::<E, W>(hot, operation, value, site),
    }
}

#[inline(never)]
extern "C" fn begin_special<E: Engine, W: Way<E>>(hot: *mut Hot, operation: u64, value: u64, site: Site) -> Turn {
    begin::<E, W>(hot, operation, value, site)
}

extern "C" fn handler_returned<E: Engine>(hot: *mut Hot) -> Turn {
    // SAFETY: as in `guarded`; the reference ends with this statement.
    match unsafe { &mut *hot.cast::<E>() }.handler_returned_straight() {
        Some(turn) => turn,
        None => handler_returned_somehow::<E>(hot),
    }
}

#[inline(never)]
extern "C" fn handler_returned_somehow<E: Engine>(hot: *mut Hot) -> Turn {
    guarded::<E>(hot, E::handler_returned)
}

/// A panic of the simulator stays on the engine's side: software never sees it.
#[inline(always)]
fn guarded<E: Engine>(hot: *mut Hot, step: impl FnOnce(&mut E) -> Turn) -> Turn {
    // SAFETY: the block is the first field of a core (`Engine`'s contract), whose software has left its stack for this
    // call; nobody else has a reference to it.
    let core = unsafe { &mut *hot.cast::<E>() };
    match catch_unwind(AssertUnwindSafe(|| step(core))) {
        Ok(turn) => turn,
        Err(payload) => broken(hot, payload),
    }
}

#[cold]
#[inline(never)]
fn broken(hot: *mut Hot, payload: Box<dyn Any + Send>) -> Turn {
    // SAFETY: the seat is as old as the coroutine, which runs now.
    unsafe { (*seat(hot)).broken = Some(payload) };
    Turn::SUSPEND
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
