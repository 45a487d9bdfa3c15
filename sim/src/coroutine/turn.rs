//! What simulator and software say to each other at the boundary.

use super::handle::Handle;
use super::hot::Hot;
use super::lent::Lent;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
use super::seat::Steps;
use super::site::Site;
use std::any::Any;

/// What must happen on the software's side, as the simulator decides it: two registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Turn {
    /// The result of an operation that is done.
    pub(super) value: u64,
    /// One of the constants below, with a code above bit 7.
    pub(super) action: u64,
}

pub(super) const DONE: u64 = 0;
pub(super) const SUSPEND: u64 = 1;
pub(super) const HANDLE: u64 = 2;
pub(super) const UNWIND: u64 = 3;
/// Asked by the engine's side only, of an empty stack.
pub(super) const START: u64 = 4;

impl Turn {
    /// Software waits; the engine goes on.
    pub(crate) const SUSPEND: Self = Self { value: 0, action: SUSPEND };
    /// All that runs is unwound.
    pub(crate) const UNWIND: Self = Self { value: 0, action: UNWIND };

    /// The operation is done: software goes on with this result.
    #[inline]
    pub(crate) const fn done(value: u64) -> Self {
        Self { value, action: DONE }
    }
    /// A handler runs on top of what runs, with this code.
    #[inline]
    pub(crate) const fn handle(code: u32) -> Self {
        Self { value: 0, action: HANDLE | (code as u64) << 8 }
    }
    /// A life begins on an empty stack, with this code.
    pub(crate) const fn start(code: u32) -> Self {
        Self { value: 0, action: START | (code as u64) << 8 }
    }

    /// What it is, as one of the constants.
    pub(super) const fn kind(self) -> u64 {
        self.action & 0xFF
    }
    /// Of a handler or a life.
    pub(super) const fn code(self) -> u32 {
        (self.action >> 8) as u32
    }
}

/// The simulated side: a core. Its [`Hot`] block is at its own address (`Owned::new` asserts it).
pub(crate) trait Engine {
    /// What it may look at while it runs.
    type Lent;
    /// Who begins its operations.
    #[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
    const STEPS: &'static Steps;
    /// Where that is put.
    fn lent(&self) -> &Lent<Self::Lent>;
    /// The block that the boundary finds at the core's address.
    fn hot(&mut self) -> &mut Hot;
    /// Software begins an operation.
    fn begin(&mut self, operation: u64, value: u64, site: Site) -> Turn;
    /// The same, with the registers saved: a checkpoint may be due.
    fn begin_watched(&mut self, operation: u64, value: u64, site: Site) -> Turn;
    /// Software begins an operation with next to nothing left of its stack.
    fn exhausted(&mut self, site: Site) -> Turn;
    /// The handler that ran on top has returned.
    fn handler_returned(&mut self) -> Turn;
    /// Goes on with what is pending: a window has been opened.
    fn advance(&mut self) -> Turn;
    /// Are frames of software being unwound?
    fn is_unwinding(&self) -> bool;
    /// The run is over: from now on every operation is inert.
    fn end(&mut self);
    /// Nothing of software is left on the stack: it was unwound, or abandoned.
    fn unwound(&mut self);
    /// Software panicked, all the way.
    fn panicked(&mut self, payload: Box<dyn Any + Send>);
    /// Has its program returned, so that no frame of it is left?
    fn has_returned(&self) -> bool;
}

/// How operations of one kind begin.
pub(crate) trait Way<E> {
    /// Software begins one.
    fn begin(core: &mut E, operation: u64, value: u64, site: Site) -> Turn;
}

/// The software side.
pub(crate) trait Guest: Send + Sync {
    /// Runs the life that [`Turn::start`] named on CPU `cpu`, to its end.
    fn live(&self, handle: Handle, cpu: u16, entry: u32);
    /// Runs the handler that [`Turn::handle`] named.
    fn handle(&self, handle: Handle, cpu: u16, context: u32);
}

/// How software is unwound. Not a panic: no hook runs.
#[derive(Debug)]
pub(super) struct Unwinding;
