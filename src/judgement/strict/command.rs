//! What is written to the ICR's low half, to the self IPI register and to the entries of the local vector table: the level
//! bit, and the vector.

use super::accessed::{LVT_CMCI, LVT_ERROR, LVT_TIMER, SELF_IPI};
use super::rule::Rule;
use sim::bus::DeliveryMode;

/// Level and trigger mode (SDM vol. 3 §10.6.1).
const LEVEL: u32 = 1 << 14;
const TRIGGER: u32 = 1 << 15;
/// Of an entry (SDM vol. 3 §10.5.1).
const MASKED: u32 = 1 << 16;

/// Vectors below are exceptions, or reserved for them (SDM vol. 3 §6.2).
const EXCEPTIONS: u8 = 32;
/// Vectors below are none for an interrupt at all (SDM vol. 3 §10.5.2).
const ILLEGAL: u8 = 16;

/// Does it take back the level of an INIT (SDM vol. 3 §10.6.1, "INIT level de-assert")?
pub(super) const fn is_deassert(command: u32) -> bool {
    matches!(mode(command), DeliveryMode::Init) && command & (LEVEL | TRIGGER) == TRIGGER
}

pub(super) const fn mode(command: u32) -> DeliveryMode {
    DeliveryMode::from_bits(command >> 8 & 7)
}

/// A command that is written to ICR low.
pub(super) fn check(command: u32, mut found: impl FnMut(Rule, String)) {
    let mode = mode(command);
    if matches!(mode, DeliveryMode::ExtInt | DeliveryMode::RemoteRead) {
        return; // no message of the ICR on most parts
    }
    if command & LEVEL == 0 && !is_deassert(command) {
        found(Rule::LevelBit, format!("{} command {command:08X} with its level bit (14) clear", mode.name()));
    }
    if matches!(mode, DeliveryMode::Fixed | DeliveryMode::LowestPriority) {
        check_vector(command as u8, || format!("{} command {command:08X}", mode.name()), &mut found);
    }
}

/// Anything that is written to another register at `offset`.
pub(super) fn check_entry(offset: u16, value: u32, mut found: impl FnMut(Rule, String)) {
    let (timer_or_error, name) = match offset {
        SELF_IPI => return check_vector(value as u8, || "self IPI".to_owned(), &mut found),
        LVT_TIMER | LVT_ERROR => (true, offset),
        LVT_CMCI | LVT_TIMER..=LVT_ERROR => (false, offset),
        _ => return,
    };
    let fixed = timer_or_error || matches!(mode(value), DeliveryMode::Fixed);
    if fixed && value & MASKED == 0 {
        let entry = || format!("local entry {} = {value:08X}", sim::apic::register_name(name).unwrap_or("?"));
        check_vector(value as u8, entry, &mut found);
    }
}

fn check_vector(vector: u8, of: impl Fn() -> String, found: &mut impl FnMut(Rule, String)) {
    let about = match vector {
        ..ILLEGAL => "which is illegal",
        ILLEGAL..EXCEPTIONS => "which the CPU keeps for exceptions",
        _ => return,
    };
    found(Rule::LowVector, format!("{} with vector {vector:02X}, {about}", of()));
}
