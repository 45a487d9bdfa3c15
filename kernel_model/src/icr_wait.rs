//! From a place in the kernel to the wait that its variant has there.
//!
//! Not modelled: the statistic of read retries that later kernels keep.

use crate::apic_wait_icr_idle::apic_wait_icr_idle;
use crate::apicdef::APIC_ICR_BUSY;
use crate::kernel::Kernel;
use crate::mps_dispatch::mps_wait_dispatched;
use crate::own_wait::{Waited, waited};
use crate::processor::Processor;
use crate::safe_apic_wait_icr_idle::{
    safe_apic_wait_icr_idle, safe_apic_wait_icr_idle_rfc, safe_apic_wait_icr_idle_v6,
};
use crate::variant::{Bound, Site};

/// Waits for the ICR as the kernel does at `site`. Gives the raw busy bit: 0, or 1000h on time-out.
pub fn wait_icr_idle(kernel: &Kernel, cpu: &impl Processor, site: Site) -> u32 {
    if waited(kernel, cpu, site) == Waited::Idle { 0 } else { APIC_ICR_BUSY }
}

/// The wait that the kernel's variant has at `site`.
pub(crate) fn usual_wait(kernel: &Kernel, cpu: &impl Processor, site: Site) -> Waited {
    Waited::of(match kernel.variant.bound(kernel.release, site, kernel.wait_shape) {
        Bound::None => 0,
        Bound::Unbounded => {
            apic_wait_icr_idle(cpu);
            0
        }
        Bound::DelayFirst => safe_apic_wait_icr_idle_rfc(cpu),
        Bound::ReadFirst => safe_apic_wait_icr_idle(cpu),
        Bound::ReadFirst1000 => safe_apic_wait_icr_idle_v6(cpu),
        Bound::Dispatch => mps_wait_dispatched(kernel, cpu),
    })
}
