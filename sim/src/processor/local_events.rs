//! What happens on a CPU by itself: its timers, counters and pins, and injected changes of its state.

use super::activity::Activity;
use super::core::Core;
use super::facts::Fact;
use crate::apic::{LocalInterrupt, LocalSource};
use crate::stream::What;
use crate::time::{Duration, Time};

/// Something that happens on one CPU at a given instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalEvent {
    /// A source of local interrupts fires: what its entry makes of it happens.
    Interrupt(LocalSource),
    /// A system-management interrupt whose handler lasts so long.
    SystemManagement(Duration),
    /// The INIT pin.
    Init,
    /// The CPU enters shutdown (a triple fault), from which only NMI, SMI and INIT bring it out.
    Shutdown,
    /// Injected: the delivery status of its ICR reads "send pending" from now on.
    JamDeliveryStatus,
    /// A deep sleep state loses the low half of the ICR (SDM vol. 3 §10.6.1).
    LoseCommand,
    /// Injected: a pulse at the NMI pin (LINT1) exactly after the next write of ICR high; in x2APIC mode, after the next
    /// write of the ICR, which holds both halves.
    ArmNmiPulse,
}

impl LocalEvent {
    pub(crate) const fn code(&self) -> (u64, u64) {
        match *self {
            Self::Interrupt(LocalSource::Timer) => (0, 0),
            Self::Interrupt(LocalSource::Thermal) => (1, 0),
            Self::Interrupt(LocalSource::PerformanceCounter) => (2, 0),
            Self::Interrupt(LocalSource::CorrectedMachineCheck) => (3, 0),
            Self::Interrupt(LocalSource::Lint { pin, high, vector }) => {
                (4, pin as u64 | (high as u64) << 8 | (vector as u64) << 16)
            }
            Self::SystemManagement(span) => (5, span.as_ps()),
            Self::Init => (6, 0),
            Self::Shutdown => (7, 0),
            Self::JamDeliveryStatus => (8, 0),
            Self::LoseCommand => (9, 0),
            Self::ArmNmiPulse => (10, 0),
        }
    }
}

impl Core {
    /// Works out anew when the next local event is due.
    pub(super) fn refresh_local(&mut self) {
        let listed = self.local_events.front().map_or(Time::NEVER, |&(at, _)| at);
        self.local_at = self.apic.timer_expiry().map_or(listed, |timer| timer.min(listed));
    }

    /// Cycle of the next local event.
    pub(super) fn local_cycle(&self) -> u64 {
        if self.local_at == Time::NEVER { u64::MAX } else { self.common.clock.first_at_or_after(self.local_at) }
    }

    /// The local event that is due happens. Listed ones come before the timer.
    pub(super) fn local_event(&mut self) {
        let at = self.local_at;
        let listed = self.local_events.front().is_some_and(|&(due, _)| due == at);
        let listed = if listed { self.local_events.pop_front() } else { None };
        let event = listed.map_or(LocalEvent::Interrupt(LocalSource::Timer), |(_, event)| event);
        let now = self.common.clock.instant(self.local_cycle());
        self.effective(now, None, What::Local(event));
        match event {
            LocalEvent::Interrupt(source) => {
                let fired = self.apic.local_event(source, now);
                self.local_interrupt(fired, now);
                if let LocalSource::Lint { high: false, .. } = source {
                    self.external = None; // ExtINT is a level
                }
            }
            LocalEvent::SystemManagement(span) => {
                self.windows.push_back(span);
                self.smi_latched = true;
            }
            LocalEvent::Init => self.init_arrives(),
            LocalEvent::Shutdown => self.activity = Activity::ShuttingDown,
            LocalEvent::JamDeliveryStatus => self.apic.jam_delivery_status(),
            LocalEvent::LoseCommand => self.apic.lose_command(),
            LocalEvent::ArmNmiPulse => self.arm_pulse(),
        }
        self.apic_touched = true;
        self.tell_local_requests(now);
        self.refresh_local();
        self.apic_changed(now);
    }

    /// A local source fired, or did not.
    pub(super) fn local_interrupt(&mut self, fired: Option<LocalInterrupt>, now: Time) {
        match fired {
            Some(LocalInterrupt::Nmi) => {
                self.nmi_latched = self.activity != Activity::WaitForStartUp;
                self.tell(now, Fact::NmiRequested);
                self.effective(now, None, What::NmiLatched);
            }
            Some(LocalInterrupt::Smi) => self.smi_latched = true,
            Some(LocalInterrupt::Init) => self.init_arrives(),
            Some(LocalInterrupt::External(vector)) => self.external = Some(vector),
            Some(LocalInterrupt::Requested(_) | LocalInterrupt::Refused(_)) | None => {}
        }
    }
}
