//! A measurement against an older one: by how much percentiles differ, and the first run that came out otherwise.
//!
//! Machines are compared that are called the same; where both measurements have one value on an axis (one variant, one load), its name
//! does not matter. Not compared: runs whose seeds only one of both has.

use super::difference::{Change, changes};
use super::distribution::Distribution;
use super::older::{Older, OlderFigure};
use super::ran::{AXES, MachineName, Piece, Ran};
use super::runs::{Figure, Measurement};
use super::what::Measured;
use crate::failure::Failure;
use crate::scenario::named::Named;
use std::ops::Range;

/// The percentiles that are compared, in thousandths.
pub(crate) const COMPARED: [u64; 4] = [500, 900, 990, 999];

/// The first run that came out otherwise: that with the least seed, of those the one of the first machine.
#[derive(Debug, Clone)]
pub(crate) struct Otherwise {
    pub(crate) machine: MachineName,
    pub(crate) seed: u64,
    pub(crate) now: Told,
    pub(crate) then: Told,
}

/// What came of a run, and how it is repeated.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) ran: Ran,
    pub(crate) token: String,
}

/// A figure here and there.
#[derive(Debug, Clone)]
pub(crate) struct ComparedFigure {
    pub(crate) what: Measured,
    /// Where, now.
    pub(crate) site: String,
    /// Now and then.
    pub(crate) counts: (u64, u64),
    /// Are both the same distribution?
    pub(crate) same: bool,
    pub(crate) changes: Vec<Change>,
}

/// A machine that both have.
#[derive(Debug, Clone)]
pub(crate) struct ComparedMachine {
    pub(crate) now: MachineName,
    pub(crate) then: MachineName,
    pub(crate) figures: Vec<ComparedFigure>,
    /// Kinds of spans, with a place, that one of both has.
    pub(crate) lonely: usize,
}

/// All of it.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    /// The scenario, the seeds and the version of the older one.
    pub(crate) then: (String, Range<u64>, String),
    pub(crate) same_digests: bool,
    pub(crate) machines: Vec<ComparedMachine>,
    /// Machines that one of both has.
    pub(crate) lonely: usize,
    /// Runs that both have.
    pub(crate) runs: u64,
    pub(crate) otherwise: u64,
    pub(crate) first: Option<Otherwise>,
}

/// A comparison that goes on while the later measurement does.
#[derive(Debug)]
pub(crate) struct Comparing {
    older: Older,
    machines: Vec<MachineName>,
    /// Of each machine, the older one.
    pairs: Vec<Option<usize>>,
    runs: u64,
    otherwise: u64,
    first: Option<Otherwise>,
}

impl Comparing {
    pub(crate) fn new(older: Older, machines: Vec<MachineName>) -> Self {
        let pairs = pairs(&machines, &older.machines);
        Self { older, machines, pairs, runs: 0, otherwise: 0, first: None }
    }

    /// What came of the next runs.
    ///
    /// # Errors
    /// The older measurement cannot be read any more.
    pub(crate) fn take(&mut self, piece: &Piece) -> Result<(), Failure> {
        let Some(pair) = self.pairs[piece.machine] else { return Ok(()) };
        for (seed, &now) in (piece.first..).zip(&piece.runs) {
            let Some(then) = self.older.ran(pair, seed)? else { continue };
            self.runs += 1;
            if now.verdict == then.verdict && (now.digest == then.digest || !self.older.same_digests) {
                continue;
            }
            self.otherwise += 1;
            if self.first.as_ref().is_none_or(|first| seed < first.seed) {
                let told = |ran, machine: &MachineName| Told { ran, token: machine.token(seed) };
                let machine = &self.machines[piece.machine];
                let (now, then) = (told(now, machine), told(then, &self.older.machines[pair]));
                self.first = Some(Otherwise { machine: machine.clone(), seed, now, then });
            }
        }
        Ok(())
    }

