//! What became of a message at a CPU: what it did when it was delivered, or why it was not taken.

use super::cpu::{CpuState, Sleep};
use super::end::End;
use super::latches::{Cause, Origin, latch};
use sim::Time;
use sim::apic::{CoreState, Delivered, Mode};
use sim::bus::{DeliveryMode, Message, Response};

/// What a delivered message did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Its vector was set in the IRR.
    Requested,
    /// Its vector was in the IRR already, by this: two became one.
    Merged(Origin),
    /// It waits in a latch of the core: an NMI, SMI, INIT, or the interrupt of an external controller.
    Latched,
    /// One of its kind was latched already, by this: two became one.
    Collapsed(Origin),
    /// The CPU waited for it, and started.
    Started,
    /// A start-up message: the CPU did not wait for one.
    DidNotWait {
        /// What it did instead; `None`: it ran.
        sleep: Option<Sleep>,
        /// It was in system-management mode.
        system_management: bool,
        /// An INIT was latched, and not taken yet.
        init_latched: bool,
    },
    /// An INIT: the CPU waited for a start-up message already.
    ResetAlready,
    /// An NMI: the CPU waited for a start-up message.
    LostInReset,
    /// The APIC is software-disabled: it dropped the vector.
    SoftwareDisabled,
    /// The vector is illegal.
    IllegalVector,
    /// Nothing that the core is told.
    Nothing,
}

/// A message at a CPU that got it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) cpu: u16,
    pub(crate) at: Time,
    pub(crate) effect: Effect,
    /// `None`: it waits still, or never has.
    pub(crate) end: Option<End>,
}

impl Arrival {
    /// Does it wait at the CPU to be taken?
    pub(crate) const fn waits(&self) -> bool {
        self.end.is_none() && matches!(self.effect, Effect::Requested | Effect::Latched)
    }
}

/// Why a CPU that a message is for has not taken it, by the time its sender's bus was done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Miss {
    /// Its APIC is dead since then (injected).
    Dead(Time),
    /// Its APIC is globally disabled.
    GloballyDisabled,
    /// It waits for a start-up message, with its APIC as after a reset: the destination does not name it, or it is deaf.
    WaitsForStartUp,
    /// Its APIC is software-disabled.
    SoftwareDisabled,
    /// The destination does not name it any more, or not yet.
    NotNamed,
    /// A fault of the machine lost it on its way, then (injected).
    Lost(Time),
}

impl CpuState {
    /// `message` is delivered at `now`.
    pub(super) fn deliver(&mut self, now: Time, message: &Message) -> Effect {
        if self.has_taken(message) {
            let had = self.to_itself.take().is_some_and(|(_, had)| had);
            return self.request(message, now, had);
        }
        let had = self.apic.requested().any(|vector| vector == message.vector);
        let enabled = self.apic.software_enabled();
        let origin = Origin::Message(message.source, message.number);
        match self.apic.deliver(message) {
            Delivered::Requested(vector) => {
                debug_assert_eq!(vector, message.vector);
                self.request(message, now, had)
            }
            Delivered::Nmi if self.reset.is_some() && self.reset_blocks_nmi => Effect::LostInReset,
            Delivered::Nmi => latched(&mut self.latches.nmi, now, origin),
            Delivered::Smi => latched(&mut self.latches.smi, now, origin),
            Delivered::Init if self.reset.is_some() => Effect::ResetAlready,
            Delivered::Init => latched(&mut self.latches.init, now, origin),
            Delivered::External(vector) => {
                let before = self.latches.external.map(|(_, before)| before);
                self.latches.external = Some((vector, before.unwrap_or(origin)));
                before.map_or(Effect::Latched, Effect::Collapsed)
            }
            Delivered::StartUp(_) if self.reset.is_some() => Effect::Started,
            Delivered::StartUp(_) => Effect::DidNotWait {
                sleep: self.sleep(),
                system_management: self.system_management_since().is_some(),
                init_latched: self.latches.init.is_some(),
            },
            Delivered::InitReleased => Effect::Nothing,
            Delivered::Nothing if message.mode == DeliveryMode::RemoteRead => Effect::Nothing,
            Delivered::Nothing if !enabled => Effect::SoftwareDisabled,
            Delivered::Nothing => Effect::IllegalVector,
        }
    }

    /// The vector of `message` is in the IRR now; `had`: it was there before.
    fn request(&mut self, message: &Message, now: Time, had: bool) -> Effect {
        if had {
            return Effect::Merged(self.carriers.get(&message.vector).map_or(Origin::Local, |by| by.origin));
        }
        let origin = Origin::Message(message.source, message.number);
        self.carriers.insert(message.vector, Cause { at: now, origin });
        Effect::Requested
    }

    /// Why this CPU does not take `message`, if there is a reason that lasts.
    pub(crate) fn misses(&self, message: &Message) -> Option<Miss> {
        let silent = self.apic.response(message, self.core()) == Response::Silent;
        match () {
            () if self.dead_since.is_some() => self.dead_since.map(Miss::Dead),
            () if self.apic.mode() == Mode::Disabled => Some(Miss::GloballyDisabled),
            () if !self.apic.addressed_by(message) || silent => Some(match () {
                () if self.reset.is_some() => Miss::WaitsForStartUp,
                () if !self.apic.software_enabled() => Miss::SoftwareDisabled,
                () => Miss::NotNamed,
            }),
            () => None,
        }
    }

    /// Does it answer Retry, or is it full and silent?
    pub(super) fn refuses(&self, message: &Message) -> bool {
        let answers = self.dead_since.is_none() && self.apic.addressed_by(message);
        answers && matches!(self.apic.response(message, self.core()), Response::Retry | Response::Refuse)
    }

    fn core(&self) -> CoreState {
        CoreState {
            nmi_blocked: self.nmi_blocked,
            nmi_latched: self.latches.nmi.is_some(),
            waits_for_start_up: self.reset.is_some(),
        }
    }
}

fn latched(place: &mut Option<Cause>, now: Time, origin: Origin) -> Effect {
    let before = *place;
    latch(place, now, origin);
    before.map_or(Effect::Latched, |cause| Effect::Collapsed(cause.origin))
}
