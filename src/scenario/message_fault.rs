//! `[[fault]] kind = "message"`: what becomes of messages on their way, and of which.

use super::named::named;
use super::role::IpiVector;
use sim::bus::DeliveryMode;

named! {
    /// What becomes of a message.
    ///
    /// ```
    /// # use apicsim::scenario::*;
    /// use apicsim::sim::Named;
    ///
    /// assert_eq!(MessageEffectName::names(), ["lose", "delay", "duplicate", "unnoticed", "damage"]);
    /// ```
    #[non_exhaustive]
    pub enum MessageEffectName ("effect") {
        /// It is lost.
        Lose = "lose",
        /// It comes late.
        Delay = "delay",
        /// It comes twice.
        Duplicate = "duplicate",
        /// Its vector is requested, and the core is not told.
        Unnoticed = "unnoticed",
        /// On a serial bus everybody finds it damaged, and it is sent again.
        Damage = "damage",
    }
}

named! {
    /// The delivery mode of a message.
    ///
    /// ```
    /// # use apicsim::scenario::*;
    /// use apicsim::sim::bus::DeliveryMode;
    ///
    /// assert_eq!(ModeName::StartUp.mode(), DeliveryMode::StartUp);
    /// ```
    #[non_exhaustive]
    pub enum ModeName ("delivery mode") {
        /// A vector.
        Fixed = "fixed",
        /// A vector, for one of several.
        LowestPriority = "lowest-priority",
        /// System management.
        Smi = "smi",
        /// Non-maskable.
        Nmi = "nmi",
        /// INIT, and its level de-assert.
        Init = "init",
        /// Start-up.
        StartUp = "startup",
        /// An external controller's.
        ExtInt = "extint",
    }
}

impl ModeName {
    /// The mode itself.
    pub const fn mode(self) -> DeliveryMode {
        match self {
            Self::Fixed => DeliveryMode::Fixed,
            Self::LowestPriority => DeliveryMode::LowestPriority,
            Self::Smi => DeliveryMode::Smi,
            Self::Nmi => DeliveryMode::Nmi,
            Self::Init => DeliveryMode::Init,
            Self::StartUp => DeliveryMode::StartUp,
            Self::ExtInt => DeliveryMode::ExtInt,
        }
    }
}

/// A fault of messages. Deliveries count that come in its window of time and fit, each target of a message for itself.
///
/// ```
/// use apicsim::prelude::*;
/// use apicsim::scenario::{FaultKind, MessageEffectName, MessagePlan, ModeName};
///
/// let mut nmis_to_2 = MessagePlan::every(MessageEffectName::Lose);
/// (nmis_to_2.to, nmis_to_2.mode) = (Some(2), Some(ModeName::Nmi));
/// let scenario = ScenarioBuilder::new("lost-nmis").fault(Time::ZERO, FaultKind::Message(nmis_to_2)).build()?;
/// assert_eq!(scenario.faults[0].kind, FaultKind::Message(nmis_to_2));
/// # Ok::<(), InputError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessagePlan {
    /// What it does.
    pub effect: MessageEffectName,
    /// How much later a delayed or doubled one comes.
    pub delay_ps: u64,
    /// Of this CPU's messages.
    pub from: Option<u32>,
    /// At this CPU.
    pub to: Option<u32>,
    /// With this vector.
    pub vector: Option<IpiVector>,
    /// Of this mode.
    pub mode: Option<ModeName>,
    /// Before this instant.
    pub until_ps: Option<u64>,
    /// The first that is hit, from 1.
    pub nth: u32,
    /// After that each so-many-th.
    pub every: u32,
    /// At most so many.
    pub count: Option<u32>,
}

impl MessagePlan {
    /// It happens to every message, at every CPU, in no time.
    pub const fn every(effect: MessageEffectName) -> Self {
        Self {
            effect,
            delay_ps: 0,
            from: None,
            to: None,
            vector: None,
            mode: None,
            until_ps: None,
            nth: 1,
            every: 1,
            count: None,
        }
    }
}

/// Parameters that it takes.
pub(super) const PARAMETERS: [&str; 10] =
    ["effect", "delay_us", "from", "to", "vector", "mode", "until_us", "nth", "every", "count"];