    /// All runs have come.
    pub(crate) fn finish(self, measurement: &Measurement) -> Comparison {
        let Self { older, machines, pairs, runs, otherwise, first } = self;
        let both = pairs.iter().enumerate().filter_map(|(now, pair)| pair.map(|then| (now, then)));
        let both: Vec<ComparedMachine> = both
            .map(|(now, then)| {
                let theirs: Vec<&OlderFigure> = older.figures.iter().filter(|figure| figure.machine == then).collect();
                let (figures, lonely) = figures(&measurement.cells[now].figures, &theirs);
                ComparedMachine { now: machines[now].clone(), then: older.machines[then].clone(), figures, lonely }
            })
            .collect();
        let lonely = machines.len() + older.machines.len() - 2 * both.len();
        let then = (older.scenario, older.seeds, older.version);
        Comparison { then, same_digests: older.same_digests, machines: both, lonely, runs, otherwise, first }
    }
}

/// Of each machine the older one that is called the same.
fn pairs(now: &[MachineName], then: &[MachineName]) -> Vec<Option<usize>> {
    let alike = |machines: &[MachineName], axis: usize| {
        machines.iter().all(|machine| machine.axes[axis] == machines[0].axes[axis])
    };
    let counts: Vec<usize> = (0..AXES.len()).filter(|&axis| !(alike(now, axis) && alike(then, axis))).collect();
    let mut free: Vec<bool> = vec![true; then.len()];
    let pair = |machine: &MachineName| {
        let same = |other: &MachineName| counts.iter().all(|&axis| machine.axes[axis] == other.axes[axis]);
        let place = (0..then.len()).find(|&place| free[place] && same(&then[place]))?;
        free[place] = false;
        Some(place)
    };
    now.iter().map(pair).collect()
}

/// A place without its line, which moves when somebody writes above it.
fn without_line(site: &str) -> &str {
    match site.rsplit_once(':') {
        Some((before, line)) if line.trim_end_matches(')').bytes().all(|byte| byte.is_ascii_digit()) => before,
        _ => site,
    }
}

/// The figures of both by kind and place; then by place without its line, where that is one; and what is left, all of a kind together,
/// because another wait stands in another function. How many are of one alone.
fn figures(now: &[Figure], then: &[&OlderFigure]) -> (Vec<ComparedFigure>, usize) {
    let mut pairs: Vec<Option<usize>> = vec![None; now.len()];
    for place in [(|site| site) as fn(&str) -> &str, without_line] {
        for at in 0..now.len() {
            let same =
                |figure: &&OlderFigure| figure.what == now[at].what && place(&figure.site) == place(&now[at].site);
            let twins = now.iter().filter(|one| one.what == now[at].what && place(&one.site) == place(&now[at].site));
            let mut found = (0..then.len()).filter(|other| !pairs.contains(&Some(*other)) && same(&then[*other]));
            if let (None, Some(one), None, 1) = (pairs[at], found.next(), found.next(), twins.count()) {
                pairs[at] = Some(one);
            }
        }
    }
    let compared = |what, site: String, now: &Distribution, then: &Distribution| ComparedFigure {
        what,
        site,
        counts: (now.count(), then.count()),
        same: now.kept() == then.kept(),
        changes: changes(&COMPARED, now, then),
    };
    let mut all = Vec::new();
    let mut lonely = 0;
    for &what in Measured::ALL {
        let (mut ours, mut theirs) = ((0, Distribution::default()), (0, Distribution::default()));
        for (figure, pair) in now.iter().zip(&pairs).filter(|(figure, _)| figure.what == what) {
            match pair {
                Some(other) => {
                    all.push(compared(what, figure.site.clone(), &figure.distribution, &then[*other].distribution));
                }
                None => {
                    ours.0 += 1;
                    ours.1.join(&figure.distribution);
                }
            }
        }
        let left =
            then.iter().enumerate().filter(|(other, figure)| figure.what == what && !pairs.contains(&Some(*other)));
        for (_, figure) in left {
            theirs.0 += 1;
            theirs.1.join(&figure.distribution);
        }
        if ours.0 > 0 && theirs.0 > 0 {
            let site = format!("places that one of both has ({} now, {} then)", ours.0, theirs.0);
            all.push(compared(what, site, &ours.1, &theirs.1));
        } else {
            lonely += ours.0 + theirs.0;
        }
    }
    (all, lonely)
}
