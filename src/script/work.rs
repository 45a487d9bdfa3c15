//! What a CPU is told to do by `cpu K`: the operations that any software can execute, and those of the guest.

use super::model::{Action, Asked, Work};
use crate::scenario::diagnostic::InputError;
use crate::scenario::nearest;
use crate::scenario::operation::{self, Form, OPERATIONS, Token, Tokens, form};

/// What stands before each of them.
pub(super) const BEFORE: &str = "cpu K ";

/// Those of the guest.
const GUEST: [Form; 8] = [
    form("hlt", "hlt", "STI and HLT, until something wakes it (not cpu 0)"),
    form("autoeoi", "autoeoi on|off", "do its interrupt handlers write EOI?"),
    form("nmi_block", "nmi_block", "stay in the handler of the next NMI (not cpu 0)"),
    form("nmi_release", "nmi_release", "leave that handler with IRET"),
    form("smm_block", "smm_block", "stay in system-management mode at the next SMI (not cpu 0)"),
    form("smm_release", "smm_release", "leave it with RSM"),
    form("shutdown", "shutdown", "a triple fault: only NMI, SMI and INIT act on it then (not cpu 0)"),
    form(
        "why",
        "why [icr|vector VEC]",
        "what it does or has not taken; icr: what that waits for, where the last message went; vector: where that is",
    ),
];

/// All of them.
pub(super) fn forms() -> impl Iterator<Item = &'static Form> {
    OPERATIONS.iter().chain(&GUEST)
}

/// Reads what stands after `cpu K`.
pub(super) fn work(tokens: &mut Tokens<'_>, cpu: u16) -> Result<Action, InputError> {
    let name = tokens.next("an operation")?;
    tokens.operations_after(BEFORE);
    if let Some(operation) = operation::operation(tokens, name.text)? {
        return Ok(Action::Cpu(cpu, Work::Operation(operation)));
    }
    let Some(form) = GUEST.iter().find(|form| form.name == name.text) else {
        let names: Vec<&str> = forms().map(|form| form.name).collect();
        return Err(name
            .error(format!("unknown operation `{}`", name.text), "not an operation of a CPU")
            .help(nearest::suggestion(name.text, &names)));
    };
    tokens.written(form.usage);
    if cpu == 0 && matches!(form.name, "hlt" | "nmi_block" | "smm_block" | "shutdown") {
        return Err(name
            .error(format!("cpu 0 cannot `{}`", form.name), "not on cpu 0")
            .help("cpu 0 hands the operations out; let another CPU do it"));
    }
    let work = match form.name {
        "why" => return Ok(Action::Why(cpu, asked(tokens)?)),
        "hlt" => Work::Halt,
        "autoeoi" => Work::AutoEoi(on_or_off(tokens)?),
        "nmi_block" => Work::HoldNmi,
        "nmi_release" => Work::ReleaseNmi,
        "smm_block" => Work::HoldSmm,
        "smm_release" => Work::ReleaseSmm,
        "shutdown" => Work::ShutDown,
        _ => unreachable!("every form of the table is read"),
    };
    Ok(Action::Cpu(cpu, work))
}

fn asked(tokens: &mut Tokens<'_>) -> Result<Asked, InputError> {
    match tokens.optional() {
        None => Ok(Asked::Cpu),
        Some(what) if matches!(what.text, "icr" | "ICR") => Ok(Asked::Command),
        Some(what) if what.text == "vector" => {
            let which = tokens.next("VEC")?;
            let wrong = |error: InputError| error.help("a vector is two hex digits, 00 to ff");
            vector(&which).map(Asked::Vector).ok_or_else(|| wrong(no_vector(&which)))
        }
        Some(what) => Err(what
            .error(format!("`why` does not ask about `{}`", what.text), "icr, vector VEC, or nothing")
            .help(nearest::suggestion(what.text, &["icr", "vector"]))),
    }
}

/// A vector: hex digits, with 0x or without.
pub(super) fn vector(token: &Token<'_>) -> Option<u8> {
    let digits = token.text.strip_prefix("0x").unwrap_or(token.text);
    u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
}

pub(super) fn no_vector(token: &Token<'_>) -> InputError {
    token.error(format!("`{}` is no vector", token.text), "not a vector")
}

fn on_or_off(tokens: &mut Tokens<'_>) -> Result<bool, InputError> {
    let token = tokens.next("on or off")?;
    match token.text {
        "on" => Ok(true),
        "off" => Ok(false),
        text => Err(token
            .error(format!("`{text}` is neither on nor off"), "on or off")
            .help(nearest::suggestion(text, &["on", "off"]))),
    }
}
