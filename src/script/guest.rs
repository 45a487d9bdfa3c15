//! What every CPU that executes a script can do: an operation, and the work of those that take theirs from their mailbox.
//!
//! What it writes down is on the host's side ([`notebook`](super::notebook)).

use super::answer::{Answer, Seen};
use super::mailbox::{Mailbox, Order};
use super::model::{Action, Script, Work};
use super::notebook::{Done, Notebook};
use super::pace::Pace;
use crate::machine::{Hands, IcrReads, execute, initialise};
use sim::{Cpu, Site};
use std::sync::Arc;

/// Start-up vectors at which there is code, as in the guest of the emulators.
pub(super) const TRAMPOLINES: [u8; 3] = [0x08, 0x09, 0x0A];

/// The software of one CPU.
#[derive(Debug, Clone)]
pub(super) struct Guest {
    pub(super) number: u16,
    pub(super) script: Arc<Script>,
    pub(super) notebook: Arc<Notebook>,
    /// Do the other CPUs wait for a start-up message, or run from the start?
    pub(super) starts_others: bool,
}

/// What a CPU does after an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Stay,
    /// The NMI handler, or system-management mode.
    LeaveHandler,
}

impl Guest {
    /// The trampoline: where there is none the CPU runs into nothing, and answers no more.
    pub(super) fn boot(&self, cpu: Cpu<'_>, vector: u8) {
        cpu.irq_save();
        if !TRAMPOLINES.contains(&vector) {
            return;
        }
        let now = cpu.clock();
        {
            let mut page = self.notebook.page(self.number);
            page.boots.push((now, vector));
            (page.auto_eoi, page.hold_nmi, page.in_nmi) = (true, false, false);
            (page.hold_smm, page.in_smm) = (false, false);
        }
        self.serve(cpu);
    }

    pub(super) fn saw(&self, cpu: Cpu<'_>, seen: Seen) {
        let now = cpu.clock();
        self.notebook.page(self.number).seen.push((now, seen));
    }

    /// Takes operations from the mailbox, and does them; in a handler in which it is held until it is released, else for ever.
    pub(super) fn serve(&self, cpu: Cpu<'_>) {
        let mailbox = Mailbox::of(self.number);
        let mut pace = Pace::default();
        loop {
            match mailbox.take(&cpu) {
                None => _ = pace.rest(&cpu),
                Some(order) => {
                    pace = Pace::default();
                    if self.obey(cpu, mailbox, order) == Next::LeaveHandler {
                        return;
                    }
                }
            }
        }
    }

    fn obey(&self, cpu: Cpu<'_>, mailbox: Mailbox, order: Order) -> Next {
        let mut next = Next::Stay;
        let mut last = None;
        match order {
            Order::Initialise => initialise(Hands::of(cpu.at(Site::caller()))),
            Order::Line(line) => match self.script.lines[line].action {
                Action::Cpu(_, work) => {
                    next = self.perform(cpu, line, work);
                    last = Some(work);
                }
                _ => {
                    let answer = self.notebook.page(self.number).alive();
                    self.done(cpu, line, answer, IcrReads::default());
                }
            },
        }
        mailbox.sign(&cpu, order);
        match last {
            Some(Work::Halt) => {
                cpu.enable_interrupts();
                cpu.halt();
            }
            Some(Work::ShutDown) => cpu.shut_down(),
            _ => {}
        }
        next
    }

    /// Does the work of a line on this CPU, and writes the answer down.
    pub(super) fn perform(&self, cpu: Cpu<'_>, line: usize, work: Work) -> Next {
        let mut next = Next::Stay;
        let mut reads = IcrReads::default();
        let answer = match work {
            Work::AutoEoi(on) => {
                self.notebook.page(self.number).auto_eoi = on;
                Answer::OK
            }
            Work::HoldNmi => {
                self.notebook.page(self.number).hold_nmi = true;
                Answer::OK
            }
            Work::ReleaseNmi => {
                let mut page = self.notebook.page(self.number);
                page.hold_nmi = false;
                if page.in_nmi && !page.in_smm {
                    next = Next::LeaveHandler;
                }
                Answer::OK
            }
            Work::HoldSmm => {
                self.notebook.page(self.number).hold_smm = true;
                Answer::OK
            }
            Work::ReleaseSmm => {
                let mut page = self.notebook.page(self.number);
                page.hold_smm = false;
                if page.in_smm {
                    next = Next::LeaveHandler;
                }
                Answer::OK
            }
            Work::Halt | Work::ShutDown => Answer::OK, // once it is answered
            Work::Operation(operation) => {
                Answer::Found(execute(Hands::of(cpu.at(Site::step(line as u32))), operation, Some(&mut reads)))
            }
        };
        self.done(cpu, line, answer, reads);
        next
    }

    fn done(&self, cpu: Cpu<'_>, line: usize, answer: Answer, reads: IcrReads) {
        let at = cpu.clock();
        self.notebook.page(self.number).done.push(Done { line, at, answer, reads });
    }
}
