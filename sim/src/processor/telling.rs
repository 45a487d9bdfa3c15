//! Telling the conservation checker: who this APIC is, what it requests itself, what the core takes.

use super::activity_kind::Activity;
use super::core::Core;
use super::facts::Fact;
use super::latches::Latch;
use crate::apic::{Bits256, Mode};
use crate::check::{ApicMode, Identity};
use crate::time::Time;

impl Core {
    pub(super) fn tell(&mut self, now: Time, fact: Fact) {
        if self.common.watched {
            self.facts.push((now, fact));
        }
    }

    /// Who this APIC is.
    pub(super) fn identity(&self) -> Identity {
        let apic = &self.apic;
        Identity {
            mode: match apic.mode() {
                Mode::Disabled => ApicMode::Off,
                Mode::XApic => ApicMode::XApic,
                Mode::X2Apic => ApicMode::X2Apic,
            },
            id: apic.id(),
            ldr: apic.ldr(),
            dfr: apic.dfr(),
            software_enabled: apic.software_enabled(),
            spurious_vector: apic.spurious_vector(),
            in_reset: self.activity == Activity::WaitForStartUp,
        }
    }

    /// Who it is before the run.
    pub(crate) fn first_identity(&mut self) -> Identity {
        self.told.identity = self.identity();
        self.told.identity
    }

    /// After anything that may have changed who this APIC is.
    pub(crate) fn tell_identity(&mut self, now: Time) {
        let identity = self.identity();
        if identity != self.told.identity {
            self.identity_changed = true;
            let was_on = self.told.identity.mode != ApicMode::Off;
            self.told.identity = identity;
            if was_on && identity.mode == ApicMode::Off {
                self.tell_reset(now);
            }
            self.tell(now, Fact::Identity(identity));
        }
    }

    /// After anything by which the APIC itself may have requested a vector.
    #[inline]
    pub(crate) fn tell_local_requests(&mut self, now: Time) {
        if *self.apic.request_set() != self.told.requests {
            self.tell_requests(now);
        }
    }

    #[inline(never)]
    fn tell_requests(&mut self, now: Time) {
        let requests = *self.apic.request_set();
        if self.told.requests.iter().any(|vector| !requests.contains(vector)) {
            self.tell_loss(now); // an 82489DX that software disables clears its IRR
        } else {
            let before = std::mem::replace(&mut self.told.requests, requests);
            for vector in requests.iter().filter(|&vector| !before.contains(vector)) {
                self.tell(now, Fact::Requested(vector));
            }
        }
    }

    /// What is requested now needs no telling: a message did it, or the CPU took one.
    pub(crate) fn requests_are_told(&mut self) {
        self.told.requests = *self.apic.request_set();
    }

    /// Everything requested and latched is gone.
    pub(super) fn tell_reset(&mut self, now: Time) {
        self.told.requests = Bits256::EMPTY;
        self.tell(now, Fact::Reset);
    }

    /// Something that was delivered is gone for a good reason: what there is now is told anew.
    pub(super) fn tell_loss(&mut self, now: Time) {
        self.tell_reset(now);
        if self.latches.holds(Latch::Nmi) {
            self.tell(now, Fact::NmiRequested);
        }
        self.tell_local_requests(now);
    }
}
