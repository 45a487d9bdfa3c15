//! Work that code defers to an interrupt of its own CPU, from an NMI handler too (`kernel/irq_work.c`,
//! `arch/x86/kernel/irq_work.c`, v6.13): the one send of an IPI that is followed by a wait.
//!
//! Not modelled: what the work does; work that another CPU queues here, which comes as a function call; the flag by which an
//! item is queued once only (a list that is not empty stands for it); and the thread that runs lazy work in kernels for real
//! time. The timer's tick runs lazy work too: it is not modelled, so that such work stays where it is.

use crate::arch::Access;
use crate::bound::Site;
use crate::icr_wait::wait_icr_idle;
use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::v6::apic_send_ipi::apic_send_IPI_self;
use crate::write_around::ack_APIC_irq;

/// How soon work is to be done.
///
/// See [`Processor`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Laziness {
    /// At once: an interrupt is raised for it. perf's work and that of machine checks.
    Raised,
    /// At the next tick of the timer (`IRQ_WORK_LAZY`); without a tick at once. printk's work.
    Lazy,
}

impl Laziness {
    /// The bit of its list in [`irq_work_lists`](crate::Layout::irq_work_lists).
    const fn list(self) -> u32 {
        match self {
            Self::Raised => 1,
            Self::Lazy => 2,
        }
    }
}

/// `irq_work_queue` with `__irq_work_queue_local` (`kernel/irq_work.c`, v6.13): adds work to this CPU's list of its kind, and
/// raises the interrupt if that list was empty; for lazy work only where the tick is stopped.
pub fn irq_work_queue(kernel: &Kernel, cpu: &impl Processor, laziness: Laziness) {
    let lists = kernel.layout().irq_work_lists(this_cpu(cpu));
    let was_empty = cpu.fetch_or(lists, laziness.list()) & laziness.list() == 0;
    if was_empty && (laziness == Laziness::Raised || kernel.tick_stopped) {
        arch_irq_work_raise(kernel, cpu);
    }
}

/// `arch_irq_work_raise` (`arch/x86/kernel/irq_work.c`, v6.13): nothing without an APIC; else sends the vector to itself, by
/// the driver's way, and waits until the ICR is idle *after* that. In x2APIC mode drivers have no such wait. The vector is no
/// NMI, so that the wait before it has no bound either, and NMI handlers come here.
pub fn arch_irq_work_raise(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.facts().access == Access::Nothing {
        return;
    }
    apic_send_IPI_self(kernel, cpu, kernel.arch.irq_work_vector());
    wait_icr_idle(kernel, cpu, Site::AfterIrqWork);
}

/// `sysvec_irq_work` with `irq_work_run` (the same files): ends the interrupt, and takes what is on both lists.
pub fn sysvec_irq_work(kernel: &Kernel, cpu: &impl Processor) {
    ack_APIC_irq(kernel, cpu);
    cpu.exchange(kernel.layout().irq_work_lists(this_cpu(cpu)), 0);
}
