//! `apicsim accesses`: the ordered register accesses of one kernel function.

use crate::arguments::Accesses;
use crate::assembly;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::output;
use crate::recorder::{Entry, Recording, record};
use crate::scenario::{natural, natural_variant};
use kernel_model::{Arch, Call, CpuMask, Kernel, Variant};
use serde_json::{Value, json};
use std::fmt::Write;

pub(super) fn accesses(arguments: &Accesses) -> Result<ExitStatus, Failure> {
    let arch = Arch::from_name(&arguments.arch).expect("the command line takes known names only");
    // A kernel that is not Linux never looks at its variant.
    let variant = Variant::from_name(variant_name(arguments)).unwrap_or(Variant::Before);
    let call = Call::from_name(&arguments.call).expect("the command line takes known names only");
    let mut kernel = Kernel::new(arch, variant, arguments.cpus as u16);
    kernel.erratum_11ap = arguments.erratum_11ap;
    kernel.no_broadcast = arguments.no_broadcast.unwrap_or(kernel.no_broadcast);
    kernel.wait_shape = assembly::bound(arguments.wait_shape);
    kernel.mps_timeout = assembly::mps_timeout(arguments.mps_timeout);
    let from = arguments.from as u16;
    let mask: CpuMask = if arguments.to.is_empty() {
        kernel.cpu_possible_map().without(from)
    } else {
        arguments.to.iter().map(|&cpu| cpu as u16).collect()
    };
    if let (true, Some(page)) = (call.takes_target(), arguments.vector) {
        kernel.trampoline = page;
    }
    if let Some((generation, _)) = natural(arch.name()) {
        kernel.apic_version = generation.profile().version.to_le_bytes()[0];
        kernel.init_udelay = assembly::init_udelay(generation);
    }
    let vector = arguments.vector.unwrap_or(arch.reschedule_vector());
    let recording = record(&kernel, from, arguments.icr, arguments.limit as usize, (call, mask, vector));
    if arguments.json {
        output::print_json(&document(arguments, &recording))?;
    } else {
        output::print(&text(&recording))?;
    }
    Ok(ExitStatus::Success)
}

fn variant_name(arguments: &Accesses) -> &str {
    arguments.variant.as_deref().unwrap_or_else(|| natural_variant(&arguments.arch))
}

fn document(arguments: &Accesses, recording: &Recording) -> Value {
    json!({
        "schema": { "name": "apicsim.accesses", "version": "1.1" },
        "arch": arguments.arch,
        "variant": variant_name(arguments),
        "call": arguments.call,
        "hang": recording.hang,
        "panics": recording.panics,
        "accesses": recording.entries.iter().map(entry_value).collect::<Vec<_>>(),
    })
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
        Entry::Delay(us) => json!({ "op": "D", "us": us }),
        Entry::Pause => json!({ "op": "P" }),
        Entry::IrqSave => json!({ "op": "IRQ-" }),
        Entry::IrqRestore => json!({ "op": "IRQ+" }),
    }
}

/// A line an access; what repeats is written once, with a count.
fn text(recording: &Recording) -> String {
    let lines: Vec<String> = recording.entries.iter().map(line).collect();
    let mut out = String::new();
    let mut at = 0;
    while at < lines.len() {
        let (length, times) = repetition(&lines[at..]);
        let part = lines[at..at + length].join("  ");
        let _ = if times > 1 { writeln!(out, "({part}) x{times}") } else { writeln!(out, "{part}") };
        at += length * times;
    }
    if recording.hang {
        let delays = recording.entries.iter().any(|entry| matches!(entry, Entry::Delay(_)));
        let how = if delays { "" } else { ", without any delay," };
        let _ = writeln!(out, "… for ever: it polls{how} an ICR that can never change");
    }
    if recording.panics {
        out.push_str("… until its bound is over, and then it panics\n");
    }
    out
}

fn line(entry: &Entry) -> String {
    match *entry {
        Entry::Read(offset) => format!("R {offset:03x}"),
        Entry::Write(offset, value) => format!("W {offset:03x} {value:08x}"),
        Entry::Exchange(offset, value) => format!("X {offset:03x} {value:08x}"),
        Entry::ReadMsr(msr) => format!("N {msr:03x}"),
        Entry::WriteMsr(msr, value) => format!("M {msr:03x} {value:016x}"),
        Entry::Delay(us) => format!("D {us}"),
        Entry::Pause => "P".to_owned(),
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
