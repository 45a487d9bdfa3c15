//! Milestones that software reaches, and the rule by which they end a run.

use crate::bus::Agent;
use crate::time::{Duration, Time};

/// Software on `cpu` reached `code` at `at`.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn run(programs: Vec<Program>) -> Outcome {
/// #     let cpu = |(id, program)| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program);
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let cpus = (0..).zip(programs).map(cpu).collect();
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     Machine::new(settings).unwrap().run(Execution::default()).unwrap()
/// # }
/// let outcome = run(vec![Program::from_fn(|cpu| {
///     cpu.delay_us(2);
///     cpu.reached(7);
/// })]);
/// assert_eq!(outcome.milestones, [Milestone { at: Time::from_us(2), cpu: 0, code: 7 }]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Milestone {
    /// When.
    pub at: Time,
    /// Where.
    pub cpu: Agent,
    /// Software's own number for it.
    pub code: u32,
}

/// When a run has nothing more to show.
///
/// ```
/// use sim::StopRule;
///
/// let both = StopRule::All(vec![(0, 1), (1, 1)]);
/// assert_ne!(both, StopRule::Never);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopRule {
    /// Only when nothing can happen any more, or at the time limit.
    Never,
    /// When any CPU has reached one of these milestones.
    Any(Vec<u32>),
    /// When each of these CPUs has reached its milestone.
    All(Vec<(Agent, u32)>),
}

/// Collects milestones in their one order, and lowers the end of the run when the rule is met.
#[derive(Debug)]
pub(crate) struct Milestones {
    rule: StopRule,
    limit: Time,
    lookahead: Duration,
    pub(crate) reached: Vec<Milestone>,
    pub(crate) end: Time,
    pub(crate) stopped: bool,
}

impl Milestones {
    pub(crate) fn new(rule: StopRule, limit: Time, lookahead: Duration) -> Self {
        Self { rule, limit, lookahead, reached: Vec::new(), end: limit, stopped: false }
    }

    /// Takes the next milestone. A run ends one lookahead after the instant that meets the rule: no CPU can have
    /// passed that, in any executor.
    pub(crate) fn take(&mut self, milestone: Milestone) {
        self.reached.push(milestone);
        if !self.stopped && self.is_met() {
            self.stopped = true;
            self.end = self.end.min(milestone.at + self.lookahead);
        }
    }

    /// The run goes on to its limit, as if there were no rule.
    pub(crate) fn go_on(&mut self) {
        (self.rule, self.stopped, self.end) = (StopRule::Never, false, self.limit);
    }

    fn is_met(&self) -> bool {
        match &self.rule {
            StopRule::Never => false,
            StopRule::Any(codes) => self.reached.iter().any(|reached| codes.contains(&reached.code)),
            StopRule::All(wanted) => wanted
                .iter()
                .all(|&(cpu, code)| self.reached.iter().any(|reached| (reached.cpu, reached.code) == (cpu, code))),
        }
    }
}
