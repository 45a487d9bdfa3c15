//! Which register of its APIC an access of a CPU reaches: by the page, or in x2APIC mode as a model-specific register.

use sim::apic::{LocalApic, Mode, X2APIC_MSRS};
use sim::{Access, Kind};

/// Byte offsets in the page (SDM vol. 3 table 10-1).
pub(super) const VERSION: u16 = 0x030;
pub(super) const END_OF_INTERRUPT: u16 = 0x0B0;
pub(super) const ERROR_STATUS: u16 = 0x280;
pub(super) const LVT_CMCI: u16 = 0x2F0;
pub(super) const ICR_LOW: u16 = 0x300;
pub(super) const ICR_HIGH: u16 = 0x310;
pub(super) const LVT_TIMER: u16 = 0x320;
pub(super) const LVT_ERROR: u16 = 0x370;
/// In x2APIC mode only (SDM vol. 3 §10.12.11).
pub(super) const SELF_IPI: u16 = 0x3F0;

/// The model-specific registers of x2APIC mode, as many as the page has slots in its first KiB.
const MSRS: u32 = 0x40;

/// An access that reaches a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accessed {
    /// Its offset in the page.
    pub(super) offset: u16,
    /// It is a model-specific register.
    pub(super) wide: bool,
}

impl Accessed {
    /// What a write reaches. The read of a locked exchange is none of software's: it writes, and throws away what was there.
    pub(super) fn write(apic: &LocalApic, access: Access) -> Option<Self> {
        match access.kind {
            Kind::RegisterWrite | Kind::RegisterExchange => Self::in_page(apic, access.operand),
            Kind::MemoryWrite => Self::in_memory(apic, access.operand),
            Kind::MsrWrite => Self::model_specific(apic, access.operand),
            _ => None,
        }
    }

    /// What a read reaches.
    pub(super) fn read(apic: &LocalApic, access: Access) -> Option<Self> {
        match access.kind {
            Kind::RegisterRead => Self::in_page(apic, access.operand),
            Kind::MemoryRead => Self::in_memory(apic, access.operand),
            Kind::MsrRead => Self::model_specific(apic, access.operand),
            _ => None,
        }
    }

    fn in_page(apic: &LocalApic, operand: u32) -> Option<Self> {
        let offset = (operand & 0xFFF) as u16;
        (apic.mode() == Mode::XApic).then_some(Self { offset, wide: false })
    }

    fn in_memory(apic: &LocalApic, address: u32) -> Option<Self> {
        if apic.page() == u64::from(address & !0xFFF) { Self::in_page(apic, address) } else { None }
    }

    fn model_specific(apic: &LocalApic, msr: u32) -> Option<Self> {
        let slot = msr.checked_sub(X2APIC_MSRS).filter(|slot| *slot < MSRS)?;
        (apic.mode() == Mode::X2Apic).then_some(Self { offset: (slot << 4) as u16, wide: true })
    }
}
