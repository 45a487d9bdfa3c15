//! The register names of scripts: those of the hardware's own table, with the eight registers of a block numbered.

use crate::scenario::nearest::nearest;
pub(crate) use sim::apic::{MSR_APIC_BASE, Register, X2APIC_MSRS};
use sim::apic::{MSR_TSC_DEADLINE, Row, TABLE};

/// Model-specific registers that have a name (SDM vol. 3 §10.4.4, 10.5.4.1).
pub(crate) const MSRS: [(&str, u32); 2] = [("APIC_BASE", MSR_APIC_BASE), ("TSC_DEADLINE", MSR_TSC_DEADLINE)];

/// The byte offset of a register in the APIC page.
pub(crate) fn offset(register: Register) -> u16 {
    TABLE[register as usize].offset
}

/// Another name of the register with which a command is given.
const ICR: &str = "ICR";

/// The byte offset of the register called `name`.
pub(crate) fn offset_of(name: &str) -> Option<u16> {
    if name == ICR {
        return Some(offset(Register::CommandLow));
    }
    TABLE.iter().find_map(|row| {
        let number = name.strip_prefix(row.script_name)?;
        match (row.slots, number) {
            (1, "") => Some(row.offset),
            (1, _) => None,
            (slots, digit) => {
                let index: u16 = digit.parse().ok()?;
                (index < slots && digit.len() == 1).then(|| row.offset + 16 * index)
            }
        }
    })
}

/// What help says of a name that is no register.
pub(crate) fn suggestion(name: &str) -> String {
    let names = names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let near = nearest(name, &names).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    format!("{near}Registers: {}", list())
}

/// All names on one line, blocks as a range.
pub(crate) fn list() -> String {
    let name = |row: &Row| match row.slots {
        1 => row.script_name.to_owned(),
        slots => format!("{}0-{}", row.script_name, slots - 1),
    };
    TABLE.iter().map(name).collect::<Vec<_>>().join(" ")
}

fn names() -> Vec<String> {
    let of = |row: &'static Row| {
        (0..row.slots).map(move |slot| match row.slots {
            1 => row.script_name.to_owned(),
            _ => format!("{}{slot}", row.script_name),
        })
    };
    TABLE.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_register_has_a_name_of_its_own() {
        let offsets: Vec<Option<u16>> = names().iter().map(|name| offset_of(name)).collect();
        assert_eq!(offsets.len(), 48);
        assert!(offsets.is_sorted() && offsets.iter().all(Option::is_some), "{offsets:?}");
        let mut unique = offsets.clone();
        unique.dedup();
        assert_eq!(unique, offsets);
    }

    #[test]
    fn blocks_are_numbered() {
        // SDM vol. 3 table 10-1
        let table = [
            ("ISR0", Some(0x100)),
            ("TMR7", Some(0x1F0)),
            ("IRR3", Some(0x230)),
            ("ISR", None),
            ("ISR8", None),
            ("ISR+1", None),
            ("ISR01", None),
            ("LVT0", Some(0x350)),
            ("LVT2", None),
            ("ICRL", Some(0x300)),
            ("ICR", Some(0x300)),
            ("ICR0", None),
            ("ICRL0", None),
        ];
        for (name, offset) in table {
            assert_eq!(offset_of(name), offset, "{name}");
        }
    }
}
