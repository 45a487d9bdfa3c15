//! What travels between APICs: interrupt messages and EOI messages.

use crate::time::Time;

/// Number of an agent on the interconnect: CPUs first (agent = CPU number), then the I/O agent.
///
/// ```
/// use sim::bus::{Agent, PointToPointFabric, SerialBus};
///
/// // Two CPUs, and after them the I/O agent, whose APIC id is 14.
/// let agents: [Agent; 3] = [0, 1, 2];
/// assert!(SerialBus::new(&[0, 1, 14]).is_ok_and(|_| agents.len() == 3));
/// ```
pub type Agent = u16;

/// Delivery mode, ICR bits 10:8 (SDM vol. 3 §10.6.1).
///
/// ```
/// use sim::bus::DeliveryMode;
///
/// let kernel_s_crash_nmi = 0xC0400_u32; // ICR bits 10:8 are 100
/// assert_eq!(DeliveryMode::from_bits(kernel_s_crash_nmi >> 8), DeliveryMode::Nmi);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeliveryMode {
    /// 000: deliver the vector.
    Fixed,
    /// 001: to the CPU with the lowest priority among the addressed.
    LowestPriority,
    /// 010: system-management interrupt.
    Smi,
    /// 011: remote read (82489DX, Pentium).
    RemoteRead,
    /// 100: non-maskable interrupt; the vector is ignored.
    Nmi,
    /// 101: INIT; with level 0 and trigger level it is the INIT level de-assert.
    Init,
    /// 110: start-up.
    StartUp,
    /// 111: external interrupt (LVT and I/O APIC only).
    ExtInt,
}

impl DeliveryMode {
    /// From ICR or LVT bits 10:8.
    pub const fn from_bits(bits: u32) -> Self {
        match bits & 7 {
            0 => Self::Fixed,
            1 => Self::LowestPriority,
            2 => Self::Smi,
            3 => Self::RemoteRead,
            4 => Self::Nmi,
            5 => Self::Init,
            6 => Self::StartUp,
            _ => Self::ExtInt,
        }
    }

    /// The name used in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fixed => "FIXED",
            Self::LowestPriority => "LOWEST",
            Self::Smi => "SMI",
            Self::RemoteRead => "REMOTE-READ",
            Self::Nmi => "NMI",
            Self::Init => "INIT",
            Self::StartUp => "STARTUP",
            Self::ExtInt => "EXTINT",
        }
    }
}

/// Destination shorthand, ICR bits 19:18.
///
/// ```
/// # use sim::apic::*;
/// # use sim::*;
/// # let clocks = Clocks { core: Generation::P6.core_clock(), timer: Generation::P6.timer_clock() };
/// # let mut apic = LocalApic::new(Generation::P6, Knobs::default(), 0, 0, clocks);
/// # apic.preset(&Preset::default());
/// use sim::bus::Shorthand;
///
/// // bits 19:18 are 11: all excluding self
/// let WriteResult::Send(message) = apic.write(0x300, 0xC_0400, Time::ZERO).result else { panic!("it is sent") };
/// assert_eq!(message.shorthand, Shorthand::AllExcludingSelf);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shorthand {
    /// Use the destination field.
    None,
    /// The sender only.
    Own,
    /// Every agent, the sender too.
    AllIncludingSelf,
    /// Every agent but the sender.
    AllExcludingSelf,
}

/// How the destination field is read, ICR bit 11.
///
/// ```
/// # use sim::apic::*;
/// # use sim::*;
/// # let clocks = Clocks { core: Generation::P6.core_clock(), timer: Generation::P6.timer_clock() };
/// # let mut apic = LocalApic::new(Generation::P6, Knobs::default(), 0, 0, clocks);
/// # apic.preset(&Preset::default());
/// use sim::bus::DestinationMode;
///
/// let WriteResult::Send(message) = apic.write(0x300, 0x8FC, Time::ZERO).result else { panic!("it is sent") }; // bit 11
/// assert_eq!(message.destination_mode, DestinationMode::Logical);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DestinationMode {
    /// An APIC id.
    Physical,
    /// A message destination address matched against LDR and DFR.
    Logical,
}

/// One interrupt message. It keeps what was latched at the write of ICR low.
///
/// Its fields lie in memory as they go into digests, so that they come with few loads; nothing else depends on that.
///
/// ```
/// # use sim::apic::*;
/// # use sim::*;
/// # let clocks = Clocks { core: Generation::P6.core_clock(), timer: Generation::P6.timer_clock() };
/// # let mut apic = LocalApic::new(Generation::P6, Knobs::default(), 0, 0, clocks);
/// # apic.preset(&Preset::default());
/// apic.write(0x310, 3 << 24, Time::ZERO);
/// let WriteResult::Send(message) = apic.write(0x300, 0x41, Time::ZERO).result else { panic!("it is sent") };
/// assert_eq!((message.vector, message.destination, message.source, message.number), (0x41, 3, 0, 0));
/// assert!(!message.is_init_deassert());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Message {
    /// Number of this message among the sender's, from 0: with `source`, its name.
    pub number: u32,
    /// The sender.
    pub source: Agent,
    /// Level-triggered (bit 15)?
    pub level_triggered: bool,
    /// Level (bit 14): asserted?
    pub asserted: bool,
    /// Vector, bits 7:0.
    pub vector: u8,
    /// Delivery mode.
    pub mode: DeliveryMode,
    /// Destination shorthand.
    pub shorthand: Shorthand,
    /// Destination mode.
    pub destination_mode: DestinationMode,
    /// Destination field: 8 bits, of which Pentium and P6 compare the low four in physical mode (SDM vol. 3 §10.6.1);
    /// 32 bits of an APIC in x2APIC mode (§10.12.9).
    pub destination: u32,
    /// When the ICR was written (or the I/O agent raised it).
    pub written_at: Time,
    /// It never takes the place of an older one of its sender: software in x2APIC mode has no delivery status to wait for,
    /// and must not lose messages for that (SDM vol. 3 §10.12.9).
    pub queues: bool,
}

