//! Who an agent is, and whether a message addresses it: the checker's own reading of SDM vol. 3 §10.6.2 and §10.12.10.
//!
//! Not modelled: see the [module](super).

use crate::bus::{Agent, DeliveryMode, DestinationMode, Message, Shorthand};
use crate::generation::{ClusterFifteen, Generation};

/// What its APIC base MSR says (SDM vol. 3 §10.12.1).
///
/// See [`Identity`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApicMode {
    /// Globally disabled or dead: it takes no part.
    Off,
    /// Memory-mapped, with an id of 4 or 8 bits.
    XApic,
    /// Model-specific registers, with an id of 32 bits.
    X2Apic,
}

/// What decides which messages an agent must take.
///
/// ```
/// # use sim::bus::*;
/// # use sim::check::*;
/// # use sim::*;
/// # let message = Message {
/// #     number: 0, source: 0, level_triggered: false, asserted: true, vector: 0x41, mode: DeliveryMode::Fixed,
/// #     shorthand: Shorthand::None, destination_mode: DestinationMode::Physical, destination: 1,
/// #     written_at: Time::ZERO, queues: false,
/// # };
/// # let here = |id| Identity { mode: ApicMode::XApic, id, software_enabled: true, ..Identity::OFF };
/// # let mut checker = Checker::new(CheckerSettings::new(2, Generation::P6));
/// # (0..2).for_each(|cpu| checker.identity(cpu, here(cpu.into()), Time::ZERO));
/// let off = Identity::OFF;
/// checker.identity(1, off, Time::ZERO); // it takes no part
/// checker.sent(&message, Time::ZERO);
/// checker.dispatched(&message, false, Time::from_us(1));
/// assert!(off.mode == ApicMode::Off && checker.violations().is_empty()); // nobody had to get it
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Mode.
    pub mode: ApicMode,
    /// APIC id, as a number.
    pub id: u32,
    /// Logical destination register. In x2APIC mode it follows from the id, and this is not looked at.
    pub ldr: u32,
    /// Destination format register. x2APIC mode has none.
    pub dfr: u32,
    /// SVR bit 8: software-enabled.
    pub software_enabled: bool,
    /// SVR bits 7:0: the vector that may be taken without having been delivered.
    pub spurious_vector: u8,
    /// The CPU is in reset or waits for a start-up message: what it makes of other messages is unpublished.
    pub in_reset: bool,
}

impl Identity {
    /// An agent that takes no part.
    pub const OFF: Self = Self {
        mode: ApicMode::Off,
        id: 0,
        ldr: 0,
        dfr: u32::MAX,
        software_enabled: false,
        spurious_vector: 0xFF,
        in_reset: false,
    };

    /// Does a vector that is delivered to it certainly get into its IRR?
    pub(super) const fn requests(&self) -> bool {
        self.software_enabled && !self.in_reset && !matches!(self.mode, ApicMode::Off)
    }
}

/// Must an agent take a message?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Addressed {
    /// It must not.
    No,
    /// It may: documents leave it open.
    Perhaps,
    /// It must.
    Certain,
}
use Addressed::{Certain, No, Perhaps};

/// `yes` if `condition`.
const fn when(condition: bool, yes: Addressed) -> Addressed {
    if condition { yes } else { No }
}

/// What matching depends on beside the two agents.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) generation: Generation,
    pub(super) cluster_fifteen: ClusterFifteen,
    /// All ones in the width of a physical destination in xAPIC mode.
    pub(super) id_mask: u32,
}

/// A set of delivery modes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Modes(u8);

impl Modes {
    /// None: of an agent that takes no part.
    pub(super) const NONE: Self = Self(0);

    /// Those of messages that an agent with `identity` must take, if it is addressed.
    pub(super) const fn taken_by(rules: &Rules, identity: &Identity) -> Self {
        let (mut modes, mut bits) = (0, 0);
        while bits < 8 {
            let mode = DeliveryMode::from_bits(bits);
            modes |= (rules.takes(mode, identity) as u8) << mode as u8;
            bits += 1;
        }
        Self(modes)
    }

    #[inline]
    pub(super) const fn has(self, mode: DeliveryMode) -> bool {
        self.0 >> mode as u8 & 1 != 0
    }
}

