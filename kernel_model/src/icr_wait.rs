//! From a place in the kernel to the wait that stands there: the kernel's own, or its variant's.
//!
//! Not modelled: the statistic of read retries that later kernels keep.

use crate::apic_wait_icr_idle::apic_wait_icr_idle;
use crate::apicdef::APIC_ICR_BUSY;
use crate::arch::Access;
use crate::bound::{Bound, Site};
use crate::cpumask::CpuMask;
use crate::kernel::Kernel;
use crate::mps_dispatch::mps_wait_dispatched;
use crate::own_wait::{Message, Own, Waited};
use crate::processor::Processor;
use crate::safe_apic_wait_icr_idle::{
    safe_apic_wait_icr_idle, safe_apic_wait_icr_idle_rfc, safe_apic_wait_icr_idle_v6,
};

/// Waits for the ICR as the kernel does at `site`. Gives the raw busy bit: 0, or 1000h on time-out.
pub fn wait_icr_idle(kernel: &Kernel, cpu: &impl Processor, site: Site) -> u32 {
    if waited(kernel, cpu, site) == Waited::Idle { 0 } else { APIC_ICR_BUSY }
}

/// Before `message`: sends it by own code, or waits. Is it still to be written?
pub(crate) fn before_message(kernel: &Kernel, cpu: &impl Processor, message: Message) -> bool {
    match kernel.own {
        Some(Own::Code(code)) if code.send(&without(kernel), cpu, message) => false,
        _ => waited(kernel, cpu, message.site) != Waited::GivenUp,
    }
}

/// Is a message to `mask` sent whole by own code?
pub(crate) fn is_sent(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) -> bool {
    match kernel.own {
        Some(Own::Code(code)) => code.send_mask(&without(kernel), cpu, mask, vector),
        _ => false,
    }
}

/// Waits for the ICR at `site`: the kernel's own wait, or its variant's. In x2APIC mode there is no busy bit, and no wait.
pub(crate) fn waited(kernel: &Kernel, cpu: &impl Processor, site: Site) -> Waited {
    if kernel.arch.facts().access != Access::Page {
        return Waited::Idle;
    }
    own_wait(kernel, cpu, site).unwrap_or_else(|| usual_wait(kernel, cpu, site))
}

/// What the kernel has of its own at `site`, if it has anything there.
fn own_wait(kernel: &Kernel, cpu: &impl Processor, site: Site) -> Option<Waited> {
    match kernel.own? {
        Own::Planned(plan) => plan.wait(kernel, cpu, site),
        Own::Code(code) => code.wait(&without(kernel), cpu, site),
    }
}

/// The kernel without what it has of its own: what that code calls does not call it again.
fn without(kernel: &Kernel) -> Kernel {
    Kernel { own: None, ..*kernel }
}

/// The wait that the kernel's variant has at `site`.
fn usual_wait(kernel: &Kernel, cpu: &impl Processor, site: Site) -> Waited {
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
