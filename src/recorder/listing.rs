//! A recording as text, a line an access in the notation of `kernel.md` §1, and as a JSON document.

use super::recording::{End, Entry, Recording};
use kernel_model::Wait;
use serde_json::{Value, json};
use std::fmt::Write;

/// A recording as a document; `arch`, `variant`, `release` and `call` as the command line names them.
pub(crate) fn document(recording: &Recording, [arch, variant, release, call]: [&str; 4]) -> Value {
    let waits_for = match recording.end {
        End::Hangs(wait) => Some(waited_for(wait)),
        _ => None,
    };
    json!({
        "schema": { "name": "apicsim.accesses", "version": "1.3" },
        "arch": arch,
        "variant": variant,
        "release": release,
        "call": call,
        "hang": matches!(recording.end, End::Hangs(_)),
        "panics": recording.end == End::Panics,
        "end": end_name(recording.end),
        "waits_for": waits_for,
        "accesses": recording.entries.iter().map(entry_value).collect::<Vec<_>>(),
    })
}

const fn end_name(end: End) -> &'static str {
    match end {
        End::Returns => "returns",
        End::Hangs(_) => "hangs",
        End::Panics => "panics",
        End::Halts => "halts",
        End::HandsOver => "hands-over",
        End::Stays => "stays",
    }
}

/// What a function that hangs waits for.
const fn waited_for(wait: Option<Wait>) -> &'static str {
    match wait {
        Some(Wait::IcrIdle) => "its ICR",
        Some(Wait::Lock) => "a lock",
        Some(Wait::SelfStop) => "the CPU that panics",
        Some(_) => "other CPUs",
        None => "nothing",
    }
}

fn entry_value(entry: &Entry) -> Value {
    let register = |register: u16| format!("{register:03x}");
    match *entry {
        Entry::Read(offset) => json!({ "op": "R", "reg": register(offset) }),
        Entry::Write(offset, value) => json!({ "op": "W", "reg": register(offset), "value": format!("{value:08x}") }),
        Entry::Exchange(offset, value) => {
            json!({ "op": "X", "reg": register(offset), "value": format!("{value:08x}") })
        }
        Entry::ReadMsr(msr) => json!({ "op": "N", "reg": register(msr) }),
        Entry::WriteMsr(msr, value) => {
            json!({ "op": "M", "reg": register(msr), "value": format!("{value:016x}") })
        }
        Entry::ReadDevice(address) => json!({ "op": "R", "reg": format!("{address:08x}") }),
        Entry::WriteDevice(address, value) => {
            json!({ "op": "W", "reg": format!("{address:08x}"), "value": format!("{value:08x}") })
        }
        Entry::ReadPort(port) => json!({ "op": "I", "reg": register(port) }),
        Entry::Delay(us) => json!({ "op": "D", "us": us }),
        Entry::Pause => json!({ "op": "P" }),
        Entry::Halt => json!({ "op": "HLT" }),
        Entry::IrqSave => json!({ "op": "IRQ-" }),
        Entry::IrqRestore => json!({ "op": "IRQ+" }),
    }
}

/// A line an access; what repeats is written once, with a count.
pub(crate) fn text(recording: &Recording) -> String {
    let lines: Vec<String> = recording.entries.iter().map(line).collect();
    let mut out = String::new();
    let mut at = 0;
    while at < lines.len() {
        let (length, times) = repetition(&lines[at..]);
        let part = lines[at..at + length].join("  ");
        let _ = if times > 1 { writeln!(out, "({part}) x{times}") } else { writeln!(out, "{part}") };
        at += length * times;
    }
    let _ = match recording.end {
        End::Returns => Ok(()),
        End::Hangs(Some(Wait::IcrIdle)) => {
            let delays = recording.entries.iter().any(|entry| matches!(entry, Entry::Delay(_)));
            let how = if delays { "" } else { ", without any delay," };
            writeln!(out, "… for ever: it polls{how} an ICR that can never change")
        }
        End::Hangs(wait) => writeln!(out, "… for ever: it waits, without a bound, for {}", waited_for(wait)),
        End::Panics => writeln!(out, "… until its bound is over, and then it panics"),
        End::Halts => writeln!(out, "… for good: only an interrupt or an NMI can follow"),
        End::HandsOver => writeln!(out, "… and the capture kernel has control"),
        End::Stays => writeln!(out, "… and it stays: the other CPUs are stopped, or given up"),
    };
    out
}

fn line(entry: &Entry) -> String {
    match *entry {
        Entry::Read(offset) => format!("R {offset:03x}"),
        Entry::Write(offset, value) => format!("W {offset:03x} {value:08x}"),
        Entry::Exchange(offset, value) => format!("X {offset:03x} {value:08x}"),
        Entry::ReadMsr(msr) => format!("N {msr:03x}"),
        Entry::WriteMsr(msr, value) => format!("M {msr:03x} {value:016x}"),
        Entry::ReadDevice(address) => format!("R {address:08x}"),
        Entry::WriteDevice(address, value) => format!("W {address:08x} {value:08x}"),
        Entry::ReadPort(port) => format!("I {port:03x}"),
        Entry::Delay(us) => format!("D {us}"),
        Entry::Pause => "P".to_owned(),
        Entry::Halt => "HLT".to_owned(),
        Entry::IrqSave => "IRQ-".to_owned(),
        Entry::IrqRestore => "IRQ+".to_owned(),
    }
}

/// The shortest part, of one or two lines, with which `lines` begins more than twice, and how often; else one line.
fn repetition(lines: &[String]) -> (usize, usize) {
    for length in [1, 2] {
        let times = lines.chunks_exact(length).take_while(|chunk| *chunk == &lines[..length]).count();
        if times > 2 {
            return (length, times);
        }
    }
    (1, 1)
}
