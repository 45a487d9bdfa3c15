//! The status cycles of the serial bus: what agents drive in them, and what the wires then say (status table, SDM vol. 3
//! §10.13.2.3).
//!
//! Not modelled: agents that read the wires differently.

use super::agent_set::AgentSet;
use super::line::Symbol;
use crate::apic::{RECEIVE_ACCEPT_ERROR, RECEIVE_CHECKSUM_ERROR, SEND_ACCEPT_ERROR, SEND_CHECKSUM_ERROR};
use crate::bus::{Agent, AttemptOutcome, BusEffect, Message, Response, Targets};

/// First status cycle, of receivers that found the message damaged.
pub(super) const DAMAGED: Symbol = 3;
/// First status cycle of a lowest-priority message, of a focus processor; second and third one of any, of an agent that
/// takes the message.
pub(super) const TAKEN: Symbol = 2;

/// What the first status cycle says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// 00: the message arrived; the second status cycle tells the rest.
    Good,
    /// 10, of a lowest-priority message: a focus processor takes it.
    Focus,
    /// 11: damaged. The codes 01, and 10 of other messages, are errors too.
    Damaged,
}

impl First {
    pub(super) const fn read(symbol: Symbol, lowest_priority: bool) -> Self {
        match symbol & 3 {
            0 => Self::Good,
            TAKEN if lowest_priority => Self::Focus,
            _ => Self::Damaged,
        }
    }
}

/// What the second status cycle says of a lowest-priority message without focus processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Second {
    /// 11: those with a slot arbitrate.
    Arbitrate,
    /// It ends here.
    End(AttemptOutcome),
}

impl Second {
    pub(super) const fn read(symbol: Symbol) -> Self {
        match symbol & 3 {
            3 => Self::Arbitrate,
            2 => Self::End(AttemptOutcome::Retry), // "end and retry": nobody has a slot
            _ => Self::End(AttemptOutcome::AcceptError),
        }
    }
}

/// What the second status cycle says of all other messages, and the third one of a lowest-priority message: 10 accepted,
/// 11 retry, 0x nobody answered.
pub(super) const fn outcome(symbol: Symbol) -> AttemptOutcome {
    match symbol & 3 {
        TAKEN => AttemptOutcome::Accepted,
        3 => AttemptOutcome::Retry,
        _ => AttemptOutcome::AcceptError,
    }
}

/// How the addressed agents answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Answers {
    /// Who would take the message.
    pub(super) accepting: AgentSet,
    /// Has any no room?
    refusing: bool,
}

impl Answers {
    /// The answers of `agents` to `message`.
    pub(super) fn of(targets: &dyn Targets, agents: AgentSet, message: &Message) -> Self {
        let mut refusing = false;
        let accepts = |agent: &Agent| match targets.answer(*agent, message) {
            Response::Accept => true,
            Response::Retry => {
                refusing = true;
                false
            }
            Response::Silent | Response::Refuse => false,
        };
        let accepting = agents.iter().filter(accepts).collect();
        Self { accepting, refusing }
    }

    /// Those who took part in an arbitration without room refuse what they have won.
    pub(super) fn with_room(self, targets: &dyn Targets, message: &Message) -> Self {
        let accepting: AgentSet = self.accepting.iter().filter(|&agent| targets.bid(agent, message).room).collect();
        Self { accepting, refusing: self.refusing || accepting != self.accepting }
    }

    /// What they drive together where each says whether it takes the message: Retry (11) overrides Accept (10), which
    /// overrides silence. So a multicast that one agent refuses is taken by nobody (fig. 10-17).
    pub(super) const fn together(&self) -> Symbol {
        match (self.refusing, self.accepting.is_empty()) {
            (true, _) => 3,
            (false, false) => TAKEN,
            (false, true) => 0,
        }
    }

    /// What they drive together in the second status cycle of a lowest-priority message: 11 with a slot, 10 without one.
    pub(super) const fn slots(&self) -> Symbol {
        match (self.accepting.is_empty(), self.refusing) {
            (false, _) => 3,
            (true, true) => 2,
            (true, false) => 0,
        }
    }
}

