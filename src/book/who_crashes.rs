//! `docs/who-crashes.md`: the same stalled machine, crashed by each of its CPUs and from each cause, from runs.

use crate::failure::Failure;
use crate::judgement::Verdict;
use crate::judgement::hypothetical::{HYPOTHETICAL, HYPOTHETICAL_MARK};
use crate::matrix::{Axes, Cell, Matrix, Row, matrix};
use crate::report::matrix::records::place_among;
use crate::run::Settings;
use crate::scenario::{Request, RoleName};
use std::fmt::Write;

/// The CPUs of `nmi-stall` and of `nested-crash`, with a fifth that has no part in the story.
const CPUS: u32 = 5;
const WHO: [(u32, &str); 4] = [
    (0, "CPU 0, the stuck sender"),
    (1, "CPU 1, which waits for CPU 2"),
    (2, "CPU 2, in its scheduler for ever"),
    (4, "CPU 4, an innocent bystander"),
];

/// Sub-architectures, and the waits that are compared on each: the one that hung, and the one that mended it.
const MACHINES: [(&str, &[&str]); 6] = [
    ("i386/default", &["before", "merged"]),
    ("i386/bigsmp", &["before", "merged"]),
    ("i386/numaq", &["before", "merged"]),
    ("x86_64/flat", &["before", "merged"]),
    ("x86_64/physflat", &["before", "merged"]),
    ("modern/xapic-flat", &["before", "modern"]),
];

/// What the tables come to. `tests/crash.rs` and `tests/expectations.rs` check it.
const WHAT_IT_SAYS: &str = "
## What it says

- The unbounded wait hangs where the CPU that crashes is the one whose ICR is busy. A bystander's is idle: on a healthy
  serial bus its crash needs no bound.
- On a stalled front-side bus a sequence of NMIs makes its own ICR busy: from the second message on every CPU is a stuck
  sender.
- SysRq reaches no CPU that has interrupts off, and none at all over a stalled bus. The watchdog reaches both.
- In `nmi-stall` on a serial bus the log daemon last ran on CPU 2, which prints until 5 ms. i386 ends an oops, a panic's
  message and a watchdog's report before the crash path, and the end wakes the daemon: that needs the lock of a run queue
  that CPU 2 never gives back. A second watchdog waits for CPU 2's report, and spins on log_wait.lock, which CPU 2 has by
  then. With `merged`, which is 2.6.22, an oops and a panic spin on the run queue itself; 2.6.20 prints a little in place of
  the wake, and while CPU 2 has the console that wakes nobody. SysRq's message wakes nobody then either, in both.
- x86_64 ends an oops after the crash path: a locked-up CPU's own watchdog crashes there, and has an idle ICR, which is
  \"CPU 2 instead\". So it does on i386 where the log daemon last ran on another CPU (`nested-crash`).
- In `nested-crash` CPU 0 hangs in the ordinary wait, which no fix of 2007 bounds; its watchdog crashes on top of it, with
  the same busy ICR.
- A crash can hang the kernel after it though none of its own waits came to a bound: the first NMI of a sequence stops
  CPU 2, whose APIC is then off, and CPU 0's kick, until then answered by Retry, becomes an accept error that starves all
  agents of lower arbitration ids (`i386/bigsmp`, `nested-crash`). `i386/default` has sent its one message before that.
