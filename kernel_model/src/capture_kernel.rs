//! The hand-over to the capture kernel, and its own first APIC code.
//!
//! Not modelled: the rest of its boot. It starts with an APIC that the old kernel has disabled by software, which may
//! send all the same, and with an ICR as the old kernel has left it. It knows nothing of the old kernel's words.

use crate::idle::cpu_idle;
use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::sync_arb_ids::sync_Arb_IDs;
use crate::wait::Point;

/// `machine_kexec` (`arch/i386/kernel/machine_kexec.c`, `arch/x86_64/kernel/machine_kexec.c`, 2.6.20): interrupts off,
/// jumps to the capture kernel.
pub fn machine_kexec(kernel: &Kernel, cpu: &impl Processor) -> ! {
    cpu.irq_save();
    cpu.reached(Point::CaptureKernelEntered);
    capture_kernel_start(kernel, cpu)
}

/// What the capture kernel's boot does with the bus first: `sync_Arb_IDs`, whose wait is unbounded in every variant.
/// Then it is on its own, and here at rest.
pub fn capture_kernel_start(kernel: &Kernel, cpu: &impl Processor) -> ! {
    sync_Arb_IDs(kernel, cpu);
    cpu.reached(Point::CaptureKernelReady);
    cpu_idle(cpu)
}
