//! Playing a machine: to its end, or on beyond the instant at which its stop rule has ended it.

use super::crew::Crew;
use super::execution::Execution;
use super::hardware::Hardware;
use super::looks::Looks;
use super::machine::Machine;
use super::observer::Observer;
use super::outcome::{Effort, Ending, Outcome};
use super::reference::Reference;
use super::report::{last_effective, outcome};
use super::windowed::Windowed;
use crate::RunError;
use crate::time::Time;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

impl Machine {
    /// As [`observed`](Self::observed). Where the stop rule has ended the run while a CPU executed, the machine goes on
    /// without it, and its aftermath is given, too: what the same machine comes to that has no stop rule. Nobody observes that,
    /// and what it took counts in both.
    ///
    /// There may be no aftermath although a CPU executed: with a budget, or where wires are observed, among others. Whoever
    /// needs it plays another machine then.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Panics
    /// As [`observed`](Self::observed).
    ///
    /// # Example
    /// ```
    /// use sim::bus::IdealBus;
    /// use sim::{Closed, Cpu, CpuSettings, Duration, Ending, Execution, Generation, Machine, MachineSettings, Program, Proof};
    /// use sim::{Recording, Software, StopRule};
    ///
    /// struct Spins;
    /// impl Software for Spins {
    ///     fn run(&self, cpu: Cpu<'_>) {
    ///         cpu.reached(1);
    ///         while cpu.load(0) == 0 {}
    ///     }
    /// }
    /// impl Closed for Spins {}
    ///
    /// let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
    /// let machine = Machine::new(MachineSettings::new(Generation::XApic, bus).with(|machine| {
    ///     (machine.words, machine.stop) = (vec![0], StopRule::Any(vec![1]));
    ///     machine.cpus = vec![(CpuSettings::default(), Program::closed(Spins))];
    /// }))?;
    /// let (outcome, aftermath) = machine.observed_beyond(Execution::default(), &mut Recording::default())?;
    /// assert_eq!(outcome.ending, Ending::Stopped);
    /// assert_eq!(aftermath.expect("it spins").ending, Ending::Proven(Proof::Recurrence));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observed_beyond(
        self,
        execution: Execution,
        observer: &mut dyn Observer,
    ) -> Result<(Outcome, Option<Outcome>), RunError> {
        self.play(execution, Some(observer), true)
    }

    /// Plays it to its end; `beyond`: on from there, if it was stopped and that can be done.
    pub(super) fn play(
        self,
        execution: Execution,
        observer: Option<&mut dyn Observer>,
        beyond: bool,
    ) -> Result<(Outcome, Option<Outcome>), RunError> {
        if std::thread::panicking() {
            // In somebody's `Drop`: on this thread every operation would be taken for one of a software that panics.
            let result = std::thread::scope(|scope| scope.spawn(|| self.play(execution, observer, beyond)).join());
            return result.unwrap_or_else(|panic| resume_unwind(panic));
        }
        let Self { mut hardware, budget, handle, allocations_watched } = self;
        let mut looks = Looks::new(observer, handle, budget, beyond);
        hardware.observe(looks.wanted());
        hardware.look_at(looks.first());
        let workers = match execution {
            Execution::Reference => 1,
            Execution::Windowed { workers, .. } => workers.max(1),
        };
        let (ending, effort) = std::thread::scope(|scope| {
            let crew = Crew::new(scope, workers);
            let result = catch_unwind(AssertUnwindSafe(|| execute(&mut hardware, &mut looks, &crew, execution)));
            crew.finish(&mut hardware.cpus);
            result.unwrap_or_else(|panic| resume_unwind(panic))
        });
        let error = hardware.failure.take().filter(|error| error.place().0 < hardware.milestones.end);
        let until = error.as_ref().map_or(Time::NEVER, |error| error.place().0);
        if looks.want_events() {
            looks.hand_over(&mut hardware, until, true);
        }
        if let Some(error) = error {
            return Err(error);
        }
        let end = hardware.milestones.end;
        hardware.cpus.iter_mut().for_each(|core| core.settle_proof(end));
        let last = last_effective(&hardware.cpus, &hardware.fabric);
        let checked = hardware.fabric.finish_watch(&mut hardware.cpus, last);
        let checked = checked.unwrap_or_else(|violation| panic!("an IPI is not conserved: {violation}"));
        let of_this = |outcome| Outcome { effort, allocations_watched, checked, ..outcome };
        let at_the_end = of_this(outcome(&mut hardware, ending));
        Ok(match looks.take_stopped() {
            Some(stopped) => (Outcome { checked: stopped.checked, ..of_this(stopped) }, Some(at_the_end)),
            None => (at_the_end, None),
        })
    }
}

fn execute(hardware: &mut Hardware, looks: &mut Looks<'_>, crew: &Crew, execution: Execution) -> (Ending, Effort) {
    match execution {
        Execution::Reference => {
            let mut reference = Reference::new(hardware, looks);
            (reference.run(), reference.effort)
        }
        Execution::Windowed { window, .. } => {
            let mut windowed = Windowed::new(hardware, looks, crew, window);
            (windowed.run(), windowed.effort)
        }
    }
}
