//! What the guest writes down on the host's side: outside the simulated machine, so that it disturbs nothing in it.
//!
//! Everything has its simulated instant, and is evaluated after the run by instant: so it does not matter in which
//! order the workers of the host wrote it.

use super::answer::{Answer, Seen};
use crate::machine::IcrReads;
use parking_lot::{Mutex, MutexGuard};
use sim::Time;

/// The notes of all CPUs.
#[derive(Debug)]
pub(super) struct Notebook {
    pages: Vec<Mutex<Page>>,
    verdicts: Mutex<Vec<Verdict>>,
}

/// The notes of one CPU, and the state of its guest software.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What its handlers saw.
    pub(super) seen: Vec<(Time, Seen)>,
    /// When it was started, and the vector of the start-up message.
    pub(super) boots: Vec<(Time, u8)>,
    /// Operations that it finished.
    pub(super) done: Vec<Done>,
    /// Do its interrupt handlers write EOI?
    pub(super) auto_eoi: bool,
    /// Does it stay in the handler of the next NMI?
    pub(super) hold_nmi: bool,
    /// Is it in its NMI handler?
    pub(super) in_nmi: bool,
    /// Does it stay in system-management mode at the next SMI?
    pub(super) hold_smm: bool,
    /// Is it in system-management mode?
    pub(super) in_smm: bool,
}

impl Page {
    /// The answer to a ping: from where it comes.
    pub(super) const fn alive(&self) -> Answer {
        Answer::Alive { in_nmi: self.in_nmi, in_smm: self.in_smm }
    }
}

/// An operation that a CPU finished.
#[derive(Debug, Clone)]
pub(super) struct Done {
    /// Index of the line.
    pub(super) line: usize,
    pub(super) at: Time,
    pub(super) answer: Answer,
    pub(super) reads: IcrReads,
}

/// A line that CPU 0 has brought to its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verdict {
    pub(super) at: Time,
    /// The CPU that was asked did not answer in time.
    pub(super) timed_out: bool,
}

impl Notebook {
    pub(super) fn new(cpus: u16) -> Self {
        let page = || Mutex::new(Page { auto_eoi: true, ..Page::default() });
        Self { pages: (0..cpus).map(|_| page()).collect(), verdicts: Mutex::default() }
    }

    /// The page of a CPU. Nobody may keep it over an operation of the simulated CPU, which can suspend.
    pub(super) fn page(&self, cpu: u16) -> MutexGuard<'_, Page> {
        self.pages[usize::from(cpu)].lock()
    }

    /// The next line is finished.
    pub(super) fn finish(&self, verdict: Verdict) {
        self.verdicts.lock().push(verdict);
    }

    /// The lines that are finished, in order.
    pub(super) fn verdicts(&self) -> Vec<Verdict> {
        self.verdicts.lock().clone()
    }
}
