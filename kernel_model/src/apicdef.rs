//! Registers of the local APIC and the fields that the modelled code uses, under the kernel's names
//! (`include/asm-i386/apicdef.h` and `include/asm-x86_64/apicdef.h`, 2.6.20).
//!
//! Not defined: reserved bits, the TMR banks, and registers that no modelled function touches.

/// A local APIC register: its byte offset in the APIC's page.
///
/// ```
/// use kernel_model::Register;
///
/// assert_eq!(Register::ICR.0, 0x300);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Register(pub u16);

impl Register {
    /// Identification, in bits 31:24.
    pub const ID: Self = Self(0x20);
    /// Version: version in bits 7:0, number of the last LVT entry in bits 23:16.
    pub const LVR: Self = Self(0x30);
    /// Task priority.
    pub const TPR: Self = Self(0x80);
    /// Arbitration priority.
    pub const APR: Self = Self(0x90);
    /// Processor priority.
    pub const PPR: Self = Self(0xA0);
    /// End of interrupt.
    pub const EOI: Self = Self(0xB0);
    /// Remote read data.
    pub const RRR: Self = Self(0xC0);
    /// Logical destination, in bits 31:24.
    pub const LDR: Self = Self(0xD0);
    /// Destination format.
    pub const DFR: Self = Self(0xE0);
    /// Spurious interrupt vector, with the software enable bit.
    pub const SPIV: Self = Self(0xF0);
    /// Interrupts in service, the first of eight registers that are 10h apart.
    pub const ISR: Self = Self(0x100);
    /// Interrupts requested, the first of eight registers likewise.
    pub const IRR: Self = Self(0x200);
    /// Error status.
    pub const ESR: Self = Self(0x280);
    /// Local vector table: corrected machine checks.
    pub const LVTCMCI: Self = Self(0x2F0);
    /// Interrupt command, low half: writing it sends.
    pub const ICR: Self = Self(0x300);
    /// Interrupt command, high half: the destination.
    pub const ICR2: Self = Self(0x310);
    /// Local vector table: timer.
    pub const LVTT: Self = Self(0x320);
    /// Local vector table: thermal sensor.
    pub const LVTTHMR: Self = Self(0x330);
    /// Local vector table: performance counter.
    pub const LVTPC: Self = Self(0x340);
    /// Local vector table: LINT0.
    pub const LVT0: Self = Self(0x350);
    /// Local vector table: LINT1.
    pub const LVT1: Self = Self(0x360);
    /// Local vector table: error.
    pub const LVTERR: Self = Self(0x370);
    /// Timer, initial count.
    pub const TMICT: Self = Self(0x380);
    /// Timer, current count.
    pub const TMCCT: Self = Self(0x390);
    /// Timer, divider.
    pub const TDCR: Self = Self(0x3E0);
    /// Self-IPI; x2APIC mode only.
    pub const SELF_IPI: Self = Self(0x3F0);
}

/// ICR: delivery mode fixed.
pub const APIC_DM_FIXED: u32 = 0x000;
/// ICR: delivery mode NMI.
pub const APIC_DM_NMI: u32 = 0x400;
/// ICR: delivery mode INIT.
pub const APIC_DM_INIT: u32 = 0x500;
/// ICR: delivery mode start-up.
pub const APIC_DM_STARTUP: u32 = 0x600;
/// ICR: delivery mode remote read; bits 9:4 of the register's offset stand where the vector does.
pub const APIC_DM_REMRD: u32 = 0x300;
/// Local vector table: delivery mode external interrupt (the 8259A).
pub const APIC_DM_EXTINT: u32 = 0x700;
/// ICR: physical destination mode.
pub const APIC_DEST_PHYSICAL: u32 = 0;
/// ICR: logical destination mode.
pub const APIC_DEST_LOGICAL: u32 = 0x800;
/// ICR: delivery status; set while the last message has not been dispatched.
pub const APIC_ICR_BUSY: u32 = 0x1000;
/// ICR: what has come of a remote read.
pub const APIC_ICR_RR_MASK: u32 = 0x3_0000;
/// ICR: the remote read goes on.
pub const APIC_ICR_RR_INPROG: u32 = 0x1_0000;
/// ICR: the remote read register holds an answer.
pub const APIC_ICR_RR_VALID: u32 = 0x2_0000;
/// ICR: level assert.
pub const APIC_INT_ASSERT: u32 = 0x4000;
/// ICR: level-triggered.
pub const APIC_INT_LEVELTRIG: u32 = 0x8000;
/// ICR: no shorthand; ICR2 says where to.
pub const APIC_DEST_FIELD: u32 = 0;
/// ICR: shorthand, the sender itself.
pub const APIC_DEST_SELF: u32 = 0x4_0000;
/// ICR: shorthand, everybody.
pub const APIC_DEST_ALLINC: u32 = 0x8_0000;
/// ICR: shorthand, everybody but the sender.
pub const APIC_DEST_ALLBUT: u32 = 0xC_0000;

