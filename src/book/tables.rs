//! The reference pages of the book that are printed from the tables of the code, so that they cannot differ from it.

use crate::scenario::Mechanism;
use sim::apic::{Access, Row, TABLE};
use sim::{Generation, Knobs, Named};
use std::fmt::Write;

/// `docs/registers.md`: the register map of every generation.
pub(super) fn registers() -> String {
    let mut out = String::from(
        "# Registers of the local APIC\n\n\
         Printed from the register table of `sim/src/apic/registers.rs`, which drives every access, too.\n\n\
         Offsets are from the APIC base; in x2APIC mode a register is MSR 800h + offset / 16. For each generation: the bits that\n\
         a write changes, `-` where it has no such register. `x2APIC` is the access in x2APIC mode. Sources: SDM vol. 3 tables\n\
         10-1 and 10-6, §10.4.7.1; what is not obvious stands in the table's own comment.\n\n",
    );
    let generations: Vec<&str> = Generation::names();
    let _ = writeln!(out, "| offset | name | in scripts | page | x2APIC | reset | {} |", generations.join(" | "));
    let _ = writeln!(out, "|---|---|---|---|---|---|{}", "---|".repeat(generations.len()));
    for row in &TABLE {
        let writable = |generation: &Generation| match row.is_in(*generation) {
            true => format!("{:X}", row.writable(*generation)),
            false => "-".to_owned(),
        };
        let writable: Vec<String> = Generation::ALL.iter().map(writable).collect();
        let reset = if row.reset == 0 { "0".to_owned() } else { format!("{:X}", row.reset) };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {reset} | {} |",
            offsets(row),
            row.name,
            script_name(row),
            access(row.access),
            access(row.x2apic),
            writable.join(" | ")
        );
    }
    let _ = writeln!(out, "\nVersion register: {}.", versions());
    out
}

fn offsets(row: &Row) -> String {
    match row.slots {
        1 => format!("{:03X}", row.offset),
        slots => format!("{:03X}-{:03X}", row.offset, row.offset + 16 * (slots - 1)),
    }
}

fn script_name(row: &Row) -> String {
    if row.slots == 1 { row.script_name.to_owned() } else { format!("{0}0 to {0}7", row.script_name) }
}

const fn access(access: Option<Access>) -> &'static str {
    match access {
        None => "reserved",
        Some(Access::ReadOnly) => "read",
        Some(Access::WriteOnly) => "write",
        Some(Access::ReadWrite) => "read, write",
    }
}

fn versions() -> String {
    let version = |generation: &Generation| format!("{generation} {:08X}", generation.profile().version);
    Generation::ALL.iter().map(version).collect::<Vec<_>>().join(", ")
}

/// `docs/knobs.md`: every point at which documents disagree.
pub(super) fn knobs() -> String {
    let mut out = String::from(
        "# Knobs\n\n\
         Every point at which public documents disagree or are silent, as one named choice: `[knobs]` of a scenario file, or\n\
         `--set knobs.KEY=VALUE`. The first value is the default. Printed from `sim/src/generation/knobs/list.rs`.\n\n\
         | key | values | evidence |\n|---|---|---|\n",
    );
    for knob in Knobs::ALL {
        let values: Vec<String> = knob.values.iter().map(|value| format!("`{value}`")).collect();
        let evidence: Vec<&str> = knob.evidence.split_whitespace().collect();
        let _ = writeln!(out, "| `{}` | {} | {} |", knob.key, values.join(", "), evidence.join(" "));
    }
    out
}

/// The table of mechanisms in `docs/mechanisms.md`.
pub(super) fn mechanisms() -> String {
    let mut out = String::from(
        "# What can keep an ICR busy\n\n\
         The mechanisms of which `run` and `explain` name the one that a run shows, each with the built-in scenarios that are\n\
         about it. The stories (`apicsim list scenarios`, or the files) name the evidence.\n\n\
         | mechanism | what it is | scenarios |\n|---|---|---|\n",
    );
    for mechanism in Mechanism::ALL {
        let about = |name: &&str| {
            let scenario = crate::scenario::load(&crate::scenario::Request::new(*name));
            scenario.is_ok_and(|scenario| scenario.mechanism == Some(*mechanism))
        };
        let names: Vec<String> = crate::scenario::builtin_names()
            .iter()
            .filter(|name| about(name))
            .map(|name| format!("`{name}`"))
            .collect();
        let names = match mechanism {
            Mechanism::BackPressure => format!("{}, `nmi-stall` on a front-side bus", names.join(", ")),
            _ if names.is_empty() => "none yet".to_owned(),
            _ => names.join(", "),
        };
        let _ = writeln!(out, "| {mechanism} | {} | {names} |", mechanism.about());
    }
    out
}
