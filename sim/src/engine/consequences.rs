//! What the interconnect says must happen, done to the CPUs and the devices.

use super::attempts::AttemptRun;
use super::fabric::Fabric;
use super::slot::Slot;
use crate::apic::Delivered;
use crate::bus::{Agent, AttemptOutcome, BusEffect, DeliveryMode, Message, Request};
use crate::processor::{Core, Provenance};
use crate::stream::What;
use crate::time::Time;

impl Fabric {
    /// Does what `effect` says. Gives whom it has changed.
    #[inline(always)]
    pub(super) fn perform<'c>(&mut self, now: Time, effect: &BusEffect, cores: &'c mut [Slot]) -> Option<&'c mut Core> {
        if let BusEffect::Deliver { agent, message } = effect {
            if self.message_faults.is_some() {
                return self.deliver_or_not(now, *agent, message, cores);
            }
            return Some(self.deliver_now(now, *agent, message, cores));
        }
        if let BusEffect::Dispatched { message, busy_still } = effect {
            self.event_made(now, || What::Dispatched(*message, *busy_still));
            self.carrier.disturb(now);
            return self.dispatched(now, message, *busy_still, cores);
        }
        self.perform_another(now, effect, cores)
    }

    /// What is no part of most messages.
    #[inline(never)]
    fn perform_another<'c>(&mut self, now: Time, effect: &BusEffect, cores: &'c mut [Slot]) -> Option<&'c mut Core> {
        match effect {
            BusEffect::Attempt { message, outcome } => self.attempt(now, *message, *outcome),
            BusEffect::RemoteRead { message, value } => {
                self.event(now, What::RemoteRead(*message, *value));
                self.carrier.disturb(now);
                let core = reached(cores.get_mut(usize::from(message.source))?, now);
                core.apic.remote_read_answered(*value);
                core.apic_changed(now);
                return Some(core);
            }
            BusEffect::Noise => self.attempted = true,
            BusEffect::Error { agent, bits } => return self.error(now, *agent, *bits, cores),
            BusEffect::EndOfInterrupt { vector } => {
                self.event(now, What::EndOfInterrupt(*vector));
                self.carrier.disturb(now);
                self.devices.end_of_interrupt(*vector, now);
                self.send_for_devices(now);
            }
            BusEffect::Deliver { .. } | BusEffect::Dispatched { .. } => {}
        }
        None
    }

    fn attempt(&mut self, now: Time, message: Message, outcome: AttemptOutcome) {
        self.attempted = true;
        self.refused |= outcome == AttemptOutcome::Retry;
        match self.runs.iter_mut().find(|run| run.message == message) {
            Some(run) if run.outcome == outcome => {
                run.last = now;
                run.count += 1;
                return;
            }
            Some(_) => self.close_runs(now),
            None => {}
        }
        // The first attempt of a message, or with a new outcome, is a change; the ones after it are a run.
        self.carrier.disturb(now);
        self.runs.push(AttemptRun { message, outcome, first: now, last: now, count: 1 });
        self.stream.touch(now);
    }

    /// `agent` gets `message`.
    #[inline(always)]
    pub(super) fn deliver_now<'c>(
        &mut self,
        now: Time,
        agent: Agent,
        message: &Message,
        cores: &'c mut [Slot],
    ) -> &'c mut Core {
        self.event_made(now, || What::Delivered(agent, *message));
        self.carrier.disturb(now);
        let core = reached(&mut cores[usize::from(agent)], now);
        if let Some(watch) = &mut self.watch {
            watch.delivered(core, message, now);
        }
        Self::deliver(now, core, message);
        if message.mode != DeliveryMode::Nmi {
            core.requests_are_told();
        }
        core
    }

    #[inline(always)]
    pub(super) fn deliver(now: Time, core: &mut Core, message: &Message) {
        match core.apic.deliver(message) {
            Delivered::Nmi => core.nmi_arrives(now),
            Delivered::Smi => core.smi_arrives(now),
            Delivered::Init => {
                core.init_arrives(now);
                core.apic_changed(now);
            }
            // Whether it starts or not: a proof of its loop ends where something reaches it, skipped or not.
            Delivered::InitReleased => {
                core.init_released(now);
                core.apic_changed(now);
            }
            Delivered::StartUp(vector) => {
                core.start_up_arrives(vector, now);
                core.apic_changed(now);
            }
            Delivered::External(vector) => core.external_arrives(vector, now),
            Delivered::Requested(vector) => {
                core.account.note_provenance(vector, Provenance { from: message.source, at: now });
                core.apic_changed(now);
            }
            Delivered::Nothing => {
                core.tell_local_requests(now); // an illegal vector may have requested the error interrupt
                core.apic_changed(now);
            }
        }
    }

    #[inline(always)]
    fn dispatched<'c>(
        &mut self,
        now: Time,
        message: &Message,
        busy_still: bool,
        cores: &'c mut [Slot],
    ) -> Option<&'c mut Core> {
        if let Some(watch) = &mut self.watch {
            watch.dispatched(message, busy_still, now);
        }
        let Some(core) = cores.get_mut(usize::from(message.source)) else {
            self.devices.dispatched(now);
            self.send_for_devices(now);
            return None;
        };
        let core = reached(core, now);
        let queued = core.apic.dispatched(message, busy_still);
        if !core.apic.is_busy() {
            core.icr_idle(now);
        }
        core.apic_changed(now);
        if let Some(next) = queued {
            self.event(now, What::Sent(next));
            self.take(now, &Request::Message(next));
        }
        Some(core)
    }

    /// `agent` records `bits`. An error that is recorded already changes nothing, and nobody.
    #[cold]
    fn error<'c>(&mut self, now: Time, agent: Agent, bits: u32, cores: &'c mut [Slot]) -> Option<&'c mut Core> {
        if self.is_dead(agent) {
            return None;
        }
        let core = cores.get_mut(usize::from(agent))?;
        if !core.apic.record_error_changes(bits) {
            return None;
        }
        let core = reached(core, now);
        core.apic.record_error(bits); // a fixed interrupt, if any: the error entry has no other mode
        core.tell_local_requests(now);
        core.apic_changed(now);
        self.event(now, What::Error(agent, bits));
        self.carrier.disturb(now);
        Some(core)
    }
}

/// The core that something reaches at `now`.
///
/// # Panics
/// If it is further than that already.
#[inline]
pub(super) fn reached(slot: &mut Slot, now: Time) -> &mut Core {
    let core: &mut Core = slot;
    if core.stream.last() > now {
        is_further(core.agent, core.stream.last(), now);
    }
    core
}

#[cold]
fn is_further(number: Agent, last: Time, now: Time) -> ! {
    panic!("CPU{number} is at {last} us when something reaches it at {now} us")
}
