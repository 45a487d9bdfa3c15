//! The status cycles of the serial bus: many answers, one outcome.
//!
//! Not modelled: checksum errors, the status of EOI messages (I/O agents always take them).

use super::{Agent, AttemptOutcome, BusEffect, Message, Response, Targets};
use crate::apic::{RECEIVE_ACCEPT_ERROR, SEND_ACCEPT_ERROR};

/// The agents that take a message, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Takers(pub(super) u32);

impl Takers {
    /// The agents, lowest first.
    pub(super) fn iter(self) -> impl Iterator<Item = Agent> {
        (0..32).filter(move |&agent| self.0 >> agent & 1 != 0)
    }
}

/// Samples all `agents`. The status wires are wired-OR: Retry overrides Accept, Accept overrides silence; a multicast
/// that one agent refuses is taken by nobody (SDM vol. 3 §10.13.2.3, fig. 10-17).
pub(super) fn sample(targets: &dyn Targets, agents: Agent, message: &Message) -> (AttemptOutcome, Takers) {
    let mut takers = Takers::default();
    for agent in 0..agents {
        if !targets.addressed(agent, message) {
            continue;
        }
        match targets.response(agent, message) {
            Response::Retry => return (AttemptOutcome::Retry, Takers::default()),
            Response::Accept => takers.0 |= 1 << agent,
            Response::Silent | Response::Refuse => {}
        }
    }
    let outcome = if takers.0 == 0 { AttemptOutcome::AcceptError } else { AttemptOutcome::Accepted };
    (outcome, takers)
}

/// Nobody took a message of `source`: the sender and every listener record it (SDM vol. 3 §10.5.3). Agents without an
/// ESR (I/O agents, dead APICs) are named too: it is for the engine to know them.
pub(super) fn accept_error(source: Agent, agents: Agent, effects: &mut Vec<BusEffect>) {
    effects.extend((0..agents).map(|agent| BusEffect::Error {
        agent,
        bits: if agent == source { SEND_ACCEPT_ERROR } else { RECEIVE_ACCEPT_ERROR },
    }));
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Fake, broadcast};
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
            assert_eq!(sample(&targets, 3, &broadcast(0, 0)), (outcome, Takers(takers)), "{responses:?}");
        }
    }
}
