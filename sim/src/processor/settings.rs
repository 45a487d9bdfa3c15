//! What a CPU is built from.

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
    pub(crate) clock: ClockDomain,
    /// Lookahead: least time from anything that leaves a CPU to its first effect on another.
    pub(crate) lookahead: Duration,
    pub(crate) initial_words: Arc<[u32]>,
    pub(crate) chooser: Arc<dyn Chooser>,
    /// Does delivery status show "send pending" (false on the ideal bus)?
    pub(crate) busy_visible: bool,
    pub(crate) keep_events: bool,
    pub(crate) elision: bool,
}

/// The state a CPU and its local APIC start in: as after set-up, preset and not executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpuSettings {
    /// APIC id.
    pub apic_id: u8,
    /// Registers of the local APIC after set-up.
    pub apic: crate::apic::Preset,
    /// Maskable interrupts enabled at the start?
    pub interrupts_enabled: bool,
    /// Instants at which the performance counter overflows, once each: what LVTPC makes of it happens.
    pub performance_counter: Vec<Time>,
}
