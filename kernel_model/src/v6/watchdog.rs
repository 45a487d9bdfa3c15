//! The NMI watchdog of today (`kernel/watchdog.c`, v6.13).
//!
//! Not modelled: how it tells a lockup from a slow CPU (each of its NMIs finds one), and that it warns once only.

use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::schedule::printk;
use crate::v6::nmi_backtrace::nmi_trigger_cpumask_backtrace;
use crate::v6::panic::nmi_panic;

/// `watchdog_hardlockup_check` (`kernel/watchdog.c`, v6.13): prints; with `hardlockup_all_cpu_backtrace` has all others
/// write their backtraces; with `hardlockup_panic` panics; else the interrupted code goes on.
pub fn watchdog_hardlockup_check(kernel: &Kernel, cpu: &impl Processor) {
    printk(kernel, cpu, kernel.watchdog_print_us);
    if kernel.hardlockup_all_cpu_backtrace {
        nmi_trigger_cpumask_backtrace(kernel, cpu, kernel.online_but_self(cpu));
    }
    if kernel.hardlockup_panic {
        nmi_panic(kernel, cpu);
    }
}
