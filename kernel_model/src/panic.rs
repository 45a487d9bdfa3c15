//! `panic`: the crash path first, and where that leads nowhere the other CPUs stopped.
//!
//! Not modelled: the notifiers after the stop, the reboot after a time (`panic_timeout` is 0), blinking lights.

use crate::crash::crash_kexec;
use crate::kernel::Kernel;
use crate::processor::{IrqFlags, Processor};
use crate::schedule::printk;
use crate::smp_send_stop::smp_send_stop;
use crate::v6;
use crate::wait::Point;

/// `panic` (`kernel/panic.c`, 2.6.20): prints for `print_us`, tries the crash path, stops the other CPUs, lets
/// interrupts in, and stays. In v6 [`v6::panic`].
pub fn panic(kernel: &Kernel, cpu: &impl Processor, print_us: u32) -> ! {
    if kernel.arch.is_modern() {
        v6::panic(kernel, cpu, print_us);
    }
    printk(kernel, cpu, print_us);
    crash_kexec(kernel, cpu);
    smp_send_stop(kernel, cpu);
    cpu.reached(Point::OthersStopped);
    cpu.irq_restore(IrqFlags(true));
    loop {
        cpu.udelay(1000);
    }
}
