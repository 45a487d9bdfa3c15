//! What the events of a CPU do to it: handlers, flags, sleep, INIT and start-up, and its registers.

use super::cpu::{CpuState, HeldStore, Reset, Unsent};
use super::end::End;
use super::frame::Frame;
use super::latches::{Latches, Origin, latch};
use sim::apic::{LocalInterrupt, LocalSource, Mode, WriteResult};
use sim::bus::Message;
use sim::{Access, Context, Event, Kind, LocalEvent, Pin, Time, What};

/// ICR bits 31:0 and 63:32 in the page, and both as one model-specific register (SDM vol. 3 §10.6.1, 10.12.9).
const ICR_LOW: u32 = 0x300;
const ICR_HIGH: u32 = 0x310;
const MSR_COMMAND: u32 = 0x830;

impl CpuState {
    /// The next event of this CPU.
    pub(super) fn take(&mut self, event: &Event) {
        let now = event.time;
        match event.what {
            What::Write { access, .. } if access.kind == Kind::Store => self.stored(event, access.operand as u16),
            What::Write { access, value } => self.written(event, access, value),
            What::IcrWrittenWhileBusy(value) if self.command_written_at != Some(now) => {
                self.stalled_since = Some(now);
                self.stalled_command = Some((self.asked(now, value), event.site));
            }
            What::IcrWrittenWhileBusy(value) => {
                let before = self.queued_before.take();
                self.written_while_busy(event, value, before);
            }
            What::Entered(context) => self.enter(event, context),
            What::Left(context) => self.leave(context, now),
            What::InterruptFlag(on) => self.set_interrupt_flag(on, now),
            What::Halted => {
                self.apic.core_halts(now);
                self.halted = Some(now);
            }
            What::Woken => {
                self.apic.core_wakes(now);
                self.halted = None;
            }
            What::NmiLatched => _ = latch(&mut self.latches.nmi, now, Origin::Local),
            What::Shutdown => _ = self.shutdown.get_or_insert((now, None)),
            What::Initialised => self.initialise(now),
            What::Started(_) => self.reset = None,
            What::Local(local) => self.local(local, now),
            What::Ended => self.finished = true,
            _ => {}
        }
    }

    /// It asked for `message`.
    pub(super) fn sent(&mut self, event: &Event, message: Message) {
        if !self.has_taken(&message) {
            self.busy_since.get_or_insert(event.time);
        }
        self.unsent = None;
        if let Some(site) = event.site {
            self.last_send = Some((message, site));
            self.pairs.low(self.frames.len(), site, message);
        }
    }

    /// It stored to `word`: others see that at once, or when it leaves.
    fn stored(&mut self, event: &Event, word: u16) {
        if self.stores_wait {
            self.held_stores.push_back(HeldStore { word, at: event.time, site: event.site });
        }
    }

    /// Has its APIC taken this message to itself when it was written?
    pub(super) fn has_taken(&self, message: &Message) -> bool {
        message.source == self.number && self.to_itself.is_some_and(|(number, _)| number == message.number)
    }

    /// The bus is done with `message`.
    pub(super) fn dispatched(&mut self, message: &Message, busy_still: bool) {
        self.apic.dispatched(message, busy_still);
        if !self.apic.is_busy() {
            self.busy_since = None;
        }
    }

    fn written(&mut self, event: &Event, access: Access, value: u64) {
        let now = event.time;
        match access.kind {
            Kind::MemoryWrite if !self.is_in_page(access.operand) => {}
            Kind::RegisterWrite | Kind::RegisterExchange | Kind::MemoryWrite => {
                let offset = access.operand & 0xFFF;
                if offset == ICR_LOW {
                    (self.stalled_since, self.command_written_at) = (None, Some(now));
                    self.queued_before = self.apic.queued().map(|message| (*message, self.queued_by));
                } else if offset == ICR_HIGH
                    && let Some(site) = event.site
                {
                    self.pairs.high(self.frames.len(), site, value as u32, now);
                }
                let busy = self.apic.is_busy();
                let result = self.apic.write(offset as u16, value as u32, now).result;
                if offset == ICR_LOW && result == WriteResult::Nothing {
                    self.unsent = Some(Unsent { at: now, command: value as u32, busy });
                }
            }
            Kind::MsrWrite => {
                let had = self.apic.requested().any(|vector| u64::from(vector) == value);
                let result =
                    self.apic.write_msr(access.operand, value, now).map_or(WriteResult::Nothing, |it| it.result);
                if let WriteResult::DeliveredToSelf(message) = result {
                    self.to_itself = Some((message.number, had));
                }
                if access.operand == MSR_COMMAND {
                    self.command_written_at = Some(now);
                    let unsent = Unsent { at: now, command: value as u32, busy: false };
                    self.unsent = (result == WriteResult::Nothing).then_some(unsent);
                }
                if self.apic.mode() == Mode::Disabled {
                    let wiped = std::mem::take(&mut self.carriers).into_values();
                    self.ended.extend(wiped.map(|cause| (cause.origin, End::Disabled(now))));
                }
            }
            Kind::PriorityWrite => {
                self.apic.write_cr8(value as u8);
            }
            _ => {}
        }
    }

    /// Is it an address in the page of its own APIC?
    fn is_in_page(&self, address: u32) -> bool {
        self.apic.mode() == Mode::XApic && self.apic.page() == u64::from(address & !0xFFF)
    }

