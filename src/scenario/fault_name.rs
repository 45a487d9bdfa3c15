//! The kinds of fault: their names, parameters and buses.

use super::machine::Bus;
use super::message_fault;
use super::named::named;

named! {
    /// A kind of fault.
    ///
    /// ```
    /// # use apicsim::scenario::*;
    /// use apicsim::sim::Named;
    ///
    /// assert_eq!(FaultKind::DeadLink { cluster: 1 }.fault_name(), FaultName::DeadLink);
    /// assert!(FaultName::names().contains(&"stuck-wire"));
    /// ```
    #[non_exhaustive]
    pub enum FaultName ("fault") {
        /// The chipset stops completing interrupt transactions.
        FsbStall = "fsb-stall",
        /// The front-side bus is locked or blocked by somebody, once or again and again.
        FsbLock = "fsb-lock",
        /// The chipset answers redirectable transactions with a retry.
        FsbRetry = "fsb-retry",
        /// Messages are lost, late, doubled or not noticed, on any bus.
        Message = "message",
        /// The local APIC of a CPU is off, and stays off.
        ApicDead = "apic-dead",
        /// The delivery status bit of a CPU is jammed: the one fault that acts on the bit itself.
        IcrStuck = "icr-stuck",
        /// An NMI at the pin of a CPU.
        Nmi = "nmi",
        /// An NMI at the pin of a CPU, exactly after the next destination (ICR high) that it writes.
        NmiBetweenWrites = "nmi-between-writes",
        /// A CPU is in system-management mode for a while.
        Smm = "smm",
        /// A CPU shuts down (triple fault).
        Shutdown = "shutdown",
        /// A CPU is initialised by its pin, and waits for a start-up message.
        Init = "init",
        /// A deep sleep state loses the low half of a CPU's ICR.
        DeepSleep = "deep-sleep",
        /// Messages on the serial bus arrive damaged.
        ChecksumNoise = "checksum-noise",
        /// A data wire of the serial bus is stuck.
        StuckWire = "stuck-wire",
        /// The serial bus has no clock.
        LostClock = "lost-clock",
        /// A CPU has a wrong arbitration id.
        ArbitrationId = "arbitration-id",
        /// A CPU sends EOI messages without end.
        Jabber = "jabber",
        /// The link between a cluster and the others is dead.
        DeadLink = "dead-link",
    }
}

impl FaultName {
    /// Parameters that it takes.
    pub(super) const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::FsbStall | Self::LostClock => &["until_us", "every_us", "count"],
            Self::FsbLock => &["until_us", "held_us", "every_us"],
            Self::FsbRetry => &["until_us", "count"],
            Self::Message => &message_fault::PARAMETERS,
            Self::ApicDead | Self::IcrStuck => &["cpu"],
            Self::Nmi | Self::NmiBetweenWrites | Self::Shutdown | Self::Init | Self::DeepSleep => {
                &["cpu", "every_us", "count"]
            }
            Self::Smm => &["cpu", "length_us", "every_us", "count"],
            Self::ChecksumNoise => &["until_us", "every", "every_us", "count"],
            Self::StuckWire => &["until_us", "wire", "stuck", "every_us", "count"],
            Self::ArbitrationId => &["cpu", "id", "every_us", "count"],
            Self::Jabber => &["cpu", "until_us", "every_us", "count"],
            Self::DeadLink => &["cluster"],
        }
    }

    /// Can it come again and again, each time as a fault of its own? (Others do so by themselves, or stay for ever.)
    pub(super) const fn comes_again(self) -> bool {
        matches!(
            self,
            Self::FsbStall
                | Self::LostClock
                | Self::ChecksumNoise
                | Self::StuckWire
                | Self::ArbitrationId
                | Self::Jabber
        )
    }

    /// The bus that it is a fault of, if of one.
    pub(super) const fn bus(self) -> Option<Bus> {
        match self {
            Self::FsbStall | Self::FsbLock | Self::FsbRetry => Some(Bus::Fsb),
            Self::ChecksumNoise | Self::StuckWire | Self::LostClock | Self::ArbitrationId | Self::Jabber => {
                Some(Bus::Serial)
            }
            Self::DeadLink => Some(Bus::Cluster),
            _ => None,
        }
    }
}
