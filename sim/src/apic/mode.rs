//! The mode of an APIC, as bits of APIC_BASE say it (SDM vol. 3 §10.4.4, §10.12.1).
//!
//! Not modelled: see `apic_base.rs`, which reads and writes that register.

use crate::bus::Agent;

/// Mode of an APIC, APIC_BASE bits 11:10 (SDM vol. 3 table 10-5).
///
/// ```
/// # use sim::apic::*;
/// # use sim::*;
/// # let clocks = Clocks { core: Generation::P6.core_clock(), timer: Generation::P6.timer_clock() };
/// # let mut apic = LocalApic::new(Generation::P6, Knobs::default(), 0, 0, clocks);
/// # apic.preset(&Preset::default());
/// assert_eq!(apic.mode(), Mode::XApic);
/// apic.write_msr(MSR_APIC_BASE, 0xFEE0_0000, Time::ZERO)?; // EN cleared
/// assert_eq!(apic.mode(), Mode::Disabled);
/// # Ok::<(), GeneralProtection>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Globally disabled: as if there were none.
    Disabled,
    /// Registers in a page of memory.
    XApic,
    /// Registers are model-specific registers.
    X2Apic,
}

/// The bootstrap processor.
pub(super) const BOOTSTRAP: u64 = 1 << 8;
/// x2APIC mode, where it is enabled.
pub(super) const EXTENDED: u64 = 1 << 10;
pub(super) const ENABLED: u64 = 1 << 11;

/// APIC_BASE after a reset: page at FEE0_0000h, enabled, CPU 0 is the bootstrap processor.
pub(super) const fn base_after_reset(agent: Agent) -> u64 {
    0xFEE0_0000 | ENABLED | if agent == 0 { BOOTSTRAP } else { 0 }
}
