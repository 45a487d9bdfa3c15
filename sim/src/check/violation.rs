//! What is wrong with a history, in words fit for a bug report.
//!
//! Not modelled: why it is wrong.

use super::checks::Check;
use crate::bus::{Agent, DeliveryMode, DestinationMode, Message, Shorthand};
use crate::time::Time;
use std::fmt;

/// A message as a complaint names it.
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
/// let subject = Subject { message, cpus: 2 };
/// assert!(subject.to_string().starts_with("FIXED 41 of CPU0"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The message.
    pub message: Message,
    /// How many CPUs there are: agents above are I/O agents.
    pub cpus: Agent,
}

/// An agent, by kind.
struct Party {
    agent: Agent,
    cpus: Agent,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.agent.checked_sub(self.cpus) {
            None => write!(f, "CPU{}", self.agent),
            Some(0) => f.write_str("the I/O agent"),
            Some(number) => write!(f, "I/O agent {number}"),
        }
    }
}

impl Subject {
    const fn party(&self, agent: Agent) -> Party {
        Party { agent, cpus: self.cpus }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Message { source, number, mode, vector, destination, written_at, .. } = self.message;
        write!(f, "{} {vector:02X} of {} (its message {number}, to ", mode.name(), self.party(source))?;
        match (self.message.shorthand, self.message.destination_mode) {
            (Shorthand::Own, _) => f.write_str("itself")?,
            (Shorthand::AllIncludingSelf, _) => f.write_str("all including itself")?,
            (Shorthand::AllExcludingSelf, _) => f.write_str("all but itself")?,
            (Shorthand::None, DestinationMode::Physical) => write!(f, "physical {destination:02X}")?,
            (Shorthand::None, DestinationMode::Logical) => write!(f, "logical {destination:02X}")?,
        }
        write!(f, ", written at {written_at} us)")
    }
}

/// A history that no correct machine has.
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
/// checker.delivered(1, &message, Time::from_us(1));
/// assert!(matches!(checker.violations(), [Violation::NeverSent { agent: 1, .. }]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// The interconnect is done with a message, and somebody who was addressed all the time has not got it.
    LostIpi {
        /// The message.
        message: Subject,
        /// Who did not get it, lowest first. Of a lowest-priority message: of whom one had to get it.
        missing: Vec<Agent>,
        /// Was the interconnect done with it? Otherwise it holds it no more when the run ends.
        dispatched: bool,
        /// When it was noticed.
        at: Time,
    },
    /// An agent got a message for the second time.
    DuplicatedDelivery {
        /// The message.
        message: Subject,
        /// Who got it.
        agent: Agent,
        /// The second time.
        at: Time,
    },
    /// A second agent got a lowest-priority message.
    DeliveredToTwo {
        /// The message.
        message: Subject,
        /// The second one.
        agent: Agent,
        /// When it got it.
        at: Time,
    },
    /// A message was delivered whose interconnect was done with it before.
    DeliveredAfterItsEnd {
        /// The message.
        message: Subject,
        /// Who got it.
        agent: Agent,
        /// When.
        at: Time,
    },
    /// An agent got a message that does not address it.
    DeliveredToStranger {
        /// The message.
        message: Subject,
        /// Who got it.
        agent: Agent,
        /// When.
        at: Time,
    },
    /// A message was delivered that nobody sent.
    NeverSent {
        /// The message.
        message: Subject,
        /// Who got it.
        agent: Agent,
        /// When.
        at: Time,
    },
    /// Two messages of one sender have the same number.
    SentTwice {
        /// The second one.
        message: Subject,
        /// When it was sent.
        at: Time,
    },
    /// A message was delivered that is not as it was sent.
    Altered {
        /// As it was delivered.
        message: Subject,
        /// As it was sent.
        sent: Subject,
        /// Who got it.
        agent: Agent,
        /// When.
        at: Time,
    },
    /// The interconnect was done with a message, or one was replaced, that was not pending.
    NotPending {
        /// The message.
        message: Subject,
        /// Replaced, not dispatched?
        replaced: bool,
        /// When.
        at: Time,
    },
    /// The delivery status after a message does not say whether the sender has another one pending.
    WrongDeliveryStatus {
        /// The message.
        message: Subject,
        /// What it was said to be: still "send pending"?
        still_busy: bool,
        /// When.
        at: Time,
    },
    /// The handler of a vector was entered that nobody delivered, or that was taken already.
    TakenButNotDelivered {
        /// The CPU.
        agent: Agent,
        /// The vector.
        vector: u8,
        /// When.
        at: Time,
    },
    /// Delivered vectors that were not taken are missing in the IRR.
    VanishedFromIrr {
        /// The CPU.
        agent: Agent,
        /// The vectors, lowest first.
        vectors: Vec<u8>,
        /// When the IRR was compared.
        at: Time,
    },
    /// The IRR holds vectors that nobody delivered, or that were taken already.
    AppearedInIrr {
        /// The CPU.
        agent: Agent,
        /// The vectors, lowest first.
        vectors: Vec<u8>,
        /// When the IRR was compared.
        at: Time,
    },
    /// An NMI was taken, or is latched, that nobody delivered.
    NmiFromNowhere {
        /// The CPU.
        agent: Agent,
        /// Found in the latch, not taken?
        latched: bool,
        /// When.
        at: Time,
    },
    /// A delivered NMI was neither taken nor is it latched.
    VanishedNmi {
        /// The CPU.
        agent: Agent,
        /// When the latch was compared.
        at: Time,
    },
}

