//! The conservation checker in the machine: it is told what the interconnect and the CPUs did, in the order of the event
//! stream, and its first complaint is a broken invariant.
//!
//! Not modelled: what the checker itself leaves out; messages of an APIC in the instant in which it dies.

use super::slot::Slot;
use crate::bus::{Agent, Interconnect, Message, Reach};
use crate::check::{Check, Checker, CheckerSettings, Checks, Counts, Violation};
use crate::generation::{FullTarget, Generation, Knobs, StartUpResend};
use crate::processor::{Core, Fact};
use crate::slots::Slots;
use crate::time::Time;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A fact that is not told yet. The first to tell is the greatest: by instant, then by CPU, in each CPU's own order.
#[derive(Debug, Clone)]
struct Waiting {
    at: Time,
    agent: Agent,
    number: u64,
    fact: Fact,
}

impl Waiting {
    fn key(&self) -> Reverse<(Time, Agent, u64)> {
        Reverse((self.at, self.agent, self.number))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Waiting {}

/// The checker, and what is on its way to it.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    checker: Checker,
    /// A sender may send while a message of it is pending, and none takes the place of another.
    overlap: bool,
    /// What CPUs did, not told yet.
    facts: BinaryHeap<Waiting>,
    /// How many facts there were.
    numbers: u64,
    /// The message of each sender that is not dispatched, unless they overlap.
    pending: Vec<Option<Message>>,
}

impl Watch {
    /// A watch over `cpus` CPUs; `None` if every check is off.
    pub(crate) fn new(
        generation: Generation,
        knobs: &Knobs,
        checks: Checks,
        bus: &dyn Interconnect,
        cpus: Agent,
    ) -> Option<Self> {
        let promises = bus.promises();
        let mut checks = checks;
        let reach = bus.reach();
        if reach == Reach::Unpromised {
            checks.set_off(Check::LostIpi);
        }
        let mut checker = Checker::new(CheckerSettings {
            cluster_fifteen: knobs.cluster_fifteen,
            start_up_may_fail: knobs.start_up_resend == StartUpResend::Never,
            silent_when_full: knobs.full_target == FullTarget::AcceptError,
            sends_overlap: !promises.one_message_a_sender,
            late_deliveries: !promises.delivers_before_dispatch,
            checks,
            ..CheckerSettings::new(cpus, generation)
        });
        if let Reach::Domains(domains) = reach {
            checker = checker.with_domains(domains);
        }
        let pending = vec![None; cpus as usize + 1];
        let overlap = !promises.one_message_a_sender;
        (checks != Checks::NONE).then_some(Self { checker, overlap, facts: BinaryHeap::new(), numbers: 0, pending })
    }

    /// Who the APIC of `core` is before the run.
    pub(crate) fn introduce(&mut self, core: &mut Core) {
        self.checker.identity(core.agent, core.first_identity(), Time::ZERO);
    }

    /// Takes what a CPU has to tell.
    #[inline]
    pub(crate) fn collect(&mut self, core: &mut Core) {
        if !core.facts.is_empty() {
            self.collect_from(core.agent, &mut core.facts);
        }
    }

    /// A fact that concerns this CPU alone is told at once: no CPU does anything past an instant at which something may
    /// reach it, so all deliveries before it have been told, and none after it. Who a CPU is concerns whoever sends in the
    /// meantime: that waits for its turn, and so does what the CPU does then.
    #[inline(never)]
    fn collect_from(&mut self, agent: Agent, facts: &mut Slots<(Time, Fact)>) {
        // Mostly there is one, which nothing waits before.
        if let Some(&(at, fact)) = facts.only()
            && self.facts.is_empty()
        {
            match fact {
                Fact::Taken(vector) => {
                    facts.clear();
                    return self.checker.taken(agent, vector, at);
                }
                Fact::NmiTaken => {
                    facts.clear();
                    return self.checker.nmi_taken(agent, at);
                }
                _ => {}
            }
        }
        self.collect_all(agent, facts);
    }

    #[inline(never)]
    fn collect_all(&mut self, agent: Agent, facts: &mut Slots<(Time, Fact)>) {
        for (at, fact) in facts.iter() {
            self.tell_in_turn(agent, *at, fact);
        }
        facts.clear();
    }

