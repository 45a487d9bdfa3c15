//! `docs/cost.md` and its plots: what each proposal costs whoever sends, and whoever crashes, from measurements.
//!
//! All of it takes minutes, so it is made by a command of its own (`COMMAND`). The test repeats of every cell the first seeds, of which the
//! page keeps the digests; of one row all; and works the summary out again from the tables (`cost_page.rs`).
//!
//! Not measured: what a delayed answer costs those who wait for it.

use super::cost_page::{CALLS, CHECKED, COMMAND, CRASHES, LOADS, PROPOSALS, Row, TODAY_UNDER_LOAD, Table, page, read};
use crate::failure::Failure;
use crate::measure::{Axes, Distribution, Measured, Measurement, Measuring, Piece, Quantile};
use crate::report::Paper;
use crate::report::measure::{Panel, plot};
use crate::run::Settings;
use crate::scenario::{Bus, LINUX_ARCHES, Request, load_setting};
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use std::sync::atomic::AtomicU64;

/// The driver without an APIC sends nothing.
const NO_APIC: &str = "modern/noop";

const JITTER: &str = "knobs.jitter_picclk=20";
const CALLERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/measure/callers.toml");

/// One proposal on one machine: how long a sender waits for its ICR, a message each, and the crash path; idle, and under load.
struct Cost {
    send: [Distribution; 2],
    crash: [Distribution; 2],
    /// Runs that have come to their crash.
    crashed: [u64; 2],
}

/// A machine, what each proposal costs on it, and a hash of the digests of its first runs.
struct Machine {
    name: String,
    costs: Vec<Cost>,
    check: u64,
}

/// Sub-architectures, each with its bus if that is not its own.
fn machines() -> impl Iterator<Item = (&'static str, Option<Bus>)> {
    let own = LINUX_ARCHES.into_iter().filter(|arch| *arch != NO_APIC).map(|arch| (arch, None));
    own.chain([("i386/default", Some(Bus::Ideal))])
}

