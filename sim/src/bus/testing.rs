//! Helpers for the tests of the interconnects: fake agents, and a loop that runs a bus by itself.

use super::{
    Agent, Bid, BusEffect, DeliveryMode, DestinationMode, Interconnect, Message, Request, Response, Shorthand, Targets,
};
use crate::time::Time;

/// Agents with ids 0, 1, … that always give the same answer.
#[derive(Debug, Clone)]
pub(crate) struct Fake(Vec<Response>);

impl Fake {
    pub(super) fn new(responses: &[Response]) -> Self {
        Self(responses.to_vec())
    }

    pub(crate) fn accepting(agents: usize) -> Self {
        Self(vec![Response::Accept; agents])
    }

    pub(crate) fn with(mut self, agent: Agent, response: Response) -> Self {
        self.0[usize::from(agent)] = response;
        self
    }
}

impl Targets for Fake {
    fn agents(&self) -> Agent {
        self.0.len() as Agent
    }

    /// An index by id, for what it is good for.
    fn candidates(&self, message: &Message, into: &mut Vec<Agent>) -> bool {
        if message.shorthand == Shorthand::None {
            into.extend(Agent::try_from(message.destination).ok().filter(|&agent| agent < self.agents()));
        }
        message.shorthand == Shorthand::None
    }

    fn addressed(&self, agent: Agent, message: &Message) -> bool {
        match message.shorthand {
            Shorthand::None => message.destination == u32::from(agent),
            Shorthand::Own => agent == message.source,
            Shorthand::AllIncludingSelf => true,
            Shorthand::AllExcludingSelf => agent != message.source,
        }
    }

    fn response(&self, agent: Agent, _: &Message) -> Response {
        self.0[usize::from(agent)]
    }

    fn bid(&self, agent: Agent, _: &Message) -> Bid {
        Bid::of(agent as u8)
    }

    fn apic_id(&self, agent: Agent) -> Option<u32> {
        (agent < 4).then_some(u32::from(agent))
    }

    fn remote_register(&self, agent: Agent, slot: u8) -> u32 {
        u32::from(agent) << 8 | u32::from(slot)
    }
}

/// A fixed message from `source` to `destination`.
pub(crate) fn message(source: Agent, number: u32, destination: u32) -> Message {
    Message {
        source,
        number,
        mode: DeliveryMode::Fixed,
        vector: 0xFC,
        destination_mode: DestinationMode::Physical,
        destination,
        shorthand: Shorthand::None,
        level_triggered: false,
        asserted: true,
        written_at: Time::ZERO,
        queues: false,
    }
}

/// A fixed message from `source` to all others.
pub(super) fn broadcast(source: Agent, number: u32) -> Message {
    Message { shorthand: Shorthand::AllExcludingSelf, ..message(source, number, 0xFF) }
}

/// Asks `bus` to carry `message`.
pub(crate) fn send(bus: &mut dyn Interconnect, ps: u64, message: Message) {
    bus.request(Time::from_ps(ps), Request::Message(message), 0);
}

/// All effects up to and including `until`, with their instants.
pub(super) fn run(bus: &mut dyn Interconnect, targets: &dyn Targets, until: Time) -> Vec<(u64, BusEffect)> {
    let mut all = Vec::new();
    let mut effects = Vec::new();
    while let Some(now) = bus.next_event().filter(|&now| now <= until) {
        let bound = bus.bound();
        assert!(bound >= now);
        bus.advance(targets, &mut effects);
        assert!(effects.is_empty() || now >= bound, "an effect before the bound");
        all.extend(effects.drain(..).map(|effect| (now.as_ps(), effect)));
    }
    all
}

/// Instants at which messages were dispatched, with their senders.
pub(super) fn dispatched(effects: &[(u64, BusEffect)]) -> Vec<(u64, Agent)> {
    effects
        .iter()
        .filter_map(|&(at, effect)| match effect {
            BusEffect::Dispatched { message, .. } => Some((at, message.source)),
            _ => None,
        })
        .collect()
}

/// Instants at which messages were delivered, with their receivers.
pub(super) fn delivered(effects: &[(u64, BusEffect)]) -> Vec<(u64, Agent)> {
    effects
        .iter()
        .filter_map(|&(at, effect)| match effect {
            BusEffect::Deliver { agent, .. } => Some((at, agent)),
            _ => None,
        })
        .collect()
}
