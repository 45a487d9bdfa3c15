//! `nmi`, `smi` and `init`: pins of CPUs that a program drives.

use super::amount::amount;
use super::reading::Reading;
use crate::scenario::amount::Amount;
use crate::scenario::diagnostic::InputError;
use crate::scenario::operation::{Token, Tokens, plain};
use crate::scenario::program::{Act, PinName};

/// The rest of the step.
pub(super) fn pin(reading: &Reading<'_, '_>, tokens: &mut Tokens<'_>, pin: PinName) -> Result<Act, InputError> {
    let cpu = of_machine(reading, &tokens.next("C")?)?;
    let span = match (pin, tokens.optional()) {
        (_, None) => None,
        (PinName::Smi, Some(token)) => Some(window(&token)?),
        (_, Some(token)) => {
            return Err(token
                .error(format!("`{}` is not expected", token.text), "a pulse has no length")
                .help("it is written: nmi C, or init C"));
        }
    };
    Ok(Act::Pin { cpu, pin, span })
}

/// A CPU of the machine, if the program applies to it.
fn of_machine(reading: &Reading<'_, '_>, token: &Token<'_>) -> Result<u16, InputError> {
    let cpu = plain(token, "the CPU", &(0..=u64::from(u16::MAX)))?;
    let cpus = reading.reader.machine.cpus;
    if cpu >= u64::from(cpus) {
        reading.if_it_applies(|| {
            token
                .error(format!("there is no CPU {cpu} in this machine"), "no such CPU")
                .help(format!("this machine has CPUs 0 to {}", cpus - 1))
        })?;
    }
    Ok(cpu as u16)
}

fn window(token: &Token<'_>) -> Result<Amount, InputError> {
    match amount(token)? {
        Amount::Fixed(0) => {
            Err(token.error("system management of no time", "no time").help("a time such as 100us, or leave it out"))
        }
        span => Ok(span),
    }
}
