//! Register access as the kernel's build does it.
//!
//! Not modelled: paravirtualised access, and later kernels' run-time patching of the exchange.

use crate::apic_access::{apic_read, apic_write};
use crate::apicdef::Register;
use crate::kernel::Kernel;
use crate::processor::Processor;

impl Kernel {
    /// Is this a build for CPUs with the erratum 11AP? x86_64 never is.
    const fn writes_by_exchange(&self) -> bool {
        self.erratum_11ap && self.arch.is_i386()
    }
}

/// `apic_write_around` (`include/asm-i386/apic.h`, 2.6.20): a plain write, or on builds for CPUs that lose the second
/// of two APIC writes in a row (Pentium erratum 11AP) a locked exchange, which reads first. On x86_64 and in v6
/// `apic_write`.
#[track_caller]
pub fn apic_write_around(kernel: &Kernel, cpu: &impl Processor, register: Register, value: u32) {
    if kernel.writes_by_exchange() {
        cpu.xchg(register, value);
    } else {
        apic_write(kernel, cpu, register, value);
    }
}

/// `apic_read_around` (`include/asm-i386/apic.h`, 2.6.20): nothing, or on builds for the erratum 11AP a read whose
/// value is dropped, to keep a plain write that follows away from the one before.
#[track_caller]
pub fn apic_read_around(kernel: &Kernel, cpu: &impl Processor, register: Register) {
    if kernel.writes_by_exchange() {
        apic_read(kernel, cpu, register);
    }
}

/// `ack_APIC_irq` (`include/asm-i386/apic.h`, 2.6.20): ends the interrupt in service. The erratum's exchange makes it
/// read the write-only EOI register.
#[track_caller]
pub fn ack_APIC_irq(kernel: &Kernel, cpu: &impl Processor) {
    apic_write_around(kernel, cpu, Register::EOI, 0);
}
