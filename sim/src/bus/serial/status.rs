//! The status cycles of the serial bus: many answers, one outcome.
//!
//! Not modelled: the status of EOI messages (I/O agents always take them).

use super::agent_set::AgentSet;
use crate::apic::{RECEIVE_ACCEPT_ERROR, RECEIVE_CHECKSUM_ERROR, SEND_ACCEPT_ERROR, SEND_CHECKSUM_ERROR};
use crate::bus::{Agent, AttemptOutcome, BusEffect, Message, Response, Targets};

/// Samples all `agents`. The status wires are wired-OR: Retry overrides Accept, Accept overrides silence; a multicast
/// that one agent refuses is taken by nobody (SDM vol. 3 §10.13.2.3, fig. 10-17).
pub(super) fn sample(targets: &dyn Targets, agents: Agent, message: &Message) -> (AttemptOutcome, AgentSet) {
    let (accepting, refusing) = answers(targets, agents, message);
    match (accepting.is_empty(), refusing) {
        (_, true) => (AttemptOutcome::Retry, AgentSet::default()),
        (true, false) => (AttemptOutcome::AcceptError, accepting),
        (false, false) => (AttemptOutcome::Accepted, accepting),
    }
}

/// Who takes part in the arbitration for a lowest-priority message, and its outcome if nobody does: those without a slot
/// do not take part, and only if all addressed lack one is it retried (SDM vol. 3 §10.13.2.3).
pub(super) fn participants(
    targets: &dyn Targets,
    agents: Agent,
    message: &Message,
) -> Result<AgentSet, AttemptOutcome> {
    let (accepting, refusing) = answers(targets, agents, message);
    match (accepting.is_empty(), refusing) {
        (false, _) => Ok(accepting),
        (true, true) => Err(AttemptOutcome::Retry),
        (true, false) => Err(AttemptOutcome::AcceptError),
    }
}

/// The agents that would accept, and whether any answers Retry.
fn answers(targets: &dyn Targets, agents: Agent, message: &Message) -> (AgentSet, bool) {
    let mut refusing = false;
    let accepts = |agent: &Agent| {
        targets.addressed(*agent, message)
            && match targets.response(*agent, message) {
                Response::Accept => true,
                Response::Retry => {
                    refusing = true;
                    false
                }
                Response::Silent | Response::Refuse => false,
            }
    };
    let accepting = (0..agents).filter(accepts).collect();
    (accepting, refusing)
}

/// What everybody records of a failed message of `source` (SDM vol. 3 §10.5.3): nobody took it, or it was found damaged.
/// Agents without an ESR (I/O agents, dead APICs) are named too: it is for the engine to know them.
pub(super) fn errors(outcome: AttemptOutcome, source: Agent, agents: Agent, effects: &mut Vec<BusEffect>) {
    let (sender, others) = match outcome {
        AttemptOutcome::ChecksumError => (SEND_CHECKSUM_ERROR, RECEIVE_CHECKSUM_ERROR),
        _ => (SEND_ACCEPT_ERROR, RECEIVE_ACCEPT_ERROR),
    };
    effects.extend(
        (0..agents).map(|agent| BusEffect::Error { agent, bits: if agent == source { sender } else { others } }),
    );
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Fake, broadcast};
    use super::*;
    use AttemptOutcome::{AcceptError, Accepted};
    use Response::{Accept, Refuse, Retry, Silent};

    #[test]
    fn answers_combine_as_wired_or() {
        // SDM vol. 3 §10.13.2.3
        let table = [
            ([Accept, Accept, Accept], Accepted, 0b110),
            ([Retry, Accept, Silent], Accepted, 0b010),
            ([Accept, Accept, Retry], AttemptOutcome::Retry, 0),
            ([Accept, Silent, Silent], AcceptError, 0),
            ([Accept, Refuse, Silent], AcceptError, 0),
            ([Accept, Refuse, Accept], Accepted, 0b100),
            ([Accept, Silent, Retry], AttemptOutcome::Retry, 0),
        ];
        for (responses, outcome, takers) in table {
            let targets = Fake::new(&responses);
            assert_eq!(sample(&targets, 3, &broadcast(0, 0)), (outcome, AgentSet(takers)), "{responses:?}");
        }
    }

    #[test]
    fn only_agents_with_room_take_part() {
        // SDM vol. 3 §10.13: "end and retry" if nobody has a slot
        let table = [
            ([Accept, Accept, Retry], Ok(AgentSet(0b010))),
            ([Accept, Retry, Retry], Err(AttemptOutcome::Retry)),
            ([Accept, Retry, Silent], Err(AttemptOutcome::Retry)),
            ([Accept, Silent, Silent], Err(AcceptError)),
        ];
        for (responses, expected) in table {
            let targets = Fake::new(&responses);
            assert_eq!(participants(&targets, 3, &broadcast(0, 0)), expected, "{responses:?}");
        }
    }
}
