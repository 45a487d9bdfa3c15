//! Other kernels' ways to send an IPI, beside Linux's: who waits for the ICR, when, and for how long.
//!
//! One file a kernel, its functions under their own names. [`send`] is the one door; each kernel sends one message for
//! each target. All are modelled as they drive an xAPIC, or an older one, through its page.
//!
//! Not modelled: anything of these kernels but that send, the end of an interrupt, and a panic's first instant; x2APIC
//! mode, which has no delivery status to wait for.

pub mod asterinas;
pub mod freebsd;
pub mod kvm_unit_tests;
pub mod redox;
pub mod serenity;
pub mod theseus;
pub mod x2apic_crate;
pub mod x86_crate;
pub mod xv6;

use crate::apicdef::{APIC_DM_NMI, APIC_ICR_BUSY, APIC_INT_ASSERT, NMI_VECTOR, Register, SPURIOUS_APIC_VECTOR};
pub use crate::arch::Other;
use crate::cpumask::CpuMask;
use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::wait::{Wait, WaitOutcome};

/// Where a kernel's send code stands, and how it waits, in words.
///
/// ```
/// use kernel_model::Other;
///
/// let source = Other::Xv6.source();
/// assert!(source.file.ends_with(".c") && source.commit.chars().all(|digit| digit.is_ascii_hexdigit()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// What it calls itself.
    pub name: &'static str,
    /// Repository.
    pub repository: &'static str,
    /// File.
    pub file: &'static str,
    /// Commit that was read.
    pub commit: &'static str,
    /// The function that sends.
    pub function: &'static str,
    /// The wait before a message.
    pub before: &'static str,
    /// The wait after it.
    pub after: &'static str,
    /// What bounds them.
    pub bound: &'static str,
}

impl Other {
    /// Where its send code stands.
    pub const fn source(self) -> &'static Source {
        match self {
            Self::Freebsd => &freebsd::SOURCE,
            Self::Xv6 => &xv6::SOURCE,
            Self::Theseus => &theseus::SOURCE,
            Self::Redox => &redox::SOURCE,
            Self::Serenity => &serenity::SOURCE,
            Self::Asterinas => &asterinas::SOURCE,
            Self::X86Crate => &x86_crate::SOURCE,
            Self::X2apicCrate => &x2apic_crate::SOURCE,
            Self::KvmUnitTests => &kvm_unit_tests::SOURCE,
        }
    }
}

/// Sends `vector`, or an NMI, to each CPU of the mask, ascending, as that kernel sends to one.
pub fn send(other: Other, kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, vector: u8) {
    for target in mask {
        let id = kernel.cpu_to_logical_apicid(target);
        match other {
            Other::Freebsd => freebsd::native_lapic_ipi_vectored(kernel, cpu, vector, id),
            Other::Xv6 => xv6::send(cpu, id, vector),
            Other::Theseus => theseus::send_ipi(cpu, vector, id),
            Other::Redox => redox::ipi(cpu, vector, id),
            Other::Serenity => serenity::send_ipi(cpu, vector, target),
            Other::Asterinas => asterinas::send_ipi(cpu, vector, id),
            Other::X86Crate => x86_crate::send_ipi(cpu, vector, id),
            Other::X2apicCrate => x2apic_crate::send_ipi(cpu, vector, id),
            Other::KvmUnitTests => kvm_unit_tests::xapic_icr_write(cpu, icr_low(vector), id),
        }
    }
}

/// An interrupt on a CPU of that kernel: ended, and nothing else. xv6 reads the ID register after each write.
pub fn interrupt(other: Other, cpu: &impl Processor, vector: u8) {
    match (vector, other) {
        (SPURIOUS_APIC_VECTOR, _) => {}
        (_, Other::Xv6) => xv6::lapiceoi(cpu),
        _ => cpu.write(Register::EOI, 0),
    }
}

/// The low half of the ICR for a physical, edge-triggered, asserted message.
const fn icr_low(vector: u8) -> u32 {
    APIC_INT_ASSERT | if vector == NMI_VECTOR { APIC_DM_NMI } else { vector as u32 }
}

/// The high half of the ICR for one id.
const fn icr_high(id: u8) -> u32 {
    (id as u32) << 24
}

/// The last message is not dispatched yet.
#[track_caller]
fn pending(cpu: &impl Processor) -> bool {
    cpu.read(Register::ICR) & APIC_ICR_BUSY != 0
}

/// Reads the ICR until it is idle, with nothing in between and without a bound. Reports show it as its caller's loop,
/// which it is in each of these kernels.
#[track_caller]
fn spin_while_pending(cpu: &impl Processor) {
    cpu.wait_begin(Wait::IcrIdle);
    while pending(cpu) {}
    cpu.wait_end(WaitOutcome::Done);
}
