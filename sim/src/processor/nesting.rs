//! What runs on a CPU: its program, and handlers on top of it, each with what it interrupted.

use super::account::Frame;
use super::pending::Pending;
use crate::slots::Slots;
use crate::stream::Context;
use crate::time::Time;

/// A handler that runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handler {
    pub(super) context: Context,
    pub(super) since: Time,
    /// The interrupt flag as it was before.
    pub(super) interrupt_flag: bool,
    /// What it interrupted.
    pub(super) interrupted: Pending,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Nesting {
    /// Since when the program runs.
    pub(super) program_since: Time,
    /// The outermost first.
    pub(super) handlers: Slots<Handler>,
}

impl Nesting {
    /// How many levels run: the program, and the handlers on top of it.
    #[inline]
    pub(super) fn level(&self) -> usize {
        1 + self.handlers.len()
    }

    /// What runs, the outermost first.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        let program = Frame { context: Context::Program, since: self.program_since, interrupted: None };
        let of_handler = |handler: &Handler| {
            let &Handler { context, since, interrupted, .. } = handler;
            Frame { context, since, interrupted: interrupted.site }
        };
        std::iter::once(program).chain(self.handlers.iter().map(of_handler)).collect()
    }
}
