//! What simulator and software say to each other at the boundary.

use super::handle::Handle;
use super::hot::Hot;
use super::lent::Lent;
use super::site::Site;
use std::any::Any;

/// What must happen on the software's side, as the simulator decides it. Every variant holds a word or nothing, so that it
/// comes back in two registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The operation is done: software goes on with this result.
    Done(u64),
    /// Software waits; the engine goes on.
    Suspend,
    /// A handler runs on top of what runs, with this code.
    Handle(u64),
    /// All that runs is unwound.
    Unwind,
    /// A life begins on an empty stack, with this code.
    Start(u64),
}

/// The simulated side: a core. Its [`Hot`] block is at its own address (`Owned::new` asserts it).
pub(crate) trait Engine {
    /// What it may look at while it runs.
    type Lent;
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

/// The software side.
pub(crate) trait Guest: Send + Sync {
    /// Runs the life that [`Turn::Start`] named on CPU `cpu`, to its end.
    fn live(&self, handle: Handle, cpu: u16, entry: u32);
    /// Runs the handler that [`Turn::Handle`] named.
    fn handle(&self, handle: Handle, cpu: u16, context: u32);
}

/// How software is unwound. Not a panic: no hook runs.
#[derive(Debug)]
pub(super) struct Unwinding;

/// A turn as two registers.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct Answer {
    pub(super) value: u64,
    /// One of the constants below, with a code above bit 7.
    pub(super) action: u64,
}

pub(super) const DONE: u64 = 0;
pub(super) const SUSPEND: u64 = 1;
pub(super) const HANDLE: u64 = 2;
pub(super) const UNWIND: u64 = 3;

impl Answer {
    /// A life is started by the engine's side only.
    pub(super) fn new(turn: Turn) -> Self {
        if let Turn::Done(value) = turn {
            return Self { value, action: DONE }; // most are
        }
        let action = match turn {
            Turn::Done(_) => DONE,
            Turn::Suspend => SUSPEND,
            Turn::Handle(context) => HANDLE | context << 8,
            Turn::Unwind => UNWIND,
            Turn::Start(_) => unreachable!("a life starts on an empty stack"),
        };
        Self { value: 0, action }
    }
}
