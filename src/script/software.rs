//! The software that runs on the simulated CPUs: CPU 0 walks the script, the others do what they find in their mailbox;
//! and the handlers of all.
//!
//! It is Open software: what it writes down is on the host's side ([`notebook`](super::notebook)).

use super::answer::Seen;
use super::conductor::Conductor;
use super::guest::{Guest, TRAMPOLINES};
use crate::machine::Hands;
use crate::scenario::operation::{Register, offset};
use sim::{Cpu, Site, Software};

/// Milestone: CPU 0 has come to the end of the script.
pub(super) const SCRIPT_ENDED: u32 = 1;
/// Milestone: CPU 0 was initialised. Nobody hands out operations any more.
pub(super) const CONDUCTOR_LOST: u32 = 2;

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
        let hands = Hands::of(cpu.at(Site::caller()));
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

    fn system_management(&self, cpu: Cpu<'_>) {
        let held = {
            let mut page = self.notebook.page(self.number);
            page.in_smm = page.hold_smm;
            page.hold_smm
        };
        if held {
            self.serve(cpu);
            self.notebook.page(self.number).in_smm = false;
        }
    }
}
