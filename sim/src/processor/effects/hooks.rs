//! Operations that take no time and touch no device: the clock, choices, waits, milestones, the end of a program.

use crate::choice::{ChoicePoint, Label};
use crate::processor::OpenWait;
use crate::processor::core::{Core, Outgoing, Stage};
use crate::stream::What;

/// Milestones with this bit are told to observers, and not kept: there may be any number of them.
pub const TOLD_ONLY: u32 = 1 << 31;

impl Core {
    pub(super) fn read_clock(&mut self) -> Option<u64> {
        let now = self.now();
        self.effective(now, Some(self.line()), What::ClockRead);
        Some(now.as_ps())
    }

    pub(super) fn choose(&mut self) -> Option<u64> {
        let (number, alternatives) = (self.pending.operation.operand as u16, self.pending.value as u32);
        let label = Label::Software(number);
        let count = self.account.choices.next(self.agent, label);
        let point = ChoicePoint { source: self.agent, label, count };
        let taken = self.common.chooser.choose(point, alternatives);
        self.account.chosen += 1;
        let now = self.now();
        self.effective(now, Some(self.line()), What::Chosen(alternatives, taken));
        Some(u64::from(taken))
    }

    pub(super) fn begin_wait(&mut self) -> Option<u64> {
        let (code, site, since) = (self.pending.operation.operand, self.line(), self.now());
        self.effective(since, Some(site), What::WaitBegan(code));
        let level = self.nesting.level();
        self.account.waits.push(OpenWait { code, site, since, level });
        Some(0)
    }

    pub(super) fn end_wait(&mut self) -> Option<u64> {
        let (outcome, end) = (self.pending.operation.operand, self.now());
        let level = self.nesting.level();
        if let Some(wait) = self.account.waits.pop_if(|wait| wait.level == level) {
            self.effective(end, Some(self.line()), What::WaitEnded(wait.code, outcome));
        }
        Some(0)
    }

    pub(super) fn reach(&mut self) -> Option<u64> {
        let (code, site, now) = (self.pending.operation.operand, self.line(), self.now());
        self.effective(now, Some(site), What::Reached(code));
        if code & TOLD_ONLY == 0 {
            self.send_out(site, Outgoing::Milestone(code));
        }
        Some(0)
    }

    pub(super) fn end_program(&mut self) -> Option<u64> {
        let now = self.now();
        self.effective(now, None, What::Ended);
        self.stage = Stage::Ended;
        Some(0)
    }
}
