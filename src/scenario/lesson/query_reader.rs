//! Reading a query: `CPU2.irr has FD`, `CPU0.icr is busy`, `told FIXED FC ... Retry`, `run.verdict is hung`.

use super::phrase::Phrase;
use super::query::{Asks, CpuAsks, Query, RunAsks, Than};
use crate::scenario::decimal::{self, Unit};
use crate::scenario::diagnostic::InputError;
use crate::scenario::nearest;
use crate::scenario::reader::Field;
use sim::Generation;
use sim::apic::TABLE;

/// What a query can be about, for messages.
const FORMS: &str = "a query is one of: CPU2.irr has FD, CPU0.icr is busy, CPU2.TPR is 20, bus has FIXED FC, \
    word call_lock is 1, told FIXED FC ... Retry, run.verdict is hung (docs/lessons.md)";

/// What a CPU can be asked for, beside registers.
const OF_CPUS: [&str; 11] =
    ["if", "icr", "nmi-latch", "irr", "isr", "tmr", "full", "runs", "waits", "why", "a register (TPR, PPR, LDR, ...)"];

/// What a run can be asked for.
const OF_RUNS: [&str; 5] = ["verdict", "timed-out", "stopped", "from-crash", "capture"];

/// The relations, the longer ones first.
const RELATIONS: [(&str, &str); 6] = [
    (" has no ", "has no"),
    (" has ", "has"),
    (" is not ", "is not"),
    (" is over ", "is over"),
    (" is under ", "is under"),
    (" is ", "is"),
];

/// The machine that is asked about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject {
    pub(super) cpus: u32,
    pub(super) generation: Generation,
    /// Is it asked when the run is over?
    pub(super) at_the_end: bool,
}

/// What is wrong, and what would be right.
type Wrong = (String, String);

fn wrong(message: impl Into<String>, help: impl Into<String>) -> Wrong {
    (message.into(), help.into())
}

/// The query that a field is.
///
/// # Errors
/// It is none, or none of this machine.
pub(super) fn query(field: &Field<'_>, subject: Subject) -> Result<Query, InputError> {
    let text = field.line_of_text()?;
    let place = field.node.place.clone();
    match asks(&text, subject) {
        Ok((not, asks)) => Ok(Query { place, not, asks }),
        Err((message, help)) => Err(InputError::new(message).at(&place, "no such query").help(help)),
    }
}

fn asks(text: &str, subject: Subject) -> Result<(bool, Asks), Wrong> {
    let phrase = |words: &str| Phrase::read(words).ok_or_else(|| wrong(format!("`{text}` asks for no words"), FORMS));
    if let Some(words) = text.strip_prefix("told ") {
        return Ok((false, Asks::Told(phrase(words)?)));
    }
    if let Some(words) = text.strip_prefix("not told ") {
        return Ok((true, Asks::Told(phrase(words)?)));
    }
    // The first relation of the text divides it: a value may hold such words again.
    let found = RELATIONS.iter().filter_map(|(between, name)| Some((text.find(between)?, between, *name)));
    let first = found.min_by_key(|(at, between, _)| (*at, usize::MAX - between.len()));
    let Some((at, between, relation)) = first else {
        return Err(wrong(format!("`{text}` is no query"), FORMS));
    };
    let (of, value) = (text[..at].trim(), text[at + between.len()..].trim());
    let not = matches!(relation, "has no" | "is not");
    let has = relation.starts_with("has");
    let asks = match of {
        "bus" if has => Asks::Bus(phrase(value)?),
        _ if of.starts_with("word ") && !has => Asks::Word(of[5..].trim().to_owned(), hex(value, u32::MAX)?),
        _ if of.starts_with("run.") => return Ok((not, Asks::Run(of_run(&of[4..], relation, value, subject)?))),
        _ => match of.strip_prefix("CPU").and_then(|rest| rest.split_once('.')) {
            Some((number, what)) => {
                let cpu: u32 = number.parse().map_err(|_| wrong(format!("`CPU{number}` is no CPU"), FORMS))?;
                if cpu >= subject.cpus {
                    let help = format!("CPUs are numbered from 0: the last one is CPU{}", subject.cpus - 1);
                    return Err(wrong(format!("this machine has no CPU{cpu}"), help));
                }
                Asks::Cpu(cpu as u16, of_cpu(what, has, value, subject)?)
            }
            None => return Err(wrong(format!("`{of}` is nothing that can be asked about"), FORMS)),
        },
    };
    if relation == "is over" || relation == "is under" {
        return Err(wrong(format!("`{relation}` compares numbers of a run"), "as in: run.from-crash is under 1000us"));
    }
    Ok((not, asks))
}

