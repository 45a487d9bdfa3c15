//! The operations of a CPU: one table of their names and forms for the parsers, their messages and the help, and reading
//! each.

use super::model::{Operation, VectorSet};
use super::tokens::Tokens;
use super::value::{msr, plain, register, value};
use crate::scenario::diagnostic::InputError;
use crate::scenario::nearest;

/// How something is written, and what it does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    /// Its first word.
    pub(crate) name: &'static str,
    /// How it is written.
    pub(crate) usage: &'static str,
    /// What it does, in a few words.
    pub(crate) about: &'static str,
}

pub(crate) const fn form(name: &'static str, usage: &'static str, about: &'static str) -> Form {
    Form { name, usage, about }
}

/// The operations of a CPU.
pub(crate) const OPERATIONS: [Form; 19] = [
    form("write", "write REG VAL", "write a register (32 bits)"),
    form("read", "read REG", "read a register (32 bits)"),
    form("nz", "nz REG", "read it, tell only zero or nonzero"),
    form("range", "range REG LO HI", "read it, tell only whether it is in the range"),
    form("vec", "vec IRR|ISR|TMR", "the vectors set in a block"),
    form("ipi", "ipi DEST VAL", "ICRH = DEST<<24, then ICRL = VAL"),
    form("icrpoll", "icrpoll VAL N", "ICRL = VAL, then N reads of it: how many were busy"),
    form("poll", "poll REG MASK N", "N reads: how many had a bit of the mask set"),
    form("sti", "sti", "enable maskable interrupts"),
    form("cli", "cli", "disable them"),
    form("rdmsr", "rdmsr MSR", "read an MSR, or #GP"),
    form("wrmsr", "wrmsr MSR VAL64", "write an MSR, or #GP"),
    form("mfence", "mfence", "MFENCE: the stores before it are seen before what comes after it"),
    form("mr32", "mr32 ADDR", "read device memory (32 bits)"),
    form("mw32", "mw32 ADDR VAL", "write device memory (32 bits)"),
    form("in8", "in8 PORT", "read a port"),
    form("out8", "out8 PORT VAL", "write a port"),
    form("cpuid", "cpuid LEAF", "CPUID (for information)"),
    form("tick", "tick USEC", "how far TMCCT counts down in that time (for information)"),
];

/// Most reads of one operation: what a host does in about a second.
const READS_MAX: u64 = 10_000_000;

/// Longest wait of one operation: 10 s.
pub(crate) const WAIT_US_MAX: u64 = 10_000_000;

/// Reads the operation called `name`, which has been taken; `None` if there is none of that name.
///
/// # Errors
/// What is wrong with its operands.
pub(crate) fn operation(tokens: &mut Tokens<'_>, name: &str) -> Result<Option<Operation>, InputError> {
    let Some(form) = OPERATIONS.iter().find(|form| form.name == name) else { return Ok(None) };
    tokens.written(form.usage);
    operands(tokens, form.name).map(Some)
}

fn operands(tokens: &mut Tokens<'_>, name: &str) -> Result<Operation, InputError> {
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
        "rdmsr" => Operation::ReadMsr(msr(&tokens.next("MSR")?)?),
        "wrmsr" => Operation::WriteMsr(msr(&tokens.next("MSR")?)?, value(&tokens.next("VAL64")?, 64)?),
        "mfence" => Operation::Fence,
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
fn microseconds(tokens: &mut Tokens<'_>) -> Result<u32, InputError> {
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
pub(crate) fn empty_range(high: &super::tokens::Token<'_>) -> InputError {
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
