//! The operations of a CPU: one table of their names and forms for the parser, its messages and the help, and reading
//! each.

use super::model::{Action, Asked, Operation, VectorSet};
use super::tokens::Tokens;
use super::value::{msr, plain, register, value};
use crate::scenario::diagnostic::InputError;
use crate::scenario::nearest;

/// How something is written, and what it does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// Its first word (of an operation, the one after `cpu K`).
    pub(super) name: &'static str,
    /// How it is written.
    pub(super) usage: &'static str,
    /// What it does, in a few words.
    pub(super) about: &'static str,
}

const fn form(name: &'static str, usage: &'static str, about: &'static str) -> Form {
    Form { name, usage, about }
}

/// The operations of a CPU.
pub(super) const OPERATIONS: [Form; 26] = [
    form("write", "cpu K write REG VAL", "write a register (32 bits)"),
    form("read", "cpu K read REG", "read a register (32 bits)"),
    form("nz", "cpu K nz REG", "read it, tell only zero or nonzero"),
    form("range", "cpu K range REG LO HI", "read it, tell only whether it is in the range"),
    form("vec", "cpu K vec IRR|ISR|TMR", "the vectors set in a block"),
    form("ipi", "cpu K ipi DEST VAL", "ICRH = DEST<<24, then ICRL = VAL"),
    form("icrpoll", "cpu K icrpoll VAL N", "ICRL = VAL, then N reads of it: how many were busy"),
    form("poll", "cpu K poll REG MASK N", "N reads: how many had a bit of the mask set"),
    form("sti", "cpu K sti", "enable maskable interrupts"),
    form("cli", "cpu K cli", "disable them"),
    form("hlt", "cpu K hlt", "STI and HLT, until something wakes it (not cpu 0)"),
    form("autoeoi", "cpu K autoeoi on|off", "do its interrupt handlers write EOI?"),
    form("nmi_block", "cpu K nmi_block", "stay in the handler of the next NMI (not cpu 0)"),
    form("nmi_release", "cpu K nmi_release", "leave that handler with IRET"),
    form("smm_block", "cpu K smm_block", "stay in system-management mode at the next SMI (not cpu 0)"),
    form("smm_release", "cpu K smm_release", "leave it with RSM"),
    form("shutdown", "cpu K shutdown", "a triple fault: only NMI, SMI and INIT act on it then (not cpu 0)"),
    form("rdmsr", "cpu K rdmsr MSR", "read an MSR, or #GP"),
    form("wrmsr", "cpu K wrmsr MSR VAL64", "write an MSR, or #GP"),
    form("mr32", "cpu K mr32 ADDR", "read device memory (32 bits)"),
    form("mw32", "cpu K mw32 ADDR VAL", "write device memory (32 bits)"),
    form("in8", "cpu K in8 PORT", "read a port"),
    form("out8", "cpu K out8 PORT VAL", "write a port"),
    form("cpuid", "cpu K cpuid LEAF", "CPUID (for information)"),
    form("tick", "cpu K tick USEC", "how far TMCCT counts down in that time (for information)"),
    form(
        "why",
        "cpu K why [icr]",
        "what it does or has not taken; icr: what that waits for, where the last message went",
    ),
];

/// Most reads of one operation: what a host does in about a second.
const READS_MAX: u64 = 10_000_000;

/// Longest wait of one operation: 10 s.
pub(super) const WAIT_US_MAX: u64 = 10_000_000;

/// Reads what stands after `cpu K`.
pub(super) fn operation(tokens: &mut Tokens<'_>, cpu: u16) -> Result<Action, InputError> {
    let name = tokens.next("an operation")?;
    let Some(form) = OPERATIONS.iter().find(|form| form.name == name.text) else {
        let names: Vec<&str> = OPERATIONS.iter().map(|form| form.name).collect();
        return Err(name
            .error(format!("unknown operation `{}`", name.text), "not an operation of a CPU")
            .help(nearest::suggestion(name.text, &names)));
    };
    tokens.usage = form.usage;
    if cpu == 0 && matches!(form.name, "hlt" | "nmi_block" | "smm_block" | "shutdown") {
        return Err(name
            .error(format!("cpu 0 cannot `{}`", form.name), "not on cpu 0")
            .help("cpu 0 hands the operations out; let another CPU do it"));
    }
    match form.name {
        "why" => Ok(Action::Why(cpu, asked(tokens)?)),
        name => rest(tokens, name).map(|operation| Action::Cpu(cpu, operation)),
    }
}

fn asked(tokens: &mut Tokens<'_>) -> Result<Asked, InputError> {
    match tokens.optional() {
        None => Ok(Asked::Cpu),
        Some(what) if matches!(what.text, "icr" | "ICR") => Ok(Asked::Command),
        Some(what) => Err(what
            .error(format!("`why` does not ask about `{}`", what.text), "icr, or nothing")
            .help(nearest::suggestion(what.text, &["icr"]))),
    }
}

