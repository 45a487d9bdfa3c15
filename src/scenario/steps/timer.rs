//! `timer`: how the local APIC's timer is set.

use super::amount::span;
use super::call::vector_of;
use super::reading::Reading;
use crate::scenario::diagnostic::InputError;
use crate::scenario::nearest;
use crate::scenario::operation::Tokens;
use crate::scenario::program::{Act, TimerMode};
use sim::Generation;

/// The rest of the step.
pub(super) fn timer(reading: &mut Reading<'_, '_>, tokens: &mut Tokens<'_>) -> Result<Act, InputError> {
    let how = tokens.next("oneshot, periodic, deadline or off")?;
    if how.text == "off" {
        return Ok(Act::Timer { mode: TimerMode::Off, vector: 0 });
    }
    if !["oneshot", "periodic", "deadline"].contains(&how.text) {
        return Err(how
            .error(format!("unknown timer mode `{}`", how.text), "not a mode")
            .help(nearest::suggestion(how.text, &["oneshot", "periodic", "deadline", "off"])));
    }
    if how.text == "deadline" && reading.reader.machine.generation != Generation::X2Apic {
        reading.if_it_applies(|| {
            how.error("this machine's timer has no TSC-deadline mode", "not of this generation")
                .help("machine.generation = \"x2apic\" has it; `oneshot` does the same elsewhere")
        })?;
    }
    let time = tokens.next("D")?;
    let ps = span(&time)?;
    if ps == 0 {
        return Err(time.error("a timer of no time", "no time").help("a time such as 100us"));
    }
    let token = tokens.next("vector=V")?;
    let Some(("vector", text)) = token.text.split_once('=') else {
        return Err(token.error(format!("`{}` is not a vector", token.text), "vector=V").help("vector=0xEF"));
    };
    let vector = vector_of(reading, &token, text)?;
    let mode = match how.text {
        "oneshot" => TimerMode::OneShot(ps),
        "periodic" => TimerMode::Periodic(ps),
        _ => TimerMode::Deadline(ps),
    };
    Ok(Act::Timer { mode, vector })
}