    fn enter(&mut self, event: &Event, context: Context) {
        let now = event.time;
        self.entered = Some((context, now));
        match context {
            Context::Nmi => {
                self.nmi_blocked = true;
                let latched = self.latches.nmi.take();
                self.taken(latched.map(|cause| cause.origin), now, context);
            }
            Context::SystemManagement => {
                let latched = self.latches.smi.take();
                self.taken(latched.map(|cause| cause.origin), now, context);
            }
            Context::Shutdown => self.shutdown = Some((now, self.latches.shutdown.take())),
            Context::Interrupt(vector) => {
                let external = self.latches.external.take_if(|(external, _)| *external == vector);
                let origin = match external {
                    Some((_, origin)) => Some(origin),
                    None if self.apic.pending_vector().is_none() => None, // the spurious one
                    None => self.carriers.remove(&self.apic.acknowledge()).map(|cause| cause.origin),
                };
                self.taken(origin, now, context);
            }
            Context::Program => {}
        }
        self.halted = None;
        let (interrupted, interrupt_flag) = (event.site, self.interrupt_flag);
        self.frames.push(Frame { context, since: now, interrupted, interrupt_flag });
        self.set_interrupt_flag(false, now);
    }

    /// What came from `origin` is taken.
    fn taken(&mut self, origin: Option<Origin>, now: Time, context: Context) {
        self.ended.extend(origin.map(|origin| (origin, End::Taken(now, Some(context)))));
    }

    fn leave(&mut self, context: Context, now: Time) {
        let Some(frame) = self.frames.pop() else { return };
        let managed = self.system_management_since().is_some();
        match context {
            Context::Nmi => self.nmi_blocked = false,
            Context::SystemManagement => self.nmi_blocked &= self.restores_nmi_blocking,
            Context::Interrupt(_) if !managed => self.nmi_blocked = false,
            _ => {}
        }
        self.set_interrupt_flag(frame.interrupt_flag, now);
    }

    fn set_interrupt_flag(&mut self, on: bool, now: Time) {
        self.interrupt_flag = on;
        let since = &mut self.interrupts_off_since;
        *since = if on { None } else { since.or(Some(now)) };
    }

    /// What it ran is gone, and its APIC is reset but for its id (SDM vol. 3 §10.4.7.3).
    fn initialise(&mut self, now: Time) {
        let Latches { init: by, nmi, smi, external, .. } = std::mem::take(&mut self.latches);
        self.ended.extend(by.map(|cause| (cause.origin, End::Taken(now, None))));
        let latched = [nmi, smi].into_iter().flatten().map(|cause| cause.origin).chain(external.map(|(_, by)| by));
        let requested = std::mem::take(&mut self.carriers).into_values().map(|cause| cause.origin);
        let wiped = latched.chain(requested);
        self.ended.extend(wiped.map(|origin| (origin, End::Initialised(now))));
        self.nmi_blocked = false;
        (self.halted, self.shutdown, self.stalled_since) = (None, None, None);
        self.frames.clear();
        self.frames.push(Frame { context: Context::Program, since: now, interrupted: None, interrupt_flag: false });
        self.set_interrupt_flag(false, now);
        self.apic.init();
        (self.finished, self.initialised, self.unsent) = (false, Some(now), None);
        self.reset = (!self.bootstrap).then_some(Reset { since: now, by });
    }

    /// Something happened on it by itself. An NMI tells of itself.
    fn local(&mut self, event: LocalEvent, now: Time) {
        match event {
            LocalEvent::Interrupt(source) => {
                match self.apic.local_event(source, now) {
                    Some(LocalInterrupt::Smi) => _ = latch(&mut self.latches.smi, now, Origin::Local),
                    Some(LocalInterrupt::Init) if self.reset.is_none() => {
                        latch(&mut self.latches.init, now, Origin::Local);
                    }
                    Some(LocalInterrupt::External(vector)) => self.latches.external = Some((vector, Origin::Local)),
                    _ => {}
                }
                if let LocalSource::Lint { high: false, .. } = source {
                    self.latches.external = None; // ExtINT is a level
                }
            }
            LocalEvent::SystemManagement(_) => _ = latch(&mut self.latches.smi, now, Origin::Injected),
            LocalEvent::Init if self.reset.is_none() => _ = latch(&mut self.latches.init, now, Origin::Injected),
            LocalEvent::Shutdown => {
                self.apic.core_wakes(now);
                latch(&mut self.latches.shutdown, now, Origin::Injected);
            }
            LocalEvent::JamDeliveryStatus => {
                self.jammed_since.get_or_insert(now);
                self.apic.jam_delivery_status();
            }
            LocalEvent::Pin(pin) => self.pin_driven(pin, now),
            LocalEvent::LoseCommand => self.apic.lose_command(),
            LocalEvent::StoreLeft(_) => _ = self.held_stores.pop_front(),
            LocalEvent::PriorityWritten => self.apic.take_late_priority(),
            LocalEvent::Init | LocalEvent::ArmNmiPulse | LocalEvent::StoresLeave => {}
        }
    }

    /// Software drives one of its pins. An NMI tells of itself.
    fn pin_driven(&mut self, pin: Pin, now: Time) {
        match pin {
            Pin::Nmi => {
                for high in [true, false] {
                    self.local(LocalEvent::Interrupt(LocalSource::Lint { pin: 1, high, vector: 0 }), now);
                }
            }
            Pin::Smi(_) => _ = latch(&mut self.latches.smi, now, Origin::Local),
            Pin::Init if self.reset.is_none() => _ = latch(&mut self.latches.init, now, Origin::Local),
            Pin::Init => {}
        }
    }
}
