//! `docs/other-kernels.md`: which kernels survive a stuck ICR, from runs of the scenario `stuck-icr`.

use crate::failure::Failure;
use crate::judgement::hypothetical::{HYPOTHETICAL, HYPOTHETICAL_MARK, is_hypothetical};
use crate::judgement::{RunReport, Verdict};
use crate::price::time_in_sender;
use crate::run::{Settings, observe, run};
use crate::scenario::{self, Bus, Request, Scenario};
use kernel_model::{Arch, Other};
use sim::{Recording, Time, What};
use std::fmt::Write;

/// Kernels of Linux to compare with: name, sub-architecture, variant. Like most others they send one message a target.
const LINUX: [(&str, &str, &str); 4] = [
    ("Linux 2.6.21", "x86_64/physflat", "before"),
    ("Linux 2.6.22", "x86_64/physflat", "merged"),
    ("Linux v6.13", "modern/xapic-physflat", "modern"),
    ("Linux with solution A", "x86_64/physflat", "solution-a"),
];

/// The machines of the page: title, bus.
const MACHINES: [(&str, Bus); 2] =
    [("dead target, P6 on serial bus", Bus::Serial), ("stalled chipset, xAPIC on front-side bus", Bus::Fsb)];

/// When `stuck-icr` begins to send.
const START: Time = Time::from_us(10);

/// The page.
///
/// # Errors
/// None on the built-in machines; a run of them would have to fail.
pub(super) fn other_kernels() -> Result<String, Failure> {
    let mut out = String::from(
        "# Other kernels\n\n\
         Which kernels survive an ICR that stays busy? Their send functions are `kernel_model/src/other/`, one file each, as the\n\
         sub-architectures `other/*`; Linux beside them. Printed from runs (`src/book/other_kernels.rs`).\n\n\
         ## How they wait\n\n\
         For a message to one CPU, through the page of an xAPIC; in x2APIC mode there is nothing to wait for, though Serenity does.\n\n\
         | name | kernel | file | commit | function | wait before a message | wait after it | bound |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for other in Other::ALL {
        let source = other.source();
        let _ = writeln!(
            out,
            "| `{}` | {} | `{}` of {} | {} | `{}` | {} | {} | {} |",
            arch_of(other),
            source.name,
            source.file,
            source.repository,
            source.commit,
            source.function,
            source.before,
            source.after,
            source.bound
        );
    }
    out.push_str(
        "\n## A stuck ICR\n\n\
         `apicsim run stuck-icr --arch A --bus B`: CPU 0 sends a FIXED interrupt to CPU 1, which is never dispatched, then one to\n\
         CPU 2. On the serial bus CPU 1's APIC is dead, and the message is sent again for ever; on the front-side bus the chipset\n\
         completes no interrupt transaction any more. Hangs are proven. Times are from the first call, in simulated µs. What a\n\
         write to the busy ICR does is a knob (`icr_write_while_busy`); here it replaces the message.\n\n",
    );
    let titles = MACHINES.map(|(title, _)| title).join(" | ");
    let _ = writeln!(out, "| name | {titles} |\n|---|---|---|");
    for (name, arch, variant) in rows()? {
        let cells = MACHINES.map(|(_, bus)| outcome(&load(arch, variant, bus, &[])?));
        let [serial, fsb] = cells;
        let _ = writeln!(out, "| {name} | {} | {} |", serial?, fsb?);
    }
    out.push_str(
        "\nLinux bounds only an NMI's wait: for these interrupts nothing has changed from 2.6.21 to v6.13. Only\n\
         FreeBSD has a bound of its own, a count of reads that it calibrates at boot and rounds down; what follows is a panic. To go\n\
         on is not to survive: the message that was stuck is lost, and nobody is told.\n\n\
         The loops of Asterinas and of the crate `x86` also end when the ESR shows an error. From the P6 on it shows errors only\n\
         after it has been written, which these loops do not do; a Pentium's shows them at once, and\n\
         `apicsim run stuck-icr --arch other/x86-crate --generation pentium` completes.\n\n\
         Serenity addresses CPUs by logical ids that are numbers and not bits: a message to CPU 3 is also one to CPUs 1 and 2, and\n\
         none ever reaches CPU 0. xv6 sends no interrupt vectors; it is shown with the way in which `lapicstartap` sends.\n\n\
         ## What a wait costs a healthy machine\n\n\
         How long CPU 0 is in the send function for a FIXED interrupt to one idle CPU, and to three, one after the other.\n\n",
    );
    out.push_str(
        "| name | one, serial | three, serial | one, front-side bus | three, front-side bus |\n|---|---|---|---|---|\n",
    );
    for (name, arch, variant) in rows()? {
        let mut cells = Vec::new();
        for (_, bus) in MACHINES {
            let healthy = load(arch, variant, bus, &["fault=[]", "machine.cpus=4"])?;
            for targets in [1, 3] {
                let time = time_in_sender(&healthy, targets, false)?;
                cells.push(time.map_or_else(|| "-".to_owned(), |time| time.to_string()));
            }
        }
        let _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
    }
    let _ = writeln!(out, "\n{HYPOTHETICAL_MARK} {HYPOTHETICAL}");
    Ok(out)
}

