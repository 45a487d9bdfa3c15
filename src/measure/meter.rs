//! One run, measured: an observer that reads spans of time off its events, and what of them is open at its end.

use super::distribution::Distribution;
use super::spans::{Open, Spans, Spot};
use super::what::Measured;
use crate::judgement::crash_path;
use crate::scenario::Scenario;
use sim::{Activity, Batch, CpuReport, Ending, Interest, Observer, Outcome};

/// Spans by what they are and where: as many as a kernel has lines that wait, send, or turn interrupts off.
pub(super) type Figures = Vec<((Measured, Spot), Distribution)>;

/// The distribution of `key` among `figures`.
pub(super) fn figure<K: PartialEq>(figures: &mut Vec<(K, Distribution)>, key: K) -> &mut Distribution {
    let place = figures.iter().position(|(other, _)| *other == key).unwrap_or_else(|| {
        figures.push((key, Distribution::default()));
        figures.len() - 1
    });
    &mut figures[place].1
}

/// Measures one run.
#[derive(Debug)]
pub(super) struct Meter<'f> {
    seed: u64,
    spans: Spans,
    /// Spans that have ended.
    ended: u64,
    /// So many of them are in the figures already.
    known: u64,
    figures: &'f mut Figures,
}

impl Observer for Meter<'_> {
    fn interest(&self) -> Interest {
        Interest::EFFECTS
    }

    fn take(&mut self, batch: &Batch<'_>) {
        let Self { seed, spans, ended, known, figures } = self;
        for told in batch.events {
            spans.take(&told.event, |what, spot, span| {
                *ended += 1;
                if *ended > *known {
                    figure(figures, (what, spot)).add(span, *seed);
                }
            });
        }
    }
}

impl<'f> Meter<'f> {
    pub(super) fn new(seed: u64, figures: &'f mut Figures) -> Self {
        Self { seed, spans: Spans::default(), ended: 0, known: 0, figures }
    }

    /// For the same run once more, which goes on where it ended: what is measured already is not measured twice.
    pub(super) fn again(self) -> Self {
        Self { spans: Spans::default(), ended: 0, known: self.ended, ..self }
    }

    /// Is a span open on a CPU that goes round in a loop? It may hang, although the goal is reached.
    pub(super) fn may_hang(&self, outcome: &Outcome) -> bool {
        self.spans.open().any(|open| spins(outcome, open.cpu))
    }

    /// The run is over: adds what is open to the figures.
    pub(super) fn finish(self, scenario: &Scenario, outcome: &Outcome) {
        let proven = matches!(outcome.ending, Ending::Proven(_));
        let path = crash_path(scenario, outcome);
        let goal = path.goal_reached;
        let limited = matches!(outcome.ending, Ending::Deadline);
        for open in self.spans.open().filter(|open| counts(open, outcome, goal) && (proven || limited)) {
            figure(self.figures, (open.what, open.spot)).add_open(proven, self.seed);
        }
        match path.took {
            Some(took) => figure(self.figures, (Measured::CrashPath, Spot::Story)).add(took, self.seed),
            None if path.crashed && (proven || limited) => {
                figure(self.figures, (Measured::CrashPath, Spot::Story)).add_open(proven, self.seed);
            }
            None => {}
        }
    }
}

fn cpu(outcome: &Outcome, number: u16) -> Option<&CpuReport> {
    outcome.cpus.get(usize::from(number))
}

fn spins(outcome: &Outcome, number: u16) -> bool {
    cpu(outcome, number).is_some_and(|cpu| cpu.activity == Activity::Running && !cpu.finished)
}

/// Is what is open at the end a span that somebody waits for the end of? Not the interrupts of a CPU that has been stopped, nor, once
/// the goal is reached, anything of a CPU that sleeps; and of a message only what is still there.
fn counts(open: &Open, outcome: &Outcome, goal_reached: bool) -> bool {
    let Some(cpu) = cpu(outcome, open.cpu) else { return false };
    let waits = spins(outcome, open.cpu) || !goal_reached;
    waits
        && match open.what {
            Measured::InterruptsOff => spins(outcome, open.cpu),
            Measured::WriteToIdle => cpu.busy_since.is_some(),
            Measured::WriteToTaken => match open.vector {
                Some(vector) => cpu.requested.iter().any(|(requested, _)| *requested == vector),
                None => cpu.nmi.1,
            },
            Measured::Wait | Measured::Call | Measured::CrashPath => true,
        }
}
