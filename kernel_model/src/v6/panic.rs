//! Who may panic, what that leads to, and what becomes of those that may not (`kernel/panic.c`, v6.13).
//!
//! Not modelled: what is printed, a stop before the crash path (`crash_kexec_post_notifiers`), backtraces of all, the
//! notifiers, and the reboot after a time (`panic_timeout` is 0).

use crate::kernel::Kernel;
use crate::processor::{IrqFlags, Processor};
use crate::schedule::printk;
use crate::v6::crash::{__crash_kexec, run_crash_ipi_callback};
use crate::v6::stop_other_cpus::native_stop_other_cpus;
use crate::wait::{Point, Wait};
use crate::words::NOBODY;

/// Makes this CPU the one that panics. Gives the one that was, or [`NOBODY`].
fn panic_try_start(kernel: &Kernel, cpu: &impl Processor) -> u32 {
    cpu.compare_exchange(kernel.layout().panic_cpu(), NOBODY, cpu.smp_processor_id())
}

/// `panic` (`kernel/panic.c`, v6.13): interrupts off; any CPU but the first stays, without a word. The first prints for
/// `print_us`, tries the crash path, stops the other CPUs, lets interrupts in, and stays too.
pub fn panic(kernel: &Kernel, cpu: &impl Processor, print_us: u32) -> ! {
    cpu.irq_save();
    let old = panic_try_start(kernel, cpu);
    if old != NOBODY && old != cpu.smp_processor_id() {
        panic_smp_self_stop(cpu);
    }
    printk(kernel, cpu, print_us);
    __crash_kexec(kernel, cpu);
    native_stop_other_cpus(kernel, cpu, false);
    cpu.reached(Point::OthersStopped);
    cpu.irq_restore(IrqFlags(true));
    loop {
        cpu.udelay(1000);
    }
}

/// `panic_smp_self_stop` (`kernel/panic.c`, v6.13): an NMI may stop it.
fn panic_smp_self_stop(cpu: &impl Processor) -> ! {
    cpu.wait_begin(Wait::SelfStop);
    loop {
        cpu.cpu_relax();
    }
}

/// `nmi_panic` (`kernel/panic.c`, v6.13), from an NMI handler: as `panic`, but a loser stays where it can be stopped
/// without an NMI. On the CPU that panics already, nothing: that alone comes back.
pub fn nmi_panic(kernel: &Kernel, cpu: &impl Processor) {
    let old = panic_try_start(kernel, cpu);
    if old == NOBODY {
        panic(kernel, cpu, 0);
    } else if old != cpu.smp_processor_id() {
        nmi_panic_self_stop(kernel, cpu);
    }
}

/// `nmi_panic_self_stop` (`arch/x86/kernel/reboot.c`, v6.13): no further NMI comes through here, so it polls for the
/// crash.
pub fn nmi_panic_self_stop(kernel: &Kernel, cpu: &impl Processor) -> ! {
    cpu.wait_begin(Wait::SelfStop);
    loop {
        run_crash_ipi_callback(kernel, cpu);
        cpu.cpu_relax();
    }
}
