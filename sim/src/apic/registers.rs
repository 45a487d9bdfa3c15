//! The register map of every generation, as one table: reads, writes, reserved bits, model-specific registers, traces,
//! scripts and the reference page all come from it.
//!
//! Not modelled: accesses that are not aligned 32-bit ones (undefined, SDM vol. 3 §10.4.1: here treated like a reserved
//! offset), the extended space of AMD parts, the Pentium's registers for its second bus.

use crate::generation::Generation;
use Access::{ReadOnly as RO, ReadWrite as RW, WriteOnly as WO};
use Generation::{I82489Dx, P6, Pentium, X2Apic, XApic};

/// Delivery status, bit 12 of ICR low and of each local entry: send pending (SDM vol. 3 §10.6.1; in a local entry a
/// refused interrupt waits, §10.5.1).
pub(super) const SEND_PENDING: u32 = 1 << 12;

/// What a reserved offset reads as.
pub(super) const RESERVED_READS: u32 = 0;

/// A register, or a block of eight.
///
/// ```
/// use sim::apic::{Register, TABLE};
///
/// assert_eq!(TABLE[Register::CommandLow as usize].offset, 0x300);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Register {
    /// APIC id.
    Id,
    /// Version.
    Version,
    /// Task priority, TPR.
    TaskPriority,
    /// Arbitration priority, APR.
    ArbitrationPriority,
    /// Processor priority, PPR.
    ProcessorPriority,
    /// EOI.
    EndOfInterrupt,
    /// Remote read data.
    RemoteRead,
    /// Logical destination, LDR.
    LogicalDestination,
    /// Destination format, DFR.
    DestinationFormat,
    /// Spurious interrupt vector, SVR.
    SpuriousVector,
    /// In service, ISR.
    InService,
    /// Trigger mode, TMR.
    TriggerMode,
    /// Interrupt request, IRR.
    InterruptRequest,
    /// Error status, ESR.
    ErrorStatus,
    /// Local vector table: corrected machine check.
    LvtCmci,
    /// Interrupt command, bits 31:0; in x2APIC mode all 64.
    CommandLow,
    /// Interrupt command, bits 63:32.
    CommandHigh,
    /// Local vector table: timer.
    LvtTimer,
    /// Local vector table: thermal sensor.
    LvtThermal,
    /// Local vector table: performance counter.
    LvtPerformance,
    /// Local vector table: pin LINT0.
    LvtLint0,
    /// Local vector table: pin LINT1.
    LvtLint1,
    /// Local vector table: APIC error.
    LvtError,
    /// Initial count of the timer.
    InitialCount,
    /// Current count of the timer.
    CurrentCount,
    /// Divide configuration of the timer.
    DivideConfiguration,
    /// Self IPI, in x2APIC mode only.
    SelfIpi,
}

/// What software may do with a register.
///
/// ```
/// use sim::apic::{Access, TABLE};
///
/// let row = |name: &str| TABLE.iter().find(|row| row.script_name == name).expect("it is there");
/// assert_eq!((row("EOI").access, row("PPR").access), (Some(Access::WriteOnly), Some(Access::ReadOnly)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read.
    ReadOnly,
    /// Write.
    WriteOnly,
    /// Both.
    ReadWrite,
}

/// One row of the map.
///
/// ```
/// use sim::Generation;
/// use sim::apic::TABLE;
///
/// let tpr = TABLE.iter().find(|row| row.offset == 0x080).expect("SDM vol. 3 table 10-1");
/// assert_eq!((tpr.script_name, tpr.reset, tpr.writable(Generation::P6)), ("TPR", 0, 0xFF));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub register: Register,
    /// Offset from the APIC base, a multiple of 10h; the model-specific register is 800h plus a sixteenth of it.
    pub offset: u16,
    /// Consecutive 32-bit registers: 1 or 8.
    pub slots: u16,
    /// Name in traces: the kernel's own.
    pub name: &'static str,
    /// Name in scripts; of a block, without its number.
    pub script_name: &'static str,
    /// Through the page, on a generation that has it; `None`: reserved there.
    pub access: Option<Access>,
    /// In x2APIC mode, as a model-specific register; `None`: reserved there.
    pub x2apic: Option<Access>,
    /// Value after reset, where one is stored.
    pub reset: u32,
    /// Bits that a write changes, by generation, oldest first; `None` where the generation lacks the register.
    writable: [Option<u32>; 5],
}

impl Row {
    /// Does `generation` have it (in the page, or in x2APIC mode)?
    pub const fn is_in(&self, generation: Generation) -> bool {
        self.writable[generation as usize].is_some()
    }

