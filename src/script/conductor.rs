//! CPU 0: starts the others, walks the script, hands each operation to the CPU that it names.

use super::guest::{Guest, TRAMPOLINES};
use super::mailbox::{Mailbox, Order};
use super::model::{Action, Init};
use super::notebook::Verdict;
use super::pace::Pace;
use crate::machine::{Hands, initialise};
use crate::scenario::operation::{Register, offset, x2apic_msr};
use sim::{Cpu, Site};

/// How long CPU 0 waits for the answer to an operation, in simulated µs.
pub(super) const ANSWER_US: u32 = 1_000_000;

/// How long it waits for the answer to a ping.
const PING_US: u32 = 300_000;

/// From INIT to the start-up message (MP specification B.4).
const INIT_US: u32 = 10_000;

/// From one start-up message to the next (MP specification B.4).
const START_UP_US: u32 = 200;

/// INIT, and start-up at the first trampoline, edge-triggered (SDM vol. 3 §10.6.1).
const INIT: u32 = 0x4500;
const START_UP: u32 = 0x4600 | TRAMPOLINES[0] as u32;

/// CPU 0 at work.
#[derive(Debug)]
pub(super) struct Conductor<'g, 'run> {
    guest: &'g Guest,
    cpu: Cpu<'run>,
}

impl<'g, 'run> Conductor<'g, 'run> {
    pub(super) const fn new(guest: &'g Guest, cpu: Cpu<'run>) -> Self {
        Self { guest, cpu }
    }

    /// The whole script.
    pub(super) fn walk(&self) {
        self.start_others();
        if self.guest.script.init == Init::Std {
            initialise(Hands::of(self.cpu.at(Site::caller())));
            for cpu in 1..self.guest.script.cpus {
                self.ask(cpu, Order::Initialise, ANSWER_US);
            }
        }
        for line in 0..self.guest.script.lines.len() {
            let timed_out = !self.line(line);
            self.guest.notebook.finish(Verdict { at: self.cpu.clock(), timed_out });
        }
    }

    /// One line; false if the CPU that it names did not answer in time.
    fn line(&self, line: usize) -> bool {
        match self.guest.script.lines[line].action {
            Action::Cpu(0, work) => {
                self.guest.perform(self.cpu, line, work);
                true
            }
            Action::Cpu(cpu, _) => self.ask(cpu, Order::Line(line), ANSWER_US),
            Action::Wait { us } => {
                self.cpu.delay_us(us);
                true
            }
            Action::Ping(0)
            | Action::IrqLog(_)
            | Action::Count { .. }
            | Action::Boots(_)
            | Action::State(_)
            | Action::Why(..)
            | Action::Note => true,
            Action::Ping(cpu) => self.ask(cpu, Order::Line(line), PING_US),
        }
    }

    /// Hands an order to another CPU, and waits for its receipt; false if that does not come in time.
    fn ask(&self, cpu: u16, order: Order, patience_us: u32) -> bool {
        let mailbox = Mailbox::of(cpu);
        mailbox.put(&self.cpu, order);
        let mut pace = Pace::default();
        let mut waited_us = 0;
        while !mailbox.is_signed(&self.cpu, order) {
            if waited_us >= patience_us {
                mailbox.withdraw(&self.cpu);
                return mailbox.is_signed(&self.cpu, order);
            }
            waited_us += pace.rest(&self.cpu);
        }
        true
    }

    /// Starts the other CPUs as the MP specification (B.4) has it; where no start-up message exists they run already.
    fn start_others(&self) {
        if !self.guest.starts_others {
            return;
        }
        for cpu in 1..self.guest.script.cpus {
            self.send(cpu, INIT);
            self.cpu.delay_us(START_UP_US);
        }
        self.cpu.delay_us(INIT_US);
        for cpu in 1..self.guest.script.cpus {
            self.send(cpu, START_UP);
            self.cpu.delay_us(START_UP_US);
        }
    }

    fn send(&self, cpu: u16, command: u32) {
        if self.guest.script.init == Init::X2Apic {
            let value = u64::from(cpu) << 32 | u64::from(command);
            let sent = self.cpu.write_msr(x2apic_msr(offset(Register::CommandLow)), value);
            return sent.expect("in x2APIC mode there is an ICR");
        }
        self.cpu.write_register(offset(Register::CommandHigh), u32::from(cpu) << 24);
        self.cpu.write_register(offset(Register::CommandLow), command);
    }
}
