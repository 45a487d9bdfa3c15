//! Arbitration ids of the serial bus, made equal to the APIC ids.
//!
//! Not modelled: AMD CPUs of family 15 and later, which return before they look at the version.

use crate::apic_access::apic_read;
use crate::apicdef::{APIC_DEST_ALLINC, APIC_DM_INIT, APIC_INT_LEVELTRIG, GET_APIC_VERSION, Register};
use crate::bound::Site;
use crate::icr_wait::waited;
use crate::kernel::Kernel;
use crate::own_wait::Waited;
use crate::processor::Processor;
use crate::write_around::apic_write_around;

/// `sync_Arb_IDs` (`arch/i386/kernel/apic.c`, `arch/x86_64/kernel/apic.c`, 2.6.20, its wait unbounded in 2.6.22 too):
/// sends INIT level de-assert to everybody. From version 14h on there are no arbitration ids, and it does nothing.
pub fn sync_Arb_IDs(kernel: &Kernel, cpu: &impl Processor) {
    if GET_APIC_VERSION(apic_read(kernel, cpu, Register::LVR)) >= 0x14 {
        return;
    }
    if waited(kernel, cpu, Site::SyncArbIds) == Waited::GivenUp {
        return;
    }
    apic_write_around(kernel, cpu, Register::ICR, APIC_DEST_ALLINC | APIC_INT_LEVELTRIG | APIC_DM_INIT);
}
