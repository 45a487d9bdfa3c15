//! What the wires of a bus carry, cycle by cycle, for whoever looks at them ([`Interconnect::probe`](super::Interconnect::probe)).
//!
//! Not modelled: electrical levels (a logical 1 is a wire that is pulled), and where within a cycle a wire changes.

use super::Agent;
use crate::time::{Duration, Time};

/// A change on the wires of a bus.
///
/// ```
/// # use sim::bus::*;
/// # use sim::Time;
/// # let message = Message {
/// #     number: 0, source: 1, level_triggered: false, asserted: true, vector: 0x41, mode: DeliveryMode::Fixed,
/// #     shorthand: Shorthand::None, destination_mode: DestinationMode::Physical, destination: 0,
/// #     written_at: Time::ZERO, queues: false,
/// # };
/// # struct Everybody;
/// # impl Targets for Everybody {
/// #     fn agents(&self) -> Agent { 2 }
/// #     fn addressed(&self, agent: Agent, message: &Message) -> bool { u32::from(agent) == message.destination }
/// #     fn response(&self, _: Agent, _: &Message) -> Response { Response::Accept }
/// #     fn bid(&self, _: Agent, _: &Message) -> Bid { Bid::of(0) }
/// #     fn apic_id(&self, agent: Agent) -> Option<u32> { Some(agent.into()) }
/// #     fn remote_register(&self, _: Agent, _: u8) -> u32 { 0 }
/// # }
/// let mut bus = SerialBus::new(&[0, 1])?;
/// bus.probe();
/// bus.request(Time::ZERO, Request::Message(message), 0);
/// while bus.next_event().is_some() {
///     bus.advance(&Everybody, &mut Vec::new());
/// }
/// let mut changes = Vec::new();
/// bus.take_wires(&mut changes);
/// let first = Time::from_ps(60_000); // the first edge of PICCLK after the request
/// assert_eq!(changes[0], WireChange { at: first, bus: 0, what: WireEvent::Driven(0b01) }); // start
/// let arbitrated = Time::from_ps(60_000 + 5 * 60_000);
/// assert!(changes.contains(&WireChange { at: arbitrated, bus: 0, what: WireEvent::Won(1) }));
/// # Ok::<(), BusError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireChange {
    /// When.
    pub at: Time,
    /// The place of the bus: 0, but of a machine of several clusters.
    pub bus: u16,
    /// What.
    pub what: WireEvent,
}

/// What changes on the wires.
///
/// See [`WireChange`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireEvent {
    /// From now on agents together pull these wires: PICD1 in bit 1, PICD0 in bit 0.
    Driven(u8),
    /// From now on these wires read 1, and these 0, whatever is driven (injected). It is told long before.
    Stuck {
        /// Those that read 1.
        high: u8,
        /// Those that read 0.
        low: u8,
    },
    /// The arbitration is over, and this agent has won. Cluster managers come after all agents of the machine, by cluster.
    Won(Agent),
    /// The arbitration is over, and several have won, being out of step.
    WonTogether,
    /// The message is over.
    Free,
    /// What changed in the last `period` before now comes again, so many times.
    Again {
        /// How long it takes.
        period: Duration,
        /// How often.
        times: u64,
    },
}
