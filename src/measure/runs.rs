//! Many runs, on every core: by cell (a machine) and seed. What comes out does not depend on how many at once.

use super::distribution::Distribution;
use super::in_order::{Give, InOrder};
use super::meter::{Figures, Meter, figure};
use super::ran::{MachineName, Piece, Ran};
use super::spans::Spot;
use super::what::Measured;
use crate::failure::Failure;
use crate::judgement::source_lines;
use crate::run::{RunFailure, Settings, observe};
use crate::scenario::named::Named;
use crate::scenario::{self, OWN_VARIANT, Request, Scenario, is_other};
use crate::token::Token;
use sim::{Activity, Context, Ending, Outcome};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// Seeds that a core takes at once.
pub(super) const CHUNK: u64 = 64;
/// Pieces that are begun before one that is missing, at most.
const AHEAD: u64 = 4096;

/// What the runs of a measurement differ in.
#[derive(Debug, Clone, Copy)]
pub struct Axes<'a> {
    /// Sub-architectures.
    pub arches: &'a [&'static str],
    /// Those of them that are left out if they cannot hold the scenario, and another one can.
    pub optional: &'a [&'static str],
    /// Wait variants.
    pub variants: &'a [&'a str],
    /// Loads: the name of each, and the setting that it means. None: the scenario's own.
    pub loads: &'a [(String, String)],
}

/// Spans of one kind at one place.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Figure {
    /// What was measured.
    pub what: Measured,
    /// Where: `function (file:line)`, `handler of FB`, or `crash to goal`.
    pub site: String,
    /// How long it took.
    pub distribution: Distribution,
    /// The token of a run with the longest.
    pub token: String,
}

/// The figures of one machine.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Cell {
    /// Sub-architecture.
    pub arch: &'static str,
    /// Wait variant.
    pub variant: String,
    /// Release.
    pub release: &'static str,
    /// Bus.
    pub bus: &'static str,
    /// The load, `none` on an idle machine.
    pub load: String,
    /// By kind, then by place.
    pub figures: Vec<Figure>,
    /// Were all runs the same, because nothing in them was drawn?
    pub nothing_drawn: bool,
}

/// Sub-architectures of a family that cannot hold the scenario, each with the reason.
type LeftOut = Vec<(&'static str, String)>;

/// All of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Measurement {
    /// The scenario's name.
    pub scenario: String,
    /// The seeds that were asked for.
    pub seeds: Range<u64>,
    /// Runs that were made.
    pub runs: u64,
    /// A machine each.
    pub cells: Vec<Cell>,
    /// Sub-architectures of a family that cannot hold the scenario, each with the reason.
    pub left_out: Vec<(&'static str, String)>,
    /// It was ended from outside: what had ended by then is in it.
    pub interrupted: bool,
}

/// What a core has measured of one machine: its share.
#[derive(Debug, Default)]
struct Share {
    figures: Figures,
    runs: u64,
    drawn: bool,
}

/// Measures a scenario at every point of the axes with every seed; `jobs` runs at a time. `request` makes the request for a
/// sub-architecture and a variant; `done` counts the runs as they end.
///
/// # Errors
/// If the scenario cannot be loaded for, or run on, one of the machines.
pub fn measure(
    axes: Axes<'_>,
    seeds: Range<u64>,
    jobs: usize,
    settings: &Settings,
    done: &AtomicU64,
    request: impl Fn(String, String) -> Request,
) -> Result<Measurement, Failure> {
    Measuring::of(axes, seeds, request)?.measure(jobs, settings, done, &mut |_| true)
}

/// What is going to be measured.
#[derive(Debug)]
pub(crate) struct Measuring {
    seeds: Range<u64>,
    scenarios: Vec<Scenario>,
    /// Of each scenario.
    loads: Vec<String>,
    left_out: LeftOut,
}

impl Measuring {
    /// The scenario at every point of the axes.
    ///
    /// # Errors
    /// It cannot be loaded for one of the machines.
    pub(crate) fn of(
        axes: Axes<'_>,
        seeds: Range<u64>,
        request: impl Fn(String, String) -> Request,
    ) -> Result<Self, Failure> {
        let (scenarios, left_out) = scenarios(axes, request)?;
        let (scenarios, loads) = scenarios.into_iter().unzip();
        Ok(Self { seeds, scenarios, loads, left_out })
    }

    /// The scenario's name.
    pub(crate) fn scenario(&self) -> &str {
        self.scenarios.first().map_or("", |scenario| scenario.name.as_str())
    }

    /// The seeds.
    pub(crate) fn seeds(&self) -> Range<u64> {
        self.seeds.clone()
    }

    /// The machines, in the order of the cells of their measurement.
    pub(crate) fn machines(&self) -> Vec<MachineName> {
        self.scenarios.iter().zip(&self.loads).map(|(scenario, load)| MachineName::of(scenario, load)).collect()
    }

    /// Measures; what came of the runs is told to `told`, in the order of machines and seeds, until that says false: then the measurement
    /// is over. Of an interrupted one what is told may be less than what is in it.
    ///
    /// # Errors
    /// A machine cannot run the scenario.
    pub(crate) fn measure(
        self,
        jobs: usize,
        settings: &Settings,
        done: &AtomicU64,
        told: &mut Give<'_, Piece>,
    ) -> Result<Measurement, Failure> {
        let Self { seeds, scenarios, loads, left_out } = self;
        let chunks = seeds.end.saturating_sub(seeds.start).div_ceil(CHUNK);
        // Only a piece that is whole is followed by others.
        let mut told = |(whole, piece): (bool, Piece)| told(piece) && whole;
        let order = InOrder::new(chunks * scenarios.len() as u64, AHEAD, &mut told);
        let interrupted = AtomicBool::new(false);
        let work = Work { scenarios: &scenarios, seeds: seeds.clone(), chunks, order, interrupted, settings, done };
        let of_workers: Vec<Result<Vec<Share>, Failed>> = thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(|| work.work())).collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let interrupted = work.interrupted.into_inner();
        let of_workers = shares(of_workers)?;
        let runs = of_workers.iter().flatten().map(|measured| measured.runs).sum();
        let name = scenarios.first().map(|scenario| scenario.name.clone()).unwrap_or_default();
        let mut by_cell: Vec<Vec<Share>> = scenarios.iter().map(|_| Vec::new()).collect();
        for of_worker in of_workers {
            by_cell.iter_mut().zip(of_worker).for_each(|(of_cell, measured)| of_cell.push(measured));
        }
        let cells = scenarios.iter().zip(loads).zip(by_cell);
        let cells = cells
            .map(|((scenario, load), measured)| cell(scenario, &settings.token(scenario), load, measured))
            .collect();
        Ok(Measurement { scenario: name, seeds, runs, cells, left_out, interrupted })
    }
}

