//! Why a CPU waits: the causal chain from its wait to the root.
//!
//! Everything here is read off the machine at the end of a run. For a wait that ended earlier, the run is cut at that
//! instant and read then.

use super::panic::panicked;
use super::source_lines::{describe, function};
use crate::machine::kernel;
use crate::scenario::{FaultKind, FaultName, Scenario};
use kernel_model::{Layout, Wait, Word};
use sim::bus::{AttemptOutcome, DeliveryMode, DestinationMode, Message, SerialFaultKind};
use sim::{Activity, Context, CpuReport, Kind, Misdirected, OpenWait, Outcome, UndispatchedReport};

/// A chain of causes, and its root in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// From the wait to the root, a sentence each.
    pub chain: Vec<String>,
    /// The root.
    pub cause: String,
}

/// Explains what CPU `number` waits for at the end of the run.
pub fn explain(scenario: &Scenario, outcome: &Outcome, number: u16) -> Why {
    let mut chain = Chain { scenario, outcome, lines: Vec::new(), visited: Vec::new(), refuser: None, cause: None };
    chain.nested(number);
    chain.cpu_waits(number);
    let cause = chain.cause.unwrap_or_else(|| "nothing that it waits for can come".to_owned());
    Why { chain: chain.lines, cause }
}

/// Explains a message that is not dispatched, for its sender.
pub(crate) fn explain_icr(scenario: &Scenario, outcome: &Outcome, number: u16) -> Why {
    let mut chain = Chain { scenario, outcome, lines: Vec::new(), visited: vec![number], refuser: None, cause: None };
    chain.icr_busy(number);
    Why { cause: chain.cause.unwrap_or_else(|| "the bus was busy with other messages".to_owned()), chain: chain.lines }
}

struct Chain<'a> {
    scenario: &'a Scenario,
    outcome: &'a Outcome,
    lines: Vec<String>,
    visited: Vec<u16>,
    /// Who refuses, where somebody does: the root says what keeps it from taking interrupts.
    refuser: Option<String>,
    cause: Option<String>,
}

