//! The NMI watchdog of today (`kernel/watchdog.c`, v6.13).
//!
//! Not modelled: its count of timer interrupts (a word says whether they go on), and that it warns once only.

use crate::apic_access::apic_write;
use crate::apicdef::{APIC_DM_NMI, Register};
use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::schedule::printk;
use crate::v6::nmi_backtrace::nmi_trigger_cpumask_backtrace;
use crate::v6::panic::nmi_panic;

/// `watchdog_hardlockup_check` (`kernel/watchdog.c`, v6.13): prints; with `hardlockup_all_cpu_backtrace` has all others
/// write their backtraces; with `hardlockup_panic` panics; else the interrupted code goes on. A CPU whose timer goes on
/// is not locked up, and perf arms the counter's entry again, which the NMI has masked.
pub fn watchdog_hardlockup_check(kernel: &Kernel, cpu: &impl Processor) {
    if cpu.load(kernel.layout().timer_goes_on(this_cpu(cpu))) != 0 {
        return apic_write(kernel, cpu, Register::LVTPC, APIC_DM_NMI);
    }
    printk(kernel, cpu, kernel.watchdog_print_us);
    if kernel.hardlockup_all_cpu_backtrace {
        nmi_trigger_cpumask_backtrace(kernel, cpu, kernel.online_but_self(cpu));
    }
    if kernel.hardlockup_panic {
        nmi_panic(kernel, cpu);
    }
}
