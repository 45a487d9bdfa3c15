//! A scenario put together in Rust: what a file says, typed, with what is not said as in a file.

use super::table::{Table, inline, texts, us};
use super::{fault, load, rest, role};
use crate::scenario::arriving::Load;
use crate::scenario::diagnostic::InputError;
use crate::scenario::expected::Expectation;
use crate::scenario::fault::{Fault, FaultKind, Times};
use crate::scenario::goal::{Goal, REACH};
use crate::scenario::load::{LIMIT_PS_DEFAULT, Request, TEXT_NAME, load_text};
use crate::scenario::mechanism::Mechanism;
use crate::scenario::model::{Scenario, Stall};
use crate::scenario::named::Named;
use crate::scenario::own_variant::OwnVariant;
use crate::scenario::program::On;
use crate::scenario::role::Role;
use sim::Time;
use std::fmt::Display;

/// A scenario while it is put together: four CPUs of `i386/default`, each idle, on the machine that these ran on, and the goal
/// that all programs end, until something else is said.
///
/// Nothing is checked before [`build`](Self::build): that writes the file and reads it, so what does not fit together is the
/// error that the file would have, with its line in the text that [`to_toml`](Self::to_toml) gives.
///
/// ```
/// use apicsim::prelude::*;
/// use apicsim::scenario::{Bus, ExpectedVerdict, Expectation, On, ScenarioBuilder};
///
/// // CPU 1 answers late: CPU 0 holds out no longer than 20 µs.
/// let scenario = ScenarioBuilder::new("late-answer")
///     .story("CPU 1 has its interrupts off while CPU 0 asks it something.")
///     .cpus(2)
///     .bus(Bus::Fsb)
///     .word("answered", 0)
///     .steps(Time::from_us(1), 1, "irqs-off {\n delay 50us\n}")
///     .steps(Time::from_us(5), 0, "ipi 1 ASSERT|0x50\nawait answered == 1 for 20us\nreach given-up")
///     .handler(&[1], On::Vector(0x50), "set answered 1")
///     .reach("given-up")
///     .expect(&Expectation::of(ExpectedVerdict::Completed))
///     .build()?;
/// let (report, _) = run(&scenario, &Settings::seeded(0))?;
/// assert_eq!((report.verdict, report.expected), (Verdict::Completed, Some(true)));
///
/// // Invalid combinations are what they are in a file.
/// let error = ScenarioBuilder::new("no-such-cpu").cpus(2).event(Time::ZERO, 2, &Role::SpinIrqsOff).build().unwrap_err();
/// assert_eq!(error.message(), "there is no CPU 2 in this machine");
/// # use apicsim::scenario::Role;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioBuilder {
    pub(super) top: Table,
    pub(super) machine: Table,
    pub(super) knobs: Table,
    pub(super) costs: Table,
    pub(super) wait: Table,
    pub(super) klogd: Table,
    pub(super) expect: Table,
    pub(super) words: Vec<(String, u32)>,
    pub(super) locks: Vec<String>,
    pub(super) events: Vec<Table>,
    pub(super) handlers: Vec<Table>,
    pub(super) loads: Vec<Table>,
    pub(super) faults: Vec<Table>,
    pub(super) own: Vec<OwnVariant>,
}

impl ScenarioBuilder {
    /// A scenario of this name.
    pub fn new(name: &str) -> Self {
        let mut top = Table::default();
        top.set("format", 1);
        top.set_text("name", name);
        top.set_text("story", "A scenario that a program put together.");
        top.set_text("goal", Goal::AllProgramsEnd.name());
        let mut four = Self {
            top,
            machine: Table::default(),
            knobs: Table::default(),
            costs: Table::default(),
            wait: Table::default(),
            klogd: Table::default(),
            expect: Table::default(),
            words: Vec::new(),
            locks: Vec::new(),
            events: Vec::new(),
            handlers: Vec::new(),
            loads: Vec::new(),
            faults: Vec::new(),
            own: Vec::new(),
        };
        four.machine.set("cpus", 4);
        four
    }

    /// Sets a key of the top level.
    fn top(mut self, key: &str, value: impl Display) -> Self {
        self.top.set(key, value);
        self
    }

    /// The paragraph for a reader.
    #[must_use]
    pub fn story(mut self, story: &str) -> Self {
        let story = story.trim();
        self.top.set_text("story", &if story.contains('\n') { format!("{story}\n") } else { story.to_owned() });
        self
    }

    /// The mechanism that it is about.
    #[must_use]
    pub fn mechanism(mut self, mechanism: Mechanism) -> Self {
        self.top.set_text("mechanism", mechanism.name());
        self
    }

    /// What has to be reached; a name that a program reaches is [`reach`](Self::reach).
    #[must_use]
    pub fn goal(mut self, goal: Goal) -> Self {
        self.top.set_text("goal", goal.name());
        self
    }

    /// A step `reach NAME` of some program has to be reached.
    #[must_use]
    pub fn reach(mut self, name: &str) -> Self {
        self.top.set_text("goal", &format!("{REACH}{name}"));
        self
    }

    /// Which stall is played.
    #[must_use]
    pub fn stall(mut self, stall: Stall) -> Self {
        self.top.set_text("stall", stall.name());
        self
    }

