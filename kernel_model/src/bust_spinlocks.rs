//! The beginning and the end of an oops's message.
//!
//! Not modelled: the screen that is unblanked, log levels; and all of it in v6, where nothing that is modelled looks at the
//! flag.

use crate::kernel::Kernel;
use crate::printk::printk;
use crate::processor::Processor;
use crate::wake_up_klogd::wake_up_klogd;

/// `bust_spinlocks` (`arch/i386/mm/fault.c`, `arch/x86_64/mm/fault.c`, 2.6.20; `lib/bust_spinlocks.c`, 2.6.22): with `yes`
/// an oops is being printed, which one flag says for all CPUs; else it is over, and the log daemon is to hear of it. 2.6.20
/// prints a little more for that, which wakes nobody where another CPU holds the console; 2.6.22 wakes it directly.
#[track_caller]
pub fn bust_spinlocks(kernel: &Kernel, cpu: &impl Processor, yes: bool) {
    if kernel.arch.is_modern() {
        return;
    }
    cpu.store(kernel.layout().oops_in_progress(), u32::from(yes));
    if yes {
        return;
    }
    if kernel.release.is_from_2_6_22() {
        wake_up_klogd(kernel, cpu);
    } else {
        printk(kernel, cpu, 0);
    }
}
