//! `docs/cost.md` and its plots: what each proposal costs whoever sends, and whoever crashes, from measurements.
//!
//! Not measured: what a delayed answer costs those who wait for it.

use crate::failure::Failure;
use crate::measure::{Axes, Distribution, Measured, Measurement, Quantile, measure};
use crate::report::Paper;
use crate::report::measure::{Panel, plot};
use crate::run::Settings;
use crate::scenario::{Bus, LINUX_ARCHES, Request, load_setting};
use std::fmt::Write;
use std::sync::atomic::AtomicU64;

/// Rows: name, variant, settings.
const PROPOSALS: [(&str, &str, &str); 13] = [
    ("before: unbounded", "before", ""),
    ("solution A, delay first", "solution-a", "knobs.wait_shape=delay-first"),
    ("solution A, read first", "solution-a", "knobs.wait_shape=read-first"),
    ("B-1", "b1", ""),
    ("B-2, mailed", "rfc", ""),
    ("B-2, merged", "merged", ""),
    ("MP spec., abort, loop", "mps-abort", "knobs.mps_timeout=instruction-loop"),
    ("MP spec., abort, TSC", "mps-abort", "knobs.mps_timeout=time-stamp-counter"),
    ("MP spec., abort, timer", "mps-abort", "knobs.mps_timeout=external-interrupt"),
    ("MP spec., retry, loop", "mps-retry", "knobs.mps_timeout=instruction-loop"),
    ("MP spec., retry, TSC", "mps-retry", "knobs.mps_timeout=time-stamp-counter"),
    ("MP spec., retry, timer", "mps-retry", "knobs.mps_timeout=external-interrupt"),
    ("today's", "modern", ""),
];

/// The driver without an APIC sends nothing.
const NO_APIC: &str = "modern/noop";

const SEEDS: u64 = 4;
const JITTER: &str = "knobs.jitter_picclk=20";
const CALLERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/measure/callers.toml");
const LOADS: [&str; 2] = ["none", "calls=exp(150us)+ipis=exp(60us)"];

/// One proposal on one machine: how long a sender waits for its ICR, a message each, and the crash path; idle, and under load.
struct Cost {
    send: [Distribution; 2],
    crash: [Distribution; 2],
}

/// A machine, and what each proposal costs on it.
struct Machine {
    name: String,
    costs: Vec<Cost>,
}

