//! Register access as the APIC driver has it: through the page, by MSR, or none.
//!
//! Not modelled: the fence before an MSR write that x2APIC senders need, which is no access.

use crate::apicdef::{APIC_BASE_MSR, Register};
use crate::arch::Access;
use crate::kernel::Kernel;
use crate::processor::Processor;

/// Number of the MSR that `register` is in x2APIC mode.
const fn msr(register: Register) -> u32 {
    APIC_BASE_MSR + (register.0 as u32 >> 4)
}

/// `apic_read` (`include/asm-i386/apic.h`, 2.6.20; `arch/x86/include/asm/apic.h`, v6.13): one read. x2APIC mode has no
/// DFR, and the driver says so without looking.
#[track_caller]
pub fn apic_read(kernel: &Kernel, cpu: &impl Processor, register: Register) -> u32 {
    match kernel.arch.facts().access {
        Access::Page => cpu.read(register),
        Access::Msr if register == Register::DFR => u32::MAX,
        Access::Msr => cpu.rdmsr(msr(register)) as u32,
        Access::Nothing => 0,
    }
}

/// `apic_write` (the same files): one write. In x2APIC mode the driver leaves out those to read-only registers.
#[track_caller]
pub fn apic_write(kernel: &Kernel, cpu: &impl Processor, register: Register, value: u32) {
    let read_only = [Register::DFR, Register::ID, Register::LDR, Register::LVR];
    match kernel.arch.facts().access {
        Access::Page => cpu.write(register, value),
        Access::Msr if !read_only.contains(&register) => cpu.wrmsr(msr(register), u64::from(value)),
        Access::Msr | Access::Nothing => {}
    }
}
