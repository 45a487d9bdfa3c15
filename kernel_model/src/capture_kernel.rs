//! The hand-over to the capture kernel, and its own first APIC code.
//!
//! Not modelled: the rest of its boot; its APIC keeps the ids that the old kernel gave it, and CPUs their numbers. It
//! starts with an APIC as `disconnect_bsp_APIC` leaves it and an ICR as the old kernel has left it. It knows nothing of
//! the old kernel's words, and runs the same version, built for one CPU.

use crate::apicdef::{APIC_DEST_LOGICAL, APIC_DEST_SELF, APIC_DM_FIXED, Register, SYSRQ_VECTOR};
use crate::bound::Site;
use crate::cpumask::CpuMask;
use crate::icr_wait::before_message;
use crate::idle::cpu_idle;
use crate::kernel::{Kernel, this_cpu};
use crate::mps_dispatch::mps_dispatch;
use crate::own_wait::Message;
use crate::processor::Processor;
use crate::send_ipi_mask::send_IPI_mask;
use crate::sync_arb_ids::sync_Arb_IDs;
use crate::wait::Point;
use crate::write_around::apic_write_around;

/// `machine_kexec` (`arch/i386/kernel/machine_kexec.c`, `arch/x86_64/kernel/machine_kexec.c`, 2.6.20): interrupts off,
/// jumps to the capture kernel.
pub fn machine_kexec(kernel: &Kernel, cpu: &impl Processor) -> ! {
    cpu.irq_save();
    cpu.reached(Point::CaptureKernelEntered);
    capture_kernel_start(kernel, cpu)
}

/// What the capture kernel's boot does with its ICR: `sync_Arb_IDs`, and once its drivers look for their devices, the
/// keyboard's interrupt once more, which came while its line was disabled. Neither wait has a bound in any kernel that
/// was released. Then it is on its own, and here at rest.
pub fn capture_kernel_start(kernel: &Kernel, cpu: &impl Processor) -> ! {
    sync_Arb_IDs(kernel, cpu);
    cpu.reached(Point::ArbitrationIdsSynced);
    ioapic_retrigger_irq(kernel, cpu, SYSRQ_VECTOR);
    cpu.reached(Point::CaptureKernelReady);
    cpu.capture_kernel_goes_on();
    cpu_idle(cpu)
}

/// `ioapic_retrigger_irq` (`arch/i386/kernel/io_apic.c`, `arch/x86_64/kernel/io_apic.c`, 2.6.20): an interrupt that
/// came while its line was disabled is sent anew, as an IPI to this CPU. i386 has a self-IPI for that, x86_64 and v6
/// (`apic_retrigger_irq`, `arch/x86/kernel/apic/vector.c`) send to the one CPU as to any other.
pub fn ioapic_retrigger_irq(kernel: &Kernel, cpu: &impl Processor, vector: u8) {
    if kernel.arch.is_i386() {
        up_send_IPI_self(kernel, cpu, vector);
    } else {
        send_IPI_mask(kernel, cpu, CpuMask::of(this_cpu(cpu)), vector);
    }
}

/// `send_IPI_self` of kernels for one CPU (`arch/i386/kernel/io_apic.c`, 2.6.20, unchanged in 2.6.22): waits as every
/// shorthand does. The destination mode is logical on every sub-architecture.
pub fn up_send_IPI_self(kernel: &Kernel, cpu: &impl Processor, vector: u8) {
    let icr = APIC_DM_FIXED | APIC_DEST_SELF | APIC_DEST_LOGICAL | u32::from(vector);
    if before_message(kernel, cpu, Message { site: Site::Shorthand, icr2: None, icr }) {
        apic_write_around(kernel, cpu, Register::ICR, icr);
        mps_dispatch(kernel, cpu, icr);
    }
}
