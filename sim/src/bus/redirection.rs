//! Redirection of lowest-priority messages on parallel interconnects: who of those addressed gets one.
//!
//! Not modelled: the choice by vector bits that I/O hubs since Nehalem offer instead (Xeon C5500/C3500 datasheet vol. 1
//! §7.3.2); the time of the messages by which CPUs report their task priorities (xTPR), and that a CPU is left out after a
//! reset until it has reported one (see `apic/priority_messages.rs`).

use super::addressees::Addressees;
use super::{Agent, Bid, Message, Response, Targets};

/// The agent that takes a redirectable message: addressed, enabled, lowest task priority (four bits a CPU: TPR bits 7:4,
/// Intel 5000X MCH datasheet §5.6.3.2, E8870 §3.7.8; knob `redirection`), lowest APIC id among equals (460GX §3.7; knob
/// `redirection_tie`).
pub(super) fn lowest_task_priority(
    addressees: &mut Addressees,
    targets: &dyn Targets,
    message: &Message,
) -> Option<Agent> {
    let mut best = None;
    addressees.answers(targets, message, |agent, response| {
        // no such interconnect carries a refusal back: one without room comes last, and takes it all the same
        let full = response != Response::Accept;
        let Bid { redirection, highest_id, .. } = targets.bid(agent, message);
        let id = targets.apic_id(agent).unwrap_or(u32::MAX);
        let key = (full, redirection, if highest_id { !id } else { id });
        if best.is_none_or(|(least, _)| key < least) {
            best = Some((key, agent));
        }
    });
    best.map(|(_, agent)| agent)
}
