//! Task, processor and arbitration priority.
//!
//! Not modelled: the priority that goes over the bus in lowest-priority arbitration, XTPR updates.

/// Priority class of a vector or priority: bits 7:4 (SDM vol. 3 §10.8.3).
pub(super) const fn class(priority: u8) -> u8 {
    priority >> 4
}

/// Processor priority: the class is the higher one of TPR and the highest vector in service. Where the two are equal
/// the sub-class is model-specific; here it is the TPR's (SDM vol. 3 §10.8.3.1).
pub(super) const fn processor_priority(tpr: u8, highest_in_service: Option<u8>) -> u8 {
    match highest_in_service {
        Some(vector) if class(vector) > class(tpr) => vector & 0xF0,
        _ => tpr,
    }
}

/// Arbitration priority, P6 (SDM vol. 3 §10.6.2.4). The printed formula has "TPR AND ISRV" within the maximum, taken
/// here as a misprint of a maximum of three classes.
pub(super) fn arbitration_priority(tpr: u8, highest_requested: Option<u8>, highest_in_service: Option<u8>) -> u8 {
    let requested = highest_requested.map_or(0, class);
    let in_service = highest_in_service.map_or(0, class);
    if class(tpr) >= requested && class(tpr) > in_service {
        return tpr;
    }
    class(tpr).max(requested).max(in_service) << 4
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
            assert_eq!(processor_priority(tpr, in_service), expected, "TPR {tpr:02X} ISRV {in_service:02X?}");
        }
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
            assert_eq!(arbitration_priority(tpr, requested, in_service), expected, "TPR {tpr:02X}");
        }
    }
}
