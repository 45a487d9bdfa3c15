//! Interconnects: what carries messages between APICs, and thereby decides how long an ICR stays busy.

mod addressees;
mod arbitration;
mod cluster;
mod front_side;
mod ideal;
mod message;
mod message_fault;
mod point_to_point;
mod redirection;
mod serial;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod testing_agents;
mod wires;

pub use arbitration::{ArbitrationIds, BusError};
pub use cluster::{Cluster, ClusterBus, ClusterError, PhysicalScope, ShorthandScope};
pub use front_side::FrontSideBus;
pub use ideal::IdealBus;
pub use message::{Agent, AttemptOutcome, Bid, DeliveryMode, DestinationMode, Message, Request, Response, Shorthand};
pub use message_fault::{MessageEffect, MessageFault};
pub use point_to_point::{FabricError, Latencies, PointToPointFabric};
pub use serial::{
    END_OF_INTERRUPT_STATUS, FIRST_STATUS, SerialBus, SerialFault, SerialFaultError, SerialFaultKind, Wire, WireCycle,
    end_of_interrupt_cycles, lowest_priority_cycles, wire_cycles,
};
pub use wires::{WireChange, WireEvent};

use crate::time::{Duration, Time};
use std::fmt::Debug;

/// What an interconnect may ask of the agents while it advances: their state at exactly that instant, read only.
///
/// ```
/// use sim::bus::{Agent, Bid, Message, Response, Targets};
///
/// /// Every agent but the sender is addressed, and takes all.
/// struct Everybody;
///
/// impl Targets for Everybody {
///     fn agents(&self) -> Agent {
///         4
///     }
///     fn addressed(&self, agent: Agent, message: &Message) -> bool {
///         agent != message.source
///     }
///     fn response(&self, _: Agent, _: &Message) -> Response {
///         Response::Accept
///     }
///     fn bid(&self, agent: Agent, _: &Message) -> Bid {
///         Bid::of(agent as u8)
///     }
///     fn apic_id(&self, agent: Agent) -> Option<u32> {
///         Some(agent.into())
///     }
///     fn remote_register(&self, _: Agent, _: u8) -> u32 {
///         0
///     }
/// }
/// assert_eq!(Everybody.apic_id(3), Some(3));
/// ```
pub trait Targets {
    /// Number of agents on the interconnect.
    fn agents(&self) -> Agent;
    /// Appends the agents that `message` may address now to `into`, which is empty: all that it does address, and perhaps
    /// others; each once, lowest first. False: nobody knows, each agent must be asked, and `into` is as it was.
    ///
    /// An interconnect asks the candidates whether they are [`addressed`](Self::addressed), and nobody else: with an index
    /// by id, a directed message on a large machine costs no look at everybody. An index that forgets an agent loses its
    /// interrupts, so whatever changes an id or a mode must reach it before the next event.
    fn candidates(&self, _message: &Message, _into: &mut Vec<Agent>) -> bool {
        false
    }
    /// The one agent that `message` addresses, if an index knows that it addresses this one, and no other. `None`: it takes a
    /// longer look.
    fn sole(&self, _message: &Message) -> Option<Agent> {
        None
    }
    /// Is `agent` addressed by `message`? (Destination matching; a dead agent is never addressed.)
    fn addressed(&self, agent: Agent, message: &Message) -> bool;
    /// How does `agent`, which is addressed, answer `message` now? Of a lowest-priority message: does it take part?
    fn response(&self, agent: Agent, message: &Message) -> Response;
    /// How does `agent` answer `message` now? Silent, unless it is addressed.
    fn answer(&self, agent: Agent, message: &Message) -> Response {
        if self.addressed(agent, message) { self.response(agent, message) } else { Response::Silent }
    }
    /// What `agent` brings to the arbitration for a lowest-priority `message` in which it takes part.
    fn bid(&self, agent: Agent, message: &Message) -> Bid;
    /// The APIC id of `agent` as its id register holds it now. `None`: it has no local APIC, and keeps the id that the
    /// interconnect was built with.
    fn apic_id(&self, agent: Agent) -> Option<u32>;
    /// What a remote read of the register in 16-byte slot `slot` of `agent` finds.
    fn remote_register(&self, agent: Agent, slot: u8) -> u32;
}

