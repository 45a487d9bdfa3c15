//! Task, processor and arbitration priority.
//!
//! Not modelled: see `priority_messages.rs` for what a chipset hears of it.

use crate::generation::{AprFormula, PprEqualClass};

/// Priority class of a vector or priority: bits 7:4 (SDM vol. 3 §10.8.3).
pub(super) const fn class(priority: u8) -> u8 {
    priority >> 4
}

/// Processor priority: the class is the higher one of TPR and the highest vector in service; the sub-class is TPR's
/// where its class is the higher one (SDM vol. 3 §10.8.3.1; knob `ppr_equal_class`).
pub(super) const fn processor_priority(tpr: u8, highest_in_service: Option<u8>, rule: PprEqualClass) -> u8 {
    let Some(vector) = highest_in_service else { return tpr };
    let in_service = class(vector);
    let zero = in_service > class(tpr) || in_service == class(tpr) && matches!(rule, PprEqualClass::Zero);
    if zero { vector & 0xF0 } else { tpr }
}

/// Arbitration priority (SDM vol. 3 §10.6.2.4; knob `apr_formula`). The printed formula has "TPR AND ISRV" within the
/// maximum.
pub(super) fn arbitration_priority(
    tpr: u8,
    highest_requested: Option<u8>,
    highest_in_service: Option<u8>,
    formula: AprFormula,
) -> u8 {
    let requested = highest_requested.map_or(0, class);
    let in_service = highest_in_service.map_or(0, class);
    if class(tpr) >= requested && class(tpr) > in_service {
        return tpr;
    }
    let of_all = match formula {
        AprFormula::Maximum => class(tpr).max(requested).max(in_service),
        AprFormula::Printed => (class(tpr) & in_service).max(requested),
    };
    of_all << 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_priority_follows_section_10_8_3_1() {
        let table = [
            (0x00, None, 0x00),
            (0xF0, None, 0xF0),
            (0x10, None, 0x10),
            (0x31, Some(0x25), 0x31),
            (0x19, Some(0x25), 0x20),
            (0x2F, Some(0x25), 0x2F), // equal classes: either is allowed
            (0x00, Some(0xFD), 0xF0),
        ];
        for (tpr, in_service, expected) in table {
            assert_eq!(
                processor_priority(tpr, in_service, PprEqualClass::Tpr),
                expected,
                "TPR {tpr:02X} ISRV {in_service:02X?}"
            );
        }
        assert_eq!(processor_priority(0x2F, Some(0x25), PprEqualClass::Zero), 0x20);
    }

    #[test]
    fn arbitration_priority_follows_section_10_6_2_4() {
        let table = [
            (0x35, None, None, 0x35),
            (0x35, Some(0x31), None, 0x35),
            (0x35, Some(0x41), None, 0x40),
            (0x35, None, Some(0x31), 0x30),
            (0x35, Some(0x41), Some(0x51), 0x50),
            (0x00, None, None, 0x00),
        ];
        for (tpr, requested, in_service, expected) in table {
            let priority = arbitration_priority(tpr, requested, in_service, AprFormula::Maximum);
            assert_eq!(priority, expected, "TPR {tpr:02X}");
        }
        assert_eq!(arbitration_priority(0x35, Some(0x21), Some(0x61), AprFormula::Printed), 0x20);
    }
}
