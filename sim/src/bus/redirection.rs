//! Redirection of lowest-priority messages on parallel interconnects: who of those addressed gets one.
//!
//! Not modelled: the choice by vector bits that I/O hubs since Nehalem offer instead (Xeon C5500/C3500 datasheet vol. 1
//! §7.3.2); the messages by which CPUs report their task priorities, which are known at once here.

use super::addressees::Addressees;
use super::{Agent, Message, Response, Targets};

/// The agent that takes a redirectable message: addressed, enabled, lowest task priority (class: four bits a CPU, Intel
/// 5000X MCH datasheet §5.6.3), lowest APIC id among equals (460GX §3.7).
pub(super) fn lowest_task_priority(
    addressees: &mut Addressees,
    targets: &dyn Targets,
    message: &Message,
) -> Option<Agent> {
    let mut best = None;
    addressees.answers(targets, message, |agent, response| {
        // no such interconnect carries a refusal back: one without room comes last, and takes it all the same
        let full = response != Response::Accept;
        let key = (full, targets.bid(agent, message).priority >> 4, targets.apic_id(agent));
        if best.is_none_or(|(least, _)| key < least) {
            best = Some((key, agent));
        }
    });
    best.map(|(_, agent)| agent)
}
