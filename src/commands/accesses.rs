//! `apicsim accesses`: the ordered register accesses of one kernel function.

use crate::arguments::Accesses;
use crate::assembly;
use crate::diagnostic::InputError;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::output;
use crate::recorder::{End, Entry, Recording, record};
use crate::scenario::{OWN_VARIANT, RELEASES, is_other, natural, natural_release, natural_variant};
use kernel_model::{Arch, Call, CpuMask, Given, Kernel, Release, Variant, Wait};
use serde_json::{Value, json};
use std::fmt::Write;

pub(super) fn accesses(arguments: &Accesses) -> Result<ExitStatus, Failure> {
    let call = Call::from_name(&arguments.call).expect("the command line takes known names only");
    if arguments.release.as_deref().is_some_and(|release| (release == OWN_VARIANT) != is_other(&arguments.arch)) {
        return Err(not_released(&arguments.arch).into());
    }
    let kernel = kernel(arguments, call);
    if !call.is_of(&kernel) {
        return Err(not_of(arguments, call).into());
    }
    let from = arguments.from as u16;
    let mask: CpuMask = if arguments.to.is_empty() {
        kernel.cpu_possible_map().without(from)
    } else {
        arguments.to.iter().map(|&cpu| cpu as u16).collect()
    };
    let vector = arguments.vector.unwrap_or(kernel.arch.reschedule_vector());
    let given = Given { mask, target: mask.iter().next().unwrap_or_default(), vector };
    let recording = record(&kernel, from, (arguments.icr, arguments.others), arguments.limit as usize, (call, given));
    if arguments.json {
        output::print_json(&document(arguments, &recording))?;
    } else {
        output::print(&text(&recording))?;
    }
    Ok(ExitStatus::Success)
}

/// The kernel that the options describe, on the sub-architecture's natural machine.
fn kernel(arguments: &Accesses, call: Call) -> Kernel {
    let arch = Arch::from_name(&arguments.arch).expect("the command line takes known names only");
    // A kernel that is not Linux never looks at its variant.
    let variant = Variant::from_name(variant_name(arguments)).unwrap_or(Variant::Before);
    let mut kernel = Kernel::new(arch, variant, arguments.cpus as u16);
    if let Some(release) = arguments.release.as_deref().and_then(Release::from_name) {
        kernel = kernel.of_release(release);
    }
    kernel.erratum_11ap = arguments.erratum_11ap;
    kernel.no_broadcast = arguments.no_broadcast.unwrap_or(kernel.no_broadcast);
    kernel.wait_shape = assembly::bound(arguments.wait_shape);
    kernel.mps_timeout = assembly::mps_timeout(arguments.mps_timeout);
    kernel.crash_image = !arguments.no_crash_image;
    if let (true, Some(page)) = (call.takes_trampoline(), arguments.vector) {
        kernel.trampoline = page;
    }
    if let Some((generation, _)) = natural(arch.name()) {
        kernel.apic_version = generation.profile().version.to_le_bytes()[0];
        kernel.init_udelay = assembly::init_udelay(generation);
    }
    kernel
}

/// The refusal of a release that this kernel does not have.
fn not_released(arch: &str) -> InputError {
    let (message, releases) = match is_other(arch) {
        true => (format!("releases are Linux's, and {arch} is not Linux"), OWN_VARIANT.to_owned()),
        false => (format!("`{OWN_VARIANT}` is the release of kernels that are not Linux"), RELEASES.join(", ")),
    };
    InputError::new(message).help(format!("{arch} has: {releases}"))
}

/// The refusal of a function that this kernel does not have.
fn not_of(arguments: &Accesses, call: Call) -> InputError {
    if arguments.arch.starts_with("other/") {
        let only = Call::send_IPI_mask.name();
        return InputError::new(format!("{} is a function of Linux, and {} is not Linux", call.name(), arguments.arch))
            .help(format!("--call {only} is its own way to send"));
    }
    let machine = format!("{} under {}", arguments.arch, variant_name(arguments));
    InputError::new(format!("{machine} has no `{}`", call.name()))
        .help(format!("kernels that have it: {}; `apicsim list calls` says so of all", call.whose().describe()))
}

fn variant_name(arguments: &Accesses) -> &str {
    arguments.variant.as_deref().unwrap_or_else(|| natural_variant(&arguments.arch))
}

fn release_name(arguments: &Accesses) -> &str {
    arguments.release.as_deref().unwrap_or_else(|| natural_release(variant_name(arguments)))
}

fn document(arguments: &Accesses, recording: &Recording) -> Value {
    let waits_for = match recording.end {
        End::Hangs(wait) => Some(waited_for(wait)),
        _ => None,
    };
    json!({
        "schema": { "name": "apicsim.accesses", "version": "1.3" },
        "arch": arguments.arch,
        "variant": variant_name(arguments),
        "release": release_name(arguments),
        "call": arguments.call,
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
