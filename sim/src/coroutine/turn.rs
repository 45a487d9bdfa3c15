//! What simulator and software say to each other at the boundary.

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

/// How software is unwound. Not a panic: no hook runs.
#[derive(Debug)]
pub(super) struct Unwinding;
