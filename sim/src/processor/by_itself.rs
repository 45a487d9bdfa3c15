//! What happens on a CPU by itself: its timers, counters and pins, and injected changes of its state.

use super::activity_kind::Activity;
use super::core::Core;
use super::facts::Fact;
use super::latches::Latch;
use super::local_events::{LocalEvent, Pin};
use crate::apic::{LocalInterrupt, LocalSource};
use crate::stream::What;
use crate::time::Time;

impl Core {
    /// Works out anew when the next local event is due; `now` is the instant of what changed.
    pub(super) fn refresh_local(&mut self, now: Time) {
        let before = self.local.cycle();
        self.local.refresh(self.apic.timer_expiry(), now, self.common.clock);
        if self.local.cycle() != before {
            self.refresh_slow();
        }
    }

    /// The local event that is due happens. Listed ones come before the timer.
    pub(super) fn local_event(&mut self) {
        let event = self.local.take_due().unwrap_or(LocalEvent::Interrupt(LocalSource::Timer));
        let now = self.common.clock.instant(self.local.cycle());
        self.effective(now, None, What::Local(event));
        match event {
            LocalEvent::Interrupt(source) => {
                let fired = self.apic.local_event(source, now);
                self.local_interrupt(fired, now);
                if let LocalSource::Lint { high: false, .. } = source {
                    self.latches.clear(Latch::External); // ExtINT is a level
                }
            }
            LocalEvent::SystemManagement(span) => {
                self.local.add_window(span);
                self.latches.set(Latch::Smi, now);
            }
            LocalEvent::Init => self.init_arrives(now),
            LocalEvent::Shutdown => {
                self.apic.core_wakes(now);
                self.activity = Activity::ShuttingDown;
                self.latches.set(Latch::Shutdown, now);
            }
            LocalEvent::JamDeliveryStatus => self.apic.jam_delivery_status(),
            LocalEvent::LoseCommand => self.apic.lose_command(),
            LocalEvent::ArmNmiPulse => self.arm_pulse(),
            LocalEvent::Pin(pin) => self.pin_driven(pin, now),
            LocalEvent::StoresLeave => self.stores_are_due(now),
            LocalEvent::StoreLeft(_) => {}
            LocalEvent::PriorityWritten => self.has_late_priority(),
        }
        self.apic_touched = Some(now);
        self.tell_local_requests(now);
        self.refresh_local(now);
        self.apic_changed(now);
    }

    /// Software drives `pin`, from `at` on.
    ///
    /// # Panics
    /// If this CPU is further than that already.
    pub(crate) fn drive_pin(&mut self, pin: Pin, at: Time) {
        let (number, last) = (self.agent, self.stream.last());
        assert!(last <= at, "CPU{number} is at {last} us when a pin of it is driven at {at} us");
        self.local.add(at, LocalEvent::Pin(pin), self.common.clock);
        self.refresh_slow();
    }

    fn pin_driven(&mut self, pin: Pin, now: Time) {
        match pin {
            Pin::Nmi => {
                for high in [true, false] {
                    let fired = self.apic.local_event(LocalSource::Lint { pin: 1, high, vector: 0 }, now);
                    self.local_interrupt(fired, now);
                }
            }
            Pin::Smi(span) => {
                if let Some(span) = span {
                    self.local.add_window(span);
                }
                self.latches.set(Latch::Smi, now);
            }
            Pin::Init => self.init_arrives(now),
        }
    }

    /// A local source fired, or did not.
    pub(super) fn local_interrupt(&mut self, fired: Option<LocalInterrupt>, now: Time) {
        match fired {
            Some(LocalInterrupt::Nmi) => {
                if self.latch_nmi(now) {
                    self.tell(now, Fact::NmiRequested);
                    self.effective(now, None, What::NmiLatched);
                }
            }
            Some(LocalInterrupt::Smi) => self.latches.set(Latch::Smi, now),
            Some(LocalInterrupt::Init) => self.init_arrives(now),
            Some(LocalInterrupt::External(vector)) => self.latches.set_external(vector, now),
            Some(LocalInterrupt::Requested(_) | LocalInterrupt::Refused(_)) | None => {}
        }
    }
}
