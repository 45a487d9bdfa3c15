//! One run: assemble, execute, judge; and explain, by its own events where it has a crash, else by a second run, the same one,
//! observed.

use crate::judgement::explained_waits::ExplainedWaits;
use crate::judgement::fates::Fates;
use crate::judgement::program_notes::ProgramNotes;
use crate::judgement::{
    Evidence, Filter, MessagesReport, RunReport, Verdict, WaitLog, WaitReport, judge, needs_events,
};
use crate::machine::{self, AssemblyError, Choices, OwnParts};
use crate::scenario::diagnostic::InputError;
use crate::scenario::{OwnWaits, Scenario, StepPlace};
use crate::token::{Beside, Token};
use sim::{Activity, Budget, Chooser, Ending, Execution, Handle, Machine, Observer, Outcome, RunError, Stacks};
use std::cell::RefCell;
use std::sync::Arc;

mod own_code;

use own_code::named;
pub use own_code::{OwnCode, OwnPart};

thread_local! {
    /// The token of the run under way on this thread.
    static UNDER_WAY: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The token of the run that this thread began last: what a bug is reported with.
pub(crate) fn token_under_way() -> Option<String> {
    UNDER_WAY.with_borrow(Clone::clone)
}

/// A run that gave no report.
///
/// ```
/// # use apicsim::prelude::*;
/// let scenario = ScenarioBuilder::new("nested").cpus(1).steps(Time::ZERO, 0, "ipi 0 SELF|0x50\ndelay 9us");
/// let scenario = scenario.handler(&[0], scenario::On::Vector(0x50), "ipi 0 SELF|0x50\nwrite EOI 0\nsti\ndelay 9us").build()?;
/// let failure = run(&scenario, &Settings::seeded(0)).expect_err("handlers within handlers without end");
/// assert!(matches!(failure, RunFailure::Program { .. }), "{failure}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunFailure {
    /// The scenario does not fit the machine.
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
    /// Software asked for something that is not modelled.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A program of the scenario does what no machine can.
    #[error("the program does what no machine can: {error}")]
    Program {
        /// Its step.
        place: Box<StepPlace>,
        /// What came of it.
        error: RunError,
    },
    /// The same, of software with code that was handed over, whose fault it may be.
    #[error("with the code of `{name}`: {error}")]
    OwnCode {
        /// The code's name.
        name: &'static str,
        /// What came of it.
        error: RunError,
    },
}

impl RunFailure {
    /// What the software of `scenario` did.
    pub(crate) fn of(scenario: &Scenario, error: RunError) -> Self {
        if let Some(place) = of_a_program(scenario, &error) {
            return Self::Program { place: Box::new(place), error };
        }
        match &scenario.own {
            Some(OwnWaits::Code(code)) => Self::OwnCode { name: code.name(), error },
            _ => Self::Run(error),
        }
    }
}

/// The step of a program that nests handlers without an end, stands still or uses up the stack.
fn of_a_program(scenario: &Scenario, error: &RunError) -> Option<StepPlace> {
    let (RunError::Nesting { site, .. } | RunError::Standstill { site, .. } | RunError::StackExhausted { site, .. }) =
        error
    else {
        return None;
    };
    let step = site.as_ref().and_then(|site| site.as_step());
    // A kernel function that a handler calls may be where it becomes too much.
    step.and_then(|step| scenario.programs.place(step)).or(scenario.programs.places.first()).cloned()
}

/// How to run: nothing of it changes what happens, but `seed`, a chooser, parts of one's own and `cut_ps`; a handle and a budget may end it before
/// its time.
///
/// ```
/// # use apicsim::prelude::*;
/// let scenario = load(&Request::new("normal-dispatch"))?;
/// let (windowed, _) = run(&scenario, &Settings::seeded(3))?;
/// let reference = Settings::seeded(3).with(|settings| settings.execution = Execution::Reference);
/// assert_eq!(run(&scenario, &reference)?.0.digest, windowed.digest);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Executor, workers, windows.
    pub execution: Execution,
    /// Seed, elision, cut.
    pub choices: Choices,
    /// What the run may do, and each that is made to judge or explain it.
    pub budget: Budget,
    /// Who may end the run from outside, if anybody.
    pub handle: Option<Handle>,
    /// Who decides whatever may happen either way, instead of the seed. A token carries the name, and [`restore`] looks for who has
    /// it.
    pub chooser: Option<OwnPart<dyn Chooser>>,
    /// Parts of one's own in the machine, which tokens know by name, too.
    pub parts: Option<OwnPart<dyn OwnParts>>,
}

impl Settings {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

impl Settings {
    /// One worker, full windows, elision on, nobody who ends it.
    pub fn seeded(seed: u64) -> Self {
        let choices = Choices { seed, elision: true, cut_ps: None, to_the_end: false, stacks: Stacks::Own };
        let (execution, budget) = (Execution::default(), Budget::default());
        Self { execution, choices, budget, handle: None, chooser: None, parts: None }
    }

