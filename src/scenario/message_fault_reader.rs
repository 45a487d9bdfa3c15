//! Reading `[[fault]] kind = "message"`.

use super::diagnostic::InputError;
use super::happenings::{optional_time, vector};
use super::machine::{Bus, Machine};
use super::message_fault::{MessageEffectName, MessagePlan};
use super::names::present;
use super::reader::Table;

/// Reads the parameters; `machine` is there if the fault applies to it.
pub(super) fn read(
    table: &Table<'_>,
    until_ps: Option<u64>,
    machine: Option<&Machine>,
) -> Result<MessagePlan, InputError> {
    let effect: MessageEffectName = table.need("effect", "\"lose\"")?.name()?;
    if effect == MessageEffectName::Damage {
        damage(table, machine)?;
    }
    let cpu = |key: &str| {
        let Some(field) = table.get(key) else { return Ok(None) };
        let cpu = field.small_integer(0, u32::MAX)?;
        machine.map_or(Ok(()), |machine| present(&field, cpu, machine).map(|_| ()))?;
        Ok(Some(cpu))
    };
    let number = |key: &str| table.get(key).map(|field| field.small_integer(1, u32::MAX)).transpose();
    let (nth, every, count) = (number("nth")?, number("every")?, number("count")?);
    // The n-th alone is one; with `every`, and without both, there is no end to them.
    let count = count.or((nth.is_some() && every.is_none()).then_some(1));
    Ok(MessagePlan {
        effect,
        delay_ps: delay(table, effect)?,
        from: cpu("from")?,
        to: cpu("to")?,
        vector: table.get("vector").map(|field| vector(&field)).transpose()?,
        mode: table.get("mode").map(|field| field.name()).transpose()?,
        until_ps,
        nth: nth.unwrap_or(1),
        every: every.unwrap_or(1),
        count,
    })
}

/// Damage is of the wires: of a serial bus, and for everybody.
fn damage(table: &Table<'_>, machine: Option<&Machine>) -> Result<(), InputError> {
    if let Some(field) = table.get("to") {
        return Err(field
            .error("a damaged message is damaged for everybody", "not for one CPU")
            .help("leave it out, or lose the message: effect = \"lose\""));
    }
    let effect = table.need("effect", "\"damage\"")?;
    match machine {
        Some(machine) if !machine.has_bus(Bus::Serial) => Err(effect
            .error("this machine has no serial bus, whose messages have a checksum", "does not apply here")
            .help("let it apply to that bus only: only = [\"serial\"]")),
        _ => Ok(()),
    }
}

/// A delayed message needs a delay; of the others only a doubled one has one, and may do without.
fn delay(table: &Table<'_>, effect: MessageEffectName) -> Result<u64, InputError> {
    match (effect, table.get("delay_us")) {
        (MessageEffectName::Delay, _) => {
            let field = table.need("delay_us", "50")?;
            match optional_time(table, "delay_us")?.unwrap_or_default() {
                0 => Err(field.error("a delay of nothing delays nothing", "is 0").help("for example: delay_us = 50")),
                ps => Ok(ps),
            }
        }
        (MessageEffectName::Duplicate, _) => Ok(optional_time(table, "delay_us")?.unwrap_or_default()),
        (MessageEffectName::Lose | MessageEffectName::Unnoticed | MessageEffectName::Damage, None) => Ok(0),
        (effect, Some(field)) => Err(field
            .error(&format!("a message that is `{effect}` has no delay"), "of `delay` and `duplicate` only")
            .help("leave it out")),
    }
}
