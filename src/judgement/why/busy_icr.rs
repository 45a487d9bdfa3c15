//! Why an ICR reads "send pending": what the bus does with its message, who refuses it, and who is served before it.

use super::chain::Chain;
use crate::judgement::messages::{destination, what};
use crate::judgement::source_lines::describe;
use crate::scenario::{FaultKind, FaultName};
use sim::bus::{AttemptOutcome, DeliveryMode, SerialFaultKind};
use sim::{CpuReport, Misdirected, UndispatchedReport};

impl Chain<'_> {
    /// Why the ICR of a CPU reads "send pending".
    pub(super) fn icr_busy(&mut self, number: u16) {
        let cpu = &self.outcome.cpus[usize::from(number)];
        let mut all = self.outcome.undispatched.iter().filter(|held| held.held.message.source == number);
        let Some(held) = all.next() else {
            self.say(format!("the message of CPU{number} is dispatched"));
            return;
        };
        let message = held.held.message;
        let from = cpu.last_send.map(|send| format!(", sent by {}", describe(send.site))).unwrap_or_default();
        let since = cpu.busy_since.unwrap_or(message.written_at);
        let to = destination(&message);
        self.say(format!("CPU{number}'s ICR is busy since {since} us: {} to {to}{from}", what(&message)));
        if let Some(misdirected) = cpu.misdirected.filter(|misdirected| misdirected.message == message) {
            self.misdirected(number, &misdirected);
            self.root("an NMI between the two writes of the ICR sent its message elsewhere");
        }
        self.bus_says(held);
        for behind in all.map(|held| held.held.message).chain(cpu.queued) {
            let (what, to) = (what(&behind), destination(&behind));
            self.say(format!("behind it waits {what} to {to}, written at {} us", behind.written_at));
        }
    }

    /// A message whose destination a handler overwrote before it was sent.
    pub(super) fn misdirected(&mut self, number: u16, misdirected: &Misdirected) {
        let message = &misdirected.message;
        self.say(format!(
            "CPU{number} sent {} at {} us to {} and not to {:02X}: {}",
            what(message),
            message.written_at,
            destination(message),
            misdirected.intended,
            describe(misdirected.site)
        ));
        self.say(format!(
            "between its writes of ICR high and ICR low an NMI came, whose handler wrote ICR high last at {} us: {}",
            misdirected.overwritten_at,
            describe(misdirected.overwritten_by)
        ));
    }

    fn bus_says(&mut self, held: &UndispatchedReport) {
        let every = held.held.attempt_period.map(|period| format!(" every {period} us")).unwrap_or_default();
        if let Some(since) = held.held.stalled_since {
            let (line, root) = self.stall();
            self.say(format!("{line} since {since} us (injected fault)"));
            return self.root(format!("{root} (injected)"));
        }
        match held.held.last {
            Some(AttemptOutcome::Retry) => {
                self.say(format!("the bus carries it again and again: Retry{every}"));
                self.manager_without_room(held);
                self.refusers(held);
            }
            Some(AttemptOutcome::AcceptError) if !held.refusers.is_empty() => {
                self.say(format!("its full target stays silent: an accept error, resent{every}"));
                self.refusers(held);
            }
            Some(AttemptOutcome::AcceptError) => {
                self.say(format!("no APIC answers to that destination: an accept error, resent{every}"));
                for dead in self.outcome.cpus.iter().filter(|cpu| cpu.dead) {
                    let line = format!("the APIC of CPU{} is dead (injected fault)", dead.cpu);
                    self.lines.push(line);
                }
                self.root("no APIC answers to the destination");
            }
            Some(AttemptOutcome::ChecksumError) => {
                self.say(format!("an agent found it damaged: a checksum error, resent{every}"));
                self.root("messages arrive damaged");
            }
            Some(AttemptOutcome::Accepted) | None => self.turn(held),
        }
    }

    /// The fault that keeps a bus from carrying anything: what it does, and its name as a root.
    fn stall(&self) -> (&'static str, &'static str) {
        let named = self.scenario.faults.iter().find_map(|fault| match fault.kind.fault_name() {
            FaultName::StuckWire => Some(("a wire of the serial bus is stuck", "a stuck wire")),
            FaultName::LostClock => Some(("the serial bus has no clock", "the serial bus has lost its clock")),
            FaultName::DeadLink => Some(("the link to another cluster is dead", "a dead link between clusters")),
            FaultName::FsbLock => {
                Some(("the front-side bus is locked", "the front-side bus is locked by another agent"))
            }
            _ => None,
        });
        let chipset = ("the front-side bus completes no interrupt transaction", "the front-side bus is stalled");
        named.unwrap_or(chipset)
    }

    /// Nobody refuses but the manager that would carry the message to another cluster: what it holds, and why still.
    fn manager_without_room(&mut self, held: &UndispatchedReport) {
        let carried = &self.outcome.in_transit;
        let Some(first) = carried.first().filter(|_| held.refusers.is_empty()) else { return };
        let (message, stalled) = (first.message, first.stalled_since);
        let others = match carried.len() - 1 {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        let sender = self.agent(message.source);
        let what = format!("{} to {} from {sender}{others}", what(&message), destination(&message));
        self.say(format!("the cluster manager has no room: it still holds {what}"));
        match stalled {
            Some(since) => {
                let (line, root) = self.stall();
                self.say(format!("{line} since {since} us (injected fault)"));
                self.root(format!("{root} (injected)"));
            }
            None => self.root("a cluster manager has no room"),
        }
    }

    /// Why a message has not been attempted: a permanent accept error keeps its arbitration id, and so starves all whose
    /// ids are lower.
    fn turn(&mut self, held: &UndispatchedReport) {
        let failing = |other: &&UndispatchedReport| {
            other.held.message.source != held.held.message.source
                && other.held.last == Some(AttemptOutcome::AcceptError)
        };
        let Some(other) = self.outcome.undispatched.iter().find(failing) else {
            return self.others_traffic(held);
        };
        let message = other.held.message;
        let sender = self.agent(message.source);
        let every = other.held.attempt_period.map(|period| format!(" every {period} us")).unwrap_or_default();
        self.say(format!(
            "{} to {} from {sender} starves it: an accept error, resent{every} with an arbitration id that stays higher",
            what(&message),
            destination(&message)
        ));
        self.root(format!("starved by an accept error of {sender}"));
    }

    /// Somebody else has the bus.
    fn others_traffic(&mut self, held: &UndispatchedReport) {
        self.say("it waits for its turn on the bus".to_owned());
        self.manager_without_room(held);
        let jabber = self.scenario.faults.iter().find_map(|fault| match fault.kind {
            FaultKind::Wires { fault: SerialFaultKind::Jabber { agent }, .. } => Some(agent),
            _ => None,
        });
        if let Some(agent) = jabber {
            let agent = self.agent(agent);
            self.say(format!("{agent} sends EOI messages without end, which go before all others (injected fault)"));
            self.root(format!("{agent} jabbers (injected)"));
        }
    }

    fn refusers(&mut self, held: &UndispatchedReport) {
        for &number in &held.refusers {
            let Some(cpu) = self.outcome.cpus.get(usize::from(number)) else { continue };
            let message = held.held.message;
            if message.mode == DeliveryMode::Nmi {
                self.say(format!("CPU{number} refuses: an NMI is latched while another is being handled"));
            } else {
                self.full(cpu, message.vector >> 4);
            }
            self.state(cpu);
        }
    }

    /// Which interrupts fill the slots.
    fn full(&mut self, cpu: &CpuReport, class: u8) {
        let requested = cpu.requested.iter().filter(|(vector, _)| vector >> 4 == class).map(|(vector, from)| {
            let from = from.map(|from| format!(" from {} at {} us", self.agent(from.from), from.at));
            format!("{vector:02X} in IRR{}", from.unwrap_or_default())
        });
        let served = cpu.in_service.iter().filter(|vector| **vector >> 4 == class);
        let slots: Vec<String> = requested.chain(served.map(|vector| format!("{vector:02X} in ISR"))).collect();
        let full = format!("CPU{}'s class {class:X} is full", cpu.cpu);
        self.say(format!("{full}: {}", slots.join(", ")));
        self.refuser.get_or_insert(full);
    }
}
