//! A CPU whose software says of no wait, as in scripts: what it does, what has come to it and is not taken, what keeps it
//! from taking that, and what its own ICR waits for.

use super::chain::Chain;
use crate::judgement::keeps::Untaken;
use crate::judgement::state::{Cause, CpuState, Origin, Sleep};
use sim::Context;
use sim::apic::Mode;

/// What has come and is told, one by one.
const TOLD: usize = 8;

impl Chain<'_> {
    pub(super) fn by_hand(&mut self, number: u16) {
        let cpu = self.cpu(number);
        let deaf = matches!(cpu.sleep(), Some(Sleep::Shutdown { .. } | Sleep::WaitForStartUp(_)));
        if !deaf && cpu.stalled_since.is_none() {
            self.stands(number);
        }
        self.cpu_waits(number);
        if let (None, Some(disabled)) = (cpu.reset, disabled(cpu)) {
            self.say(format!("the APIC of CPU{number} is {disabled}"));
        }
        self.untaken(number);
        if cpu.stalled_since.is_none() && self.is_held_up(number) {
            self.path.push(number);
            self.icr_busy(number);
            self.root("its ICR is busy");
        }
        if let (false, Some(disabled)) = (cpu.finished, disabled(cpu)) {
            self.root(format!("its APIC is {disabled}"));
        }
        self.root(does(cpu));
    }

    /// Is the ICR of a CPU kept busy? Not by a message that is on its way, and has met nothing and nobody.
    pub(super) fn is_held_up(&self, number: u16) -> bool {
        let cpu = self.cpu(number);
        let mut own = self.state.undispatched().filter(|held| held.message.source == number);
        let others = self.state.undispatched().any(|held| held.message.source != number);
        cpu.stalled_since.is_some()
            || cpu.jammed_since.is_some()
            || own.any(|held| others || held.attempts.is_some() || self.state.stall(held).is_some())
    }

    /// A CPU that runs, or would if anything came: only what is unusual is said.
    pub(super) fn runs(&mut self, number: u16) {
        let cpu = self.cpu(number);
        if cpu.finished {
            self.say(format!("CPU{number} was started where there is no code: it executes nothing that answers"));
        } else if let Some(Sleep::Halt(since)) = cpu.sleep() {
            self.say(format!("CPU{number} is in HLT since {since} us"));
        }
    }

    pub(super) fn untaken(&mut self, number: u16) {
        let cpu = self.cpu(number);
        let all = Untaken::of(cpu);
        all.iter().take(TOLD).for_each(|&one| self.not_taken(number, one));
        if let Some(more) = all.len().checked_sub(TOLD).filter(|&more| more > 0) {
            self.say(format!("and {more} more"));
        }
    }

    /// Something that has come, and what keeps the CPU from it.
    pub(super) fn not_taken(&mut self, number: u16, one: Untaken) {
        let cpu = self.cpu(number);
        let (name, since) = (one.name(), self.since(cpu, one));
        match one.kept_by(cpu) {
            Some(keeps) => {
                self.say(format!("CPU{number} does not take {name}{since}: {keeps}"));
                self.root(format!("it does not take {name}: {keeps}"));
            }
            None if matches!(one, Untaken::Requested(vector) if self.is_unnoticed(number, vector)) => {
                let told = format!("the core of CPU{number} has not been told of ");
                if !self.lines.iter().any(|line| line.starts_with(&told)) {
                    self.say(format!("{told}{name}{since} (injected fault)"));
                }
                self.root(format!("its core was not told of {name} (injected)"));
            }
            None => {
                self.say(format!("CPU{number} is about to take {name}{since}"));
                self.root(format!("it is about to take {name}"));
            }
        }
    }

    /// `, which came at 12 us from CPU0`.
    fn since(&self, cpu: &CpuState, one: Untaken) -> String {
        let latched = match one {
            Untaken::Init => cpu.latches.init,
            Untaken::Smi => cpu.latches.smi,
            Untaken::Nmi => cpu.latches.nmi,
            Untaken::External(_) => None,
            Untaken::Requested(vector) => {
                let by = cpu.requested_by(vector);
                let by = by.map(|(from, at)| format!(", which came at {at} us from {}", self.agent(from)));
                return by.unwrap_or_default();
            }
        };
        match latched {
            Some(Cause { at, origin: Origin::Message(from, _) }) => {
                format!(", which came at {at} us from {}", self.agent(from))
            }
            Some(Cause { at, .. }) => format!(", which came at {at} us"),
            None => String::new(),
        }
    }
}

/// An APIC that takes no interrupt, in words (SDM vol. 3 §10.4.3, 10.4.7.2).
fn disabled(cpu: &CpuState) -> Option<&'static str> {
    match cpu.apic.mode() {
        Mode::Disabled => Some("globally disabled"),
        _ if !cpu.apic.software_enabled() => Some("software-disabled"),
        _ => None,
    }
}

/// What a CPU does that waits for nothing.
fn does(cpu: &CpuState) -> &'static str {
    match cpu.frames.last().map(|frame| frame.context) {
        _ if cpu.finished => "its program has ended",
        Some(Context::SystemManagement) => "it is in system-management mode, and nothing else has come",
        Some(Context::Nmi) => "it is in its NMI handler, and nothing else has come",
        _ if matches!(cpu.sleep(), Some(Sleep::Halt(_))) => "it is in HLT, and nothing has come since",
        _ => "it runs, and has taken all that came",
    }
}
