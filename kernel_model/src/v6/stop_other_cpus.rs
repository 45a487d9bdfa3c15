//! How the other CPUs are stopped for a reboot (`arch/x86/kernel/smp.c`, `arch/x86/kernel/process.c`, v6.13): an IPI,
//! then NMIs to those that did not stop.
//!
//! Not modelled: virtualization and machine-check banks that are switched off, and CPUs in MWAIT.

use crate::apicdef::NMI_VECTOR;
use crate::kernel::{Kernel, this_cpu};
use crate::lapic::disable_local_APIC;
use crate::processor::Processor;
use crate::v6::apic_send_ipi::{apic_send_IPI, apic_send_IPI_allbutself};
use crate::v6::nmi::register_nmi_handler;
use crate::wait::{Point, Wait, WaitOutcome};
use crate::words::NOBODY;
use crate::write_around::ack_APIC_irq;

/// How long the IPI has, in µs.
const IPI_US: u32 = 1_000_000;

/// How long the NMIs have, in µs, unless the caller wants to wait.
const NMI_US: u32 = 10_000;

/// Waits at most `us` for the stopped CPUs; without `us`, for ever.
#[track_caller]
fn wait_for_stopped(kernel: &Kernel, cpu: &impl Processor, us: Option<u32>) -> bool {
    let layout = kernel.layout();
    let stopped = || (0..layout.mask_words()).all(|index| cpu.load(layout.cpus_stop_mask(index)) == 0);
    let mut left = us;
    cpu.wait_begin(Wait::Stop);
    let done = loop {
        if stopped() {
            break true;
        }
        match &mut left {
            Some(0) => break false,
            Some(us) => *us -= 1,
            None => {}
        }
        cpu.udelay(1);
    };
    cpu.wait_end(if done { WaitOutcome::Done } else { WaitOutcome::TimedOut });
    done
}

/// `native_stop_other_cpus` (`arch/x86/kernel/smp.c`, v6.13): the first CPU that comes here sends the reboot vector to
/// all others and waits at most 1 s; to each that has not stopped it sends an NMI, and waits at most 10 ms, or for ever
/// if `wait`. Then it disables its own local APIC. The wait for its own ICR before the vector has no bound; those before the
/// NMIs have. In a forced reboot nobody is stopped.
pub fn native_stop_other_cpus(kernel: &Kernel, cpu: &impl Processor, wait: bool) {
    let layout = kernel.layout();
    if kernel.reboot_force {
        return;
    }
    if cpu.compare_exchange(layout.stopping_cpu(), NOBODY, cpu.smp_processor_id()) != NOBODY {
        return;
    }
    let others = kernel.online_but_self(cpu);
    for index in 0..layout.mask_words() {
        cpu.store(layout.cpus_stop_mask(index), others.word(index));
    }
    let mut stopped = others.is_empty();
    if !stopped {
        apic_send_IPI_allbutself(kernel, cpu, kernel.arch.reboot_vector());
        stopped = wait_for_stopped(kernel, cpu, Some(IPI_US));
    }
    if !stopped {
        register_nmi_handler(kernel, cpu, layout.stop_handler());
        for target in others {
            if cpu.load(layout.cpus_stop_mask(target / 32)) & 1 << (target % 32) != 0 {
                apic_send_IPI(kernel, cpu, target, NMI_VECTOR);
            }
        }
        wait_for_stopped(kernel, cpu, if wait { None } else { Some(NMI_US) });
    }
    let flags = cpu.irq_save();
    disable_local_APIC(kernel, cpu);
    cpu.irq_restore(flags);
}

/// `sysvec_reboot` (`arch/x86/kernel/smp.c`, v6.13): ends the interrupt, stops.
pub fn sysvec_reboot(kernel: &Kernel, cpu: &impl Processor) {
    ack_APIC_irq(kernel, cpu);
    stop_this_cpu(kernel, cpu);
}

/// `smp_stop_nmi_callback` (`arch/x86/kernel/smp.c`, v6.13): stops, but for the CPU that stops the others.
pub fn smp_stop_nmi_callback(kernel: &Kernel, cpu: &impl Processor) {
    if cpu.load(kernel.layout().stopping_cpu()) != cpu.smp_processor_id() {
        stop_this_cpu(kernel, cpu);
    }
}

/// `stop_this_cpu` (`arch/x86/kernel/process.c`, v6.13): interrupts off, disables the local APIC, *then* takes itself
/// out of the mask, and halts for ever.
pub fn stop_this_cpu(kernel: &Kernel, cpu: &impl Processor) -> ! {
    let own = this_cpu(cpu);
    cpu.irq_save();
    disable_local_APIC(kernel, cpu);
    cpu.fetch_and(kernel.layout().cpus_stop_mask(own / 32), !(1 << (own % 32)));
    cpu.reached(Point::Stopped);
    loop {
        cpu.halt();
    }
}