/// What everybody records of a failed message of `senders` (SDM vol. 3 §10.5.3): nobody took it, or it was found damaged.
/// Receivers record it only if they `noticed`. Agents without an ESR (I/O agents, dead APICs) are named too: it is for
/// the engine to know them.
pub(super) fn errors(
    outcome: AttemptOutcome,
    senders: AgentSet,
    noticed: bool,
    agents: Agent,
    effects: &mut Vec<BusEffect>,
) {
    let (sender, receiver) = match outcome {
        AttemptOutcome::ChecksumError => (SEND_CHECKSUM_ERROR, RECEIVE_CHECKSUM_ERROR),
        AttemptOutcome::AcceptError => (SEND_ACCEPT_ERROR, RECEIVE_ACCEPT_ERROR),
        AttemptOutcome::Accepted | AttemptOutcome::Retry => return,
    };
    let of_agent = |agent| match (senders.contains(agent), noticed) {
        (true, _) => Some(BusEffect::Error { agent, bits: sender }),
        (false, true) => Some(BusEffect::Error { agent, bits: receiver }),
        (false, false) => None,
    };
    effects.extend((0..agents).filter_map(of_agent));
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Fake, broadcast};
    use super::*;
    use AttemptOutcome::{AcceptError, Accepted};
    use Response::{Accept, Refuse, Retry, Silent};

    fn answers(responses: [Response; 2]) -> Answers {
        let targets = Fake::new(&[Accept, responses[0], responses[1]]);
        Answers::of(&targets, [1, 2].into_iter().collect(), &broadcast(0, 0))
    }

    #[test]
    fn every_row_of_the_status_table() {
        // SDM vol. 3 §10.13.2.3; first status cycle
        let first = [
            (0, First::Good, First::Good),
            (1, First::Damaged, First::Damaged),
            (2, First::Damaged, First::Focus),
            (3, First::Damaged, First::Damaged),
        ];
        for (symbol, other, lowest) in first {
            assert_eq!((First::read(symbol, false), First::read(symbol, true)), (other, lowest), "{symbol:02b}");
        }
        let second = [
            (0, AcceptError, Second::End(AcceptError)),
            (1, AcceptError, Second::End(AcceptError)),
            (2, Accepted, Second::End(AttemptOutcome::Retry)),
            (3, AttemptOutcome::Retry, Second::Arbitrate),
        ];
        for (symbol, other, lowest) in second {
            assert_eq!((outcome(symbol), Second::read(symbol)), (other, lowest), "{symbol:02b}");
        }
    }

    #[test]
    fn answers_combine_as_wired_or() {
        // SDM vol. 3 §10.13.2.3: outcome of a short message, takers, start of a lowest-priority arbitration
        let table = [
            ([Accept, Accept], Accepted, 0b110, Second::Arbitrate),
            ([Accept, Silent], Accepted, 0b010, Second::Arbitrate),
            ([Accept, Retry], AttemptOutcome::Retry, 0b010, Second::Arbitrate),
            ([Retry, Retry], AttemptOutcome::Retry, 0, Second::End(AttemptOutcome::Retry)),
            ([Silent, Retry], AttemptOutcome::Retry, 0, Second::End(AttemptOutcome::Retry)),
            ([Refuse, Accept], Accepted, 0b100, Second::Arbitrate),
            ([Refuse, Silent], AcceptError, 0, Second::End(AcceptError)),
            ([Silent, Silent], AcceptError, 0, Second::End(AcceptError)),
        ];
        for (responses, short, accepting, lowest) in table {
            let answers = answers(responses);
            assert_eq!(answers.accepting, AgentSet(accepting), "{responses:?}");
            assert_eq!(outcome(answers.together()), short, "{responses:?}");
            assert_eq!(Second::read(answers.slots()), lowest, "{responses:?}");
        }
    }

    #[test]
    fn receivers_record_what_they_noticed() {
        // SDM vol. 3 §10.5.3
        let error = |agent, bits| BusEffect::Error { agent, bits };
        let table = [
            (AttemptOutcome::ChecksumError, true, vec![error(0, 2), error(1, 1), error(2, 2)]),
            (AttemptOutcome::ChecksumError, false, vec![error(1, 1)]),
            (AcceptError, true, vec![error(0, 8), error(1, 4), error(2, 8)]),
            (AcceptError, false, vec![error(1, 4)]),
            (AttemptOutcome::Retry, true, vec![]),
        ];
        for (outcome, noticed, expected) in table {
            let mut effects = Vec::new();
            errors(outcome, [1].into_iter().collect(), noticed, 3, &mut effects);
            assert_eq!(effects, expected, "{outcome:?} {noticed}");
        }
    }
}