- CPU 4 of `i386/numaq` is on the second quad. i386 asks its local APIC who it is (`safe_smp_processor_id`), and looks the
  answer up among cluster ids; but a P6 has an id of four bits, the same in every quad. So CPU 4 takes itself for CPU 0,
  sends the NMI to itself instead, and its own crash callback stops it. No wait and no bus has a part in that. (Nor does
  SysRq's interrupt get to another quad: it crashes CPU 0.)
";

/// The page.
///
/// # Errors
/// None on the built-in machines; a run of them would have to fail.
pub(super) fn who_crashes() -> Result<String, Failure> {
    let mut out = String::from(
        "# Who crashes\n\n\
         Whether a stuck ICR costs the crash dump depends on whose it is. Here the machines of `nmi-stall` and `nested-crash`, with a\n\
         fifth CPU that has no part in either story, are crashed by each kind of CPU and from each cause:\n\n\
         ```console\n\
         apicsim matrix nmi-stall --cpus 5 --crash-cpu 0,1,2,4 --trigger sysrq-crash,oops-crash,panic,watchdog-crash\n\
         ```\n\n\
         CPU 0's kick of CPU 2 is never dispatched, and keeps its ICR busy: refused by CPU 2's full slots on the serial bus, without\n\
         any fault; taken by nobody on the front-side bus, whose chipset an injected fault stalls at 35 µs. CPUs 1 and 3 wait for\n\
         CPU 2's answer. CPU 4 is idle. A time is how long the crashing CPU needs to send its NMIs, in simulated µs; then how many of\n\
         the four others stop, and whether the capture kernel hangs in its own waits. \"CPU 2 instead\": its watchdog comes\n\
         first. \"Never crashes\": that CPU, or that cause, does not come to it. Hangs are proven. Printed from runs\n\
         (`src/book/who_crashes.rs`).\n",
    );
    for (scenario, title) in [
        ("nmi-stall", "The crash after the kick: `nmi-stall`"),
        ("nested-crash", "The crash on top of an ordinary wait: `nested-crash`"),
    ] {
        let mut causes = Vec::new();
        let _ = writeln!(out, "\n## {title}");
        for (arch, variants) in MACHINES {
            table(&mut out, &runs(scenario, arch, variants)?, &mut causes);
        }
        out.push('\n');
        for (n, cause) in causes.iter().enumerate() {
            let _ = writeln!(out, "{}. {cause}", n + 1);
        }
        let _ = writeln!(out, "\n{HYPOTHETICAL_MARK} {HYPOTHETICAL}");
    }
    out.push_str(WHAT_IT_SAYS);
    Ok(out)
}

fn runs(scenario: &str, arch: &'static str, variants: &[&'static str]) -> Result<Matrix, Failure> {
    let axes = Axes {
        arches: &[arch],
        optional: &[],
        variants,
        crash_cpus: &WHO.map(|(cpu, _)| cpu),
        triggers: &RoleName::CRASHES,
    };
    matrix(axes, &Settings::seeded(0), |arch, variant| {
        let mut request = Request::new(scenario);
        (request.arch, request.variant, request.cpus) = (Some(arch), Some(variant), Some(CPUS));
        request
    })
}

/// A line for each CPU that crashes and each wait, a column for each cause.
fn table(out: &mut String, matrix: &Matrix, causes: &mut Vec<String>) {
    let Some(Row { arch, generation, bus, cells, .. }) = matrix.rows.first() else { return };
    let triggers: Vec<String> = RoleName::CRASHES.iter().map(|role| format!("`{role}`")).collect();
    let _ = writeln!(out, "\n### {arch}, {generation} on {bus}\n");
    let _ = writeln!(out, "| who crashes | wait | {} |", triggers.join(" | "));
    let _ = writeln!(out, "|---|---|{}", "---|".repeat(triggers.len()));
    for (cpu, who) in WHO {
        for (n, Cell { variant, report, .. }) in cells.iter().enumerate() {
            let mark =
                if report.notes.contains(&"hypothetical") { HYPOTHETICAL_MARK.to_string() } else { String::new() };
            let rows = matrix.rows.iter().filter(|row| row.crash_cpu == Some(cpu));
            let outcomes: Vec<String> = rows.map(|row| outcome(cpu, &row.cells[n], causes)).collect();
            let _ =
                writeln!(out, "| {} | `{variant}`{mark} | {} |", if n == 0 { who } else { "" }, outcomes.join(" | "));
        }
    }
}

/// What came of a crash that was meant for `cpu`.
fn outcome(cpu: u32, cell: &Cell, causes: &mut Vec<String>) -> String {
    let report = &cell.report;
    let who = report.crash.as_ref().map(|crash| crash.cpu).filter(|&who| u32::from(who) != cpu);
    let instead = who.map(|who| format!("CPU {who} instead: ")).unwrap_or_default();
    if let Some(hang) = &report.hang {
        let word = if report.crashed.is_some() { "hangs" } else { "never crashes" };
        return format!("{instead}{word} ({})", place_among(causes, &hang.cause) + 1);
    }
    let Some(time) = report.from_crash.filter(|_| report.verdict == Verdict::Completed) else {
        return "not proven".to_owned();
    };
    let capture = if report.capture.is_some() { "" } else { ", capture hangs" };
    format!("{instead}{time}, {} stop{capture}", report.stopped)
}
