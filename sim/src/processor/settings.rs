//! What a CPU is built from.

use super::local_events::LocalEvent;
use super::operation::{Kind, Manner};
use crate::choice::Chooser;
use crate::generation::{Costs, Generation, Knobs};
use crate::time::{ClockDomain, Duration, Time};
use std::sync::Arc;

/// What is the same for all CPUs of a machine.
#[derive(Debug, Clone)]
pub(crate) struct Common {
    pub(crate) generation: Generation,
    pub(crate) knobs: Knobs,
    pub(crate) costs: Costs,
    /// How each kind of operation goes, with the cost that they say.
    pub(crate) manners: [Manner; Kind::COUNT],
    pub(crate) clock: ClockDomain,
    pub(crate) timer_clock: ClockDomain,
    /// Lookahead: least time from anything that leaves a CPU to its first effect on another.
    pub(crate) lookahead: Duration,
    /// From a store until something that others do because of it can reach its CPU: they see it after V, and whatever
    /// they do then takes the lookahead to get there. In that time the store itself is committed.
    pub(crate) until_answered: Duration,
    pub(crate) chooser: Arc<dyn Chooser>,
    /// Does delivery status show "send pending" (false on the ideal bus)?
    pub(crate) busy_visible: bool,
    pub(crate) elision: bool,
    /// Can software's state be looked at, so that a recurrence can be proven?
    pub(crate) proofs: bool,
    /// May an access repeat without a look at it? Only where an allocation, and so a panic, is noticed.
    pub(crate) repeats: bool,
    /// Words below this number are stored to without a wait: none, where stores wait in a buffer.
    pub(crate) plain_words: usize,
    /// Does the conservation checker want to know?
    pub(crate) watched: bool,
}

/// How a CPU starts.
///
/// ```
/// use sim::{CpuSettings, Start};
///
/// let waits = CpuSettings::default().with(|cpu| cpu.start = Start::WaitForStartUp);
/// assert_ne!(waits.start, Start::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Start {
    /// It runs its program.
    #[default]
    Running,
    /// It waits for a start-up message, as after INIT (SDM vol. 3 §8.4.3).
    WaitForStartUp,
}

/// The state a CPU and its local APIC start in: as after set-up, preset and not executed.
///
/// ```
/// use sim::CpuSettings;
///
/// let second = CpuSettings::default().with(|cpu| { cpu.apic_id = 1; cpu.interrupts_enabled = false; });
/// assert_eq!(second.apic.svr, 0x1FF);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CpuSettings {
    /// APIC id: 32 bits in x2APIC mode, else as many as the generation has.
    pub apic_id: u32,
    /// Registers of the local APIC after set-up.
    pub apic: crate::apic::Preset,
    /// Maskable interrupts enabled at the start?
    pub interrupts_enabled: bool,
    /// How it starts.
    pub start: Start,
    /// What happens on this CPU by itself, each at its instant.
    pub local_events: Vec<(Time, LocalEvent)>,
}

impl CpuSettings {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

impl Default for CpuSettings {
    /// Id 0, software-enabled, interrupts enabled, running, no local events.
    fn default() -> Self {
        Self {
            apic_id: 0,
            apic: crate::apic::Preset::default(),
            interrupts_enabled: true,
            start: Start::Running,
            local_events: Vec::new(),
        }
    }
}
