//! What an NMI does on the CPU that takes it (`arch/x86/kernel/nmi.c`, v6.13).
//!
//! Not modelled: what the chipset's reason leads to, which is a message; other handlers; and the question whether the
//! counter overflowed: an NMI that nobody else claims is the watchdog's.

use crate::kernel::Kernel;
use crate::nmi::NMI_STATUS_PORT;
use crate::processor::Processor;
use crate::spinlock::{spin_lock, spin_trylock, spin_unlock};
use crate::v6::crash::{crash_nmi_callback, run_crash_ipi_callback};
use crate::v6::nmi_backtrace::nmi_cpu_backtrace;
use crate::v6::stop_other_cpus::smp_stop_nmi_callback;
use crate::v6::watchdog::perf_event_nmi_handler;
use crate::wait::{Wait, WaitOutcome};
use crate::words::Word;

/// `register_nmi_handler` (`arch/x86/kernel/nmi.c`, v6.13): adds a handler, which the word `handler` stands for, to the list,
/// whose lock it takes whoever holds it.
pub(super) fn register_nmi_handler(kernel: &Kernel, cpu: &impl Processor, handler: Word) {
    let lock = kernel.layout().nmi_desc_lock();
    let flags = cpu.irq_save();
    spin_lock(cpu, lock);
    cpu.store(handler, 1);
    spin_unlock(cpu, lock);
    cpu.irq_restore(flags);
}

/// `default_do_nmi` (`arch/x86/kernel/nmi.c`, v6.13): the handlers of this CPU's NMIs first, every one of them, those
/// of the crash and of the stop before the others. If none claims it, any CPU asks the chipset, one after the other;
/// who waits for its turn looks whether a crash wants it stopped.
pub fn default_do_nmi(kernel: &Kernel, cpu: &impl Processor) {
    let layout = kernel.layout();
    let mut handled = false;
    if cpu.load(layout.stop_handler()) != 0 {
        smp_stop_nmi_callback(kernel, cpu);
        handled = true;
    }
    if cpu.load(Word::CRASH_CALLBACK) != 0 {
        crash_nmi_callback(kernel, cpu);
        handled = true;
    }
    handled |= nmi_cpu_backtrace(kernel, cpu);
    if handled {
        return;
    }
    if kernel.nmi_watchdog {
        return perf_event_nmi_handler(kernel, cpu);
    }

    if !spin_trylock(cpu, layout.nmi_reason_lock()) {
        cpu.wait_begin(Wait::Lock);
        while !spin_trylock(cpu, layout.nmi_reason_lock()) {
            run_crash_ipi_callback(kernel, cpu);
            cpu.cpu_relax();
        }
        cpu.wait_end(WaitOutcome::Done);
    }
    cpu.inb(NMI_STATUS_PORT);
    spin_unlock(cpu, layout.nmi_reason_lock());
}
