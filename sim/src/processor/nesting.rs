//! What runs on a CPU: its program, and handlers on top of it, each with what it interrupted.

use super::account::Frame;
use super::pending::Pending;
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

impl Handler {
    const NONE: Self = Self {
        context: Context::Program,
        since: Time::ZERO,
        interrupt_flag: false,
        interrupted: Pending::none(),
    };
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Nesting {
    /// Since when the program runs.
    pub(super) program_since: Time,
    /// The outermost first; after those that run, memory for further ones.
    memory: Vec<Handler>,
    running: usize,
}

impl Nesting {
    /// How many levels run: the program, and the handlers on top of it.
    #[inline]
    pub(super) const fn level(&self) -> usize {
        1 + self.running
    }

    /// The handlers that run, the outermost first.
    fn handlers(&self) -> &[Handler] {
        &self.memory[..self.running]
    }

    /// One more runs from now on; gives its place, which holds what another one has left.
    #[inline(always)]
    pub(super) fn push(&mut self) -> &mut Handler {
        if self.running == self.memory.len() {
            self.memory.push(Handler::NONE);
        }
        let handler = &mut self.memory[self.running];
        self.running += 1;
        handler
    }

    /// The innermost.
    #[inline]
    pub(super) fn last(&self) -> Option<&Handler> {
        self.memory.get(self.running.wrapping_sub(1))
    }

    /// The innermost has been left.
    #[inline]
    pub(super) const fn pop(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// None runs any more.
    pub(super) const fn clear(&mut self) {
        self.running = 0;
    }

    /// What runs, the outermost first.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        let program = Frame { context: Context::Program, since: self.program_since, interrupted: None };
        let of_handler = |handler: &Handler| {
            let &Handler { context, since, interrupted, .. } = handler;
            Frame { context, since, interrupted: interrupted.site }
        };
        std::iter::once(program).chain(self.handlers().iter().map(of_handler)).collect()
    }
}
