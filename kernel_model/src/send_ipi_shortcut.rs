//! Sends that name their targets by a shorthand.
//!
//! Not modelled: nothing; these are all their accesses. What was merged in 2007 does not bound their wait.

use crate::apicdef::{APIC_DM_FIXED, APIC_DM_NMI, NMI_VECTOR, Register};
use crate::bound::Site;
use crate::icr_wait::before_message;
use crate::kernel::Kernel;
use crate::mps_dispatch::mps_dispatch;
use crate::own_wait::Message;
use crate::processor::Processor;
use crate::write_around::apic_write_around;

/// `__prepare_ICR` (`arch/i386/kernel/smp.c`, `include/asm-x86_64/ipi.h`, 2.6.20): the low half of the ICR. Vector 2
/// stands for an NMI and leaves no vector behind; no level or assert bit is ever set.
pub const fn __prepare_ICR(shortcut: u32, vector: u8, dest: u32) -> u32 {
    let message = if vector == NMI_VECTOR { APIC_DM_NMI } else { APIC_DM_FIXED | vector as u32 };
    shortcut | dest | message
}

/// `__send_IPI_shortcut` (`arch/i386/kernel/smp.c`, `include/asm-x86_64/ipi.h`, 2.6.20, unchanged in 2.6.22): waits
/// without bound, then one write. On i386 `dest` is the sub-architecture's destination mode; x86_64 callers choose.
pub fn __send_IPI_shortcut(kernel: &Kernel, cpu: &impl Processor, shortcut: u32, vector: u8, dest: u32) {
    let icr = __prepare_ICR(shortcut, vector, dest);
    if before_message(kernel, cpu, Message { site: Site::shorthand(vector), icr2: None, icr }) {
        apic_write_around(kernel, cpu, Register::ICR, icr);
        mps_dispatch(kernel, cpu, icr);
    }
}
