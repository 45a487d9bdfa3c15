//! The fields of the registers, for a reader: what the bits are called, and what their values mean. Beside the register
//! table, which says what there is and what a write changes.
//!
//! Not modelled: fields that a generation lacks are told of it all the same; they read as zero there.

use super::core_cells::WHY_BUSY;
use serde_json::{Value, json};
use sim::apic::{Register, Row, TABLE, X2APIC_MSRS};

/// A field: its bits, its name, and what its values mean, from 0 on.
struct Field {
    high: u8,
    low: u8,
    name: &'static str,
    values: &'static [&'static str],
    /// The cell of the same CPU that says why it is not zero.
    why: Option<&'static str>,
}

const fn field(high: u8, low: u8, name: &'static str, values: &'static [&'static str]) -> Field {
    Field { high, low, name, values, why: None }
}

const VECTOR: Field = field(7, 0, "vector", &[]);
const MODES: &[&str] = &["fixed", "lowest priority", "SMI", "remote read", "NMI", "INIT", "start-up", "ExtINT"];
const STATUSES: &[&str] = &["idle", "send pending"];
const STATUS: Field = field(12, 12, "delivery status", STATUSES);
/// That of the ICR: what a message waits for is told.
const COMMAND_STATUS: Field = Field { why: Some(WHY_BUSY), ..field(12, 12, "delivery status", STATUSES) };
const MASK: Field = field(16, 16, "mask", &["not masked", "masked"]);
const LOCAL_MODE: Field = field(10, 8, "delivery mode", MODES);

/// SDM vol. 3 figs. 10-8 and 10-10 to 10-24.
const fn fields(register: Register) -> &'static [Field] {
    use Register as R;
    match register {
        R::Id => const { &[field(31, 24, "APIC ID", &[])] },
        R::Version => {
            const {
                &[
                    field(7, 0, "version", &[]),
                    field(23, 16, "local entries less one", &[]),
                    field(24, 24, "EOI suppression", &["no", "yes"]),
                ]
            }
        }
        R::TaskPriority | R::ArbitrationPriority | R::ProcessorPriority => {
            const { &[field(7, 4, "class", &[]), field(3, 0, "sub-class", &[])] }
        }
        R::LogicalDestination => const { &[field(31, 24, "logical APIC ID", &[])] },
        R::DestinationFormat => {
            const { &[field(31, 28, "model", &["cluster", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "flat"])] }
        }
        R::SpuriousVector => {
            const {
                &[
                    VECTOR,
                    field(8, 8, "APIC", &["software-disabled", "enabled"]),
                    field(9, 9, "focus checking", &["on", "off"]),
                    field(12, 12, "EOI broadcasts", &["sent", "suppressed"]),
                ]
            }
        }
        R::ErrorStatus => ERRORS,
        R::CommandLow => COMMAND,
        R::CommandHigh => const { &[field(31, 24, "destination (xAPIC)", &[])] },
        R::LvtTimer => {
            const { &[VECTOR, STATUS, MASK, field(18, 17, "mode", &["one-shot", "periodic", "TSC deadline", "reserved"])] }
        }
        R::LvtLint0 | R::LvtLint1 => PIN,
        R::LvtCmci | R::LvtThermal | R::LvtPerformance => const { &[VECTOR, LOCAL_MODE, STATUS, MASK] },
        R::LvtError => const { &[VECTOR, STATUS, MASK] },
        R::DivideConfiguration => const { &[field(3, 3, "divide, bit 2", &[]), field(1, 0, "divide, bits 1:0", &[])] },
        _ => &[],
    }
}

const COMMAND: &[Field] = &[
    VECTOR,
    LOCAL_MODE,
    field(11, 11, "destination mode", &["physical", "logical"]),
    COMMAND_STATUS,
    field(14, 14, "level", &["de-assert", "assert"]),
    field(15, 15, "trigger mode", &["edge", "level"]),
    field(17, 16, "remote read status", &["invalid", "in progress", "valid", "reserved"]),
    field(19, 18, "shorthand", &["none", "self", "all including self", "all excluding self"]),
];

