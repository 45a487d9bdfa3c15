//! The root of a wait for a delivery status that no bus will ever clear, because the bit itself is jammed.

use crate::scenario::{FaultKind, FaultName, Scenario};
use sim::Time;

/// In a sentence and in a few words, if an injected fault has jammed the bit of this CPU by then.
pub(crate) fn root(scenario: &Scenario, cpu: u16, by: Time) -> Option<(String, &'static str)> {
    let is_it = |kind: &FaultKind| {
        kind.fault_name() == FaultName::IcrStuck
            && matches!(kind, FaultKind::Cpu { cpu: jammed, .. } if *jammed == u32::from(cpu))
    };
    let fault = scenario.faults.iter().find(|fault| is_it(&fault.kind) && fault.at_ps <= by.as_ps())?;
    let since = Time::from_ps(fault.at_ps);
    let sentence = format!(
        "the delivery status bit of CPU{cpu} is jammed since {since} us (injected fault): it reads \"send pending\" \
         whatever the bus does"
    );
    Some((sentence, "the delivery status bit is jammed (injected)"))
}
