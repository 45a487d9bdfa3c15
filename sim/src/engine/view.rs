//! The agents as an interconnect sees them while it advances: their state at exactly that instant, read only.

use super::addressees::Addressees;
use super::slot::Slot;
use crate::apic::CoreState;
use crate::bus::{Agent, Bid, Message, Response, Targets};
use crate::processor::{Activity, Core};
use crate::time::Time;

/// The agents as a bus may see them.
pub(super) struct View<'a> {
    pub(super) cores: &'a [Slot],
    pub(super) dead: &'a [bool],
    pub(super) addressees: &'a Addressees,
    pub(super) now: Time,
}

impl Targets for View<'_> {
    fn agents(&self) -> Agent {
        self.dead.len() as Agent
    }

    fn candidates(&self, message: &Message, into: &mut Vec<Agent>) -> bool {
        self.addressees.find(message, into)
    }

    /// By the index, which every APIC is listed in as it is now.
    fn sole(&self, message: &Message) -> Option<Agent> {
        let agent = self.addressees.sole(message).filter(|&agent| self.dead.get(usize::from(agent)) == Some(&false))?;
        debug_assert!(self.cores[usize::from(agent)].apic.addressed_by(message), "the index has who is addressed");
        Some(agent)
    }

    fn addressed(&self, agent: Agent, message: &Message) -> bool {
        let index = usize::from(agent);
        match (self.cores.get(index), self.dead.get(index)) {
            (Some(core), Some(false)) => core.apic.addressed_by(message),
            _ => false,
        }
    }

    #[inline]
    fn response(&self, agent: Agent, message: &Message) -> Response {
        let Some(core) = self.cores.get(usize::from(agent)) else { return Response::Silent };
        let core: &Core = core;
        if core.activity() != Activity::WaitForStartUp && core.apic.accepts_plainly(message) {
            return Response::Accept;
        }
        response_of(core, message)
    }

    fn bid(&self, agent: Agent, message: &Message) -> Bid {
        let core = &self.cores[usize::from(agent)];
        core.apic.bid(message.vector)
    }

    fn apic_id(&self, agent: Agent) -> Option<u32> {
        self.cores.get(usize::from(agent)).map(|core| core.apic.id())
    }

    fn remote_register(&self, agent: Agent, slot: u8) -> u32 {
        self.cores.get(usize::from(agent)).map_or(0, |core| core.apic.remote_register(slot, self.now))
    }
}

#[inline(never)]
fn response_of(core: &Core, message: &Message) -> Response {
    let state = CoreState {
        nmi_blocked: core.nmi_blocked,
        nmi_latched: core.has_latched_nmi(),
        waits_for_start_up: core.activity() == Activity::WaitForStartUp,
    };
    core.apic.response(message, state)
}