/// The sub-architecture of a kernel.
fn arch_of(other: Other) -> &'static str {
    Arch::ALL.into_iter().find(|arch| arch.other() == Some(other)).map_or("", Arch::name)
}

/// A line of the tables: name, sub-architecture, variant.
type Line = (String, &'static str, Option<&'static str>);

fn rows() -> Result<Vec<Line>, Failure> {
    let others = Other::ALL.into_iter().map(|other| (format!("`{}`", arch_of(other)), arch_of(other), None));
    let mut rows: Vec<Line> = others.collect();
    for (name, arch, variant) in LINUX {
        let never = is_hypothetical(&load(arch, Some(variant), Bus::Fsb, &[])?);
        let mark = if never { HYPOTHETICAL_MARK.to_string() } else { String::new() };
        rows.push((format!("{name} (`{variant}`){mark}"), arch, Some(variant)));
    }
    Ok(rows)
}

fn load(arch: &str, variant: Option<&str>, bus: Bus, sets: &[&str]) -> Result<Scenario, Failure> {
    let mut request = Request::new("stuck-icr");
    request.arch = Some(arch.to_owned());
    request.variant = variant.map(str::to_owned);
    request.bus = Some(bus);
    request.sets = sets.iter().map(|set| (*set).to_owned()).collect();
    Ok(scenario::load(&request)?)
}

/// What came of it, in a few words.
fn outcome(scenario: &Scenario) -> Result<String, Failure> {
    let (report, _) = run(scenario, &Settings::seeded(0))?;
    if let Some(panic) = report.panicked {
        return Ok(format!("**panics** after {}", panic.at.since(START)));
    }
    Ok(match (report.verdict, &report.hang) {
        (Verdict::Completed, _) => format!("goes on after {}: {}", report.sim_time.since(START), arrivals(scenario)?),
        (Verdict::Hung, Some(hang)) => {
            format!("**hangs** for ever in `{}`{}", hang.at.split(' ').next().unwrap_or_default(), polls(&report))
        }
        (Verdict::Hung | Verdict::Deadline | Verdict::Interrupted, _) => "not proven".to_owned(),
    })
}

/// The period of the loop.
fn polls(report: &RunReport) -> String {
    report.loops.first().map(|spin| format!(", a round every {}", spin.period)).unwrap_or_default()
}

/// Which of the two messages arrive, when all is over.
fn arrivals(scenario: &Scenario) -> Result<&'static str, Failure> {
    let mut settings = Settings::seeded(0);
    settings.choices.to_the_end = true;
    let mut recording = Recording::default();
    observe(scenario, &settings, &mut recording)?;
    let arrived = |cpu: u16| {
        let at = |what: &What| matches!(what, What::Delivered(agent, message) if *agent == cpu && message.source == 0);
        recording.told.iter().any(|told| at(&told.event.what))
    };
    Ok(match (arrived(1), arrived(2)) {
        (true, true) => "both messages arrive",
        (true, false) => "the second message is lost",
        (false, true) => "the first message is lost, the second arrives",
        (false, false) => "neither message arrives",
    })
}