fn of_cpu(what: &str, has: bool, value: &str, subject: Subject) -> Result<CpuAsks, Wrong> {
    let vector = || hex(value, 0xFF).map(|vector| vector as u8);
    let phrase = || Phrase::read(value).ok_or_else(|| wrong(format!("`{what}` is asked for no words"), FORMS));
    let one_of = |yes: &str, no: &str, asks: CpuAsks| {
        if value == yes {
            Ok(asks)
        } else {
            Err(wrong(format!("`{what}` is `{yes}` or not `{yes}`, and no `{value}`"), no))
        }
    };
    Ok(match (what, has) {
        ("irr", true) => CpuAsks::Requested(vector()?),
        ("isr", true) => CpuAsks::InService(vector()?),
        ("tmr", true) => CpuAsks::Level(vector()?),
        ("full", true) => CpuAsks::Full(hex(value, 0xF)? as u8),
        ("why", true) => CpuAsks::Why(phrase()?),
        ("if", false) => one_of("on", "as in: CPU0.if is on, CPU0.if is not on", CpuAsks::InterruptsOn)?,
        ("icr", false) => one_of("busy", "as in: CPU0.icr is busy, CPU0.icr is not busy", CpuAsks::IcrBusy)?,
        ("nmi-latch", false) => one_of("set", "as in: CPU0.nmi-latch is set, is not set", CpuAsks::NmiLatched)?,
        ("runs", false) => CpuAsks::Runs(phrase()?),
        ("waits", false) if value == "for nothing" => CpuAsks::Waits(None),
        ("waits", false) => CpuAsks::Waits(Some(phrase()?)),
        ("irr" | "isr" | "tmr" | "full" | "why", false) => {
            return Err(wrong(
                format!("`{what}` has something or has it not"),
                "as in: CPU2.irr has FD, CPU2.irr has no FD",
            ));
        }
        (name, false) => {
            let row = TABLE.iter().find(|row| row.name == name && row.slots == 1 && row.is_in(subject.generation));
            let Some(row) = row else {
                let names: Vec<&str> =
                    TABLE.iter().filter(|row| row.is_in(subject.generation)).map(|row| row.name).collect();
                let help = match nearest::nearest(name, &[&names[..], &OF_CPUS[..]].concat()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("a CPU has {}", OF_CPUS.join(", ")),
                };
                return Err(wrong(format!("a CPU of this machine has no `{name}`"), help));
            };
            CpuAsks::Register(row.offset, hex(value, u32::MAX)?)
        }
        (name, true) => {
            return Err(wrong(format!("`{name}` does not have things"), format!("a CPU has {}", OF_CPUS.join(", "))));
        }
    })
}

fn of_run(what: &str, relation: &str, value: &str, subject: Subject) -> Result<RunAsks, Wrong> {
    if !subject.at_the_end {
        return Err(wrong("a run can be asked when it is over", "the question says: judged = \"end\""));
    }
    let than = match relation {
        "is" | "is not" => Than::Is,
        "is over" => Than::Over,
        "is under" => Than::Under,
        _ => return Err(wrong(format!("`{what}` of a run is something, or is over or under a number"), FORMS)),
    };
    let number =
        || value.parse::<u64>().map_err(|_| wrong(format!("`{value}` is no number"), "as in: run.timed-out is 1"));
    match (what, than) {
        ("verdict", Than::Is) => match value {
            "completed" => Ok(RunAsks::Verdict("completed")),
            "hung" => Ok(RunAsks::Verdict("hung")),
            "deadline" => Ok(RunAsks::Verdict("deadline")),
            _ => Err(wrong(format!("`{value}` is no verdict"), "a verdict is completed, hung or deadline")),
        },
        ("capture", Than::Is) if value == "ready" => Ok(RunAsks::CaptureKernelReady),
        ("capture", _) => Err(wrong(format!("`capture` is no `{value}`"), "as in: run.capture is ready, is not ready")),
        ("timed-out", _) => Ok(RunAsks::TimedOut(than, number()?)),
        ("stopped", _) => Ok(RunAsks::Stopped(than, number()?)),
        ("from-crash", _) => {
            let span = value.strip_suffix("us").map(str::trim);
            let ps = span.and_then(|span| decimal::picoseconds(span, Unit::Microseconds).ok());
            let help = "as in: run.from-crash is under 1000us";
            Ok(RunAsks::FromCrash(than, ps.ok_or_else(|| wrong(format!("`{value}` is no time"), help))?))
        }
        _ => Err(wrong(format!("a run has no `{what}`"), format!("a run has {}", OF_RUNS.join(", ")))),
    }
}

