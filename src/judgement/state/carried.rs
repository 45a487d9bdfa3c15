//! Messages on their way: whom each is for, which are not dispatched, which are between two clusters, and what stops them.

use super::cpu::CpuState;
use super::fold::State;
use super::injected::Stall;
use super::message::MessageState;
use sim::bus::{DestinationMode, Message, PhysicalScope, Shorthand, ShorthandScope};

impl State {
    /// The CPUs that a message is for: those that its destination names now, or would name if they were set up as the kernel
    /// sets them up.
    pub(crate) fn meant(&self, message: &Message) -> Vec<u16> {
        let is_meant = |cpu: &&CpuState| cpu.apic.addressed_by(message) || cpu.as_set_up.addressed_by(message);
        self.cpus
            .iter()
            .filter(|cpu| self.is_in_reach(message, cpu.number))
            .filter(is_meant)
            .map(|cpu| cpu.number)
            .collect()
    }

    /// The number of the bus that an agent is on: of a machine of several clusters its cluster's, else 0.
    pub(crate) fn bus_of(&self, agent: u16) -> u8 {
        let homes = self.domains.as_ref().map(|domains| &domains.homes);
        homes.and_then(|homes| homes.get(usize::from(agent))).copied().unwrap_or_default()
    }

    /// Does a message of that kind leave the sender's cluster for this CPU's?
    fn is_in_reach(&self, message: &Message, cpu: u16) -> bool {
        let Some(domains) = &self.domains else { return true };
        let home = |agent: u16| domains.homes.get(usize::from(agent));
        let (from, to) = (home(message.source), home(cpu));
        match (message.shorthand, message.destination_mode) {
            (Shorthand::Own, _) => true,
            _ if from == to => true,
            (Shorthand::None, DestinationMode::Logical) => true,
            (Shorthand::None, DestinationMode::Physical) => domains.physical == PhysicalScope::Machine,
            _ => domains.shorthands == ShorthandScope::Machine,
        }
    }

    /// Messages that CPUs wait for to be dispatched, by sender and number.
    pub(crate) fn undispatched(&self) -> impl Iterator<Item = &MessageState> {
        self.messages.waiting()
    }

    /// Messages that are dispatched, and are still on their way to another cluster.
    pub(crate) fn in_transit(&self) -> impl Iterator<Item = &MessageState> {
        let crosses = self.domains.is_some();
        self.messages.all().filter(move |held| crosses && held.dispatched.is_some() && !held.under_way().is_empty())
    }

    /// The CPUs that answer Retry to a message now, or are full and silent.
    pub(crate) fn refusers(&self, message: &Message) -> Vec<u16> {
        self.cpus.iter().filter(|cpu| cpu.refuses(message)).map(|cpu| cpu.number).collect()
    }

    /// The fault that keeps a message from going on: of one that is not dispatched, what stops its bus, and nothing has
    /// been attempted since; of one that is on its way to another cluster, a dead link at either end.
    pub(crate) fn stall(&self, held: &MessageState) -> Option<Stall> {
        let home = |cpu: u16| self.domains.as_ref().and_then(|domains| domains.homes.get(usize::from(cpu)).copied());
        let from = home(held.message.source);
        let left = held.dispatched.is_some();
        let crosses = |cluster: u8| {
            let ends: Vec<u8> = held.under_way().into_iter().filter_map(home).collect();
            left && ends.iter().any(|to| Some(*to) != from && (*to == cluster || from == Some(cluster)))
        };
        let stall = self.injected.stall(self.now, crosses)?;
        let attempted = held.attempts.is_some_and(|attempts| attempts.last > stall.since);
        (left || !attempted).then_some(stall)
    }

    /// Is `message` the one whose transaction is under way on a front-side bus that completes none? It holds the bus, and no
    /// newer one can take its place.
    pub(super) fn holds_the_bus(&self, message: &MessageState) -> bool {
        let on_the_bus = self.injected.stall(self.now, |_| false).is_some_and(Stall::is_on_front_side_bus);
        let first = self.undispatched().map(|held| (held.sent, held.message.source)).min();
        on_the_bus && first == Some((message.sent, message.message.source))
    }
}