/// The page, and its plots.
fn cost() -> Result<[(&'static str, String); 3], Failure> {
    let machine = |(arch, bus)| machine(arch, bus, CALLS, CRASHES);
    let machines = machines().map(machine).collect::<Result<Vec<_>, _>>()?;
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
    let tables: Vec<Table> = machines.iter().map(table).collect();
    Ok([("cost.md", page(&tables)), ("pictures/cost-send.svg", send), ("pictures/cost-crash.svg", crash)])
}

/// Machines of the plots: one a bus.
const PLOTTED: [&str; 4] = ["i386/default on serial", "i386/numaq", "x86_64/physflat", "modern/x2apic-phys"];
/// Proposals of the plots.
const SHOWN: [usize; 7] = [0, 1, 2, 4, 5, 6, 12];

fn machine(arch: &'static str, bus: Option<Bus>, calls: u64, crashes: u64) -> Result<Machine, Failure> {
    let (mut costs, mut name, mut check) = (Vec::new(), String::new(), SipHasher13::new());
    for proposal in PROPOSALS {
        let (cost, its_name) = of_proposal((arch, bus), proposal, (calls, crashes), &mut check)?;
        costs.push(cost);
        name = its_name;
    }
    Ok(Machine { name, costs, check: check.finish() })
}

/// What a proposal costs, and what the machine is called.
fn of_proposal(
    machine: (&'static str, Option<Bus>),
    (_, variant, set): (&str, &str, &str),
    (calls, crashes): (u64, u64),
    check: &mut SipHasher13,
) -> Result<(Cost, String), Failure> {
    let mut of = |scenario: &str, seeds| measured(scenario, machine, (variant, set), seeds, check);
    let (sends, crashed) = (of(CALLERS, calls)?, of("nmi-stall", crashes)?);
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
    let mut come = [0; 2];
    let crash = [0, 1].map(|load| {
        let mut crash = figures(&crashed, load, &|what, _| what == Measured::CrashPath);
        come[load] = crash.count();
        // A run that hangs before its crash has no path, and never comes to an end.
        (crash.count()..crashes).for_each(|seed| crash.add_open(true, seed));
        crash
    });
    Ok((Cost { send, crash, crashed: come }, format!("{} on {}", machine.0, sends.cells[0].bus)))
}

fn measured(
    scenario: &str,
    (arch, bus): (&'static str, Option<Bus>),
    (variant, set): (&str, &str),
    seeds: u64,
    check: &mut SipHasher13,
) -> Result<Measurement, Failure> {
    let loads = LOADS.map(|load| (load.to_owned(), load_setting(load).expect("a load")));
    let axes = Axes { arches: &[arch], optional: &[], variants: &[variant], loads: &loads };
    let request = |arch, variant| Request {
        arch: Some(arch),
        variant: Some(variant),
        bus,
        sets: [JITTER, set].into_iter().filter(|set| !set.is_empty()).map(str::to_owned).collect(),
        ..Request::new(scenario)
    };
    let mut told = |piece: Piece| {
        for (_, ran) in (piece.first..CHECKED).zip(&piece.runs) {
            check.write_u64(ran.digest);
        }
        true
    };
    Measuring::of(axes, 0..seeds, request)?.measure(2, &Settings::seeded(0), &AtomicU64::new(0), &mut told)
}

fn table(machine: &Machine) -> Table {
    Table { name: machine.name.clone(), check: machine.check, rows: machine.costs.iter().map(row).collect() }
}

fn row(cost: &Cost) -> Row {
    Row {
        sends: cost.send.iter().map(Distribution::count).sum(),
        cells: cost.send.iter().chain(&cost.crash).flat_map(|of| [told(of, 500), told(of, 999)]).collect(),
        hang: cost.crash.iter().map(|of| of.count() - of.ended()).sum(),
    }
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

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Every cell by its first seeds, one row by all of them, and the summary by the tables.
#[test]
fn the_cost_page_is_what_runs_print() {
    let folder = folder();
    if std::env::var_os("UPDATE_COST").is_some() {
        for (name, text) in cost().expect("built-in scenarios run") {
            std::fs::write(folder.join(name), text).expect("a page can be written");
        }
    }
    let path = folder.join("cost.md");
    let mut text = std::fs::read_to_string(&path).expect("the page is there");
    let tables = read(&text);
    if std::env::var_os("UPDATE_PAGES").is_some() {
        // Other words around the same tables.
        text = page(&tables);
        std::fs::write(&path, &text).expect("a page can be written");
    }
    assert!(page(&tables) == text, "docs/cost.md says other than its own tables: {COMMAND}");
    assert_eq!(tables.len(), machines().count());
    for ((arch, bus), table) in machines().zip(&tables) {
        let first = machine(arch, bus, CHECKED, CHECKED).expect("built-in scenarios run");
        assert_eq!((&first.name, first.check), (&table.name, table.check), "runs come out otherwise: {COMMAND}");
    }
    let whole = of_proposal(("i386/default", None), PROPOSALS[12], (CALLS, CRASHES), &mut SipHasher13::new());
    let (whole, name) = whole.expect("built-in scenarios run");
    assert_eq!(
        (&name, row(&whole)),
        (&tables[0].name, tables[0].rows[12].clone()),
        "a row comes out otherwise: {COMMAND}"
    );
    let ended = whole.crash.each_ref().map(Distribution::ended);
    assert_eq!((whole.crashed, ended), ([CRASHES, TODAY_UNDER_LOAD.0], whole.crashed), "what the page says of them");
    assert_eq!(CRASHES - whole.crashed[1], TODAY_UNDER_LOAD.1);
}

/// The plots have a panel a machine and a curve a proposal, of as many spans as the tables.
#[test]
fn the_plots_are_of_the_tables() {
    let [send, crash] = ["send", "crash"].map(|name| {
        std::fs::read_to_string(folder().join(format!("pictures/cost-{name}.svg"))).expect("the picture is there")
    });
    for machine in PLOTTED {
        for (plot, what) in [(&send, "a message"), (&crash, "the crash path")] {
            assert!(plot.contains(&format!("{what}, under load, on {machine}")), "{machine}");
        }
    }
    for row in SHOWN {
        let name = PROPOSALS[row].0;
        assert_eq!(crash.matches(&format!(">{name} ({CRASHES}")).count(), PLOTTED.len(), "{name}");
    }
}