/// The page, and its plots.
///
/// # Errors
/// None on the built-in machines; a run of them would have to fail.
pub(super) fn cost() -> Result<[(&'static str, String); 3], Failure> {
    let own = LINUX_ARCHES.into_iter().filter(|arch| *arch != NO_APIC).map(|arch| (arch, None));
    let machines = own.chain([("i386/default", Some(Bus::Ideal))]).map(|(arch, bus)| machine(arch, bus));
    let machines = machines.collect::<Result<Vec<_>, _>>()?;
    let plots = [("send", "a message"), ("crash", "the crash path")].map(|(file, what)| {
        let of = |cost: &Cost| if file == "send" { cost.send[1].clone() } else { cost.crash[1].clone() };
        let panels: Vec<Panel<'_>> = machines
            .iter()
            .filter(|machine| PLOTTED.iter().any(|name| machine.name.starts_with(name)))
            .map(|machine| Panel {
                title: format!("{what}, under load, on {}", machine.name),
                curves: SHOWN.iter().map(|&row| (PROPOSALS[row].0, of(&machine.costs[row]))).collect(),
            })
            .collect();
        plot(&format!("What {what} costs"), &panels)
    });
    let [send, crash] = plots;
    Ok([("cost.md", page(&machines)), ("pictures/cost-send.svg", send), ("pictures/cost-crash.svg", crash)])
}

/// Machines of the plots: one a bus.
const PLOTTED: [&str; 4] = ["i386/default on serial", "i386/numaq", "x86_64/physflat", "modern/x2apic-phys"];
/// Proposals of the plots.
const SHOWN: [usize; 7] = [0, 1, 2, 4, 5, 6, 12];

fn machine(arch: &'static str, bus: Option<Bus>) -> Result<Machine, Failure> {
    let mut costs = Vec::new();
    let mut name = String::new();
    for (_, variant, set) in PROPOSALS {
        let of = |scenario: &str| measured(scenario, arch, bus, variant, set);
        let (sends, crashes) = (of(CALLERS)?, of("nmi-stall")?);
        name = format!("{arch} on {}", sends.cells[0].bus);
        let figures = |measurement: &Measurement, load: usize, is: &dyn Fn(Measured, &str) -> bool| {
            let mut all = Distribution::default();
            let figures = measurement.cells[load].figures.iter().filter(|figure| is(figure.what, &figure.site));
            figures.for_each(|figure| all.join(&figure.distribution));
            all
        };
        let send = [0, 1].map(|load| {
            let for_icr = |site: &str| site.contains("icr_idle") || site.starts_with("mps_wait_");
            figures(&sends, load, &|what, site| what == Measured::Wait && for_icr(site))
        });
        let crash = [0, 1].map(|load| {
            let mut crash = figures(&crashes, load, &|what, _| what == Measured::CrashPath);
            // A run that hangs before its crash has no path, and never comes to an end.
            (crash.count()..SEEDS).for_each(|seed| crash.add_open(true, seed));
            crash
        });
        costs.push(Cost { send, crash });
    }
    Ok(Machine { name, costs })
}

fn measured(
    scenario: &str,
    arch: &'static str,
    bus: Option<Bus>,
    variant: &str,
    set: &str,
) -> Result<Measurement, Failure> {
    let loads = LOADS.map(|load| (load.to_owned(), load_setting(load).expect("a load")));
    let axes = Axes { arches: &[arch], optional: &[], variants: &[variant], loads: &loads };
    let done = AtomicU64::new(0);
    measure(axes, 0..SEEDS, 2, &Settings::seeded(0), &done, |arch, variant| Request {
        arch: Some(arch),
        variant: Some(variant),
        bus,
        sets: [JITTER, set].into_iter().filter(|set| !set.is_empty()).map(str::to_owned).collect(),
        ..Request::new(scenario)
    })
}

fn told(of: &Distribution, share: u64) -> String {
    match of.per_mille(share) {
        _ if of.count() == 0 => "-".to_owned(),
        Quantile::Span(span) => Paper { width: 80, exact: false, colour: false }.microseconds(rounded(span.as_ps())),
        Quantile::Never => "never".to_owned(),
        Quantile::Unfinished => "> limit".to_owned(),
    }
}

/// To hundredths of a µs, from 1 ms on to whole ones: percentiles have three digits.
const fn rounded(ps: u64) -> u64 {
    let to = if ps >= 1_000_000_000 { 1_000_000 } else { 10_000 };
    (ps + to / 2) / to * to
}

/// What it costs more than the unbounded wait, at a percentile; none: one of them never ends.
fn more(of: &Distribution, unbounded: &Distribution, share: u64) -> Option<u64> {
    match (of.per_mille(share), unbounded.per_mille(share)) {
        (Quantile::Span(of), Quantile::Span(unbounded)) => Some(of.as_ps().saturating_sub(unbounded.as_ps())),
        _ => None,
    }
}

fn page(machines: &[Machine]) -> String {
    let mut out = format!(
        "# What each proposal costs\n\n\
         The cover letter of 2007 rejected solution A because its price \"may not be acceptable for some callers\". Here it is measured, in simulated\n\
         µs: what a *message* costs its sender, which is how long that waits for its ICR (a function that sends to several CPUs one by one pays it for each), and how long\n\
         the *crash path* takes from the crash to its goal where a CPU is stuck (`nmi-stall`; `never` where it hangs, or hangs before it crashes). Each idle and under load\n\
         ({}), with jitter on the bus; {SEEDS} seeds of `examples/measure/callers.toml` and of `nmi-stall` for each\n\
         number. p99.9 of few spans is the greatest; a load changes the story of a crash, too. Printed by `UPDATE_PAGES=1 cargo test --lib book` (`src/book/cost.rs`). Most of these\n\
         kernels never were: [prices](prices.md) says which, and [measuring](measure.md) what the words mean. `-`: in x2APIC mode nobody waits.\n\n",
        LOADS[1]
    );
    out += &summary(machines);
    out += "\n![What a message costs under load, cumulative](pictures/cost-send.svg)\n\n![What the crash path costs under load, cumulative](pictures/cost-crash.svg)\n";
    for machine in machines {
        let _ = writeln!(out, "\n## {}\n", machine.name);
        out += "| | messages | p50, idle | p99.9, idle | p50, load | p99.9, load | crash p50, idle | p99.9, idle | p50, load | p99.9, load |\n";
        out += &format!("|---|{}\n", "---:|".repeat(9));
        for ((name, ..), cost) in PROPOSALS.iter().zip(&machine.costs) {
            let cells: Vec<String> =
                cost.send.iter().chain(&cost.crash).flat_map(|of| [told(of, 500), told(of, 999)]).collect();
            let sends = cost.send.iter().map(Distribution::count).sum::<u64>();
            let _ = writeln!(out, "| {name} | {sends} | {} |", cells.join(" | "));
        }
    }
    out
}

/// Each proposal over all machines, and what follows.
fn summary(machines: &[Machine]) -> String {
    let all = machines.len();
    let mut out = String::from(
        "| | a message costs more, at most: p50 | p99.9 | as `before` on | the crash path always ends on | it takes at most, p99.9 |\n|---|---:|---:|---:|---:|---:|\n",
    );
    let (mut free, mut ends) = (Vec::new(), Vec::new());
    for (row, (name, ..)) in PROPOSALS.iter().enumerate() {
        let sends = |share: u64| {
            let more = machines.iter().flat_map(|machine| {
                let (cost, before) = (&machine.costs[row], &machine.costs[0]);
                (0..2).filter_map(move |load| more(&cost.send[load], &before.send[load], share))
            });
            rounded(more.max().unwrap_or(0))
        };
        // Ten times what a histogram may be wrong by.
        let is_free = |machine: &&Machine| {
            (0..2).all(|load| {
                [500, 999].iter().all(|&share| {
                    let (of, before) = (&machine.costs[row].send[load], &machine.costs[0].send[load]);
                    if of.count() == 0 && before.count() == 0 {
                        return true;
                    }
                    let Quantile::Span(span) = before.per_mille(share) else { return false };
                    more(of, before, share).is_some_and(|more| more <= span.as_ps() / 100)
                })
            })
        };
        let is_ended = |machine: &&Machine| machine.costs[row].crash.iter().all(|of| of.ended() == of.count());
        let (as_before, ended) = (machines.iter().filter(is_free).count(), machines.iter().filter(is_ended).count());
        if as_before == all && row > 0 {
            free.push(*name);
        }
        if ended == all {
            ends.push(*name);
        }
        let crash = machines.iter().filter(is_ended).flat_map(|machine| &machine.costs[row].crash);
        let crash = crash.filter_map(|of| match of.per_mille(999) {
            Quantile::Span(span) => Some(rounded(span.as_ps())),
            _ => None,
        });
        let paper = Paper { width: 80, exact: false, colour: false };
        let crash = crash.max().map_or_else(|| "-".to_owned(), |ps| paper.microseconds(ps));
        let (p50, p999) = (paper.microseconds(sends(500)), paper.microseconds(sends(999)));
        let _ = writeln!(out, "| {name} | {p50} | {p999} | {as_before} of {all} | {ended} of {all} | {crash} |");
    }
    let both: Vec<&str> = free.iter().filter(|name| ends.contains(name)).copied().collect();
    let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join("; ") };
    let _ = writeln!(
        out,
        "\n**What follows.** Of these proposals, a message costs the same as before on every machine, idle and under load, under: {}. The crash path comes to its end\n\
         on every machine under: {}. Both: **{}**.",
        list(&free),
        list(&ends),
        list(&both)
    );
    out
}