    fn tell_in_turn(&mut self, agent: Agent, at: Time, fact: &Fact) {
        if self.facts.is_empty() && !matches!(fact, Fact::Identity(_)) {
            self.tell(agent, at, fact);
        } else {
            self.tell_later(agent, at, *fact);
        }
    }

    #[cold]
    fn tell_later(&mut self, agent: Agent, at: Time, fact: Fact) {
        self.numbers += 1;
        self.facts.push(Waiting { at, agent, number: self.numbers, fact });
    }

    /// Everything that CPUs did before `now` is told: what the interconnect does at `now` comes after it.
    #[inline]
    pub(crate) fn catch_up(&mut self, now: Time) {
        while self.facts.peek().is_some_and(|first| first.at < now) {
            self.tell_first();
        }
    }

    fn tell_first(&mut self) {
        let Some(Waiting { at, agent, fact, .. }) = self.facts.pop() else { return };
        self.tell(agent, at, &fact);
    }

    #[inline(always)]
    fn tell(&mut self, agent: Agent, at: Time, fact: &Fact) {
        match *fact {
            Fact::Taken(vector) => self.checker.taken(agent, vector, at),
            Fact::NmiTaken => self.checker.nmi_taken(agent, at),
            Fact::Requested(vector) => self.checker.requested_locally(agent, vector),
            Fact::NmiRequested => self.checker.nmi_requested_locally(agent),
            Fact::Reset => self.checker.reset(agent),
            Fact::Identity(identity) => self.checker.identity(agent, identity, at),
        }
    }

    /// `message` goes to the interconnect.
    #[inline(always)]
    pub(crate) fn sent(&mut self, message: &Message, now: Time) {
        self.catch_up(now);
        if !self.overlap {
            self.note_pending(message, now);
        }
        self.checker.sent(message, now);
    }

    #[inline]
    fn note_pending(&mut self, message: &Message, now: Time) {
        let pending = &mut self.pending[message.source as usize];
        if let Some(old) = pending {
            self.checker.replaced(old, now);
        }
        *pending = Some(*message);
    }

    /// `core` gets `message`; to be told before it does anything with it.
    #[inline(always)]
    pub(crate) fn delivered(&mut self, core: &mut Core, message: &Message, now: Time) {
        self.collect(core);
        self.catch_up(now);
        self.checker.delivered(core.agent, message, now);
    }

    /// `agent` would have got `message`, and a fault lost it on its way.
    pub(crate) fn lost(&mut self, agent: Agent, message: &Message, now: Time) {
        self.catch_up(now);
        self.checker.lost(agent, message, now);
    }

    /// `core` gets `message`, which a fault has kept or doubled; to be told before it does anything with it.
    pub(crate) fn delivered_late(&mut self, core: &mut Core, message: &Message, now: Time) {
        self.collect(core);
        self.catch_up(now);
        self.checker.delivered_late(core.agent, message);
    }

    /// The interconnect is done with `message`.
    pub(crate) fn dispatched(&mut self, message: &Message, busy_still: bool, now: Time) {
        self.catch_up(now);
        if !self.overlap {
            let pending = &mut self.pending[message.source as usize];
            if pending.as_ref().is_some_and(|pending| pending.number == message.number) {
                *pending = None;
            }
        }
        self.checker.dispatched(message, busy_still, now);
    }

    /// The APIC of `agent` is dead from now on.
    pub(crate) fn exempt(&mut self, agent: Agent, now: Time) {
        self.catch_up(now);
        self.checker.exempt(agent);
    }

    /// The run has ended at `end`: whatever is owed is lost, but for what `carried` says is on its way. Gives what was seen.
    pub(crate) fn finish(
        mut self,
        cores: &mut [Slot],
        carried: impl Iterator<Item = Message>,
        end: Time,
    ) -> Result<Counts, Violation> {
        for core in &mut *cores {
            self.collect(core);
        }
        self.catch_up(Time::NEVER);
        for core in cores {
            self.checker.end_of_run(core.agent, &core.apic.request_registers(), core.has_latched_nmi(), end);
        }
        carried.for_each(|message| self.checker.carried(&message));
        self.checker.finish(end);
        // The first in time: in which order CPUs tell what they did depends on the execution.
        let first = self.checker.violations().iter().min_by_key(|violation| (violation.at(), violation.to_string()));
        first.map_or(Ok(self.checker.counts()), |violation| Err(violation.clone()))
    }
}
