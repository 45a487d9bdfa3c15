//! `--strict`: accesses that are legal on the part that runs, and wrong on another, or where something else has happened
//! before them. An observer of the event stream; what the APICs hold it has from the fold over it.
//!
//! The rules, a file each: [`command`] (the level bit, and vectors that belong to the CPU itself), [`halves`] (the order of the two
//! halves of the ICR), [`error_status`]; end of interrupt is short enough to stand here. What becomes of an access is not its matter: that
//! is the run's.
//!
//! Not modelled: what an access that is wrong elsewhere would do there; the registers of an APIC that is switched off, which
//! nobody reaches; the vector of spurious interrupts, whose low bits are hard-wired on some parts (SDM vol. 3 §10.9).

mod accessed;
mod command;
mod error_status;
mod findings;
mod halves;
mod rule;

pub use findings::{StrictFinding, StrictReport};
pub use rule::Rule;

use super::state::State;
use crate::machine::program::PROGRAM_ENDED;
use crate::scenario::Scenario;
use accessed::{Accessed, END_OF_INTERRUPT, ERROR_STATUS, ICR_HIGH, ICR_LOW, VERSION};
use error_status::ErrorReads;
use findings::{Findings, Found};
use halves::Halves;
use sim::{Batch, Event, MachineSettings, Observer, Site, Source, What};

/// What the rules remember of a CPU.
#[derive(Debug, Clone, Default)]
struct Remembered {
    halves: Halves,
    errors: ErrorReads,
}

/// The rules at work.
#[derive(Debug)]
pub(crate) struct Strict {
    state: State,
    cpus: Vec<Remembered>,
    findings: Findings,
    /// Its ESR needs no write before a read (Pentium).
    reads_errors_directly: bool,
    has_error_status: bool,
}

impl Strict {
    /// Before the first event of a run of `scenario`.
    pub(crate) fn of(scenario: &Scenario) -> Self {
        Self::new(State::before(scenario), scenario.machine.generation)
    }

    /// Before the first event of a run of this machine, whose software is no kernel.
    pub(crate) fn of_machine(settings: &MachineSettings) -> Self {
        let as_it_starts = |cpu: u16| settings.cpus[usize::from(cpu)].0.apic;
        Self::new(State::of_machine(settings, as_it_starts), settings.generation)
    }

    fn new(state: State, generation: sim::Generation) -> Self {
        let cpus = vec![Remembered::default(); state.cpus.len()];
        Self {
            state,
            cpus,
            findings: Findings::default(),
            reads_errors_directly: error_status::is_direct(generation),
            has_error_status: error_status::exists(generation),
        }
    }

    /// The run of a scenario is over.
    pub(crate) fn report(self) -> StrictReport {
        let places = self.state.places;
        self.findings.report(|site| places.describe(site))
    }

    /// The run of other software is over, of which `place` says what its sites are. `to_its_end`: it has done all that it was
    /// to do.
    pub(crate) fn report_of_machine(mut self, to_its_end: bool, place: impl Fn(Site) -> String) -> StrictReport {
        if to_its_end {
            self.cpus.iter_mut().for_each(|cpu| cpu.halves.all_end(&mut self.findings));
        }
        self.findings.report(place)
    }

    fn take(&mut self, event: &Event, under_way: bool) {
        if let Source::Cpu(cpu) = event.source {
            self.look(cpu, event, under_way);
        }
        self.state.take(event);
    }

    /// The next event of a CPU, before it has changed anything.
    fn look(&mut self, number: u16, event: &Event, under_way: bool) {
        let state = &self.state.cpus[usize::from(number)];
        let cpu = &mut self.cpus[usize::from(number)];
        let level = state.frames.len();
        let found = |rule: Rule, what: String, count: u64| Found {
            rule,
            cpu: number,
            at: event.time,
            site: event.site,
            what,
            count,
        };
        match event.what {
            What::Write { access, value } => {
                let Some(written) = Accessed::write(&state.apic, access) else { return };
                match written.offset {
                    ICR_LOW => {
                        cpu.errors.command_written();
                        command::check(value as u32, |rule, what| self.findings.add(found(rule, what, 1)));
                        if !written.wide {
                            let late = |what| found(Rule::LowBeforeHigh, what, 1);
                            cpu.halves.low(level, value as u32, late, &mut self.findings);
                        }
                    }
                    ICR_HIGH => cpu.halves.high(level),
                    ERROR_STATUS => cpu.errors.written(),
                    END_OF_INTERRUPT if state.apic.in_service().next().is_none() => {
                        let what = "EOI, and no interrupt is in service".to_owned();
                        self.findings.add(found(Rule::EndOfNothing, what, 1));
                    }
                    offset => command::check_entry(offset, value as u32, |rule, what| {
                        self.findings.add(found(rule, what, 1));
                    }),
                }
            }
            What::Run { access, count, .. } => match Accessed::read(&state.apic, access).map(|read| read.offset) {
                Some(VERSION) => cpu.errors.version_read(),
                Some(ERROR_STATUS) if self.has_error_status => {
                    let unwritten = cpu.errors.read(if under_way { 1 } else { count }, self.reads_errors_directly);
                    if unwritten > 0 {
                        let what = "the ESR is read without a write since the last read or command".to_owned();
                        self.findings.add(found(Rule::UnwrittenErrorStatus, what, unwritten));
                    }
                }
                _ => {}
            },
            What::Left(_) => cpu.halves.piece_ends(level, &mut self.findings),
            What::Reached(PROGRAM_ENDED) | What::Ended => cpu.halves.piece_ends(level, &mut self.findings),
            What::Initialised => *cpu = Remembered::default(),
            _ => {}
        }
    }
}

impl Observer for Strict {
    fn take(&mut self, batch: &Batch<'_>) {
        batch.events.iter().for_each(|told| Self::take(self, &told.event, false));
        if batch.last {
            batch.under_way().iter().for_each(|run| Self::take(self, run, true));
        }
    }
}