impl Chain<'_> {
    fn say(&mut self, line: String) {
        self.lines.push(line);
    }

    fn root(&mut self, cause: impl Into<String>) {
        let cause = cause.into();
        let refuser = self.refuser.take().map(|refuser| format!("{refuser}: ")).unwrap_or_default();
        self.cause.get_or_insert_with(|| refuser + &cause);
    }

    /// What the NMI handler has interrupted in which a CPU waits.
    fn nested(&mut self, number: u16) {
        let cpu = &self.outcome.cpus[usize::from(number)];
        let handler = cpu.frames.iter().rev().find(|frame| frame.context == Context::Nmi);
        if let Some((frame, interrupted)) = handler.and_then(|frame| Some((frame, frame.interrupted?))) {
            let since = frame.since;
            self.say(format!(
                "CPU{number} is in its NMI handler since {since} us, which interrupted {}",
                describe(interrupted)
            ));
        }
    }

    /// What a CPU waits for, and why that does not come.
    fn cpu_waits(&mut self, number: u16) {
        if self.visited.contains(&number) {
            self.say(format!("and CPU{number} is where this chain began: they wait for each other"));
            let circle: Vec<String> = self.visited.iter().map(|cpu| format!("CPU{cpu}")).collect();
            self.refuser = None;
            let first = self.outcome.cpus[usize::from(self.visited[0])].waits.last();
            let icr = first.is_some_and(|wait| wait.code == Wait::IcrIdle as u32);
            let what = if icr { "each other's slots" } else { "each other" };
            return self.root(format!("{} wait for {what}", circle.join(" and ")));
        }
        self.visited.push(number);
        let cpu = &self.outcome.cpus[usize::from(number)];
        let at = cpu.site.map_or_else(|| "nowhere".to_owned(), describe);
        if let Some(since) = cpu.stalled_since {
            self.say(format!("CPU{number}'s store to its ICR has not completed since {since} us: {at}"));
            return self.icr_busy(number);
        }
        if let Some(panic) = panicked(self.outcome).filter(|panic| panic.cpu == number) {
            self.say(format!(
                "CPU{number} panicked at {} us, because its ICR had stayed busy past its bound: {at}",
                panic.at
            ));
            return self.icr_busy(number);
        }
        match cpu.waits.last() {
            Some(wait) if wait.code == Wait::IcrIdle as u32 => {
                self.say(format!("CPU{number} waits for its ICR since {} us in {at}", wait.since));
                self.icr_busy(number);
            }
            Some(wait) => self.other_wait(cpu, wait, &at),
            None if cpu.activity == Activity::WaitForStartUp => {
                self.say(format!("CPU{number} waits for a start-up message since {} us", cpu.last_effective));
                self.root("no start-up message reaches it");
            }
            None if cpu.activity == Activity::Halted => self.say(format!("CPU{number} is in HLT: {at}")),
            None => self.say(format!("CPU{number} is at {at}")),
        }
    }

    fn other_wait(&mut self, cpu: &CpuReport, wait: &OpenWait, at: &str) {
        let number = cpu.cpu;
        if wait.code == Wait::Lock as u32 {
            self.say(format!("CPU{number} spins since {} us at {at}{}", wait.since, self.lock_holder(cpu)));
            let lock = self.polled_word(cpu).map_or_else(|| "a lock".to_owned(), |word| self.word_name(word));
            self.root(format!("it spins on the {lock}"));
            let word = self.polled_word(cpu).map(usize::from);
            let writer = word.and_then(|word| self.outcome.writers.get(word).copied().flatten());
            if let Some(holder) = writer.map(|writer| writer.cpu).filter(|&holder| holder != number) {
                self.cpu_waits(holder);
            }
            return;
        }
        if wait.code == Wait::Acknowledgement as u32
            && let Some(misdirected) = &cpu.misdirected
        {
            self.say(format!("CPU{number} waits for an acknowledgement since {} us in {at}", wait.since));
            self.misdirected(number, misdirected);
            for dead in self.outcome.cpus.iter().filter(|cpu| cpu.dead) {
                self.lines.push(format!("the APIC of CPU{} is dead (injected fault)", dead.cpu));
            }
            return self.root("an NMI between the two writes of the ICR sent its message elsewhere");
        }
        let what = match wait.code {
            code if code == Wait::Acknowledgement as u32 => "waits for an acknowledgement",
            code if code == Wait::RunQueue as u32 => "loops for ever",
            code if code == Wait::Shootdown as u32 => "waits for the other CPUs to stop",
            code if code == Wait::Backtrace as u32 => "waits for backtraces",
            code if code == Wait::SelfStop as u32 => "waits for the CPU that panics to stop it",
            code if code == Wait::Stop as u32 => "waits for the other CPUs to stop",
            code if code == Wait::Callin as u32 => "waits for a CPU to call in",
            code if code == Wait::Callout as u32 => "waits to be called out",
            code if code == Wait::Mailbox as u32 => "waits for the mailbox register",
            code if code == Wait::InitDeassert as u32 => "waits for INIT to be taken away",
            code if code == Wait::RemoteRead as u32 => "waits for a remote read",
            _ => "waits",
        };
        self.say(format!("CPU{number} {what} since {} us in {at}", wait.since));
        if wait.code == Wait::Acknowledgement as u32 {
            self.silent(number);
        }
        let place = cpu.site.and_then(function).unwrap_or("its program");
        self.root(format!("it {what} in {place}"));
    }

    /// Who has the vector of the last IPI of CPU `number` and does not take it. One that was there before has swallowed it.
    fn silent(&mut self, number: u16) {
        let Some(send) = self.outcome.cpus[usize::from(number)].last_send else { return };
        let vector = send.message.vector;
        for cpu in self.outcome.cpus.iter().filter(|cpu| cpu.cpu != number) {
            let held = cpu.requested.iter().find(|(held, _)| *held == vector).and_then(|(_, from)| *from);
            if let Some(from) = held {
                let silent = format!("CPU{} does not answer", cpu.cpu);
                let sender = self.agent(from.from);
                self.say(format!("{silent}: {vector:02X} from {sender} is in its IRR since {} us", from.at));
                self.refuser.get_or_insert(silent);
                self.state(cpu);
            }
        }
    }

    /// A message whose destination a handler overwrote before it was sent.
    fn misdirected(&mut self, number: u16, misdirected: &Misdirected) {
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

    /// Why the ICR of a CPU reads "send pending".
    fn icr_busy(&mut self, number: u16) {
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

    /// Why a CPU does not take what is requested of it.
    fn state(&mut self, cpu: &CpuReport) {
        let number = cpu.cpu;
        if let Some(since) = cpu.interrupts_off_since {
            self.say(format!("CPU{number} has interrupts off since {since} us"));
        }
        let handler = cpu.frames.iter().rev().find(|frame| frame.context == Context::Nmi);
        if let Some(frame) = handler {
            let interrupted = frame.interrupted.map(|site| format!(", which interrupted {}", describe(site)));
            self.say(format!(
                "CPU{number} is in its NMI handler since {} us{}",
                frame.since,
                interrupted.unwrap_or_default()
            ));
        }
        self.cpu_waits(number);
        self.root("it takes no interrupt");
    }

    fn polled_word(&self, cpu: &CpuReport) -> Option<u16> {
        cpu.polled.iter().find(|access| access.kind == Kind::Load).map(|access| access.operand as u16)
    }

    fn word_name(&self, word: u16) -> String {
        Layout::new(kernel(self.scenario).cpus).name(Word(word)).to_string()
    }

    fn lock_holder(&self, cpu: &CpuReport) -> String {
        let Some(word) = self.polled_word(cpu) else { return String::new() };
        let name = self.word_name(word);
        let Some(writer) = self.outcome.writers.get(usize::from(word)).copied().flatten() else {
            return format!(" on the {name}");
        };
        let holder = function(writer.site).unwrap_or("somebody");
        let itself = if writer.cpu == cpu.cpu { "the code that it interrupted" } else { "" };
        let holder =
            if itself.is_empty() { format!("CPU{} in {holder}", writer.cpu) } else { format!("{itself} ({holder})") };
        format!(" on the {name}, which {holder} took at {} us", writer.at)
    }

    fn agent(&self, agent: u16) -> String {
        if usize::from(agent) < self.outcome.cpus.len() { format!("CPU{agent}") } else { "the I/O agent".to_owned() }
    }
}

/// `FIXED FC`, or `NMI`.
pub(crate) fn what(message: &Message) -> String {
    match message.mode {
        DeliveryMode::Fixed => format!("FIXED {:02X}", message.vector),
        mode => mode.name().to_owned(),
    }
}

/// `logical 04`, `physical 2`.
pub(crate) fn destination(message: &Message) -> String {
    match (message.shorthand, message.destination_mode) {
        (sim::bus::Shorthand::Own, _) => "itself".to_owned(),
        (sim::bus::Shorthand::AllIncludingSelf, _) => "all".to_owned(),
        (sim::bus::Shorthand::AllExcludingSelf, _) => "all but itself".to_owned(),
        (_, DestinationMode::Logical) => format!("logical {:02X}", message.destination),
        (_, DestinationMode::Physical) => format!("physical {:02X}", message.destination),
    }
}
