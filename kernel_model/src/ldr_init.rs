//! The logical destination of a CPU that comes up.
//!
//! Not modelled: the rest of `setup_local_APIC`, and reading the logical id back into the kernel's tables.

use crate::apic_access::apic_read;
use crate::apicdef::{APIC_LDR_MASK, Register};
use crate::arch::LdrInit;
use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::write_around::apic_write_around;

/// `init_apic_ldr` (`include/asm-i386/mach-*/mach_apic.h`, `arch/x86_64/kernel/genapic_*.c`, 2.6.20): sets the
/// destination model and this CPU's logical id. Firmware has done it on NUMA-Q; ES7000 does not read the old value; the
/// sub-architectures that count CPUs in a cluster ask their APIC first which cluster it is in. In v6 only the 32-bit
/// default sets it.
pub fn init_apic_ldr(kernel: &Kernel, cpu: &impl Processor) {
    let facts = kernel.arch.facts();
    let mut ldr = kernel.arch.ldr(this_cpu(cpu));
    match facts.ldr_init {
        LdrInit::Firmware => return,
        LdrInit::ReadIdFirst => ldr = (apic_read(kernel, cpu, Register::ID) & 0xF000_0000) | (ldr & 0x0F00_0000),
        LdrInit::Write | LdrInit::ReadAndWrite => {}
    }
    apic_write_around(kernel, cpu, Register::DFR, facts.dfr);
    if facts.ldr_init != LdrInit::Write {
        ldr |= apic_read(kernel, cpu, Register::LDR) & !APIC_LDR_MASK;
    }
    apic_write_around(kernel, cpu, Register::LDR, ldr);
}