impl Message {
    /// Is this the INIT level de-assert that resynchronises arbitration ids (SDM §10.6.1, Pentium and P6)?
    pub const fn is_init_deassert(&self) -> bool {
        matches!(self.mode, DeliveryMode::Init) && self.level_triggered && !self.asserted
    }
}

/// What an APIC asks the interconnect to carry.
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
/// bus.request(Time::ZERO, Request::Message(message), 0);
/// assert_eq!(bus.undispatched()[0].message, message);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Request {
    /// An interrupt message. If the sender has one that is not dispatched yet, this one takes its place: an attempt
    /// that is on the wire ends under its own status, and the new message goes at the next. One that
    /// [`queues`](Message::queues) waits until the older one has gone.
    Message(Message),
    /// An EOI broadcast for a level-triggered vector.
    EndOfInterrupt {
        /// The sender.
        source: Agent,
        /// The vector whose service ended.
        vector: u8,
    },
}

impl Request {
    /// Who asks.
    pub const fn source(&self) -> Agent {
        match self {
            Self::Message(message) => message.source,
            Self::EndOfInterrupt { source, .. } => *source,
        }
    }
}

/// What an agent that takes part in a lowest-priority arbitration brings to it (SDM vol. 3 §10.6.2.4).
///
/// ```
/// use sim::bus::Bid;
///
/// let busy = Bid::of(0x61);
/// assert_eq!((busy.priority, busy.redirection, busy.room), (0x61, 6, true)); // a chipset compares the class
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Bid {
    /// It is the focus processor: it services this vector, or holds it pending, and checking is not turned off.
    pub focus: bool,
    /// On the serial bus: its arbitration priority; the lowest wins.
    pub priority: u8,
    /// On a parallel interconnect: what the chipset compares; the lowest wins.
    pub redirection: u8,
    /// Among equals there the highest APIC id wins, not the lowest.
    pub highest_id: bool,
    /// Has it room for the message, if it wins?
    pub room: bool,
}

impl Bid {
    /// Of an agent with this arbitration priority that has nothing special about it: no focus, room, and the class of its
    /// priority compared by the chipset.
    pub const fn of(priority: u8) -> Self {
        Self { focus: false, priority, redirection: priority >> 4, highest_id: false, room: true }
    }
}

/// How an agent answers a message at its status cycle.
///
/// ```
/// # use sim::apic::*;
/// # use sim::*;
/// # let clocks = Clocks { core: Generation::P6.core_clock(), timer: Generation::P6.timer_clock() };
/// # let mut apic = LocalApic::new(Generation::P6, Knobs::default(), 0, 0, clocks);
/// # apic.preset(&Preset::default());
/// use sim::bus::{DeliveryMode, Response};
///
/// let WriteResult::Send(message) = apic.write(0x300, 0x41, Time::ZERO).result else { panic!("it is sent") };
/// for vector in [0x41, 0x42] {
///     assert_eq!(apic.response(&message, CoreState::default()), Response::Accept);
///     apic.deliver(&sim::bus::Message { vector, ..message });
/// }
/// let third = sim::bus::Message { vector: 0x43, ..message }; // a P6 keeps two of a priority class
/// assert_eq!(apic.response(&third, CoreState::default()), Response::Retry);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Response {
    /// Not addressed, absent, or not listening.
    Silent,
    /// Takes it.
    Accept,
    /// Addressed, but has no room now.
    Retry,
    /// Addressed, full, and (knob `full_target = "accept-error"`) stays silent so that the sender sees an accept error.
    Refuse,
}

/// The combined outcome of one attempt to send a message.
///
/// ```
/// # use sim::bus::*;
/// # use sim::Time;
/// # let message = Message {
/// #     number: 0, source: 0, level_triggered: false, asserted: true, vector: 0x41, mode: DeliveryMode::Fixed,
/// #     shorthand: Shorthand::None, destination_mode: DestinationMode::Physical, destination: 1,
/// #     written_at: Time::ZERO, queues: false,
/// # };
/// # struct Deaf;
/// # impl Targets for Deaf {
/// #     fn agents(&self) -> Agent { 2 }
/// #     fn addressed(&self, _: Agent, _: &Message) -> bool { false }
/// #     fn response(&self, _: Agent, _: &Message) -> Response { Response::Silent }
/// #     fn bid(&self, _: Agent, _: &Message) -> Bid { Bid::of(0) }
/// #     fn apic_id(&self, agent: Agent) -> Option<u32> { Some(agent.into()) }
/// #     fn remote_register(&self, _: Agent, _: u8) -> u32 { 0 }
/// # }
/// let mut bus = SerialBus::new(&[0, 1])?;
/// bus.request(Time::ZERO, Request::Message(message), 0);
/// let mut effects = Vec::new();
/// while !matches!(effects.first(), Some(BusEffect::Attempt { .. })) {
///     effects.clear();
///     bus.advance(&Deaf, &mut effects); // nobody is addressed
/// }
/// assert!(matches!(effects[0], BusEffect::Attempt { outcome: AttemptOutcome::AcceptError, .. }));
/// # Ok::<(), BusError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// Every addressed agent took it.
    Accepted,
    /// At least one addressed agent has no room: nobody takes it.
    Retry,
    /// Nobody answered.
    AcceptError,
    /// An agent found the message damaged (serial bus).
    ChecksumError,
}