/// The sender of a message, as it was when it sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sender {
    pub(super) agent: Agent,
    /// In x2APIC mode: its destinations have 32 bits.
    pub(super) wide: bool,
}

impl Rules {
    pub(super) const fn new(generation: Generation, cluster_fifteen: ClusterFifteen) -> Self {
        // 4 bits on Pentium and P6, 8 on all others (SDM vol. 3 §10.6.2.1)
        let id_mask = match generation {
            Generation::Pentium | Generation::P6 => 0xF,
            Generation::I82489Dx | Generation::XApic | Generation::X2Apic => 0xFF,
        };
        Self { generation, cluster_fifteen, id_mask }
    }

    /// Must `receiver` with `identity` take `message` of `sender`?
    pub(super) fn addressed(
        &self,
        sender: Sender,
        message: &Message,
        receiver: Agent,
        identity: &Identity,
    ) -> Addressed {
        if identity.mode == ApicMode::Off {
            return No;
        }
        let own = sender.agent == receiver;
        let matched = match message.shorthand {
            _ if message.is_init_deassert() => Certain,
            Shorthand::Own => when(own, Certain),
            Shorthand::AllIncludingSelf => Certain,
            Shorthand::AllExcludingSelf => when(!own, Certain),
            Shorthand::None => match message.destination_mode {
                DestinationMode::Physical => self.physical(sender.wide, message.destination, identity),
                DestinationMode::Logical => self.logical(sender.wide, message.destination, identity),
            },
        };
        // A broadcast of the lowest-priority mode is not to be used (SDM vol. 3 §10.6.2.1), but harms nobody here.
        if self.takes(message.mode, identity) { matched } else { matched.min(Perhaps) }
    }

    /// Does a physical destination that is no broadcast in either mode match? The most frequent case of
    /// [`addressed`](Self::addressed).
    #[inline]
    pub(super) const fn matched_by_id(&self, destination: u32, identity: &Identity) -> Addressed {
        let id = match identity.mode {
            ApicMode::Off => return No,
            ApicMode::XApic => identity.id & self.id_mask,
            ApicMode::X2Apic => identity.id,
        };
        when(id == destination, Certain)
    }

    /// Must an agent that is addressed take a message of this mode? A software-disabled one only what is not maskable
    /// (SDM vol. 3 §10.4.7.2); an 82489DX nothing (§22.27.1). A remote read is answered, not delivered.
    const fn takes(&self, mode: DeliveryMode, identity: &Identity) -> bool {
        if matches!(self.generation, Generation::I82489Dx) && !identity.software_enabled {
            return false;
        }
        match mode {
            DeliveryMode::RemoteRead => false,
            DeliveryMode::Init | DeliveryMode::StartUp => true,
            DeliveryMode::Nmi | DeliveryMode::Smi => !identity.in_reset,
            DeliveryMode::Fixed | DeliveryMode::LowestPriority | DeliveryMode::ExtInt => identity.requests(),
        }
    }

    /// SDM vol. 3 §10.6.2.1, §10.12.9. A broadcast from one mode to the other is open.
    fn physical(&self, wide: bool, destination: u32, identity: &Identity) -> Addressed {
        let mask = self.id_mask;
        match (wide, identity.mode) {
            (true, ApicMode::X2Apic) => when(destination == u32::MAX || destination == identity.id, Certain),
            // FFH, or what an I/O APIC makes of it (knob `io_apic_broadcast`): no id has all 32 bits
            (false, ApicMode::X2Apic) if matches!(destination, 0xFF | u32::MAX) => Perhaps,
            (false, ApicMode::X2Apic) => when(destination == identity.id, Certain),
            (false, _) => {
                let destination = destination & mask;
                when(destination == mask || destination == identity.id & mask, Certain)
            }
            (true, _) if destination == identity.id && destination < mask => Certain,
            (true, _) => self.physical(false, destination, identity).min(Perhaps),
        }
    }

    /// SDM vol. 3 §10.6.2.2, §10.12.10.2. Between the modes, and on the 82489DX, all is open.
    fn logical(&self, wide: bool, destination: u32, identity: &Identity) -> Addressed {
        match (wide, identity.mode) {
            (true, ApicMode::X2Apic) => when(x2apic_logical(destination, identity.id), Certain),
            (false, ApicMode::X2Apic) => when(destination == 0xFF || x2apic_logical(destination, identity.id), Perhaps),
            (false, _) => self.xapic_logical(destination as u8, identity),
            (true, _) => self.xapic_logical(destination as u8, identity).min(Perhaps),
        }
    }

