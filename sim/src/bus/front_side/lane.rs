//! One bus of the front side: what waits for it, what is granted, and what the chipset still has to show on it.
//!
//! Not modelled: see [`load`](super::load).

use super::load::Load;
use super::queue::Queue;
use super::retries::Retries;
use crate::bus::{Agent, Message, Undispatched};
use crate::time::{ClockDomain, Time};

/// Who gets the bus next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grantee {
    /// The chipset: it is the priority agent, and goes before the others.
    Chipset,
    /// The first of the others that wait.
    Sender,
}

/// A granted transaction: the front of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Active {
    /// Which queue's.
    grantee: Grantee,
    /// Bus cycle of the grant.
    pub(super) granted: u64,
    /// That of the response; `u64::MAX`: it never comes.
    pub(super) response: u64,
}

/// One bus.
#[derive(Debug, Clone, Default)]
pub(super) struct Lane {
    pub(super) waiting: Queue,
    /// What the chipset drives.
    pub(super) chipset: Queue,
    pub(super) active: Option<Active>,
    /// First cycle in which the bus is free.
    pub(super) free_from: u64,
}

impl Lane {
    /// The next grant of a free bus: its cycle (`u64::MAX`: none), and who gets it. `senders_from`: first cycle in which
    /// others than the chipset may have the bus.
    #[inline]
    pub(super) fn grant(&self, senders_from: u64) -> (u64, Grantee) {
        let chipset = self.chipset.from().max(self.free_from);
        let sender = self.waiting.from().max(self.free_from).max(senders_from);
        if chipset <= sender { (chipset, Grantee::Chipset) } else { (sender, Grantee::Sender) }
    }

    /// Does nothing wait, and has nothing the bus?
    #[inline]
    pub(super) const fn is_idle(&self) -> bool {
        self.active.is_none() && self.waiting.from() == u64::MAX && self.chipset.from() == u64::MAX
    }

    const fn queue(&mut self, grantee: Grantee) -> &mut Queue {
        match grantee {
            Grantee::Chipset => &mut self.chipset,
            Grantee::Sender => &mut self.waiting,
        }
    }

    /// Grants the bus in cycle `granted`; gives what has it now.
    #[inline]
    pub(super) fn give(&mut self, grantee: Grantee, granted: u64, response: u64) -> Option<&Load> {
        self.active = Some(Active { grantee, granted, response });
        self.queue(grantee).grant()
    }

    /// What would be granted to `grantee`.
    #[inline]
    pub(super) fn next(&self, grantee: Grantee) -> Option<&Load> {
        match grantee {
            Grantee::Chipset => self.chipset.front(),
            Grantee::Sender => self.waiting.front(),
        }
    }

    /// The grant was made ahead, and is none yet: what has the bus waits again.
    pub(super) fn take_back(&mut self) {
        if let Some(Active { grantee, .. }) = self.active.take() {
            self.queue(grantee).take_back();
        }
    }

    /// What has the bus, and the cycle of its grant.
    fn granted(&self) -> Option<(&Load, u64)> {
        let Active { grantee, granted, .. } = self.active?;
        let queue = match grantee {
            Grantee::Chipset => &self.chipset,
            Grantee::Sender => &self.waiting,
        };
        queue.front().map(|load| (load, granted))
    }

    /// The response of what has the bus; gives it, and the cycle of its grant. The bus is free from cycle `free_from` on.
    #[inline]
    pub(super) fn end(&mut self, free_from: u64) -> Option<(Load, u64)> {
        let Active { grantee, granted, .. } = self.active.take()?;
        self.free_from = free_from;
        let queue = self.queue(grantee);
        let load = *queue.front()?;
        queue.end();
        Some((load, granted))
    }

    /// Does a message of `source` wait?
    #[inline]
    pub(super) fn holds(&self, source: Agent) -> bool {
        self.waiting.holds(source) || self.chipset.holds(source)
    }

    /// Puts `load`, a message of `source`, into the place of the one that waits, if any; gives that.
    pub(super) fn replace(&mut self, source: Agent, load: Load) -> Option<Load> {
        self.waiting.replace(source, load).or_else(|| self.chipset.replace(source, load))
    }

    fn queued(&self) -> impl Iterator<Item = (&Load, u64)> {
        self.waiting.waiting().chain(self.chipset.waiting())
    }

    /// Messages that the chipset drives, or is to drive, after their senders are done.
    pub(super) fn driven(&self) -> impl Iterator<Item = &Message> {
        let granted = self.granted().map(|(load, _)| load);
        let loads = granted.into_iter().chain(self.queued().map(|(load, _)| load));
        loads.filter(|load| load.asked().is_none()).filter_map(Load::message)
    }

    /// Messages that their senders wait for at `at`, the granted one first. `stalled_since`: when the bus stopped for good.
    pub(super) fn undispatched(
        &self,
        clock: ClockDomain,
        at: Time,
        retries: &Retries,
        stalled_since: Option<Time>,
        messages: &mut Vec<Undispatched>,
    ) {
        let mut report = |message: &Message, granted| {
            messages.push(Undispatched { stalled_since, ..retries.report(message, clock, granted) });
        };
        if let Some((load, granted)) = self.granted()
            && let Some(message) = load.asked()
        {
            report(message, clock.instant(granted) <= at);
        }
        for (load, _) in self.queued() {
            if let Some(message) = load.asked() {
                report(message, false);
            }
        }
    }

    /// Everything that decides the future, relative to bus cycle `base`.
    pub(super) fn state(&self, base: u64, words: &mut Vec<u64>) {
        words.push(self.free_from.saturating_sub(base));
        let (waiting, chipset) = (self.waiting.waiting().len(), self.chipset.waiting().len());
        words.extend([u64::from(self.active.is_some()), waiting as u64, chipset as u64]);
        if let Some((load, granted)) = self.granted() {
            load.state(words);
            words.push(base.wrapping_sub(granted));
        }
        for (load, from) in self.queued() {
            load.state(words);
            words.push(from.saturating_sub(base));
        }
    }

    /// What waits is `cycles` later, and so is what is granted.
    pub(super) fn skip(&mut self, cycles: u64) {
        self.free_from += cycles;
        self.waiting.skip(cycles);
        self.chipset.skip(cycles);
        if let Some(active) = &mut self.active {
            active.granted += cycles;
        }
    }
}