const PIN: &[Field] = &[
    VECTOR,
    LOCAL_MODE,
    STATUS,
    field(13, 13, "polarity", &["active high", "active low"]),
    field(14, 14, "remote IRR", &["clear", "set"]),
    field(15, 15, "trigger mode", &["edge", "level"]),
    MASK,
];

const NO_YES: &[&str] = &["no", "yes"];
const ERRORS: &[Field] = &[
    field(0, 0, "send checksum error", NO_YES),
    field(1, 1, "receive checksum error", NO_YES),
    field(2, 2, "send accept error", NO_YES),
    field(3, 3, "receive accept error", NO_YES),
    field(4, 4, "redirectable IPI", NO_YES),
    field(5, 5, "send illegal vector", NO_YES),
    field(6, 6, "receive illegal vector", NO_YES),
    field(7, 7, "illegal register address", NO_YES),
];

/// A register in words.
const fn title(register: Register) -> &'static str {
    use Register as R;
    match register {
        R::Id => "local APIC ID",
        R::Version => "version",
        R::TaskPriority => "task priority",
        R::ArbitrationPriority => "arbitration priority",
        R::ProcessorPriority => "processor priority",
        R::EndOfInterrupt => "EOI",
        R::RemoteRead => "remote read data",
        R::LogicalDestination => "logical destination",
        R::DestinationFormat => "destination format",
        R::SpuriousVector => "spurious-interrupt vector",
        R::InService => "in service",
        R::TriggerMode => "trigger mode",
        R::InterruptRequest => "interrupt request",
        R::ErrorStatus => "error status",
        R::LvtCmci => "local entry: corrected machine check",
        R::CommandLow => "interrupt command, bits 31:0",
        R::CommandHigh => "interrupt command, bits 63:32",
        R::LvtTimer => "local entry: timer",
        R::LvtThermal => "local entry: thermal sensor",
        R::LvtPerformance => "local entry: performance counter",
        R::LvtLint0 => "local entry: pin LINT0",
        R::LvtLint1 => "local entry: pin LINT1",
        R::LvtError => "local entry: error",
        R::InitialCount => "timer: initial count",
        R::CurrentCount => "timer: current count",
        R::DivideConfiguration => "timer: divide configuration",
        R::SelfIpi => "self IPI",
    }
}

/// What a page says of every register that it shows.
pub(super) fn registers() -> Value {
    let row = |row: &Row| {
        let fields = fields(row.register).iter().map(|field| {
            let Field { high, low, name, values, why } = field;
            json!({ "high": high, "low": low, "name": name, "values": values, "why": why })
        });
        json!({
            "name": row.name,
            "title": title(row.register),
            "offset": format!("{:03X}", row.offset),
            "msr": format!("{:X}", X2APIC_MSRS + u32::from(row.offset >> 4)),
            "block": row.slots,
            "fields": fields.collect::<Vec<_>>(),
        })
    };
    TABLE.iter().map(row).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::Generation;

    /// A field that software can set lies in bits that some generation lets it write.
    #[test]
    fn fields_lie_in_their_registers_and_name_all_their_values() {
        for row in &TABLE {
            let mut seen = 0_u32;
            for field in fields(row.register) {
                assert!(field.low <= field.high && field.high < 32, "{} {}", row.name, field.name);
                let bits = u32::MAX >> (31 - (field.high - field.low)) << field.low;
                assert_eq!(seen & bits, 0, "{} {}: two fields share bits", row.name, field.name);
                seen |= bits;
                let width = field.high - field.low + 1;
                assert!(field.values.is_empty() || field.values.len() == 1 << width, "{} {}", row.name, field.name);
            }
            let writable = Generation::X2Apic;
            let named = |bits: u32| bits & !seen;
            if row.name.starts_with("LVT") {
                assert_eq!(named(row.writable(writable)), 0, "{}: a writable bit has no name", row.name);
            }
        }
    }
}
