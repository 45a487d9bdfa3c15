//! Fake agents with ids, priorities and answers of their own, for tests that need more than [`Fake`](super::testing::Fake).

use super::{Agent, Bid, DeliveryMode, DestinationMode, Message, Response, Shorthand, Targets, testing};

/// One agent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fellow {
    pub(super) apic_id: u32,
    /// Logical id in the cluster model.
    pub(super) logical_id: u8,
    pub(super) priority: u8,
    pub(super) response: Response,
}

/// Agents of a machine.
#[derive(Debug, Clone)]
pub(super) struct Fellows(pub(super) Vec<Fellow>);

impl Fellows {
    /// Agents with APIC ids 0, 1, … and no logical id, that accept.
    pub(super) fn flat(agents: u32) -> Self {
        let fellow = |apic_id| Fellow { apic_id, logical_id: 0, priority: 0, response: Response::Accept };
        Self((0..agents).map(fellow).collect())
    }

    /// Clusters of `size` agents: APIC id and logical id are cluster << 4 | 1 << index.
    pub(super) fn clustered(clusters: u32, size: u32) -> Self {
        let fellow = |agent: u32| {
            let id = (agent / size) << 4 | 1 << (agent % size);
            Fellow { apic_id: id, logical_id: id as u8, priority: 0, response: Response::Accept }
        };
        Self((0..clusters * size).map(fellow).collect())
    }

    pub(super) fn answering(mut self, agent: Agent, response: Response) -> Self {
        self.0[usize::from(agent)].response = response;
        self
    }

    pub(super) fn with_priorities(mut self, priorities: &[u8]) -> Self {
        for (fellow, &priority) in self.0.iter_mut().zip(priorities) {
            fellow.priority = priority;
        }
        self
    }

    fn of(&self, agent: Agent) -> &Fellow {
        &self.0[usize::from(agent)]
    }
}

impl Targets for Fellows {
    fn agents(&self) -> Agent {
        self.0.len() as Agent
    }

    fn addressed(&self, agent: Agent, message: &Message) -> bool {
        let own = agent == message.source;
        match (message.shorthand, message.destination_mode) {
            (Shorthand::Own, _) => own,
            (Shorthand::AllIncludingSelf, _) => true,
            (Shorthand::AllExcludingSelf, _) => !own,
            (Shorthand::None, DestinationMode::Physical) => message.destination == self.of(agent).apic_id,
            (Shorthand::None, DestinationMode::Logical) => {
                let (mda, ldr) = (message.destination as u8, self.of(agent).logical_id);
                mda == 0xFF || mda >> 4 == ldr >> 4 && mda & ldr & 0xF != 0
            }
        }
    }

    fn response(&self, agent: Agent, _: &Message) -> Response {
        self.of(agent).response
    }

    fn bid(&self, agent: Agent, _: &Message) -> Bid {
        Bid::of(self.of(agent).priority)
    }

    fn apic_id(&self, agent: Agent) -> Option<u32> {
        Some(self.of(agent).apic_id)
    }

    fn remote_register(&self, agent: Agent, slot: u8) -> u32 {
        u32::from(agent) << 8 | u32::from(slot)
    }
}

/// Agents with an index that names those addressed, and one more that is not.
#[derive(Debug, Clone)]
pub(super) struct Indexed(pub(super) Fellows);

impl Targets for Indexed {
    fn agents(&self) -> Agent {
        self.0.agents()
    }

    fn candidates(&self, message: &Message, into: &mut Vec<Agent>) -> bool {
        let addressed = |&agent: &Agent| self.addressed(agent, message);
        let more = (0..self.agents()).find(|agent| !addressed(agent));
        into.extend((0..self.agents()).filter(|agent| addressed(agent) || Some(*agent) == more));
        true
    }

    fn addressed(&self, agent: Agent, message: &Message) -> bool {
        self.0.addressed(agent, message)
    }

    fn response(&self, agent: Agent, message: &Message) -> Response {
        self.0.response(agent, message)
    }

    fn bid(&self, agent: Agent, message: &Message) -> Bid {
        self.0.bid(agent, message)
    }

    fn apic_id(&self, agent: Agent) -> Option<u32> {
        self.0.apic_id(agent)
    }

    fn remote_register(&self, agent: Agent, slot: u8) -> u32 {
        self.0.remote_register(agent, slot)
    }
}

/// A fixed message to a logical destination.
pub(super) fn logical(source: Agent, number: u32, destination: u32) -> Message {
    Message { destination_mode: DestinationMode::Logical, ..testing::message(source, number, destination) }
}

/// `message` with delivery mode "lowest priority".
pub(super) fn lowest_priority(message: Message) -> Message {
    Message { mode: DeliveryMode::LowestPriority, ..message }
}
