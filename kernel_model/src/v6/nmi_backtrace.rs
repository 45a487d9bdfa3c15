//! Backtraces of other CPUs, by NMI (`lib/nmi_backtrace.c`, `arch/x86/kernel/apic/hw_nmi.c`, v6.13): the one sender of
//! IPIs that may run in NMI context and return from it.
//!
//! Not modelled: what is printed, and how long that takes.

use crate::apicdef::NMI_VECTOR;
use crate::cpumask::CpuMask;
use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::v6::apic_send_ipi::apic_send_IPI_mask;
use crate::wait::{Wait, WaitOutcome};

/// How often the sender waits a millisecond for the others: 10 s.
const BACKTRACE_MS: u32 = 10_000;

/// `nmi_trigger_cpumask_backtrace` (`lib/nmi_backtrace.c`, v6.13) with `nmi_raise_cpu_backtrace`
/// (`arch/x86/kernel/apic/hw_nmi.c`): one CPU at a time; writes down who is to answer, sends them the NMI by the
/// driver's mask sender, never a shorthand, and waits at most 10 s. This CPU writes its own without an NMI.
pub fn nmi_trigger_cpumask_backtrace(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask) {
    let layout = kernel.layout();
    if cpu.exchange(layout.backtrace_flag(), 1) != 0 {
        return;
    }
    let mask = mask.without(this_cpu(cpu));
    for index in 0..layout.mask_words() {
        cpu.store(layout.backtrace_mask(index), mask.word(index));
    }
    if !mask.is_empty() {
        apic_send_IPI_mask(kernel, cpu, mask, NMI_VECTOR);
    }

    cpu.wait_begin(Wait::Backtrace);
    let answered = || (0..layout.mask_words()).all(|index| cpu.load(layout.backtrace_mask(index)) == 0);
    let mut outcome = WaitOutcome::TimedOut;
    for _ in 0..BACKTRACE_MS {
        if answered() {
            outcome = WaitOutcome::Done;
            break;
        }
        cpu.udelay(1000);
    }
    cpu.wait_end(outcome);
    cpu.store(layout.backtrace_flag(), 0);
}

/// `nmi_cpu_backtrace` (`lib/nmi_backtrace.c`, v6.13): if this CPU is asked, takes itself out of the mask, and the NMI
/// is claimed.
pub fn nmi_cpu_backtrace(kernel: &Kernel, cpu: &impl Processor) -> bool {
    let own = this_cpu(cpu);
    let (word, bit) = (kernel.layout().backtrace_mask(own / 32), 1 << (own % 32));
    let asked = cpu.load(word) & bit != 0;
    if asked {
        cpu.fetch_and(word, !bit);
    }
    asked
}
