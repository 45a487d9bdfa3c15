//! The two writes that make a message, ICR high and ICR low, and what comes between them on the same CPU: an injected
//! pulse at the NMI pin, and a handler that writes ICR high for a message of its own.
//!
//! Not modelled: nothing here decides where a message goes. ICR high holds what was written last (SDM vol. 3 §10.6.1);
//! that somebody else wrote it is only remembered, for reports.

use super::core::Core;
use super::local_events::LocalEvent;
use crate::apic::LocalSource;
use crate::bus::{Message, Shorthand};
use crate::stream::What;
use crate::time::Time;
use std::panic::Location;

/// ICR bits 63:32.
const ICR_HIGH: u16 = 0x310;

/// A message that went elsewhere than the code that sent it had asked for: between its two writes a handler on the
/// same CPU wrote ICR high.
#[derive(Debug, Clone, Copy)]
pub struct Misdirected {
    /// The message, as it was sent.
    pub message: Message,
    /// The destination that its sender had written.
    pub intended: u32,
    /// The line that sent it.
    pub site: &'static Location<'static>,
    /// The line of the handler that wrote ICR high last.
    pub overwritten_by: &'static Location<'static>,
    /// When that was.
    pub overwritten_at: Time,
}

/// A write of ICR high whose write of ICR low has not come yet.
#[derive(Debug, Clone, Copy)]
struct HighWrite {
    level: usize,
    destination: u32,
    overwritten: Option<(&'static Location<'static>, Time)>,
}

/// What is remembered of a CPU's writes.
#[derive(Debug, Default)]
pub(super) struct CommandPairs {
    /// Injected: the next write of ICR high is followed by a pulse at the NMI pin.
    armed: bool,
    /// By level of nesting, the innermost last.
    open: Vec<HighWrite>,
    /// The last one.
    misdirected: Option<Misdirected>,
}

impl Core {
    /// The last message that went elsewhere than its sender had asked for.
    pub(crate) const fn misdirected(&self) -> Option<Misdirected> {
        self.pairs.misdirected
    }

    /// From now on the next destination that software writes is followed by a pulse at the NMI pin.
    pub(super) const fn arm_pulse(&mut self) {
        self.pairs.armed = true;
    }

    /// Software wrote `value` to the register at `offset`.
    pub(super) fn command_written(&mut self, site: &'static Location<'static>, offset: u16, value: u32) {
        if offset != ICR_HIGH {
            return;
        }
        let (level, now) = (self.frames.len(), self.now());
        let open = &mut self.pairs.open;
        open.retain(|high| high.level < level);
        open.iter_mut().for_each(|outer| outer.overwritten = Some((site, now)));
        open.push(HighWrite { level, destination: value >> 24, overwritten: None });
        self.pulse_if_armed();
    }

    /// Software sent `message`. Is it where ICR high was meant to send it?
    pub(super) fn command_sent(&mut self, site: &'static Location<'static>, message: Message) {
        let level = self.frames.len();
        let open = &mut self.pairs.open;
        open.retain(|high| high.level <= level);
        let Some(high) = open.pop_if(|high| high.level == level) else { return };
        if let Some((overwritten_by, overwritten_at)) = high.overwritten
            && message.shorthand == Shorthand::None
            && message.destination != high.destination
        {
            let intended = high.destination;
            self.pairs.misdirected = Some(Misdirected { message, intended, site, overwritten_by, overwritten_at });
        }
    }

    /// The pulse is a rising and a falling edge at LINT1, at the instant of the write.
    pub(super) fn pulse_if_armed(&mut self) {
        if !std::mem::take(&mut self.pairs.armed) {
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