    /// With who decides instead of the seed.
    #[must_use]
    pub fn with_chooser(self, chooser: OwnPart<dyn Chooser>) -> Self {
        Self { chooser: Some(chooser), ..self }
    }

    /// With parts of one's own in the machine.
    #[must_use]
    pub fn with_parts(self, parts: OwnPart<dyn OwnParts>) -> Self {
        Self { parts: Some(parts), ..self }
    }

    /// What of this decides a run, beside its scenario and its seed.
    pub fn beside(&self) -> Beside {
        let mut beside = Beside::default();
        (beside.cut_ps, beside.to_the_end) = (self.choices.cut_ps, self.choices.to_the_end);
        beside.chooser = self.chooser.as_ref().map(|chooser| chooser.name().clone());
        beside.parts = self.parts.as_ref().map(|parts| parts.name().clone());
        beside
    }

    /// The token of a run of `scenario` so.
    pub fn token(&self, scenario: &Scenario) -> Token {
        Token { beside: self.beside(), ..Token::new(scenario, self.choices.seed) }
    }

    /// The same run, executed in the one way in which everything is explained: how far polls have come must not decide what
    /// is said.
    pub(crate) fn to_explain(&self) -> Self {
        let choices = Choices { elision: true, stacks: Stacks::Own, ..self.choices };
        Self { execution: Execution::default(), choices, ..self.clone() }
    }

