//! The faults that a scenario injects, and which of them stop a bus at an instant.
//!
//! Not modelled: faults of one CPU; the events tell them.

use crate::scenario::{FaultKind, FaultName, Scenario};
use sim::Time;
use sim::bus::SerialFaultKind;

/// A bus, or the way to another cluster, carries nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stall {
    pub(crate) since: Time,
    pub(crate) fault: FaultName,
}

impl Stall {
    /// Is it a front-side bus that completes no transaction?
    pub(super) const fn is_on_front_side_bus(self) -> bool {
        matches!(self.fault, FaultName::FsbStall | FaultName::FsbLock)
    }
}

/// The faults, in order of time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Injected {
    faults: Vec<(Time, FaultKind)>,
}

impl Injected {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self { faults: scenario.faults.iter().map(|fault| (Time::from_ps(fault.at_ps), fault.kind)).collect() }
    }

    fn begun(&self, now: Time) -> impl Iterator<Item = (Time, FaultKind)> {
        self.faults.iter().copied().take_while(move |&(at, _)| at <= now)
    }

    /// The first fault that stops a message now; `crosses`: is it on its way to or from that cluster?
    pub(super) fn stall(&self, now: Time, crosses: impl Fn(u8) -> bool) -> Option<Stall> {
        let lasts = |until: Option<u64>| until.is_none_or(|until| Time::from_ps(until) > now);
        let stops = |kind: &FaultKind| match *kind {
            FaultKind::FsbStall { until_ps } | FaultKind::FsbLock { until_ps, again: None } => lasts(until_ps),
            FaultKind::Wires { until_ps, fault: SerialFaultKind::LostClock } => lasts(until_ps),
            FaultKind::Wires { until_ps, fault: SerialFaultKind::StuckWire { driven: true, .. } } => lasts(until_ps),
            FaultKind::DeadLink { cluster } => crosses(cluster),
            _ => false,
        };
        let (since, kind) = self.begun(now).find(|(_, kind)| stops(kind))?;
        Some(Stall { since, fault: kind.fault_name() })
    }

    /// Has an agent taken a wrong arbitration id?
    pub(crate) fn is_out_of_step(&self, now: Time) -> bool {
        self.begun(now).any(|(_, kind)| kind.fault_name() == FaultName::ArbitrationId)
    }

    /// The agent that sends EOI messages without end.
    pub(crate) fn jabberer(&self, now: Time) -> Option<u16> {
        self.begun(now).find_map(|(_, kind)| match kind {
            FaultKind::Wires { until_ps, fault: SerialFaultKind::Jabber { agent } }
                if until_ps.is_none_or(|until| Time::from_ps(until) > now) =>
            {
                Some(agent)
            }
            _ => None,
        })
    }
}