    /// Bits that a write changes; the others keep their value.
    #[inline]
    pub const fn writable(&self, generation: Generation) -> u32 {
        match self.writable[generation as usize] {
            Some(bits) => bits,
            None => 0,
        }
    }
}

/// Number of rows, and of stored values.
pub(super) const REGISTERS: usize = 27;

const MASKED: u32 = 0x0001_0000;

/// Every generation has it, and no write changes it.
const FIXED: [Option<u32>; 5] = [Some(0); 5];

const fn all(bits: u32) -> [Option<u32>; 5] {
    [Some(bits); 5]
}

/// From `first` on.
const fn since(first: Generation, bits: u32) -> [Option<u32>; 5] {
    let mut writable = [None; 5];
    let mut generation = first as usize;
    while generation < 5 {
        writable[generation] = Some(bits);
        generation += 1;
    }
    writable
}

/// The map (SDM vol. 3 tables 10-1, 10-6; reset values §10.4.7.1; fields §10.4.6, 10.5.1, 10.6.1, 10.6.2.2, 10.9). Rows
/// are in the order of [`Register`]. What is not obvious:
///
/// * APIC ids: 4 bits on Pentium and P6; read-only from Nehalem on (knob `apic_id_writes`).
/// * APR and remote read have no function on later parts, but reading them is no error.
/// * SVR: bits 3:0 are hard-wired before the Pentium 4 (knob `svr_low_nibble`), bit 9 (focus) is gone with it, bit 12
///   (suppress EOI broadcasts) comes with version bit 24.
/// * ICR low keeps reserved bits as written from the Pentium 4 on: no document says what they read as, two emulators
///   and the KVM selftests agree. ICR high keeps all eight bits of a logical destination on the P6 too.
/// * LDR, and the logical destination in ICR high, have 32 bits on the 82489DX (SDM vol. 3 §22.27.1).
#[rustfmt::skip]
pub static TABLE: [Row; REGISTERS] = {
    use Register as R;
    [
        row(R::Id,                  0x020, 1, "ID",      "ID",      Some(RW), Some(RO), 0,           [Some(0xFF00_0000), Some(0x0F00_0000), Some(0x0F00_0000), Some(0xFF00_0000), Some(0)]),
        row(R::Version,             0x030, 1, "VERSION", "VER",     Some(RO), Some(RO), 0,           FIXED),
        row(R::TaskPriority,        0x080, 1, "TPR",     "TPR",     Some(RW), Some(RW), 0,           all(0xFF)),
        row(R::ArbitrationPriority, 0x090, 1, "APR",     "APR",     Some(RO), None,     0,           FIXED),
        row(R::ProcessorPriority,   0x0A0, 1, "PPR",     "PPR",     Some(RO), Some(RO), 0,           FIXED),
        row(R::EndOfInterrupt,      0x0B0, 1, "EOI",     "EOI",     Some(WO), Some(WO), 0,           FIXED),
        row(R::RemoteRead,          0x0C0, 1, "RRD",     "RRD",     Some(RO), None,     0,           FIXED),
        row(R::LogicalDestination,  0x0D0, 1, "LDR",     "LDR",     Some(RW), Some(RO), 0,           [Some(!0), Some(0xFF00_0000), Some(0xFF00_0000), Some(0xFF00_0000), Some(0xFF00_0000)]),
        row(R::DestinationFormat,   0x0E0, 1, "DFR",     "DFR",     Some(RW), None,     0xFFFF_FFFF, all(0xF000_0000)),
        row(R::SpuriousVector,      0x0F0, 1, "SVR",     "SVR",     Some(RW), Some(RW), 0xFF,        [Some(0x3F0), Some(0x3F0), Some(0x3F0), Some(0x1FF), Some(0x11FF)]),
        row(R::InService,           0x100, 8, "ISR",     "ISR",     Some(RO), Some(RO), 0,           FIXED),
        row(R::TriggerMode,         0x180, 8, "TMR",     "TMR",     Some(RO), Some(RO), 0,           FIXED),
        row(R::InterruptRequest,    0x200, 8, "IRR",     "IRR",     Some(RO), Some(RO), 0,           FIXED),
        row(R::ErrorStatus,         0x280, 1, "ESR",     "ESR",     Some(RW), Some(RW), 0,           since(Pentium, 0)),
        row(R::LvtCmci,             0x2F0, 1, "LVTCMCI", "LVTCMCI", Some(RW), Some(RW), MASKED,      since(X2Apic, 0x0001_07FF)),
        row(R::CommandLow,          0x300, 1, "ICR",     "ICRL",    Some(RW), Some(RW), 0,           [Some(0x000C_CFFF), Some(0x000C_CFFF), Some(0x000C_CFFF), Some(0xFFFF_EFFF), Some(0xFFFF_EFFF)]),
        row(R::CommandHigh,         0x310, 1, "ICR2",    "ICRH",    Some(RW), None,     0,           [Some(!0), Some(0xFF00_0000), Some(0xFF00_0000), Some(0xFF00_0000), Some(0xFF00_0000)]),
        row(R::LvtTimer,            0x320, 1, "LVTT",    "LVTT",    Some(RW), Some(RW), MASKED,      [Some(0x0003_00FF), Some(0x0003_00FF), Some(0x0003_00FF), Some(0x0003_00FF), Some(0x0007_00FF)]),
        row(R::LvtThermal,          0x330, 1, "LVTTHMR", "LVTTHM",  Some(RW), Some(RW), MASKED,      since(XApic, 0x0001_07FF)),
        row(R::LvtPerformance,      0x340, 1, "LVTPC",   "LVTPC",   Some(RW), Some(RW), MASKED,      since(P6, 0x0001_07FF)),
        row(R::LvtLint0,            0x350, 1, "LVT0",    "LVT0",    Some(RW), Some(RW), MASKED,      all(0x0001_A7FF)),
        row(R::LvtLint1,            0x360, 1, "LVT1",    "LVT1",    Some(RW), Some(RW), MASKED,      all(0x0001_A7FF)),
        row(R::LvtError,            0x370, 1, "LVTERR",  "LVTERR",  Some(RW), Some(RW), MASKED,      since(Pentium, 0x0001_00FF)),
        row(R::InitialCount,        0x380, 1, "TMICT",   "TMICT",   Some(RW), Some(RW), 0,           all(!0)),
        row(R::CurrentCount,        0x390, 1, "TMCCT",   "TMCCT",   Some(RO), Some(RO), 0,           FIXED),
        row(R::DivideConfiguration, 0x3E0, 1, "TDCR",    "TDCR",    Some(RW), Some(RW), 0,           all(0xB)),
        row(R::SelfIpi,             0x3F0, 1, "SELF",    "SELF",    None,     Some(WO), 0,           since(X2Apic, 0xFF)),
    ]
};

