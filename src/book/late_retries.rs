//! `docs/late-retries.md`: how many interrupts a rewritten command makes, from runs of `late-retry`.
//!
//! Not modelled: nothing; a delivery is the bus's, a run of the handler the target's.

use crate::failure::Failure;
use crate::machine;
use crate::run::{Settings, observe};
use crate::scenario::{self, ARCHES, Request};
use sim::{Context, IcrWriteWhileBusy, Named, Recording, Source, What};
use std::fmt::{self, Write};

/// The sender, and its target.
const SENDER: u16 = 0;
const TARGET: u16 = 2;

/// When the target's interrupts are off, before it has room.
const OFF_SINCE_US: u64 = 5;

/// What became of one IPI that was perhaps sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Copies {
    /// Times that the target's APIC took it.
    delivered: usize,
    /// Times that the target's handler ran.
    handled: usize,
}

impl fmt::Display for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.delivered == self.handled {
            write!(f, "{}", self.delivered)
        } else {
            write!(f, "{} taken as {}", self.delivered, self.handled)
        }
    }
}

/// Runs `late-retry` to its end; the target has room from `room_ns` on.
///
/// # Errors
/// As for any run on that machine.
pub(super) fn copies(arch: &str, variant: &str, rule: &str, room_ns: u64) -> Result<Copies, Failure> {
    let mut request = Request::new("late-retry");
    request.arch = Some(arch.to_owned());
    request.variant = Some(variant.to_owned());
    let off_ns = room_ns - OFF_SINCE_US * 1000;
    let us = |ns: u64| format!("{}.{:03}", ns / 1000, ns % 1000);
    request.sets.extend([
        format!("knobs.icr_write_while_busy={rule}"),
        format!("event.0.send_after_us={}", us(off_ns)),
        format!("fault.0.until_us={}", us(room_ns)),
    ]);
    let scenario = scenario::load(&request)?;
    let reschedule = machine::kernel(&scenario).arch.reschedule_vector();
    let mut settings = Settings::seeded(0);
    settings.choices.to_the_end = true;
    let mut recording = Recording::default();
    observe(&scenario, &settings, &mut recording)?;
    let count = |wanted: &dyn Fn(&sim::Event) -> bool| recording.told.iter().filter(|told| wanted(&told.event)).count();
    Ok(Copies {
        delivered: count(&|event| {
            let What::Delivered(TARGET, message) = event.what else { return false };
            message.source == SENDER && message.vector == reschedule
        }),
        handled: count(&|event| {
            event.source == Source::Cpu(TARGET) && event.what == What::Entered(Context::Interrupt(reschedule))
        }),
    })
}

/// The page.
///
/// # Errors
/// None on the built-in machines; a run of them would have to fail.
pub(super) fn late_retries() -> Result<String, Failure> {
    let mut out = String::from(
        "# What a rewritten command does\n\n\
         The MP specification (1.4, page B-4) lets software wait 20 µs for the dispatch of a message and then send it again. Here\n\
         `mps-retry` does that in the scenario `late-retry`: CPU 2 has no room for CPU 0's reschedule interrupt of 40 µs (on a\n\
         front-side bus: no transaction completes), so that CPU 0 writes the low half of its ICR again at about 62 µs. Counted is how\n\
         often CPU 2's APIC takes the interrupt, and, where that differs, how often its handler runs. Printed from runs\n\
         (`src/book/late_retries.rs`); the columns are the values of the knob `icr_write_while_busy`. All of it\n\
         is hypothetical (‡ elsewhere): no release of Linux waited like that.\n\n\
         ## Room at 75 µs: the first message is pending when it is written again\n\n",
    );
    let rules: Vec<&str> = IcrWriteWhileBusy::names();
    let head = format!("| sub-architecture | {} |\n|---|{}\n", rules.join(" | "), "---|".repeat(rules.len()));
    out += &head;
    for arch in ARCHES {
        let cells: Result<Vec<String>, Failure> =
            rules.iter().map(|rule| Ok(copies(arch, "mps-retry", rule, PENDING_NS)?.to_string())).collect();
        let _ = writeln!(out, "| {arch} | {} |", cells?.join(" | "));
    }
    out += "\n## Room between 58 and 66 µs, in steps of 0.1 µs\n\n\
         How many of the 81 runs make two; all others make one, none makes none. Under `replace` on the serial bus it is two where the\n\
         write falls into the attempt that is accepted: what is on the wires cannot be taken back. A front-side bus that\n\
         completes nothing has the first transaction in its hands, so that nothing can replace it. Under `drop` it is two where the\n\
         first is dispatched between the last look at the delivery status and the write.\n\n";
    out += &head;
    for arch in ARCHES {
        let cells: Result<Vec<String>, Failure> = rules.iter().map(|rule| Ok(twice(arch, rule)?.to_string())).collect();
        let _ = writeln!(out, "| {arch} | {} |", cells?.join(" | "));
    }
    Ok(out)
}

/// Room long after the rewrite.
const PENDING_NS: u64 = 75_000;

/// How many phases of the sweep make two.
fn twice(arch: &str, rule: &str) -> Result<usize, Failure> {
    let runs: Result<Vec<Copies>, Failure> =
        (58_000..=66_000).step_by(100).map(|room| copies(arch, "mps-retry", rule, room)).collect();
    Ok(runs?.iter().filter(|copies| copies.delivered == 2).count())
}

/// A rewritten command makes exactly one interrupt where it replaces the pending one or is ignored, two where it queues or
/// waits; where the bus has the first one in its hands, replacing makes two that the target takes as one. Never none.
#[test]
fn a_late_retry_makes_one_interrupt_or_two() {
    for arch in ARCHES {
        let serial = ["i386/default", "i386/bigsmp", "i386/es7000-clustered", "i386/numaq"].contains(&arch);
        for (rule, delivered) in [("replace", if serial { 1 } else { 2 }), ("drop", 1), ("queue", 2), ("stall", 2)] {
            let pending = copies(arch, "mps-retry", rule, 75_000).expect("built-in scenarios run");
            let handled = if serial { delivered } else { 1 };
            assert_eq!(pending, Copies { delivered, handled }, "{arch} {rule}");
            for room in (58_000..=66_000).step_by(50) {
                let copies = copies(arch, "mps-retry", rule, room).expect("built-in scenarios run");
                assert!(
                    (1..=2).contains(&copies.delivered) && copies.handled >= 1,
                    "{arch} {rule} {room} ns: {copies}"
                );
            }
        }
        assert_eq!(
            copies(arch, "mps-abort", "replace", 75_000).expect("built-in scenarios run").delivered,
            1,
            "{arch}: nobody sends again"
        );
    }
}
