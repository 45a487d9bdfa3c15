//! The software that runs on the simulated CPUs: CPU 0 walks the script, the others do what they find in their mailbox.
//!
//! It is Open software: what it writes down is on the host's side ([`notebook`](super::notebook)).

use super::answer::{Answer, Seen};
use super::conductor::Conductor;
use super::execute::{Hands, execute, initialise};
use super::mailbox::{Mailbox, Order};
use super::model::{Action, Operation, Script};
use super::notebook::{Done, IcrReads, Notebook};
use super::registers::{Register, offset};
use sim::{Cpu, Software};
use std::sync::Arc;

/// Milestone: CPU 0 has come to the end of the script.
pub(super) const SCRIPT_ENDED: u32 = 1;
/// Milestone: CPU 0 was initialised. Nobody hands out operations any more.
pub(super) const CONDUCTOR_LOST: u32 = 2;

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
    LeaveNmiHandler,
}

impl Software for Guest {
    /// CPU 0 starts here; so do the others where no start-up message exists.
    fn run(&self, cpu: Cpu<'_>) {
        if self.number == 0 {
            Conductor::new(self, cpu).walk();
            cpu.reached(SCRIPT_ENDED);
        } else {
            self.boot(cpu, TRAMPOLINES[0]);
        }
    }

    fn start_up(&self, cpu: Cpu<'_>, vector: u8) {
        self.boot(cpu, vector);
    }

    /// CPU 0 after INIT: the script cannot go on. Others, where INIT needs no start-up message, start anew.
    fn reset(&self, cpu: Cpu<'_>) {
        if self.number == 0 {
            cpu.reached(CONDUCTOR_LOST);
        } else {
            self.boot(cpu, TRAMPOLINES[0]);
        }
    }

    fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
        let hands = Hands::of(cpu);
        let bit = 1 << (vector % 32);
        let in_service = hands.read(offset(Register::InService) + u16::from(vector / 32) * 16) & bit != 0;
        self.saw(cpu, Seen::Interrupt { vector, spurious: !in_service });
        if in_service && self.notebook.page(self.number).auto_eoi {
            hands.write(offset(Register::EndOfInterrupt), 0);
        }
    }

    fn non_maskable(&self, cpu: Cpu<'_>) {
        self.saw(cpu, Seen::Nmi);
        let held = {
            let mut page = self.notebook.page(self.number);
            page.in_nmi = page.hold_nmi;
            page.hold_nmi
        };
        if held {
            self.serve(cpu);
            self.notebook.page(self.number).in_nmi = false;
        }
    }
}

impl Guest {
    /// The trampoline: where there is none the CPU runs into nothing, and answers no more.
    fn boot(&self, cpu: Cpu<'_>, vector: u8) {
        cpu.irq_save();
        if !TRAMPOLINES.contains(&vector) {
            return;
        }
        let now = cpu.clock();
        {
            let mut page = self.notebook.page(self.number);
            page.boots.push((now, vector));
            (page.auto_eoi, page.hold_nmi, page.in_nmi) = (true, false, false);
        }
        self.serve(cpu);
    }

    fn saw(&self, cpu: Cpu<'_>, seen: Seen) {
        let now = cpu.clock();
        self.notebook.page(self.number).seen.push((now, seen));
    }

    /// Takes operations from the mailbox, and does them; in an NMI handler until it is released, else for ever.
    fn serve(&self, cpu: Cpu<'_>) {
        let mailbox = Mailbox::of(self.number);
        let mut pace = Pace::default();
        loop {
            match mailbox.take(&cpu) {
                None => _ = pace.rest(&cpu),
                Some(order) => {
                    pace = Pace::default();
                    if self.obey(cpu, mailbox, order) == Next::LeaveNmiHandler {
                        return;
                    }
                }
            }
        }
    }

    fn obey(&self, cpu: Cpu<'_>, mailbox: Mailbox, order: Order) -> Next {
        let mut next = Next::Stay;
        let mut halt = false;
        match order {
            Order::Initialise => initialise(&Hands::of(cpu)),
            Order::Line(line) => match self.script.lines[line].action {
                Action::Cpu(_, operation) => {
                    next = self.perform(cpu, line, operation);
                    halt = operation == Operation::Halt;
                }
                _ => {
                    let in_nmi = self.notebook.page(self.number).in_nmi;
                    self.done(cpu, line, Answer::Alive { in_nmi }, IcrReads::default());
                }
            },
        }
        mailbox.sign(&cpu, order);
        if halt {
            cpu.enable_interrupts();
            cpu.halt();
        }
        next
    }

    /// Executes an operation on this CPU, and writes the answer down.
    pub(super) fn perform(&self, cpu: Cpu<'_>, line: usize, operation: Operation) -> Next {
        let mut next = Next::Stay;
        let mut reads = IcrReads::default();
        let answer = match operation {
            Operation::AutoEoi(on) => {
                self.notebook.page(self.number).auto_eoi = on;
                Answer::Ok
            }
            Operation::HoldNmi => {
                self.notebook.page(self.number).hold_nmi = true;
                Answer::Ok
            }
            Operation::ReleaseNmi => {
                let mut page = self.notebook.page(self.number);
                page.hold_nmi = false;
                if page.in_nmi {
                    next = Next::LeaveNmiHandler;
                }
                Answer::Ok
            }
            other => execute(&Hands::of(cpu), other, &mut reads),
        };
        self.done(cpu, line, answer, reads);
        next
    }

    fn done(&self, cpu: Cpu<'_>, line: usize, answer: Answer, reads: IcrReads) {
        let at = cpu.clock();
        self.notebook.page(self.number).done.push(Done { line, at, answer, reads });
    }
}

/// How long an idle CPU rests between two looks at shared memory: the longer nothing comes, the longer. It takes
/// interrupts at once all the same.
#[derive(Debug, Default)]
pub(super) struct Pace {
    looks: u32,
}

/// Longest rest.
const REST_US_MAX: u32 = 64;

impl Pace {
    /// How long the next rest is: 1 µs at first, twice as long after every 16 looks.
    fn next_us(&mut self) -> u32 {
        let us = 1u32.checked_shl(self.looks / 16).unwrap_or(REST_US_MAX).min(REST_US_MAX);
        self.looks = self.looks.saturating_add(1);
        us
    }

    /// Rests; gives how long.
    pub(super) fn rest(&mut self, cpu: &Cpu<'_>) -> u32 {
        let us = self.next_us();
        cpu.delay_us(us);
        us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_to_their_limit() {
        let mut pace = Pace::default();
        let rests: Vec<u32> = (0..1_000).map(|_| pace.next_us()).collect();
        assert_eq!((rests[0], rests[15], rests[16], rests[999]), (1, 1, 2, REST_US_MAX));
        assert!(rests.is_sorted());
    }
}