/// A number in hex, as vectors and registers are written.
fn hex(text: &str, most: u32) -> Result<u32, Wrong> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'));
    let help = format!("it is a number in hex, up to {most:X}");
    number.filter(|number| *number <= most).ok_or_else(|| wrong(format!("`{text}` does not fit here"), help))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: Subject = Subject { cpus: 3, generation: Generation::P6, at_the_end: true };

    #[test]
    fn queries_are_read() {
        let phrase = |text| Phrase::read(text).expect("words");
        let cases = [
            ("CPU2.irr has FD", (false, Asks::Cpu(2, CpuAsks::Requested(0xFD)))),
            ("CPU2.irr has no 31", (true, Asks::Cpu(2, CpuAsks::Requested(0x31)))),
            ("CPU0.icr is not busy", (true, Asks::Cpu(0, CpuAsks::IcrBusy))),
            ("CPU0.TPR is 20", (false, Asks::Cpu(0, CpuAsks::Register(0x80, 0x20)))),
            ("CPU1.full has F", (false, Asks::Cpu(1, CpuAsks::Full(0xF)))),
            ("CPU1.waits is for nothing", (false, Asks::Cpu(1, CpuAsks::Waits(None)))),
            ("CPU1.runs is NMI handler", (false, Asks::Cpu(1, CpuAsks::Runs(phrase("NMI handler"))))),
            ("CPU1.why has it is not there", (false, Asks::Cpu(1, CpuAsks::Why(phrase("it is not there"))))),
            ("bus has RETRY", (false, Asks::Bus(phrase("RETRY")))),
            ("word l is 1", (false, Asks::Word("l".to_owned(), 1))),
            ("word call lock is not 1", (true, Asks::Word("call lock".to_owned(), 1))),
            ("not told EOI", (true, Asks::Told(phrase("EOI")))),
            ("told CPU1 is late", (false, Asks::Told(phrase("CPU1 is late")))),
            ("run.verdict is hung", (false, Asks::Run(RunAsks::Verdict("hung")))),
            ("run.timed-out is over 2", (false, Asks::Run(RunAsks::TimedOut(Than::Over, 2)))),
            ("run.from-crash is under 1.5us", (false, Asks::Run(RunAsks::FromCrash(Than::Under, 1_500_000)))),
            ("run.capture is not ready", (true, Asks::Run(RunAsks::CaptureKernelReady))),
        ];
        for (text, is) in cases {
            assert_eq!(asks(text, SUBJECT), Ok(is), "{text}");
        }
    }

    #[test]
    fn what_is_no_query_says_what_would_be() {
        for (text, says) in [
            ("CPU3.irr has FD", "CPU2"),
            ("CPUx.irr has FD", "a query is"),
            ("CPU0.irr has 100", "up to FF"),
            ("CPU0.irr is FD", "has FD"),
            ("CPU0.full has 1F", "up to F"),
            ("CPU0.TRP is 1", "did you mean `TPR`"),
            ("CPU0.LVTCMCI is 1", "no `LVTCMCI`"),
            ("CPU0.if is off", "is not on"),
            ("CPU0.icr is over 1", "`busy`"),
            ("CPU0.TPR is over 1", "run.from-crash"),
            ("hello", "a query is"),
            ("bus is idle", "a query is"),
            ("told ...", "a query is"),
            ("run.verdict is dead", "completed, hung"),
            ("run.speed is 1", "verdict"),
            ("run.from-crash is under 5", "1000us"),
            ("run.timed-out has 1", "a query is"),
            ("word x is zz", "hex"),
            ("CPU0.TPR is +1", "hex"),
        ] {
            let (message, help) = asks(text, SUBJECT).expect_err(text);
            assert!(format!("{message} {help}").contains(says), "{text}: {message}; {help}");
        }
        let early = Subject { at_the_end: false, ..SUBJECT };
        assert!(asks("run.verdict is hung", early).expect_err("not over").1.contains("judged"));
    }
}