/// SPIV: the APIC is enabled by software.
pub const APIC_SPIV_APIC_ENABLED: u32 = 0x100;
/// SPIV: no check for a focus processor.
pub const APIC_SPIV_FOCUS_DISABLED: u32 = 0x200;
/// The priority in the task priority register.
pub const APIC_TPRI_MASK: u32 = 0xFF;
/// Local vector table: level-triggered.
pub const APIC_LVT_LEVEL_TRIGGER: u32 = 0x8000;
/// The bits of the error status that say why a message was not taken.
pub const APIC_ESR_MASK: u32 = 0xEF;
/// SPIV: the vector.
pub const APIC_VECTOR_MASK: u32 = 0xFF;
/// Local vector table: delivery mode, delivery status, polarity, remote IRR, trigger mode, mask: all that
/// [`disconnect_bsp_APIC`](crate::disconnect_bsp_APIC) clears of a pin's entry.
pub const APIC_LVT_PIN_FIELDS: u32 = 0x0001_F700;
/// Local vector table: delivery status and remote IRR, which hardware sets and a write does not.
pub const APIC_LVT_STATUS_BITS: u32 = 0x0000_5000;
/// Local vector table: delivery mode NMI.
pub const APIC_MODE_NMI: u32 = 0x400;
/// Local vector table: delivery mode external, for the 8259.
pub const APIC_MODE_EXINT: u32 = 0x700;
/// Local vector table: the entry is masked.
pub const APIC_LVT_MASKED: u32 = 0x1_0000;
/// DFR: flat model, eight one-bit ids.
pub const APIC_DFR_FLAT: u32 = 0xFFFF_FFFF;
/// DFR: cluster model, fifteen clusters of four.
pub const APIC_DFR_CLUSTER: u32 = 0x0FFF_FFFF;
/// LDR: the bits of the logical id.
pub const APIC_LDR_MASK: u32 = 0xFF00_0000;

/// The id of a CPU that has none. As a destination it would mean everybody.
pub const BAD_APICID: u8 = 0xFF;
/// The first of the MSRs that are the APIC's registers in x2APIC mode.
pub const APIC_BASE_MSR: u32 = 0x800;
/// In x2APIC mode, the whole ICR.
pub const MSR_X2APIC_ICR: u32 = 0x830;
/// MSR that holds the APIC's base address and its enable bit.
pub const MSR_IA32_APICBASE: u32 = 0x1B;
/// The enable bit of [`MSR_IA32_APICBASE`].
pub const MSR_IA32_APICBASE_ENABLE: u64 = 1 << 11;

/// Pseudo-vector: "send an NMI".
pub const NMI_VECTOR: u8 = 0x02;
/// Vector of a spurious interrupt.
pub const SPURIOUS_APIC_VECTOR: u8 = 0xFF;
/// Vector of the APIC's error interrupt.
pub const ERROR_APIC_VECTOR: u8 = 0xFE;
/// Vector of the APIC's own timer.
pub const LOCAL_TIMER_VECTOR: u8 = 0xEF;
/// Vector of the APIC's own timer in v6.
pub const LOCAL_TIMER_VECTOR_V6: u8 = 0xEC;
/// Vector of the keyboard, IRQ 1, by which `SysRq` arrives unless a [`Kernel`](crate::Kernel) says otherwise.
pub const SYSRQ_VECTOR: u8 = 0x39;

/// The version field of [`Register::LVR`].
pub const fn GET_APIC_VERSION(lvr: u32) -> u32 {
    lvr & 0xFF
}

/// Whether a version means an APIC inside the processor. Only the 82489DX is outside.
pub const fn APIC_INTEGRATED(version: u32) -> bool {
    version & 0xF0 != 0
}

/// The number of the last LVT entry, from [`Register::LVR`].
pub const fn GET_APIC_MAXLVT(lvr: u32) -> u32 {
    (lvr >> 16) & 0xFF
}