#[expect(clippy::too_many_arguments, reason = "one argument a column of the table above")]
const fn row(
    register: Register,
    offset: u16,
    slots: u16,
    name: &'static str,
    script_name: &'static str,
    access: Option<Access>,
    x2apic: Option<Access>,
    reset: u32,
    writable: [Option<u32>; 5],
) -> Row {
    Row { register, offset, slots, name, script_name, access, x2apic, reset, writable }
}

const RESERVED: u8 = u8::MAX;

/// Row of each 16-byte slot of the register page's first KiB, for each generation: a read costs no search.
static ROW_OF_SLOT: [[u8; 64]; 5] = {
    let mut rows = [[RESERVED; 64]; 5];
    let mut index = 0;
    while index < REGISTERS {
        assert!(TABLE[index].register as usize == index, "rows are in the order of Register");
        let mut generation = I82489Dx as usize;
        while generation < 5 {
            let mut slot = 0;
            while slot < TABLE[index].slots as usize && TABLE[index].writable[generation].is_some() {
                rows[generation][TABLE[index].offset as usize / 16 + slot] = index as u8;
                slot += 1;
            }
            generation += 1;
        }
        index += 1;
    }
    rows
};

#[inline]
fn find_slot(generation: Generation, slot: usize) -> Option<(&'static Row, usize)> {
    let row = TABLE.get(usize::from(*ROW_OF_SLOT[generation as usize].get(slot)?))?;
    Some((row, slot - usize::from(row.offset >> 4)))
}

/// Register of each 16-byte slot of the page's first KiB, for each generation; `None` where the page has none.
static REGISTER_OF_SLOT: [[Option<Register>; 64]; 5] = {
    let mut registers = [[None; 64]; 5];
    let mut generation = 0;
    while generation < 5 {
        let mut slot = 0;
        while slot < 64 {
            let row = ROW_OF_SLOT[generation][slot];
            if row != RESERVED && TABLE[row as usize].access.is_some() {
                registers[generation][slot] = Some(TABLE[row as usize].register);
            }
            slot += 1;
        }
        generation += 1;
    }
    registers
};

