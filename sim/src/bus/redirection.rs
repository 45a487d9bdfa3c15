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

#[cfg(test)]
mod tests {
    use super::super::testing::broadcast;
    use super::super::testing_agents::{Fellows, lowest_priority};
    use super::*;

    /// Agents 0 to 3 with these priorities; of equals the highest id wins, or the lowest.
    struct Tied {
        fellows: Fellows,
        highest: bool,
    }

    impl Targets for Tied {
        fn agents(&self) -> Agent {
            self.fellows.agents()
        }
        fn addressed(&self, agent: Agent, message: &Message) -> bool {
            self.fellows.addressed(agent, message)
        }
        fn response(&self, agent: Agent, message: &Message) -> Response {
            self.fellows.response(agent, message)
        }
        fn bid(&self, agent: Agent, message: &Message) -> Bid {
            Bid { highest_id: self.highest, ..self.fellows.bid(agent, message) }
        }
        fn apic_id(&self, agent: Agent) -> Option<u32> {
            self.fellows.apic_id(agent)
        }
        fn remote_register(&self, agent: Agent, slot: u8) -> u32 {
            self.fellows.remote_register(agent, slot)
        }
    }

    /// Who of agents 0 to 3 gets a message of agent 0 to all others.
    fn winner(fellows: Fellows, highest: bool) -> Option<Agent> {
        lowest_task_priority(&mut Addressees::default(), &Tied { fellows, highest }, &lowest_priority(broadcast(0, 0)))
    }

    #[test]
    fn ties_go_to_the_lowest_id_or_to_the_highest() {
        // 460GX §3.7; AMD APM vol. 2 chapter 16. Priorities of agents 0 to 3: bits 7:4 are compared.
        for (priorities, lowest, highest) in [
            ([0x00, 0x20, 0x20, 0x20], 1, 3),
            ([0x00, 0x30, 0x20, 0x2F], 2, 3),
            ([0x00, 0x10, 0x20, 0x20], 1, 1),
            ([0x00, 0x30, 0x20, 0x10], 3, 3),
        ] {
            let fellows = || Fellows::flat(4).with_priorities(&priorities);
            assert_eq!(winner(fellows(), false), Some(lowest), "{priorities:X?}");
            assert_eq!(winner(fellows(), true), Some(highest), "{priorities:X?}");
        }
    }

    #[test]
    fn one_without_room_comes_last() {
        // A refusal has no way back (5000X MCH p. 341: directed interrupts are not retried), so it takes it if it must.
        let full = |agents: &[Agent]| {
            let all = Fellows::flat(4).with_priorities(&[0, 0x10, 0x20, 0x30]);
            agents.iter().fold(all, |all, &agent| all.answering(agent, Response::Retry))
        };
        for (agents, expected) in [(&[][..], 1), (&[1], 2), (&[1, 2], 3), (&[1, 2, 3], 1)] {
            assert_eq!(winner(full(agents), false), Some(expected), "{agents:?}");
        }
        let silent = full(&[]).answering(1, Response::Silent).answering(2, Response::Silent);
        assert_eq!(winner(silent.clone(), false), Some(3));
        assert_eq!(winner(silent.answering(3, Response::Silent), false), None);
    }
}
