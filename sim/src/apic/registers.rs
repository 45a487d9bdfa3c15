//! The register map, as one table.
//!
//! Not modelled: the APIC base MSR (globally disabled, moved), x2APIC MSRs, the CMCI entry, accesses that are not
//! aligned 32-bit ones (undefined, SDM vol. 3 §10.4.1: here treated like a reserved offset).

use crate::generation::Generation;

/// A register, or a block of eight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Register {
    Id,
    Version,
    TaskPriority,
    ArbitrationPriority,
    ProcessorPriority,
    EndOfInterrupt,
    RemoteRead,
    LogicalDestination,
    DestinationFormat,
    SpuriousVector,
    InService,
    TriggerMode,
    InterruptRequest,
    ErrorStatus,
    CommandLow,
    CommandHigh,
    LvtTimer,
    LvtThermal,
    LvtPerformance,
    LvtLint0,
    LvtLint1,
    LvtError,
    InitialCount,
    CurrentCount,
    DivideConfiguration,
}

/// What software may do with a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    ReadOnly,
    WriteOnly,
    ReadWrite,
}

/// Which generations have a register; on the others its offset is reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Both,
    XApic,
}

/// One row of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) register: Register,
    /// Offset from the APIC base, a multiple of 10h.
    pub(super) offset: u16,
    /// Consecutive 32-bit registers: 1 or 8.
    slots: u16,
    /// Name for traces.
    pub(super) name: &'static str,
    pub(super) access: Access,
    presence: Presence,
    /// Value after reset, where one is stored.
    pub(super) reset: u32,
    /// Bits that a write changes: P6, xAPIC.
    writable: [u32; 2],
}

impl Row {
    /// Bits that a write changes; the others keep their value.
    pub(super) const fn writable(&self, generation: Generation) -> u32 {
        if generation.profile().serial { self.writable[0] } else { self.writable[1] }
    }
}

/// Number of rows, and of stored values.
pub(super) const REGISTERS: usize = 25;

const MASKED: u32 = 0x0001_0000;

/// The map (SDM vol. 3 tables 10-1, 10-6; reset values §10.4.7.1; fields §10.4.6, 10.5.1, 10.6.1, 10.6.2.2, 10.9). Rows
/// are in the order of [`Register`]. The P6 has no thermal entry. The arbitration priority and remote read registers
/// have no function on later parts, but reading them is no error. SVR bits 3:0 are fixed to 1 on the P6 (SDM §10.9
/// text, against the note in its figure), bit 9 (focus) exists on the P6 only. ICR high keeps all eight bits of a
/// logical destination on the P6 too.
#[rustfmt::skip]
pub(super) static TABLE: [Row; REGISTERS] = {
    use Access::{ReadOnly as RO, ReadWrite as RW, WriteOnly as WO};
    use Presence::{Both, XApic};
    use Register as R;
    [
        row(R::Id,                  0x020, 1, "ID",      RW, Both,  0,           [0x0F00_0000, 0xFF00_0000]),
        row(R::Version,             0x030, 1, "VERSION", RO, Both,  0,           [0; 2]),
        row(R::TaskPriority,        0x080, 1, "TPR",     RW, Both,  0,           [0xFF; 2]),
        row(R::ArbitrationPriority, 0x090, 1, "APR",     RO, Both,  0,           [0; 2]),
        row(R::ProcessorPriority,   0x0A0, 1, "PPR",     RO, Both,  0,           [0; 2]),
        row(R::EndOfInterrupt,      0x0B0, 1, "EOI",     WO, Both,  0,           [0; 2]),
        row(R::RemoteRead,          0x0C0, 1, "RRD",     RO, Both,  0,           [0; 2]),
        row(R::LogicalDestination,  0x0D0, 1, "LDR",     RW, Both,  0,           [0xFF00_0000; 2]),
        row(R::DestinationFormat,   0x0E0, 1, "DFR",     RW, Both,  0xFFFF_FFFF, [0xF000_0000; 2]),
        row(R::SpuriousVector,      0x0F0, 1, "SVR",     RW, Both,  0xFF,        [0x3F0, 0x1FF]),
        row(R::InService,           0x100, 8, "ISR",     RO, Both,  0,           [0; 2]),
        row(R::TriggerMode,         0x180, 8, "TMR",     RO, Both,  0,           [0; 2]),
        row(R::InterruptRequest,    0x200, 8, "IRR",     RO, Both,  0,           [0; 2]),
        row(R::ErrorStatus,         0x280, 1, "ESR",     RW, Both,  0,           [0; 2]),
        row(R::CommandLow,          0x300, 1, "ICR",     RW, Both,  0,           [0x000C_CFFF; 2]),
        row(R::CommandHigh,         0x310, 1, "ICR2",    RW, Both,  0,           [0xFF00_0000; 2]),
        row(R::LvtTimer,            0x320, 1, "LVTT",    RW, Both,  MASKED,      [0x0003_00FF; 2]),
        row(R::LvtThermal,          0x330, 1, "LVTTHMR", RW, XApic, MASKED,      [0x0001_07FF; 2]),
        row(R::LvtPerformance,      0x340, 1, "LVTPC",   RW, Both,  MASKED,      [0x0001_07FF; 2]),
        row(R::LvtLint0,            0x350, 1, "LVT0",    RW, Both,  MASKED,      [0x0001_A7FF; 2]),
        row(R::LvtLint1,            0x360, 1, "LVT1",    RW, Both,  MASKED,      [0x0001_A7FF; 2]),
        row(R::LvtError,            0x370, 1, "LVTERR",  RW, Both,  MASKED,      [0x0001_00FF; 2]),
        row(R::InitialCount,        0x380, 1, "TMICT",   RW, Both,  0,           [0xFFFF_FFFF; 2]),
        row(R::CurrentCount,        0x390, 1, "TMCCT",   RO, Both,  0,           [0; 2]),
        row(R::DivideConfiguration, 0x3E0, 1, "TDCR",    RW, Both,  0,           [0xB; 2]),
    ]
};