/// The register at `offset` of the page, and which of a block it is; `None` for a reserved offset.
#[inline]
pub(super) fn register_at(generation: Generation, offset: u16) -> Option<(Register, usize)> {
    if offset & 0xF != 0 {
        return None;
    }
    let slot = usize::from(offset >> 4);
    let register = (*REGISTER_OF_SLOT[generation as usize].get(slot)?)?;
    Some((register, slot % 8)) // blocks begin at multiples of eight slots; a single register has no use for it
}

/// The row at `offset` of the page, and which register of a block it is; `None` for a reserved offset.
#[inline]
pub(super) fn find(generation: Generation, offset: u16) -> Option<(&'static Row, usize)> {
    if offset & 0xF != 0 {
        return None;
    }
    find_slot(generation, usize::from(offset >> 4)).filter(|(row, _)| row.access.is_some())
}

/// The row of model-specific register `msr` in x2APIC mode; `None` if it is reserved, or none of the APIC's.
pub(super) fn find_msr(generation: Generation, msr: u32) -> Option<(&'static Row, usize)> {
    let slot = msr.checked_sub(X2APIC_MSRS)?;
    find_slot(generation, slot as usize).filter(|(row, _)| row.x2apic.is_some())
}

/// The first model-specific register of x2APIC mode (SDM vol. 3 §10.12.1.2).
pub const X2APIC_MSRS: u32 = 0x800;

/// Name of the register at `offset` as used in traces (the kernel's own: ICR2 is ICR high); `None` for an offset
/// reserved on every generation.
pub fn register_name(offset: u16) -> Option<&'static str> {
    find(X2Apic, offset).map(|(row, _)| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::named::Named;

    #[test]
    fn every_offset_finds_its_own_row() {
        for row in &TABLE {
            for slot in 0..row.slots {
                let offset = row.offset + 16 * slot;
                for &generation in Generation::ALL {
                    let expected = Some((row, usize::from(slot))).filter(|_| row.is_in(generation));
                    let in_page = expected.filter(|_| row.access.is_some());
                    assert_eq!(find(generation, offset), in_page, "{} {generation}", row.name);
                    let register = register_at(generation, offset);
                    assert_eq!(register.map(|(found, _)| found), in_page.map(|(row, _)| row.register), "{}", row.name);
                    assert!(row.slots == 1 || register == Some((row.register, usize::from(slot))), "{}", row.name);
                    let msr = X2APIC_MSRS + u32::from(offset >> 4);
                    assert_eq!(find_msr(generation, msr), expected.filter(|_| row.x2apic.is_some()), "{}", row.name);
                }
            }
        }
    }

    #[test]
    fn no_write_changes_what_is_read_only() {
        for row in TABLE.iter().filter(|row| row.access == Some(RO)) {
            assert_eq!((row.writable, row.x2apic.unwrap_or(RO)), (FIXED, RO), "{}", row.name);
        }
    }

    #[test]
    fn reserved_offsets_have_no_row() {
        // SDM vol. 3 table 10-1
        for offset in [0x000, 0x010, 0x040, 0x070, 0x290, 0x2E0, 0x3A0, 0x3D0, 0x3F0, 0x400, 0xFFF0, 0x024] {
            assert_eq!((find(X2Apic, offset), register_at(X2Apic, offset)), (None, None), "{offset:03X}");
        }
        assert_eq!(register_name(0x310), Some("ICR2"));
    }

    #[test]
    fn local_entries_are_as_many_as_the_version_register_says() {
        // SDM vol. 3 §10.4.8: bits 23:16 are the number of entries less one
        for &generation in Generation::ALL {
            let entries = TABLE.iter().filter(|row| row.name.starts_with("LVT") && row.is_in(generation)).count();
            assert_eq!(entries as u32, (generation.profile().version >> 16 & 0xFF) + 1, "{generation}");
        }
    }

    #[test]
    fn model_specific_registers_are_those_of_table_10_6() {
        let readable: Vec<u32> = (0x800..0xC00)
            .filter(|&msr| find_msr(X2Apic, msr).is_some_and(|(row, _)| row.x2apic != Some(WO)))
            .collect();
        let expected = [0x802, 0x803, 0x808, 0x80A, 0x80D, 0x80F]
            .into_iter()
            .chain(0x810..=0x828)
            .chain([0x82F, 0x830])
            .chain(0x832..=0x839)
            .chain([0x83E]);
        assert_eq!(readable, expected.collect::<Vec<_>>());
        assert_eq!(
            find_msr(P6, 0x802).map(|(row, _)| row.register),
            Some(Register::Id),
            "the caller asks for the mode"
        );
        assert_eq!(find_msr(X2Apic, 0x7FF), None);
    }
}