/// What must happen because an interconnect advanced. The engine does it, at the instant of the event, in order.
///
/// ```
/// # use sim::bus::*;
/// # use sim::Time;
/// # let message = Message {
/// #     number: 0, source: 0, level_triggered: false, asserted: true, vector: 0x41, mode: DeliveryMode::Fixed,
/// #     shorthand: Shorthand::None, destination_mode: DestinationMode::Physical, destination: 1,
/// #     written_at: Time::ZERO, queues: false,
/// # };
/// # use sim::Duration;
/// # struct One;
/// # impl Targets for One {
/// #     fn agents(&self) -> Agent { 2 }
/// #     fn addressed(&self, agent: Agent, message: &Message) -> bool { u32::from(agent) == message.destination }
/// #     fn response(&self, _: Agent, _: &Message) -> Response { Response::Accept }
/// #     fn bid(&self, _: Agent, _: &Message) -> Bid { Bid::of(0) }
/// #     fn apic_id(&self, agent: Agent) -> Option<u32> { Some(agent.into()) }
/// #     fn remote_register(&self, _: Agent, _: u8) -> u32 { 0 }
/// # }
/// let mut bus = IdealBus::new(Duration::from_ns(100));
/// bus.request(Time::ZERO, Request::Message(message), 0);
/// let mut effects = Vec::new();
/// while bus.next_event().is_some() {
///     bus.advance(&One, &mut effects);
/// }
/// assert!(effects.contains(&BusEffect::Deliver { agent: 1, message }));
/// assert!(effects.contains(&BusEffect::Dispatched { message, busy_still: false }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BusEffect {
    /// An attempt to send `message` ended with `outcome`.
    Attempt {
        /// The message on the wire.
        message: Message,
        /// Its combined status.
        outcome: AttemptOutcome,
    },
    /// `agent` takes `message`.
    Deliver {
        /// The receiver.
        agent: Agent,
        /// The message.
        message: Message,
    },
    /// The interconnect is done with the sender's message: its delivery status becomes idle, unless a newer message of
    /// the same sender is pending (see `busy_still`).
    Dispatched {
        /// The message that is done.
        message: Message,
        /// A newer message of the same sender waits: the delivery status stays "send pending".
        busy_still: bool,
    },
    /// The answer to a remote read of `message`'s sender: the register, or nothing valid. The sender's
    /// [`Dispatched`](Self::Dispatched) follows.
    RemoteRead {
        /// The message that asked.
        message: Message,
        /// The register's value.
        value: Option<u32>,
    },
    /// Something went over the wires that concerns nobody, and may do so for ever: the engine looks whether the
    /// interconnect repeats itself.
    Noise,
    /// Error status bits for `agent` (ESR layout, SDM §10.5.3).
    Error {
        /// The agent whose ESR records it.
        agent: Agent,
        /// The bits.
        bits: u32,
    },
    /// An EOI message has reached the I/O agents.
    EndOfInterrupt {
        /// The vector.
        vector: u8,
    },
}

/// A message that the interconnect holds and that is not dispatched yet: what a *why* starts from.
///
/// ```
/// # use sim::bus::*;
/// # use sim::Time;
/// # let message = Message {
/// #     number: 0, source: 0, level_triggered: false, asserted: true, vector: 0x41, mode: DeliveryMode::Fixed,
/// #     shorthand: Shorthand::None, destination_mode: DestinationMode::Physical, destination: 1,
/// #     written_at: Time::ZERO, queues: false,
/// # };
/// let mut bus = SerialBus::new(&[0, 1])?;
/// bus.request(Time::ZERO, Request::Message(message), 0);
/// let held = bus.undispatched()[0];
/// assert_eq!((held.message, held.attempts, held.last), (message, 0, None));
/// # Ok::<(), BusError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undispatched {
    /// The message.
    pub message: Message,
    /// Attempts so far.
    pub attempts: u64,
    /// Outcome of the last one.
    pub last: Option<AttemptOutcome>,
    /// Distance of two attempts, once there were two.
    pub attempt_period: Option<Duration>,
    /// The interconnect completes nothing since then (injected stall).
    pub stalled_since: Option<Time>,
}

/// What an interconnect keeps to.
///
/// ```
/// use sim::bus::{ClusterBus, Interconnect, Promises, SerialBus};
///
/// assert_eq!(SerialBus::new(&[0, 1])?.promises(), Promises::ALL);
/// let nodes = ClusterBus::front_side_nodes(8, |bus| bus)?; // a message goes over several buses
/// assert!(!nodes.promises().delivers_before_dispatch);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Promises {
    /// A message of a sender takes the place of its message that is not dispatched yet.
    pub one_message_a_sender: bool,
    /// A message is delivered to everybody before, or when, it is dispatched.
    pub delivers_before_dispatch: bool,
}

impl Promises {
    /// Of a plain bus: all of them.
    pub const ALL: Self = Self { one_message_a_sender: true, delivers_before_dispatch: true };
}

/// Whom messages reach.
///
/// ```
/// use sim::bus::{ClusterBus, Interconnect, Reach, SerialBus};
///
/// assert_eq!(SerialBus::new(&[0, 1])?.reach(), Reach::Everybody);
/// let nodes = ClusterBus::front_side_nodes(8, |bus| bus)?;
/// assert!(matches!(nodes.reach(), Reach::Domains(domains) if domains.homes[..8] == [0, 0, 0, 0, 1, 1, 1, 1]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every agent that is addressed.
    Everybody,
    /// Those in the sender's domain of ids, and others as far as the scopes go.
    Domains(Domains),
    /// Nobody for sure: a sender may be told that a message was taken that was not (a stuck wire).
    Unpromised,
}