    /// Is it executed in that way anyhow?
    fn explains(&self) -> bool {
        let Choices { elision, stacks, .. } = self.choices;
        elision && stacks == Stacks::Own && self.execution == Execution::default()
    }
}

/// The run that a token is of: its scenario, from `file` if that has moved, and its settings, with what it has of `own`.
///
/// # Errors
/// As [`Token::load_from`]; or a chooser or parts that the token names are not in `own`, in that version.
pub fn restore(token: &Token, file: Option<&str>, own: &OwnCode) -> Result<(Scenario, Settings), InputError> {
    let mut settings = Settings::seeded(token.seed);
    settings.choices.cut_ps = token.beside.cut_ps;
    settings.choices.to_the_end = token.beside.to_the_end;
    settings.chooser = named("a chooser", token.beside.chooser.as_ref(), own.choosers())?;
    settings.parts = named("parts", token.beside.parts.as_ref(), own.parts())?;
    let its_own = || token.scenario.to_string();
    let scenario = token.scenario_from(&file.map_or_else(its_own, str::to_owned), own.variants())?;
    Ok((scenario, settings))
}

fn machine(scenario: &Scenario, settings: &Settings) -> Result<Machine, RunFailure> {
    let mut parts = machine::assemble(scenario, settings.choices)?;
    parts.handle.clone_from(&settings.handle);
    parts.budget = settings.budget;
    if let Some(chooser) = &settings.chooser {
        parts.chooser = Arc::clone(chooser.part());
        parts.device_interrupts =
            machine::device_interrupts(scenario, &machine::kernel(scenario), &**chooser.part(), parts.limit);
    }
    if let Some(own) = &settings.parts {
        machine::fit(own.part().as_ref(), scenario, &mut parts);
    }
    Ok(Machine::new(parts).map_err(AssemblyError::from)?)
}

/// Runs `scenario`, and gives what happened.
///
/// # Errors
/// If the scenario does not fit its machine, or asks for something that is not modelled.
pub fn execute(scenario: &Scenario, settings: &Settings) -> Result<Outcome, RunFailure> {
    machine(scenario, settings)?.run(settings.execution).map_err(|error| RunFailure::of(scenario, error))
}

/// Runs `scenario`, hands its events to `observer` on the way, and gives what happened.
///
/// # Errors
/// As [`execute`].
pub fn observe(scenario: &Scenario, settings: &Settings, observer: &mut dyn Observer) -> Result<Outcome, RunFailure> {
    let machine = machine(scenario, settings)?;
    machine.observed(settings.execution, observer).map_err(|error| RunFailure::of(scenario, error))
}

/// Runs `scenario`, and judges what happened.
///
/// # Errors
/// As [`execute`].
pub fn run(scenario: &Scenario, settings: &Settings) -> Result<(RunReport, Outcome), RunFailure> {
    judged(scenario, settings, observe_beyond)
}

/// As [`observe`]; what becomes of the machine after its goal is given, too, where that can be had.
fn observe_beyond(
    scenario: &Scenario,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<(Outcome, Option<Outcome>), RunFailure> {
    let machine = machine(scenario, settings)?;
    machine.observed_beyond(settings.execution, observer).map_err(|error| RunFailure::of(scenario, error))
}

/// Runs `scenario`, hands its events to `observer` on the way, and judges what happened.
///
/// # Errors
/// As [`execute`].
pub fn run_observed(
    scenario: &Scenario,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<(RunReport, Outcome), RunFailure> {
    judged(scenario, settings, |scenario, settings, waits| {
        let mut observers: Vec<&mut dyn Observer> = vec![waits, observer];
        observe_beyond(scenario, settings, &mut observers)
    })
}

fn judged(
    scenario: &Scenario,
    settings: &Settings,
    play: impl FnOnce(&Scenario, &Settings, &mut dyn Observer) -> Result<(Outcome, Option<Outcome>), RunFailure>,
) -> Result<(RunReport, Outcome), RunFailure> {
    let token = settings.token(scenario);
    UNDER_WAY.set(Some(token.to_string()));
    let mut waits = WaitLog::default();
    let mut said = ProgramNotes::of(scenario);
    // Most crashes need their events; elsewhere they are dear, and most runs do without.
    let mut along = (scenario.crash().is_some() && settings.explains()).then(|| Evidence::new(scenario));
    let mut observers: Vec<&mut dyn Observer> = vec![&mut waits];
    observers.extend(said.as_mut().map(|said| said as &mut dyn Observer));
    observers.extend(along.as_mut().map(|along| along as &mut dyn Observer));
    let (outcome, beyond) = play(scenario, settings, &mut observers)?;
    // A CPU may have been disturbed so shortly before the end that its loop is not yet proven anew.
    let spins = outcome.cpus.iter().any(|cpu| cpu.activity == Activity::Running);
    let mut others = Vec::new();
    let aftermath = if outcome.ending == Ending::Stopped && spins {
        let choices = Choices { to_the_end: true, ..settings.choices };
        others.push(match beyond {
            Some(beyond) => beyond,
            None => execute(scenario, &Settings { choices, ..settings.clone() })?,
        });
        others.first().filter(|aftermath| aftermath.interrupted_at.is_none())
    } else {
        None
    };
    let (evidence, observed) = match (needs_events(scenario, &outcome, &waits), along) {
        (false, _) => (None, None),
        (true, Some(mut evidence)) => {
            evidence.finish(&outcome);
            (Some(evidence), None)
        }
        (true, None) => {
            let mut evidence = Evidence::new(scenario);
            let observed = observe(scenario, &settings.to_explain(), &mut evidence)?;
            evidence.finish(&observed);
            (Some(evidence).filter(|_| observed.interrupted_at.is_none()), Some(observed))
        }
    };
    let mut report = judge(scenario, &token, &outcome, &waits, aftermath, evidence.as_ref());
    others.iter().chain(&observed).for_each(|other| report.note_interruption(other));
    if let Some(said) = said {
        (report.said, report.said_total) = (said.first, said.total);
    }
    Ok((report, outcome))
}

/// Runs `scenario`, judges what happened, and says what became of each message that `filter` lets pass, at each CPU that it was
/// for.
///
/// ```
/// use apicsim::prelude::*;
/// use apicsim::{MessageFate, MessageFilter, messages};
///
/// let scenario = scenario::load(&Request::new("nmi-stall"))?;
/// let (_, found) = messages(&scenario, &Settings::seeded(0), MessageFilter::default().with(|filter| filter.to = Some(2)))?;
/// let fates = found.messages.iter().flat_map(|message| &message.fates);
/// assert!(fates.into_iter().any(|fate| fate.fate == MessageFate::Retried)); // CPU 2 has no room for it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`execute`].
pub fn messages(
    scenario: &Scenario,
    settings: &Settings,
    filter: Filter,
) -> Result<(RunReport, MessagesReport), RunFailure> {
    let mut fates = Fates::new(scenario, filter);
    // In one execution: how far attempts have come at the end must not decide what is said.
    let (report, outcome) = run_observed(scenario, &settings.to_explain(), &mut fates)?;
    Ok((report, fates.end(&outcome)))
}

/// A wait that has ended, and why it took as long as it did.
///
/// ```
/// # use apicsim::prelude::*;
/// let request = Request::new("nmi-stall").with(|request| request.variant = Some("merged".to_owned()));
/// let (_, waits) = explain(&load(&request)?, &Settings::seeded(0))?;
/// let late = waits.iter().find(|explained| explained.wait.outcome == "timeout").expect("one wait timed out");
/// assert!(!late.why.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ExplainedWait {
    /// The wait.
    pub wait: WaitReport,
    /// A sentence each.
    pub why: Vec<String>,
}

/// Runs `scenario`, judges what happened, and says of each notable wait that ended why it took as long as it did.
///
/// # Errors
/// As [`execute`].
pub fn explain(scenario: &Scenario, settings: &Settings) -> Result<(RunReport, Vec<ExplainedWait>), RunFailure> {
    let (mut report, _) = run(scenario, settings)?;
    let waits: Vec<WaitReport> =
        report.notable_waits().into_iter().filter(|wait| wait.took.is_some()).cloned().collect();
    let mut explained = ExplainedWaits::new(scenario, &waits.iter().collect::<Vec<_>>());
    if explained.must_look() && report.verdict != Verdict::Interrupted {
        let outcome = observe(scenario, &settings.to_explain(), &mut explained)?;
        report.note_interruption(&outcome);
    }
    let explained = waits.into_iter().zip(explained.into_lines()).map(|(wait, why)| ExplainedWait { wait, why });
    Ok((report, explained.collect()))
}
