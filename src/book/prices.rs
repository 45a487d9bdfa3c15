//! `docs/prices.md`: what each wait costs a healthy machine, from runs.

use crate::failure::Failure;
use crate::judgement::hypothetical::{HYPOTHETICAL, HYPOTHETICAL_MARK, is_hypothetical};
use crate::price::time_in_sender;
use crate::scenario::{self, LINUX_ARCHES, Request};
use std::fmt::Write;

/// Columns: name, variant, loop.
const COLUMNS: [(&str, &str, &str); 8] = [
    ("before", "before", "delay-first"),
    ("solution-a, delay first", "solution-a", "delay-first"),
    ("solution-a, read first", "solution-a", "read-first"),
    ("b1", "b1", "delay-first"),
    ("rfc", "rfc", "delay-first"),
    ("merged", "merged", "read-first"),
    ("modern", "modern", "read-first"),
    ("mps", "mps-abort", "delay-first"),
];

/// The driver without an APIC sends nothing.
const NO_APIC: &str = "modern/noop";

const TARGETS: u16 = 3;

/// The page.
///
/// # Errors
/// None on the built-in machines; a run of them would have to fail.
pub(super) fn prices() -> Result<String, Failure> {
    let mut out = String::from(
        "# What each wait costs a healthy machine\n\n\
         How long CPU 0 is in `send_IPI_mask` for an IPI to each of CPUs 1 to 3, all idle, on each sub-architecture's own machine,\n\
         in simulated µs. Printed from runs (`src/book/prices.rs`). `mps` looks after its message, the others before it. Under\n\
         `b1` only kdump's own senders are bounded, so that the ordinary NMI below is that of `before`.\n\n\
         Bitmask senders (`i386/default`, `x86_64/flat`) send one message, the others three, and wait before each. Delay first\n\
         costs 100 µs a message whatever the ICR reads. Read first costs nothing where the ICR is idle; the second message of a\n\
         sequence finds its predecessor still on its way (1.26 µs on the serial bus, 0.12 µs on the front-side bus), and pays\n\
         100 µs where the unbounded wait reads on: 100 µs for each message but the first.\n",
    );
    for (title, nmi) in [("An NMI", true), ("A FIXED interrupt", false)] {
        let _ = writeln!(out, "\n## {title}\n");
        let names: Vec<&str> = COLUMNS.iter().map(|(name, ..)| *name).collect();
        let _ = writeln!(out, "| sub-architecture | bus | {} |", names.join(" | "));
        let _ = writeln!(out, "|---|---|{}", "---|".repeat(COLUMNS.len()));
        for arch in LINUX_ARCHES.into_iter().filter(|arch| *arch != NO_APIC) {
            let _ = writeln!(out, "{}", row(arch, nmi)?);
        }
    }
    let _ = writeln!(out, "\n{HYPOTHETICAL_MARK} {HYPOTHETICAL}");
    Ok(out)
}

fn row(arch: &str, nmi: bool) -> Result<String, Failure> {
    let mut cells = Vec::new();
    for (_, variant, shape) in COLUMNS {
        let mut request = Request::new("normal-dispatch");
        request.arch = Some(arch.to_owned());
        request.variant = Some(variant.to_owned());
        request.sets.push(format!("knobs.wait_shape={shape}"));
        let scenario = scenario::load(&request)?;
        if cells.is_empty() {
            cells.extend([arch.to_owned(), format!("{} on {}", scenario.machine.generation, scenario.machine.bus)]);
        }
        let time = time_in_sender(&scenario, TARGETS, nmi)?;
        let mark = if is_hypothetical(&scenario) { HYPOTHETICAL_MARK.to_string() } else { String::new() };
        cells.push(time.map_or_else(|| "-".to_owned(), |time| time.to_string()) + &mark);
    }
    Ok(format!("| {} |", cells.join(" | ")))
}