fn rest(tokens: &mut Tokens<'_>, name: &str) -> Result<Operation, InputError> {
    Ok(match name {
        "write" => Operation::Write { register: a_register(tokens)?, value: word(tokens, "VAL")? },
        "read" => Operation::Read { register: a_register(tokens)? },
        "nz" => Operation::NonZero { register: a_register(tokens)? },
        "range" => range(tokens)?,
        "vec" => Operation::Vectors(vector_set(tokens)?),
        "ipi" => Operation::Ipi { destination: value(&tokens.next("DEST")?, 8)? as u8, command: word(tokens, "VAL")? },
        "icrpoll" => Operation::IcrPoll { command: word(tokens, "VAL")?, times: times(tokens)? },
        "poll" => Operation::Poll { register: a_register(tokens)?, mask: word(tokens, "MASK")?, times: times(tokens)? },
        "sti" => Operation::EnableInterrupts,
        "cli" => Operation::DisableInterrupts,
        "hlt" => Operation::Halt,
        "autoeoi" => Operation::AutoEoi(on_or_off(tokens)?),
        "nmi_block" => Operation::HoldNmi,
        "nmi_release" => Operation::ReleaseNmi,
        "smm_block" => Operation::HoldSmm,
        "smm_release" => Operation::ReleaseSmm,
        "shutdown" => Operation::ShutDown,
        "rdmsr" => Operation::ReadMsr(msr(&tokens.next("MSR")?)?),
        "wrmsr" => Operation::WriteMsr(msr(&tokens.next("MSR")?)?, value(&tokens.next("VAL64")?, 64)?),
        "mr32" => Operation::ReadMemory(address(tokens)?),
        "mw32" => Operation::WriteMemory(address(tokens)?, word(tokens, "VAL")?),
        "in8" => Operation::ReadPort(port(tokens)?),
        "out8" => Operation::WritePort(port(tokens)?, value(&tokens.next("VAL")?, 8)? as u8),
        "cpuid" => Operation::Identify(word(tokens, "LEAF")?),
        "tick" => Operation::Tick { us: microseconds(tokens)? },
        _ => unreachable!("every operation of the table is read"),
    })
}

fn a_register(tokens: &mut Tokens<'_>) -> Result<u16, InputError> {
    register(&tokens.next("REG")?)
}

fn word(tokens: &mut Tokens<'_>, what: &str) -> Result<u32, InputError> {
    Ok(value(&tokens.next(what)?, 32)? as u32)
}

fn times(tokens: &mut Tokens<'_>) -> Result<u32, InputError> {
    Ok(plain(&tokens.next("N")?, "the number of reads", &(1..=READS_MAX))? as u32)
}

/// A span of simulated time, in µs.
pub(super) fn microseconds(tokens: &mut Tokens<'_>) -> Result<u32, InputError> {
    Ok(plain(&tokens.next("USEC")?, "the time in microseconds", &(0..=WAIT_US_MAX))? as u32)
}

fn range(tokens: &mut Tokens<'_>) -> Result<Operation, InputError> {
    let register = a_register(tokens)?;
    let least = word(tokens, "LO")?;
    let high = tokens.next("HI")?;
    let most = value(&high, 32)? as u32;
    if most < least {
        return Err(empty_range(&high));
    }
    Ok(Operation::Range { register, least, most })
}

/// A range in which nothing lies.
pub(super) fn empty_range(high: &super::tokens::Token<'_>) -> InputError {
    high.error("the range is empty", "less than LO").help("LO comes first, and both belong to the range")
}

fn vector_set(tokens: &mut Tokens<'_>) -> Result<VectorSet, InputError> {
    let token = tokens.next("IRR, ISR or TMR")?;
    match token.text {
        "IRR" => Ok(VectorSet::Requested),
        "ISR" => Ok(VectorSet::InService),
        "TMR" => Ok(VectorSet::TriggerMode),
        text => Err(token
            .error(format!("`{text}` is no block of vectors"), "not a block")
            .help(nearest::suggestion(text, &["IRR", "ISR", "TMR"]))),
    }
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

/// A 32-bit address of an aligned 32-bit access.
fn address(tokens: &mut Tokens<'_>) -> Result<u32, InputError> {
    let token = tokens.next("ADDR")?;
    let address = value(&token, 32)? as u32;
    if !address.is_multiple_of(4) {
        return Err(token
            .error(format!("`{}` is not a multiple of 4", token.text), "not aligned")
            .help("devices take aligned 32-bit accesses only"));
    }
    Ok(address)
}

fn port(tokens: &mut Tokens<'_>) -> Result<u16, InputError> {
    Ok(value(&tokens.next("PORT")?, 16)? as u16)
}
