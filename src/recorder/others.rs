//! The other CPUs of the recording machine: healthy ones that answer at once, by the kernel's own code.
//!
//! Not modelled: whom a message reaches (all others take what was sent last; who was not asked finds nothing to do), and
//! time: the answer is there when the wait for it begins.

use super::cpu::Cpu;
use super::machine::{DELIVERY_MODE, Ended, Machine, catch_quietly};
use kernel_model::apicdef::APIC_DM_NMI;
use kernel_model::{Wait, WakeUp, do_interrupt, do_nmi, firmware, panic, trampoline};
use std::panic::{AssertUnwindSafe, resume_unwind};

impl Machine<'_> {
    /// What the others do when CPU `asking` begins to wait.
    pub(super) fn answer(&self, asking: u16, wait: Wait) {
        let layout = self.kernel.layout();
        match wait {
            Wait::Acknowledgement | Wait::Shootdown | Wait::Stop => self.others_take_the_command(asking),
            // In 2007 nobody is sent anything: each CPU's watchdog ticks, that of the asking CPU too.
            Wait::Backtrace if !self.kernel.arch.is_modern() => {
                (0..self.kernel.cpus).for_each(|number| self.on(number, |cpu| do_nmi(self.kernel, cpu)));
            }
            Wait::Backtrace => self.others_take_the_command(asking),
            Wait::SelfStop => {
                let first = (0..self.kernel.cpus).find(|number| *number != asking);
                first.into_iter().for_each(|number| self.on(number, |cpu| panic(self.kernel, cpu, 0)));
            }
            Wait::Callin => self.on(self.given.target, |cpu| {
                if self.kernel.arch.facts().wake_up == WakeUp::Mailbox {
                    firmware(self.kernel, cpu);
                }
                trampoline(self.kernel, cpu);
            }),
            Wait::InitDeassert => _ = self.change(layout.init_deasserted(), |_| 1),
            Wait::Callout => _ = self.change(layout.cpu_callout(asking), |_| 1),
            Wait::IcrIdle | Wait::Lock | Wait::RunQueue | Wait::Mailbox | Wait::RemoteRead => {}
        }
    }

    /// Every other CPU takes what was sent last, an NMI or an interrupt. Without an APIC nothing was.
    fn others_take_the_command(&self, asking: u16) {
        let Some(icr) = self.command.get() else { return };
        for number in (0..self.kernel.cpus).filter(|number| *number != asking) {
            self.on(number, |cpu| match icr & DELIVERY_MODE {
                APIC_DM_NMI => do_nmi(self.kernel, cpu),
                _ => do_interrupt(self.kernel, cpu, icr as u8),
            });
        }
    }

    /// Runs kernel code on a CPU until it returns, halts, or spins.
    fn on(&self, number: u16, code: impl FnOnce(&Cpu<'_>)) {
        let cpu = Cpu::answering(self, number);
        if let Err(payload) = catch_quietly(AssertUnwindSafe(|| code(&cpu)))
            && !payload.is::<Ended>()
        {
            resume_unwind(payload);
        }
    }
}
