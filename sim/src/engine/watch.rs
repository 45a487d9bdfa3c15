//! The conservation checker in the machine: it is told what the interconnect and the CPUs did, in the order of the event
//! stream, and its first complaint is a broken invariant.
//!
//! Not modelled: what the checker itself leaves out; messages of an APIC in the instant in which it dies.

use super::slot::Slot;
use crate::bus::{Agent, Interconnect, Message, Reach};
use crate::check::{Check, Checker, CheckerSettings, Checks, Violation};
use crate::generation::{FullTarget, Generation, Knobs, StartUpResend};
use crate::processor::{Core, Fact};
use crate::time::Time;

/// The checker, and what is on its way to it.
#[derive(Debug)]
pub(crate) struct Watch {
    checker: Checker,
    overlap: bool,
    /// What CPUs did, not told yet.
    facts: Vec<(Time, Agent, Fact)>,
    /// The message of each sender that is not dispatched.
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
        let pending = vec![None; usize::from(cpus) + 1];
        let overlap = !promises.one_message_a_sender;
        (checks != Checks::NONE).then_some(Self { checker, overlap, facts: Vec::new(), pending })
    }

    /// Takes what a CPU has to tell.
    pub(crate) fn collect(&mut self, core: &mut Core) {
        let agent = core.agent;
        self.facts.extend(core.facts.drain(..).map(|(at, fact)| (at, agent, fact)));
    }

    /// Everything that CPUs did before `now` is told: what the interconnect does at `now` comes after it.
    pub(crate) fn catch_up(&mut self, now: Time) {
        if self.facts.is_empty() {
            return;
        }
        self.facts.sort_by_key(|&(at, agent, _)| (at, agent)); // stable: each CPU's own order stays
        let due = self.facts.partition_point(|&(at, ..)| at < now);
        for (at, agent, fact) in self.facts.drain(..due) {
            match fact {
                Fact::Taken(vector) => self.checker.taken(agent, vector, at),
                Fact::NmiTaken => self.checker.nmi_taken(agent, at),
                Fact::Requested(vector) => self.checker.requested_locally(agent, vector),
                Fact::NmiRequested => self.checker.nmi_requested_locally(agent),
                Fact::Reset => self.checker.reset(agent),
                Fact::Identity(identity) => self.checker.identity(agent, identity, at),
            }
        }
    }

    /// `message` goes to the interconnect.
    pub(crate) fn sent(&mut self, message: &Message, now: Time) {
        self.catch_up(now);
        if let Some(old) = self.pending[usize::from(message.source)].replace(*message)
            && !self.overlap
        {
            self.checker.replaced(&old, now);
        }
        self.checker.sent(message, now);
    }

    /// `core` gets `message`; to be told before it does anything with it.
    pub(crate) fn delivered(&mut self, core: &mut Core, message: &Message, now: Time) {
        self.collect(core);
        self.catch_up(now);
        self.checker.delivered(core.agent, message, now);
    }

    /// The interconnect is done with `message`.
    pub(crate) fn dispatched(&mut self, message: &Message, busy_still: bool, now: Time) {
        self.catch_up(now);
        self.pending[usize::from(message.source)].take_if(|pending| pending.number == message.number);
        self.checker.dispatched(message, busy_still, now);
    }

    /// The APIC of `agent` is dead from now on.
    pub(crate) fn exempt(&mut self, agent: Agent, now: Time) {
        self.catch_up(now);
        self.checker.exempt(agent);
    }

    /// The run has ended at `end`: whatever is owed is lost, but for what `carried` says is on its way.
    pub(crate) fn finish(
        mut self,
        cores: &mut [Slot],
        carried: impl Iterator<Item = Message>,
        end: Time,
    ) -> Option<Violation> {
        for core in &mut *cores {
            self.collect(core);
        }
        self.catch_up(Time::NEVER);
        for core in cores {
            self.checker.end_of_run(core.agent, &core.apic.request_registers(), core.has_latched_nmi(), end);
        }
        carried.for_each(|message| self.checker.carried(&message));
        self.checker.finish(end);
        self.checker.violations().first().cloned()
    }
}
