//! How long a crash may take from its entry to the capture kernel, computed from what its kernel does.
//!
//! Not covered: a write to a busy ICR that stalls the store, which no wait can bound; the MP specification's time-out by
//! interrupt, which never comes where interrupts are off; a crash on another quad of P6s than the first, where i386 stops
//! itself (`docs/who-crashes.md`).

use apicsim::CrashReport;
use apicsim::scenario::Scenario;

/// The variants whose crash NMI does not wait for ever.
pub(crate) const BOUNDED: [&str; 7] = ["solution-a", "b1", "rfc", "merged", "modern", "mps-abort", "mps-retry"];

/// Those of today's kernels, whose NMI goes by shorthand where there is one; in x2APIC mode nothing waits at all.
pub(crate) const BOUNDED_TODAY: [&str; 4] = ["solution-a", "modern", "mps-abort", "mps-retry"];

/// Today's machines with more than one CPU.
pub(crate) const TODAY: [&str; 4] =
    ["modern/xapic-flat", "modern/xapic-physflat", "modern/x2apic-phys", "modern/x2apic-cluster"];

const US: u64 = 1_000_000;

/// Picoseconds of one register access: 40 cycles of 2 ns, or 200 of 1250/3 ps, rounded up. Writes take half of it.
fn access_ps(scenario: &Scenario) -> u64 {
    if scenario.machine.generation.profile().serial { 80_000 } else { 83_334 }
}

/// Messages that the crash NMI needs: one with a mask, or one a target.
pub(crate) fn sends(scenario: &Scenario) -> u64 {
    match scenario.machine.arch {
        "i386/default" | "x86_64/flat" => 1,
        _ => u64::from(scenario.machine.cpus) - 1,
    }
}

/// The longest wait for one message. 2007: 1001 rounds of 100 µs and a read; v6.6: 1000. The MP specification: 20 rounds
/// of 1 µs and a read, and a last read; with one retry twice that and a write.
fn wait_ps(scenario: &Scenario) -> u64 {
    let access = access_ps(scenario);
    match &*scenario.machine.variant {
        "modern" => 1000 * (100 * US + access),
        "mps-abort" => 20 * US + 21 * access,
        "mps-retry" => 2 * (20 * US + 21 * access) + access,
        _ => 1001 * (100 * US + access),
    }
}

/// The bound: a wait and two register writes a message; 1000 rounds of 1 ms, with a load each; and the path's own costs.
/// Those are, at most: 24 pins of the I/O APIC with 8 accesses each, every one of which leaves by a register access's time
/// and comes back 100 ns later; the local APIC cleared twice, disabled and enabled, less than 100 accesses; loads, stores and
/// flags, less than 1 µs. Before it turns interrupts off the CPU may take one interrupt of each of four IPI vectors, and
/// afterwards an NMI, which is swallowed: less than 3 µs each.
pub(crate) fn bound_ps(scenario: &Scenario) -> u64 {
    let access = access_ps(scenario);
    let own = 24 * 8 * (access + 100_000) + 100 * access + US + 5 * 3 * US;
    sends(scenario) * (wait_ps(scenario) + access) + 1000 * (1000 * US + 10_000) + own
}

/// From the entry to the capture kernel's control; `None` if it never got that.
pub(crate) fn took_ps(crash: &CrashReport) -> Option<u64> {
    Some(crash.at("control")?.since(crash.at("entered")?).as_ps())
}