    /// When the run ends undecided; 10 s unless it is said.
    #[must_use]
    pub fn limit(self, limit: Time) -> Self {
        self.top("limit_us", us(limit.as_ps()))
    }

    /// The limit may lie before events and faults, which then never happen.
    #[must_use]
    pub fn limit_cuts(self) -> Self {
        self.top("limit_cuts", true)
    }

    /// A shared word of programs, with its first value.
    #[must_use]
    pub fn word(mut self, name: &str, value: u32) -> Self {
        self.words.push((name.to_owned(), value));
        self
    }

    /// A lock of programs.
    #[must_use]
    pub fn lock(mut self, name: &str) -> Self {
        self.locks.push(name.to_owned());
        self
    }

    /// At that instant a role begins on a CPU. A program is [`steps`](Self::steps).
    #[must_use]
    pub fn event(mut self, at: Time, cpu: u32, role: &Role) -> Self {
        let mut table = begin(at, cpu);
        table.extend(role::keys(role));
        self.events.push(table);
        self
    }

    /// At that instant a program begins on a CPU: a step a line, as `docs/programs.md` has them.
    #[must_use]
    pub fn steps(mut self, at: Time, cpu: u32, steps: &str) -> Self {
        let mut table = begin(at, cpu);
        table.set_text("steps", &as_lines(steps));
        self.events.push(table);
        self
    }

    /// A program that takes the place of the kernel's handler on some CPUs; an interrupt is ended after it.
    #[must_use]
    pub fn handler(mut self, cpus: &[u32], on: On, steps: &str) -> Self {
        self.handlers.push(rest::handler(cpus, on, &as_lines(steps), true));
        self
    }

    /// The same, and nobody ends the interrupt.
    #[must_use]
    pub fn handler_without_eoi(mut self, cpus: &[u32], on: On, steps: &str) -> Self {
        self.handlers.push(rest::handler(cpus, on, &as_lines(steps), false));
        self
    }

    /// Work that arrives at CPUs, whatever they are doing; `load.steps` does not count, `steps` does.
    #[must_use]
    pub fn load(mut self, load: &Load, steps: &str) -> Self {
        self.loads.push(load::load(load, &as_lines(steps)));
        self
    }

    /// At that instant something breaks.
    #[must_use]
    pub fn fault(mut self, at: Time, kind: FaultKind) -> Self {
        let mut table = Table::default();
        table.set("at_us", us(at.as_ps()));
        table.extend(fault::keys(kind));
        self.faults.push(table);
        self
    }

    /// A fault of a bus that comes again and again: one entry of a file.
    pub(super) fn fault_again(mut self, first: &Fault, times: Times) -> Self {
        self = self.fault(Time::from_ps(first.at_ps), first.kind);
        self.faults.last_mut().expect("it has just been added").extend(fault::again_keys(times));
        self
    }

    /// Nothing breaks: the control without the injection.
    #[must_use]
    pub fn without_faults(mut self) -> Self {
        self.faults.clear();
        self
    }

    /// What is expected of a run.
    #[must_use]
    pub fn expect(mut self, expectation: &Expectation) -> Self {
        self.expect = rest::expect(expectation);
        self
    }

    /// The text of the scenario's file.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        self.top.write("", &mut text);
        let mut declared = Table::default();
        if !self.words.is_empty() {
            declared.set("words", inline(self.words.iter().map(|(name, value)| (name.as_str(), value))));
        }
        if !self.locks.is_empty() {
            declared.set("locks", texts(self.locks.iter().map(String::as_str)));
        }
        declared.write("", &mut text);
        self.machine.write("[machine]", &mut text);
        self.knobs.write("[knobs]", &mut text);
        self.costs.write("[costs]", &mut text);
        self.wait.write("[wait]", &mut text);
        self.klogd.write("[[klogd]]", &mut text);
        self.events.iter().for_each(|event| event.write("[[event]]", &mut text));
        self.handlers.iter().for_each(|handler| handler.write("[[handler]]", &mut text));
        self.loads.iter().for_each(|load| load.write("[[load]]", &mut text));
        self.faults.iter().for_each(|fault| fault.write("[[fault]]", &mut text));
        self.expect.write("[[expect]]", &mut text);
        text
    }

    /// The scenario: what [`to_toml`](Self::to_toml) writes, read.
    ///
    /// # Errors
    /// What the file would have.
    pub fn build(&self) -> Result<Scenario, InputError> {
        load_text(&self.to_toml(), &Request { own: self.own.clone(), ..Request::new(TEXT_NAME) })
    }

    /// Sets the limit, unless it is what it is without.
    pub(super) fn limited(self, limit_ps: u64) -> Self {
        if limit_ps == LIMIT_PS_DEFAULT { self } else { self.limit(Time::from_ps(limit_ps)) }
    }
}

fn begin(at: Time, cpu: u32) -> Table {
    let mut table = Table::default();
    table.set("at_us", us(at.as_ps()));
    table.set("cpu", cpu);
    table
}

/// With the end of the last line.
fn as_lines(steps: &str) -> String {
    if steps.ends_with('\n') || steps.is_empty() { steps.to_owned() } else { format!("{steps}\n") }
}