    fn xapic_logical(&self, destination: u8, identity: &Identity) -> Addressed {
        let own = (identity.ldr >> 24) as u8;
        let members = destination & own & 0x0F != 0;
        let flat = destination & own != 0;
        let same_cluster = destination >> 4 == own >> 4
            || destination >> 4 == 0xF && self.cluster_fifteen == ClusterFifteen::EveryCluster;
        let cluster = same_cluster && members;
        match identity.dfr >> 28 {
            _ if self.generation == Generation::I82489Dx => Perhaps,
            _ if destination == 0xFF => Certain,
            0xF => when(flat, Certain),
            0 => when(cluster, Certain),
            _ => when(flat || cluster, Perhaps), // reserved models
        }
    }
}

/// Cluster in bits 31:16, members in bits 15:0; an agent's logical id is made from its id (SDM vol. 3 §10.12.10.2).
const fn x2apic_logical(destination: u32, id: u32) -> bool {
    destination == u32::MAX || (destination >> 16 == (id >> 4) & 0xFFFF && destination & 1 << (id & 0xF) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;
    use ApicMode::{Off, X2Apic, XApic};

    fn message(mode: DeliveryMode, destination_mode: DestinationMode, destination: u32) -> Message {
        Message {
            source: 9,
            number: 0,
            mode,
            vector: 0x41,
            destination_mode,
            destination,
            shorthand: Shorthand::None,
            level_triggered: false,
            asserted: true,
            written_at: Time::ZERO,
            queues: false,
        }
    }

    fn identity(mode: ApicMode, id: u32, ldr: u8, dfr: u32) -> Identity {
        Identity { mode, id, ldr: u32::from(ldr) << 24, dfr, software_enabled: true, ..Identity::OFF }
    }

    fn matched(generation: Generation, wide: bool, message: &Message, identity: &Identity) -> Addressed {
        Rules::new(generation, ClusterFifteen::Exact).addressed(Sender { agent: 9, wide }, message, 1, identity)
    }

    #[test]
    fn physical_destinations() {
        // SDM vol. 3 §10.6.2.1, §10.12.9
        let (p6, xapic, x2apic) = (Generation::P6, Generation::XApic, Generation::X2Apic);
        let table = [
            (p6, false, XApic, 3, 0x03, Certain),
            (p6, false, XApic, 3, 0x13, Certain),
            (p6, false, XApic, 3, 0x0F, Certain),
            (p6, false, XApic, 3, 0x04, No),
            (xapic, false, XApic, 3, 0x13, No),
            (xapic, false, XApic, 3, 0x0F, No),
            (xapic, false, XApic, 3, 0xFF, Certain),
            (xapic, false, Off, 3, 0x03, No),
            (x2apic, true, X2Apic, 0x1_0003, 0x1_0003, Certain),
            (x2apic, true, X2Apic, 0x1_0003, 3, No),
            (x2apic, true, X2Apic, 3, 0xFF, No),
            (x2apic, true, X2Apic, 3, u32::MAX, Certain),
            (x2apic, false, X2Apic, 3, 3, Certain),
            (x2apic, false, X2Apic, 3, 0xFF, Perhaps),
            (x2apic, true, XApic, 3, 3, Certain),
            (x2apic, true, XApic, 3, 0x103, Perhaps),
            (x2apic, true, XApic, 3, u32::MAX, Perhaps),
            (x2apic, true, XApic, 3, 4, No),
        ];
        for (generation, wide, mode, id, destination, expected) in table {
            let message = message(DeliveryMode::Fixed, DestinationMode::Physical, destination);
            let found = matched(generation, wide, &message, &identity(mode, id, 0, u32::MAX));
            assert_eq!(found, expected, "{generation} {mode:?} id {id:X} destination {destination:X}");
        }
    }

    #[test]
    fn logical_destinations() {
        // SDM vol. 3 §10.6.2.2, §10.12.10.2
        const FLAT: u32 = u32::MAX;
        const CLUSTER: u32 = 0x0FFF_FFFF;
        let table = [
            (false, XApic, 0x04, FLAT, 0x0E, Certain),
            (false, XApic, 0x04, FLAT, 0x0B, No),
            (false, XApic, 0x00, FLAT, 0xFF, Certain),
            (false, XApic, 0x12, CLUSTER, 0x1F, Certain),
            (false, XApic, 0x12, CLUSTER, 0x1D, No),
            (false, XApic, 0x12, CLUSTER, 0x22, No),
            (false, XApic, 0x12, CLUSTER, 0xF2, No),
            (false, XApic, 0x12, CLUSTER, 0xFF, Certain),
            (false, XApic, 0x12, 0x7FFF_FFFF, 0x12, Perhaps),
            (true, XApic, 0x04, FLAT, 0x04, Perhaps),
            (true, X2Apic, 0, 0, 0x0002_0008, Certain), // id 23h: cluster 2, member 3
            (true, X2Apic, 0, 0, 0x0002_0007, No),
            (true, X2Apic, 0, 0, 0x0003_0008, No),
            (true, X2Apic, 0, 0, u32::MAX, Certain),
            (false, X2Apic, 0, 0, 0xFF, Perhaps),
        ];
        for (wide, mode, ldr, dfr, destination, expected) in table {
            let message = message(DeliveryMode::Fixed, DestinationMode::Logical, destination);
            let found = matched(Generation::X2Apic, wide, &message, &identity(mode, 0x23, ldr, dfr));
            assert_eq!(found, expected, "{mode:?} LDR {ldr:02X} DFR {dfr:08X} destination {destination:X}");
        }
        let every = Rules::new(Generation::XApic, ClusterFifteen::EveryCluster);
        let sender = Sender { agent: 9, wide: false };
        let message = message(DeliveryMode::Fixed, DestinationMode::Logical, 0xF2);
        assert_eq!(every.addressed(sender, &message, 1, &identity(XApic, 0, 0x12, CLUSTER)), Certain);
        let old = Rules::new(Generation::I82489Dx, ClusterFifteen::Exact);
        assert_eq!(old.addressed(sender, &message, 1, &identity(XApic, 0, 0x12, FLAT)), Perhaps);
    }

    #[test]
    fn shorthands_and_the_init_deassert() {
        // SDM vol. 3 §10.6.1
        let fixed = message(DeliveryMode::Fixed, DestinationMode::Physical, 0x77);
        let table = [
            (Shorthand::None, No, No),
            (Shorthand::Own, Certain, No),
            (Shorthand::AllIncludingSelf, Certain, Certain),
            (Shorthand::AllExcludingSelf, No, Certain),
        ];
        let rules = Rules::new(Generation::XApic, ClusterFifteen::Exact);
        let identity = identity(XApic, 3, 0, u32::MAX);
        let both = |message: &Message| {
            [9, 1].map(|to| rules.addressed(Sender { agent: 9, wide: false }, message, to, &identity))
        };
        for (shorthand, own, other) in table {
            assert_eq!(both(&Message { shorthand, ..fixed }), [own, other], "{shorthand:?}");
        }
        let deassert = Message { mode: DeliveryMode::Init, level_triggered: true, asserted: false, ..fixed };
        assert_eq!(both(&deassert), [Certain, Certain]);
    }

    #[test]
    fn who_is_disabled_or_in_reset_need_not_take_everything() {
        // SDM vol. 3 §10.4.7.2
        use DeliveryMode::{ExtInt, Fixed, Init, LowestPriority, Nmi, RemoteRead, Smi, StartUp};
        let table = [
            (Fixed, Perhaps, Perhaps),
            (LowestPriority, Perhaps, Perhaps),
            (ExtInt, Perhaps, Perhaps),
            (Smi, Certain, Perhaps),
            (Nmi, Certain, Perhaps),
            (Init, Certain, Certain),
            (StartUp, Certain, Certain),
            (RemoteRead, Perhaps, Perhaps),
        ];
        for (mode, disabled, in_reset) in table {
            let message = message(mode, DestinationMode::Physical, 3);
            let identity = identity(XApic, 3, 0, u32::MAX);
            let off = Identity { software_enabled: false, ..identity };
            assert_eq!(matched(Generation::XApic, false, &message, &off), disabled, "{mode:?}");
            let reset = Identity { in_reset: true, ..identity };
            assert_eq!(matched(Generation::XApic, false, &message, &reset), in_reset, "{mode:?}");
        }
    }
}
