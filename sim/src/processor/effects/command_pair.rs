//! What comes between the two writes that make a message, ICR high and ICR low, on the same CPU: an injected pulse at the
//! NMI pin, and a handler that writes ICR high for a message of its own.

use crate::apic::LocalSource;
use crate::bus::{Message, Shorthand};
use crate::coroutine::Site;
use crate::processor::command_pairs::{HighWrite, Misdirected};
use crate::processor::core::Core;
use crate::processor::local_events::LocalEvent;
use crate::stream::What;

impl Core {
    /// From now on the next destination that software writes is followed by a pulse at the NMI pin.
    pub(in crate::processor) const fn arm_pulse(&mut self) {
        self.account.pairs.armed = true;
    }

    /// Software wrote `value` to ICR high.
    #[inline(always)]
    pub(super) fn destination_written(&mut self, site: Site, value: u32) {
        let level = self.nesting.level();
        if !self.account.pairs.open.is_empty() {
            self.destination_overwritten(site, level);
        }
        self.account.pairs.open.push(HighWrite { level, destination: value >> 24, overwritten: None });
        if self.account.pairs.armed {
            self.pulse_if_armed();
        }
    }

    /// It stood there for a message that has not been sent.
    #[inline(never)]
    fn destination_overwritten(&mut self, site: Site, level: usize) {
        let now = self.now();
        let open = &mut self.account.pairs.open;
        open.retain_mut(|high| {
            high.overwritten = Some((site, now)); // of the outer ones
            high.level < level
        });
    }

    /// Software sent `message`. Is it where ICR high was meant to send it?
    #[inline(always)]
    pub(super) fn command_sent(&mut self, site: Site, message: &Message) {
        let level = self.nesting.level();
        match self.account.pairs.open.last() {
            None => {}
            Some(high) if high.level == level && high.overwritten.is_none() => self.account.pairs.open.drop_last(),
            Some(_) => self.pair_sent(site, *message),
        }
    }

    #[inline(never)]
    fn pair_sent(&mut self, site: Site, message: Message) {
        let level = self.nesting.level();
        let open = &mut self.account.pairs.open;
        open.retain_mut(|high| high.level <= level);
        let Some(&high) = open.last().filter(|high| high.level == level) else { return };
        open.drop_last();
        if let Some((overwritten_by, overwritten_at)) = high.overwritten
            && message.shorthand == Shorthand::None
            && message.destination != high.destination
        {
            let intended = high.destination;
            self.account.pairs.misdirected =
                Some(Misdirected { message, intended, site, overwritten_by, overwritten_at });
        }
    }

    /// The pulse is a rising and a falling edge at LINT1, at the instant of the write.
    pub(super) fn pulse_if_armed(&mut self) {
        if !std::mem::take(&mut self.account.pairs.armed) {
            return;
        }
        let now = self.now();
        for high in [true, false] {
            let source = LocalSource::Lint { pin: 1, high, vector: 0 };
            self.effective(now, None, What::Local(LocalEvent::Interrupt(source)));
            let fired = self.apic.local_event(source, now);
            self.local_interrupt(fired, now);
        }
        self.tell_local_requests(now);
        self.apic_changed(now);
    }
}