#[expect(clippy::too_many_arguments, reason = "one argument a column of the table above")]
const fn row(
    register: Register,
    offset: u16,
    slots: u16,
    name: &'static str,
    access: Access,
    presence: Presence,
    reset: u32,
    writable: [u32; 2],
) -> Row {
    Row { register, offset, slots, name, access, presence, reset, writable }
}

const RESERVED: u8 = u8::MAX;

/// Row of each 16-byte slot of the register page's first KiB: a read costs no search.
static ROW_OF_SLOT: [u8; 64] = {
    let mut rows = [RESERVED; 64];
    let mut index = 0;
    while index < REGISTERS {
        assert!(TABLE[index].register as usize == index, "rows are in the order of Register");
        let mut slot = 0;
        while slot < TABLE[index].slots as usize {
            rows[TABLE[index].offset as usize / 16 + slot] = index as u8;
            slot += 1;
        }
        index += 1;
    }
    rows
};

/// The row at `offset`, and which register of a block it is; `None` for a reserved offset.
#[inline]
pub(super) fn find(generation: Generation, offset: u16) -> Option<(&'static Row, usize)> {
    if offset & 0xF != 0 {
        return None;
    }
    let row = TABLE.get(usize::from(*ROW_OF_SLOT.get(usize::from(offset >> 4))?))?;
    if matches!(row.presence, Presence::XApic) && generation.profile().serial {
        return None;
    }
    Some((row, usize::from((offset - row.offset) >> 4)))
}

/// Name of the register at `offset` as used in traces (the kernel's own: ICR2 is ICR high); `None` for an offset
/// reserved on every generation.
pub fn register_name(offset: u16) -> Option<&'static str> {
    find(Generation::XApic, offset).map(|(row, _)| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_finds_its_own_row() {
        for row in &TABLE {
            for slot in 0..row.slots {
                let found = find(Generation::XApic, row.offset + 16 * slot);
                assert_eq!(found, Some((row, usize::from(slot))), "{}", row.name);
            }
        }
    }

    #[test]
    fn reserved_offsets_have_no_row() {
        // SDM vol. 3 table 10-1
        for offset in [0x000, 0x010, 0x040, 0x070, 0x290, 0x2E0, 0x2F0, 0x3A0, 0x3D0, 0x3F0, 0x400, 0xFFF0, 0x024] {
            assert_eq!(find(Generation::XApic, offset), None, "{offset:03X}");
        }
        assert_eq!(find(Generation::P6, 0x330), None, "no thermal entry on the P6");
        assert_eq!(register_name(0x310), Some("ICR2"));
    }
}