/// Buses with domains of ids of their own, joined by managers.
///
/// See [`Reach`] for an example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Domains {
    /// Number of each agent's domain: bits 7:4 of a logical destination.
    pub homes: Vec<u8>,
    /// How far physical destinations reach.
    pub physical: PhysicalScope,
    /// How far shorthands reach.
    pub shorthands: ShorthandScope,
}

/// An interconnect. It is a state machine without threads: the engine hands it requests in key order, and advances it
/// one event at a time, never past an instant at which a CPU may still act.
///
/// ```
/// # use sim::bus::*;
/// # use sim::Time;
/// # let message = Message {
/// #     number: 0, source: 0, level_triggered: false, asserted: true, vector: 0x41, mode: DeliveryMode::Fixed,
/// #     shorthand: Shorthand::None, destination_mode: DestinationMode::Physical, destination: 1,
/// #     written_at: Time::ZERO, queues: false,
/// # };
/// # use sim::Duration;
/// let mut bus = IdealBus::new(Duration::from_ns(100));
/// assert!(bus.is_idle() && bus.minimum_latency() == Duration::from_ns(100));
/// bus.request(Time::from_us(1), Request::Message(message), 0);
/// assert_eq!(bus.next_event(), Some(Time::from_us(1) + Duration::from_ns(100)));
/// ```
pub trait Interconnect: Debug + Send {
    /// Least time from a request to the first instant at which its fate samples or changes anything that a CPU sees.
    fn minimum_latency(&self) -> Duration;

    /// Takes a request made at `at`. It joins the first bus clock edge strictly after `at`, plus `extra_cycles` of
    /// injected jitter.
    fn request(&mut self, at: Time, request: Request, extra_cycles: u32);

    /// The instant of the next event, internal ones (an arbitration edge) included.
    fn next_event(&self) -> Option<Time>;

    /// The earliest instant at which, given what the interconnect holds now, it may sample an agent or change anything
    /// that software sees. Never earlier than [`next_event`](Self::next_event).
    fn bound(&self) -> Time;

    /// [`next_event`](Self::next_event), or the end of time, and [`bound`](Self::bound): whoever needs one needs both.
    fn times(&self) -> (Time, Time) {
        (self.next_event().unwrap_or(Time::NEVER), self.bound())
    }

    /// Processes exactly the event at [`next_event`](Self::next_event) and pushes what must happen onto `effects`.
    fn advance(&mut self, targets: &dyn Targets, effects: &mut Vec<BusEffect>);

    /// Does the interconnect hold nothing that will ever cause another event? (A stalled bus that holds undispatched
    /// messages and will never complete them is idle in this sense.)
    fn is_idle(&self) -> bool {
        self.next_event().is_none()
    }

    /// An agent that answered [`Response::Retry`] has had room again since `at`. It matters to an interconnect that holds a
    /// sender back until then; one that tries again by itself need not listen.
    fn room_again(&mut self, _at: Time) {}

    /// Messages not dispatched yet, by agent.
    fn undispatched(&self) -> Vec<Undispatched>;

    /// The same at `at`: its last request and event are no later, its next event is.
    fn undispatched_at(&self, _at: Time) -> Vec<Undispatched> {
        self.undispatched()
    }

    /// What whoever watches its messages may rely on.
    fn promises(&self) -> Promises {
        Promises::ALL
    }

    /// Whom messages reach.
    fn reach(&self) -> Reach {
        Reach::Everybody
    }

    /// Messages that the interconnect still carries beyond their sender's bus, by agent; the sender may be done with them.
    /// What stands in the way of another message may be among them.
    fn in_transit(&self) -> Vec<Undispatched> {
        Vec::new()
    }

    /// The state in the interconnect's own clock, relative to its next event, as words: two equal states behave alike
    /// as long as every sample gives the same answer. Counts of attempts are no part of it.
    fn state(&self, words: &mut Vec<u64>);

    /// Moves every future event `periods` times `period` later, as if the same recurring events had happened in
    /// between, and counts `attempts` per period for the message being attempted.
    fn skip(&mut self, periods: u64, period: Duration, attempts: u64);

    /// A copy of it as it is now. An engine that has proven that it repeats itself keeps one of each place within the period, and
    /// takes it up again there. None: there is none, or somebody looks at its wires; then it gets there event by event.
    fn fork(&self) -> Option<Box<dyn Interconnect>> {
        None
    }

    /// From now on somebody looks at its wires. One that has none to look at need not listen.
    fn probe(&mut self) {}

    /// Moves what its wires have carried since this was called last to `into`: of each bus in the order of time, but what is
    /// told ahead. A cycle is told at the latest with the event that ends it, and may be told before it begins.
    fn take_wires(&mut self, _into: &mut Vec<WireChange>) {}

    /// Short name as on the command line.
    fn name(&self) -> &'static str;
}
