//! The register names of scripts: the one table that the parser, the help and the tests read.

/// Names and byte offsets in the APIC page (SDM vol. 3 table 10-1); the SELF IPI register exists in x2APIC mode only
/// (§10.12.1.2).
const REGISTERS: [(&str, u16); 48] = [
    ("ID", 0x020),
    ("VER", 0x030),
    ("TPR", 0x080),
    ("APR", 0x090),
    ("PPR", 0x0A0),
    ("EOI", 0x0B0),
    ("RRD", 0x0C0),
    ("LDR", 0x0D0),
    ("DFR", 0x0E0),
    ("SVR", 0x0F0),
    ("ISR0", 0x100),
    ("ISR1", 0x110),
    ("ISR2", 0x120),
    ("ISR3", 0x130),
    ("ISR4", 0x140),
    ("ISR5", 0x150),
    ("ISR6", 0x160),
    ("ISR7", 0x170),
    ("TMR0", 0x180),
    ("TMR1", 0x190),
    ("TMR2", 0x1A0),
    ("TMR3", 0x1B0),
    ("TMR4", 0x1C0),
    ("TMR5", 0x1D0),
    ("TMR6", 0x1E0),
    ("TMR7", 0x1F0),
    ("IRR0", 0x200),
    ("IRR1", 0x210),
    ("IRR2", 0x220),
    ("IRR3", 0x230),
    ("IRR4", 0x240),
    ("IRR5", 0x250),
    ("IRR6", 0x260),
    ("IRR7", 0x270),
    ("ESR", 0x280),
    ("LVTCMCI", 0x2F0),
    ("ICRL", ICR_LOW),
    ("ICRH", ICR_HIGH),
    ("LVTT", 0x320),
    ("LVTTHM", 0x330),
    ("LVTPC", 0x340),
    ("LVT0", 0x350),
    ("LVT1", 0x360),
    ("LVTERR", 0x370),
    ("TMICT", 0x380),
    ("TMCCT", TIMER_CURRENT_COUNT),
    ("TDCR", 0x3E0),
    ("SELF", 0x3F0),
];

/// The ISR's first register.
pub(super) const IN_SERVICE: u16 = 0x100;
/// End of interrupt.
pub(super) const EOI: u16 = 0x0B0;
/// ICR bits 31:0: writing them sends.
pub(super) const ICR_LOW: u16 = 0x300;
/// ICR bits 63:32: the destination.
pub(super) const ICR_HIGH: u16 = 0x310;
/// The timer's current count.
pub(super) const TIMER_CURRENT_COUNT: u16 = 0x390;

/// The MSR of the APIC base (SDM vol. 3 §10.4.4).
pub(super) const MSR_APIC_BASE: u32 = 0x1B;
/// The first MSR of the x2APIC registers (SDM vol. 3 §10.12.1.2).
pub(super) const MSR_X2APIC: u32 = 0x800;

/// Model-specific registers that have a name (SDM vol. 3 §10.4.4, 10.5.4.1).
pub(super) const MSRS: [(&str, u32); 2] = [("APIC_BASE", MSR_APIC_BASE), ("TSC_DEADLINE", 0x6E0)];

/// The byte offset of a register by its name.
pub(super) fn offset(name: &str) -> Option<u16> {
    REGISTERS.iter().find(|(known, _)| *known == name).map(|(_, offset)| *offset)
}

/// All names, in the order of offsets.
pub(super) fn names() -> Vec<&'static str> {
    REGISTERS.iter().map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_hardware_with_its_offsets() {
        let mut last = 0;
        for (name, at) in REGISTERS {
            assert_eq!(offset(name), Some(at));
            assert!(at > last && at % 16 == 0, "{name}: in order, on 16-byte boundaries (SDM vol. 3 §10.4.1)");
            last = at;
        }
    }
}