/// A run that gave no report, and the chunk that it is of.
type Failed = (u64, RunFailure);

/// The shares of all cores; or, of several runs that gave no report, the first one's failure: which core was faster decides nothing.
fn shares(of_workers: Vec<Result<Vec<Share>, Failed>>) -> Result<Vec<Vec<Share>>, RunFailure> {
    let (mut shares, mut first): (Vec<Vec<Share>>, Option<Failed>) = (Vec::new(), None);
    for of_worker in of_workers {
        match of_worker {
            Ok(share) => shares.push(share),
            Err(failed) if first.as_ref().is_none_or(|(chunk, _)| failed.0 < *chunk) => first = Some(failed),
            Err(_) => {}
        }
    }
    first.map_or(Ok(shares), |(_, failure)| Err(failure))
}

/// The scenario for each machine, and the machines that cannot hold it.
fn scenarios(
    axes: Axes<'_>,
    request: impl Fn(String, String) -> Request,
) -> Result<(Vec<(Scenario, String)>, LeftOut), Failure> {
    let loads: Vec<Option<&(String, String)>> =
        if axes.loads.is_empty() { vec![None] } else { axes.loads.iter().map(Some).collect() };
    let (mut scenarios, mut left_out, mut refusal) = (Vec::new(), Vec::new(), None);
    for &arch in axes.arches {
        let variants = if is_other(arch) { &[OWN_VARIANT][..] } else { axes.variants };
        for (&variant, load) in variants.iter().flat_map(|variant| loads.iter().map(move |load| (variant, load))) {
            let mut request = request(arch.to_owned(), variant.to_owned());
            if is_other(arch) {
                request.release = None; // releases are Linux's
            }
            request.sets.extend(load.map(|(_, setting)| setting.clone()));
            match scenario::load(&request) {
                Ok(scenario) => {
                    let own = if scenario.programs.loads.is_empty() { "none" } else { "own" };
                    scenarios.push((scenario, load.map_or(own, |(name, _)| name).to_owned()));
                }
                Err(error) if axes.optional.contains(&arch) && !error.is_of_host() => {
                    left_out.push((arch, error.message().to_owned()));
                    refusal.get_or_insert(error);
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    match refusal {
        Some(error) if scenarios.is_empty() => Err(error.into()),
        _ => Ok((scenarios, left_out)),
    }
}

/// What there is to do, for all cores.
struct Work<'a> {
    scenarios: &'a [Scenario],
    seeds: Range<u64>,
    /// Pieces of one machine.
    chunks: u64,
    order: InOrder<'a, (bool, Piece)>,
    interrupted: AtomicBool,
    settings: &'a Settings,
    done: &'a AtomicU64,
}

impl Work<'_> {
    /// One core's share: whatever piece is next.
    fn work(&self) -> Result<Vec<Share>, Failed> {
        let _guard = self.order.guard();
        let mut measured: Vec<Share> = self.scenarios.iter().map(|_| Share::default()).collect();
        while let Some(taken) = self.order.take() {
            let machine = (taken / self.chunks) as usize;
            let first = self.seeds.start + taken % self.chunks * CHUNK;
            let end = self.seeds.end.min(first.saturating_add(CHUNK));
            let mut piece = Piece { machine, first, runs: Vec::new() };
            for seed in first..end {
                match self.run(machine, seed, &mut measured[machine]) {
                    Ok(Some(ran)) => {
                        piece.runs.push(ran);
                        self.done.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(None) => {
                        self.interrupted.store(true, Ordering::Relaxed);
                        self.order.end();
                        break;
                    }
                    Err(failure) => {
                        // Those before it are under way, and may fail, too: they are finished all the same.
                        self.order.end();
                        return Err((taken, failure));
                    }
                }
            }
            self.order.hand_in(taken, (piece.runs.len() as u64 == end - first, piece));
        }
        Ok(measured)
    }

    /// One run; none: it was interrupted, and only what had ended by then counts.
    fn run(&self, cell: usize, seed: u64, measured: &mut Share) -> Result<Option<Ran>, RunFailure> {
        let scenario = &self.scenarios[cell];
        let mut settings = self.settings.clone();
        settings.choices.seed = seed;
        let mut meter = Meter::new(seed, &mut measured.figures);
        let mut outcome = observe(scenario, &settings, &mut meter)?;
        let ran = Ran::of(scenario, &outcome); // as its token replays it
        if outcome.ending == Ending::Stopped && spins(&outcome) && meter.may_hang(&outcome) {
            settings.choices.to_the_end = true;
            meter = meter.again();
            outcome = observe(scenario, &settings, &mut meter)?;
        }
        if matches!(outcome.ending, Ending::Interrupted(_)) {
            return Ok(None);
        }
        meter.finish(scenario, &outcome);
        let by_devices = scenario.programs.loads.iter().any(|load| load.device.is_some() && !load.apart.is_fixed());
        measured.drawn |= by_devices || outcome.choices > 0;
        measured.runs += 1;
        Ok(Some(ran))
    }
}

fn spins(outcome: &Outcome) -> bool {
    outcome.cpus.iter().any(|cpu| cpu.activity == Activity::Running)
}

fn join<K: PartialEq>(all: &mut Vec<(K, Distribution)>, more: Vec<(K, Distribution)>) {
    for (key, distribution) in more {
        figure(all, key).join(&distribution);
    }
}

/// The cell of a machine, from what each core has measured of it.
fn cell(scenario: &Scenario, token: &Token, load: String, measured: Vec<Share>) -> Cell {
    let nothing_drawn = !measured.iter().any(|measured| measured.drawn);
    let mut figures: Vec<((Measured, String), Distribution)> = Vec::new();
    for measured in measured {
        let named = measured.figures.into_iter().map(|((what, spot), found)| ((what, site(scenario, spot)), found));
        join(&mut figures, named.collect());
    }
    figures.sort_by(|(one, _), (other, _)| one.cmp(other));
    let figure = |((what, site), distribution): ((Measured, String), Distribution)| Figure {
        what,
        site,
        token: distribution
            .seed_of_longest()
            .map(|seed| Token { seed, ..token.clone() }.to_string())
            .unwrap_or_default(),
        distribution,
    };
    let machine = &scenario.machine;
    Cell {
        arch: machine.arch,
        variant: machine.variant.to_string(),
        release: machine.release,
        bus: machine.bus.name(),
        load,
        figures: figures.into_iter().map(figure).collect(),
        nothing_drawn,
    }
}

fn site(scenario: &Scenario, spot: Spot) -> String {
    match spot {
        Spot::Line(site) => match site.as_step().and_then(|step| scenario.programs.place(step)) {
            Some(place) => place.to_string(),
            None => source_lines::describe(site),
        },
        Spot::Handler(Context::Interrupt(vector)) => format!("handler of {vector:02X}"),
        Spot::Handler(Context::Nmi) => "NMI handler".to_owned(),
        Spot::Handler(Context::SystemManagement) => "SMI handler".to_owned(),
        Spot::Handler(Context::Program | Context::Shutdown) => "program".to_owned(),
        Spot::Story => "crash to goal".to_owned(),
    }
}
