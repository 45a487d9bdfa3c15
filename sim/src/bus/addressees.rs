//! Whom a message addresses, found with as few questions as the machine's index allows.
//!
//! Not modelled: agents are asked by the simulator, not by the message on its way.

use super::{Agent, Message, Response, Targets};

/// The search, with its list kept from one message to the next, so that none is allocated for each.
#[derive(Debug, Clone, Default)]
pub(super) struct Addressees {
    candidates: Vec<Agent>,
}

impl Addressees {
    /// The agents that `message` may address, if there is an index: lowest first.
    #[inline]
    pub(super) fn indexed(&mut self, targets: &dyn Targets, message: &Message) -> Option<&[Agent]> {
        self.candidates.clear();
        targets.candidates(message, &mut self.candidates).then_some(&self.candidates)
    }

    /// The agents that `message` addresses, lowest first.
    #[inline]
    pub(super) fn of<'a>(
        &'a mut self,
        targets: &'a dyn Targets,
        message: &'a Message,
    ) -> impl Iterator<Item = Agent> + 'a {
        self.asked(targets, message).filter(|&agent| targets.addressed(agent, message))
    }

    /// Calls `take` for each of them.
    #[inline(always)]
    pub(super) fn each(&mut self, targets: &dyn Targets, message: &Message, mut take: impl FnMut(Agent)) {
        match targets.sole(message) {
            Some(agent) => take(agent),
            None => self.of(targets, message).for_each(take),
        }
    }

    /// Calls `take` for each agent that answers `message`, lowest first, with its answer, which is not silence.
    #[inline(always)]
    pub(super) fn answers(&mut self, targets: &dyn Targets, message: &Message, mut take: impl FnMut(Agent, Response)) {
        if let Some(agent) = targets.sole(message) {
            return match targets.response(agent, message) {
                Response::Silent => {}
                response => take(agent, response),
            };
        }
        for agent in self.asked(targets, message) {
            let response = targets.answer(agent, message);
            if response != Response::Silent {
                take(agent, response);
            }
        }
    }

    /// Whom to ask, lowest first.
    #[inline]
    fn asked(&mut self, targets: &dyn Targets, message: &Message) -> impl Iterator<Item = Agent> {
        let candidates = self.indexed(targets, message);
        let count = candidates.map_or(usize::from(targets.agents()), <[Agent]>::len);
        (0..count).map(move |place| candidates.map_or(place as Agent, |listed| listed[place]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broadcast, message, run, send};
    use super::super::testing_agents::{Fellows, Indexed, logical, lowest_priority};
    use super::super::{
        ClusterBus, FrontSideBus, IdealBus, Interconnect, Latencies, PhysicalScope, PointToPointFabric, SerialBus,
        ShorthandScope,
    };
    use crate::time::Time;

    fn buses() -> Vec<Box<dyn Interconnect>> {
        let fabric =
            PointToPointFabric::new(&[0, 0, 1, 1, 0, 1, 0, 1], Latencies::default()).expect("there are agents");
        let quads = || ClusterBus::numa_q(7, |bus, _| Ok(bus)).expect("it is possible");
        vec![
            Box::new(IdealBus::default()),
            Box::new(FrontSideBus::new().with_buses(&[0, 1, 1, 0, 1, 0, 0, 1])),
            Box::new(SerialBus::new(&[0, 1, 2, 3, 4, 5, 6, 7]).expect("the ids are different")),
            Box::new(quads()),
            Box::new(quads().with_scopes(PhysicalScope::Machine, ShorthandScope::Machine)),
            Box::new(ClusterBus::front_side_nodes(7, |bus| bus).expect("it is possible")),
            Box::new(fabric),
        ]
    }

    #[test]
    fn an_index_changes_nothing_on_any_bus() {
        let agents = Fellows::clustered(2, 4).with_priorities(&[0x10, 0x40, 0x20, 0x30, 0x10, 0x50, 0x10, 0]);
        let messages = [
            message(0, 0, 0x14),
            message(1, 0, 0x99),
            broadcast(2, 0),
            logical(3, 0, 0x13),
            logical(4, 0, 0xFF),
            lowest_priority(logical(5, 0, 0x0F)),
            lowest_priority(broadcast(6, 0)),
        ];
        for (mut plain, mut indexed) in buses().into_iter().zip(buses()) {
            for message in messages {
                send(&mut *plain, 0, message);
                send(&mut *indexed, 0, message);
            }
            let expected = run(&mut *plain, &agents, Time::from_us(100));
            assert!(expected.len() > messages.len(), "{}", plain.name());
            assert_eq!(run(&mut *indexed, &Indexed(agents.clone()), Time::from_us(100)), expected, "{}", plain.name());
        }
    }
}
