//! The NMI watchdog of today (`kernel/watchdog.c`, v6.13).
//!
//! Not modelled: its count of timer interrupts (a word says whether they go on), and that it warns once only.

use crate::apic_access::apic_write;
use crate::apicdef::{APIC_DM_NMI, Register};
use crate::kernel::{Kernel, this_cpu};
use crate::printk::printk;
use crate::processor::Processor;
use crate::spinlock::{spin_trylock, spin_unlock};
use crate::v6::irq_work::{Laziness, irq_work_queue};
use crate::v6::nmi_backtrace::nmi_trigger_cpumask_backtrace;
use crate::v6::panic::nmi_panic;

/// The handler of the performance counters' NMIs (`x86_pmu_handle_irq` in `arch/x86/events/core.c`, or Intel's in
/// `arch/x86/events/intel/core.c`, v6.13): opens the counter's entry, which the NMI has masked, and asks the watchdog; Intel's
/// late and mid acknowledgement the other way round, and so not at all where the watchdog panics. Counters come in their order
/// (`handle_pmi_common`): the watchdog's, which counts cycles, in a fixed one after those by which perf samples, whose work
/// cannot be done in an NMI.
pub fn perf_event_nmi_handler(kernel: &Kernel, cpu: &impl Processor) {
    if !kernel.late_ack {
        apic_write(kernel, cpu, Register::LVTPC, APIC_DM_NMI);
    }
    if kernel.perf_samples {
        irq_work_queue(kernel, cpu, Laziness::Raised);
    }
    watchdog_hardlockup_check(kernel, cpu);
    if kernel.late_ack {
        apic_write(kernel, cpu, Register::LVTPC, APIC_DM_NMI);
    }
}

/// `watchdog_hardlockup_check` (`kernel/watchdog.c`, v6.13): a CPU whose timer goes on is not locked up. Else prints; with
/// `hardlockup_all_cpu_backtrace` has all others write their backtraces, unless another CPU does already, which ends it; with
/// `hardlockup_panic` panics; else the interrupted code goes on.
pub fn watchdog_hardlockup_check(kernel: &Kernel, cpu: &impl Processor) {
    let warned = kernel.layout().hard_lockup_nmi_warn();
    if cpu.load(kernel.layout().timer_goes_on(this_cpu(cpu))) != 0 {
        return;
    }
    if kernel.hardlockup_all_cpu_backtrace && !spin_trylock(cpu, warned) {
        return;
    }
    printk(kernel, cpu, kernel.watchdog_print_us);
    if kernel.hardlockup_all_cpu_backtrace {
        nmi_trigger_cpumask_backtrace(kernel, cpu, kernel.online_but_self(cpu));
        if !kernel.hardlockup_panic {
            spin_unlock(cpu, warned);
        }
    }
    if kernel.hardlockup_panic {
        nmi_panic(kernel, cpu);
    }
}
