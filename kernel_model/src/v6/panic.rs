//! Who may panic, and what becomes of those that may not (`kernel/panic.c`, v6.13).
//!
//! Not modelled: what is printed. Without a crash image [`panic`] comes back to [`crate::panic`], which goes on.

use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::v6::crash::{__crash_kexec, run_crash_ipi_callback};
use crate::wait::Wait;
use crate::words::NOBODY;

/// Makes this CPU the one that panics. Gives the one that was, or [`NOBODY`].
fn panic_try_start(kernel: &Kernel, cpu: &impl Processor) -> u32 {
    cpu.compare_exchange(kernel.layout().panic_cpu(), NOBODY, cpu.smp_processor_id())
}

/// `panic` (`kernel/panic.c`, v6.13): interrupts off; the first CPU goes on to the crash path, any other stays, and an
/// NMI will stop it.
pub fn panic(kernel: &Kernel, cpu: &impl Processor) {
    cpu.irq_save();
    let old = panic_try_start(kernel, cpu);
    if old == NOBODY || old == cpu.smp_processor_id() {
        return __crash_kexec(kernel, cpu);
    }
    cpu.wait_begin(Wait::SelfStop);
    loop {
        cpu.cpu_relax();
    }
}

/// `nmi_panic` (`kernel/panic.c`, v6.13), from an NMI handler: as `panic`, but a loser stays where it can be stopped
/// without an NMI. On the CPU that panics already, nothing.
pub fn nmi_panic(kernel: &Kernel, cpu: &impl Processor) {
    let old = panic_try_start(kernel, cpu);
    if old == NOBODY {
        __crash_kexec(kernel, cpu);
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
