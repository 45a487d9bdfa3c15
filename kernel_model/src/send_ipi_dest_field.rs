//! One message to the destination in ICR2: the place where the variants differ.
//!
//! Not modelled: nothing; these are all its accesses.

use crate::apicdef::{APIC_DEST_FIELD, Register};
use crate::bound::Site;
use crate::icr_wait::before_message;
use crate::kernel::Kernel;
use crate::mps_dispatch::mps_dispatch;
use crate::own_wait::Message;
use crate::processor::Processor;
use crate::send_ipi_shortcut::__prepare_ICR;
use crate::write_around::apic_write_around;

/// `__prepare_ICR2` (`arch/i386/kernel/smp.c`, `include/asm-x86_64/ipi.h`, 2.6.20): the high half of the ICR. Bits of
/// a mask beyond the eighth are lost without a word.
pub const fn __prepare_ICR2(mask: u32) -> u32 {
    mask << 24
}

/// `__send_IPI_dest_field` (`arch/i386/kernel/smp.c`, `include/asm-x86_64/ipi.h`, 2.6.22; until 2.6.21 written out in
/// each sender): waits for the ICR, then writes ICR2 and ICR. Since the fix an NMI's wait is bounded; when it times out
/// the writes follow all the same, and nobody is told.
pub fn __send_IPI_dest_field(kernel: &Kernel, cpu: &impl Processor, destination: u32, vector: u8, dest: u32) {
    let (icr2, icr) = (__prepare_ICR2(destination), __prepare_ICR(APIC_DEST_FIELD, vector, dest));
    if before_message(kernel, cpu, Message { site: Site::dest_field(vector), icr2: Some(icr2), icr }) {
        apic_write_around(kernel, cpu, Register::ICR2, icr2);
        apic_write_around(kernel, cpu, Register::ICR, icr);
        mps_dispatch(kernel, cpu, icr);
    }
}