impl Violation {
    /// The check that finds it.
    pub const fn check(&self) -> Check {
        match self {
            Self::LostIpi { .. } => Check::LostIpi,
            Self::DuplicatedDelivery { .. } | Self::DeliveredToTwo { .. } | Self::DeliveredAfterItsEnd { .. } => {
                Check::DuplicatedDelivery
            }
            Self::DeliveredToStranger { .. } => Check::DeliveredToStranger,
            Self::NeverSent { .. } => Check::NeverSent,
            Self::Altered { .. } => Check::Altered,
            Self::SentTwice { .. } => Check::SentTwice,
            Self::NotPending { .. } | Self::WrongDeliveryStatus { .. } => Check::DeliveryStatus,
            Self::TakenButNotDelivered { .. } => Check::TakenButNotDelivered,
            Self::VanishedFromIrr { .. } => Check::VanishedFromIrr,
            Self::AppearedInIrr { .. } => Check::AppearedInIrr,
            Self::NmiFromNowhere { .. } => Check::NmiFromNowhere,
            Self::VanishedNmi { .. } => Check::VanishedNmi,
        }
    }

    /// When it happened, or was noticed.
    pub const fn at(&self) -> Time {
        match self {
            Self::LostIpi { at, .. }
            | Self::DuplicatedDelivery { at, .. }
            | Self::DeliveredToTwo { at, .. }
            | Self::DeliveredAfterItsEnd { at, .. }
            | Self::DeliveredToStranger { at, .. }
            | Self::NeverSent { at, .. }
            | Self::SentTwice { at, .. }
            | Self::Altered { at, .. }
            | Self::NotPending { at, .. }
            | Self::WrongDeliveryStatus { at, .. }
            | Self::TakenButNotDelivered { at, .. }
            | Self::VanishedFromIrr { at, .. }
            | Self::AppearedInIrr { at, .. }
            | Self::NmiFromNowhere { at, .. }
            | Self::VanishedNmi { at, .. } => *at,
        }
    }
}

/// `CPU1, CPU2 and CPU3`.
fn cpus(agents: &[Agent]) -> String {
    let names: Vec<_> = agents.iter().map(|agent| format!("CPU{agent}")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn vectors(vectors: &[u8]) -> String {
    let names: Vec<_> = vectors.iter().map(|vector| format!("{vector:02X}")).collect();
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("vector{plural} {}", names.join(" "))
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} us: ", self.at())?;
        match self {
            Self::LostIpi { message, missing, dispatched, .. } => {
                write!(f, "{message} ")?;
                f.write_str(if *dispatched { "is dispatched" } else { "is no longer on the interconnect" })?;
                match message.message.mode {
                    DeliveryMode::LowestPriority => write!(f, ", but none of {} got it", cpus(missing)),
                    _ => write!(f, ", but {} never got it", cpus(missing)),
                }
            }
            Self::DuplicatedDelivery { message, agent, .. } => {
                write!(f, "{message} was delivered to {} a second time", message.party(*agent))
            }
            Self::DeliveredToTwo { message, agent, .. } => {
                write!(f, "{message} was delivered to {}, although one CPU had got it", message.party(*agent))
            }
            Self::DeliveredAfterItsEnd { message, agent, .. } => {
                write!(f, "{message} was delivered to {} after it had been dispatched", message.party(*agent))
            }
            Self::DeliveredToStranger { message, agent, .. } => {
                write!(f, "{message} was delivered to {}, which it does not address", message.party(*agent))
            }
            Self::NeverSent { message, agent, .. } => {
                write!(f, "{message} was delivered to {}, but nobody sent it", message.party(*agent))
            }
            Self::SentTwice { message, .. } => write!(f, "{message} has the number of an earlier message"),
            Self::Altered { message, sent, agent, .. } => {
                write!(f, "{message} was delivered to {}, but sent as {sent}", message.party(*agent))
            }
            Self::NotPending { message, replaced, .. } => {
                let what = if *replaced { "replaced" } else { "dispatched" };
                write!(f, "{message} was {what}, but it was not pending")
            }
            Self::WrongDeliveryStatus { message, still_busy: true, .. } => {
                write!(f, "the delivery status stays \"send pending\" after {message}, but no newer message is pending")
            }
            Self::WrongDeliveryStatus { message, .. } => {
                write!(f, "the delivery status becomes idle after {message}, although a newer message is pending")
            }
            Self::TakenButNotDelivered { agent, vector, .. } => {
                write!(f, "CPU{agent} took vector {vector:02X}, which was not delivered since it took it last")
            }
            Self::VanishedFromIrr { agent, vectors: lost, .. } => {
                write!(f, "the IRR of CPU{agent} lacks {}, delivered and not taken", vectors(lost))
            }
            Self::AppearedInIrr { agent, vectors: found, .. } => {
                write!(f, "the IRR of CPU{agent} has {}, not delivered or taken already", vectors(found))
            }
            Self::NmiFromNowhere { agent, latched: false, .. } => {
                write!(f, "CPU{agent} took an NMI that was not delivered since it took one last")
            }
            Self::NmiFromNowhere { agent, .. } => write!(f, "CPU{agent} has an NMI latched that was not delivered"),
            Self::VanishedNmi { agent, .. } => {
                write!(f, "an NMI was delivered to CPU{agent}, but is neither taken nor latched")
            }
        }
    }
}
