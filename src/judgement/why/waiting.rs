//! What a CPU waits for, and where to look for why that does not come.

use super::chain::Chain;
use crate::judgement::state::{MessageState, OpenWait, Sleep};
use crate::machine::player::AWAITS;
use kernel_model::{Point, Wait};
use sim::Context;
use sim::bus::Message;

impl Chain<'_> {
    /// What the NMI handler has interrupted in which a CPU waits.
    pub(super) fn nested(&mut self, number: u16) {
        if let Some(frame) = self.cpu(number).handler(Context::Nmi)
            && let Some(interrupted) = frame.interrupted
        {
            let since = frame.since;
            self.say(format!(
                "CPU{number} is in its NMI handler since {since} us, which interrupted {}",
                self.describe(interrupted)
            ));
        }
    }

    /// What a CPU waits for, and why that does not come.
    pub(super) fn cpu_waits(&mut self, number: u16) {
        if self.path.contains(&number) {
            return self.circle(number);
        }
        if self.told.contains(&number) {
            return self.say(format!("CPU{number} is as told above"));
        }
        self.told.push(number);
        self.path.push(number);
        self.wait_of(number);
        self.path.pop();
    }

    fn wait_of(&mut self, number: u16) {
        let cpu = self.cpu(number);
        let waits = cpu.software.waits.last();
        let outer = waits.filter(|wait| wait.level < cpu.frames.len()).map(|wait| wait.site); // a handler is on top of it
        let at = outer.or(cpu.site()).map_or_else(|| "nowhere".to_owned(), |site| self.describe(site));
        if let Some(since) = cpu.stalled_since {
            let at = self.state.kernel.map(|_| format!(": {at}")).unwrap_or_default();
            self.say(format!("CPU{number}'s store to its ICR has not completed since {since} us{at}"));
            return self.icr_busy(number);
        }
        if let Some(sleep) = cpu.sleep()
            && self.asleep(number, sleep)
        {
            return;
        }
        if self.state.kernel.is_none() {
            return self.runs(number);
        }
        if let Some(at_us) = self.panicked(number) {
            self.say(format!(
                "CPU{number} panicked at {at_us} us, because its ICR had stayed busy past its bound: {at}"
            ));
            return self.icr_busy(number);
        }
        self.called_by(number);
        match waits {
            Some(wait) if wait.code == Wait::IcrIdle as u32 => {
                self.say(format!("CPU{number} waits for its ICR since {} us in {at}", wait.since));
                if outer.is_some() {
                    self.handler_on_top(number);
                }
                self.icr_busy(number);
            }
            Some(wait) if wait.code == Wait::Lock as u32 => self.lock(number, wait, &at),
            Some(wait) if wait.code == AWAITS => {
                if outer.is_some() {
                    self.handler_on_top(number);
                }
                self.awaits(number, wait, &at);
            }
            Some(wait) => self.other_wait(number, *wait, &at, outer.is_some()),
            None if cpu.sleep().is_some() => self.halted(number, &at),
            None if cpu.site().is_none() => {} // in a handler that has not acted yet
            None => self.say(format!("CPU{number} is at {at}")),
        }
    }

    /// A CPU that executes nothing, whatever its software waited for before. HLT is part of a wait like any other.
    fn asleep(&mut self, number: u16, sleep: Sleep) -> bool {
        match sleep {
            Sleep::Halt(_) => false,
            Sleep::Shutdown { .. } => {
                self.shutdown(number);
                true
            }
            Sleep::WaitForStartUp(reset) => {
                self.waits_for_start_up(number, reset);
                true
            }
        }
    }

    /// What a handler does that runs on top of a wait.
    fn handler_on_top(&mut self, number: u16) {
        let cpu = self.cpu(number);
        let (Some(frame), Some(site)) = (cpu.frames.last(), cpu.site()) else { return };
        let handler = match frame.context {
            Context::Program | Context::Shutdown => return,
            Context::Interrupt(vector) => format!("its handler of {vector:02X}"),
            Context::Nmi => "its NMI handler".to_owned(),
            Context::SystemManagement => "system-management mode".to_owned(),
        };
        let halted = if cpu.sleep().is_some() { "in HLT:" } else { "at" };
        self.say(format!(
            "on top of that CPU{number} is in {handler} since {} us, {halted} {}",
            frame.since,
            self.describe(site)
        ));
    }

    fn circle(&mut self, number: u16) {
        let began = self.path.iter().position(|&on_it| on_it == number).unwrap_or_default();
        self.say(match began {
            0 => format!("and CPU{number} is where this chain began: they wait for each other"),
            _ => format!("and CPU{number} has been met above: they wait for each other"),
        });
        let circle: Vec<String> = self.path[began..].iter().map(|cpu| format!("CPU{cpu}")).collect();
        self.refuser = None;
        let first = self.cpu(self.path[began]).software.waits.last();
        let icr = first.is_some_and(|wait| wait.code == Wait::IcrIdle as u32);
        let what = if icr { "each other's slots" } else { "each other" };
        self.root(format!("{} wait for {what}", circle.join(" and ")));
    }

    fn other_wait(&mut self, number: u16, wait: OpenWait, at: &str, interrupted: bool) {
        let proven = self.state.proven || wait.code != Wait::RunQueue as u32;
        let what = if proven { what(wait.code) } else { "loops" };
        self.say(format!("CPU{number} {what} since {} us in {at}", wait.since));
        if interrupted {
            self.handler_on_top(number);
        }
        if let Some(misdirected) = self.cpu(number).misdirected()
            && wait.code == Wait::Acknowledgement as u32
            && self.is_sent_once(number, &misdirected.message)
        {
            self.misdirected(number, misdirected);
            self.dead_apics();
            self.root("an NMI between the two writes of the ICR sent its message elsewhere");
        } else if wait.code == Wait::Callin as u32 {
            self.callin(number);
        } else if wait.code == Wait::Callout as u32 {
            self.callout(number);
        } else if wait.code == Wait::InitDeassert as u32 {
            self.deassert(number);
        } else if wait.code == Wait::Mailbox as u32 {
            self.mailbox(number);
        } else if wait.code == Wait::RemoteRead as u32 {
            self.remote_read(number);
        } else if wait.code == Wait::SelfStop as u32 {
            self.stopper(number);
        } else if expects_answers(wait.code) {
            self.answers(number, wait);
        }
        if interrupted && self.is_stopped(number, wait.since) {
            self.root("it was stopped while it waited");
        }
        let place = self.state.places.function(wait.site).unwrap_or("its program");
        self.root(format!("it {what} in {place}"));
    }

    /// Has CPU `number` sent nothing of the same vector since? A call that was sent again is not where its first message went.
    fn is_sent_once(&self, number: u16, message: &Message) -> bool {
        let alike = |held: &&MessageState| (held.message.mode, held.message.vector) == (message.mode, message.vector);
        self.state.messages.of(number).rev().find(alike).is_none_or(|last| last.message == *message)
    }

    /// The CPU that panics, and is to stop the others.
    fn stopper(&mut self, number: u16) {
        let panics = self.state.words.value(self.layout().panic_cpu().0);
        if let Ok(cpu) = u16::try_from(panics)
            && cpu != number
            && usize::from(cpu) < self.state.cpus.len()
        {
            self.say(format!("CPU{cpu} is the one that panics"));
            self.cpu_waits(cpu);
        }
    }

    /// When the kernel of this CPU panicked because its ICR stayed busy, if nobody's did before.
    fn panicked(&self, number: u16) -> Option<sim::Time> {
        let panic = self.state.milestones.iter().find(|milestone| milestone.code == Point::Panicked as u32)?;
        (panic.cpu == number).then_some(panic.at)
    }
}

/// Is it a wait for what other CPUs do about a message?
fn expects_answers(code: u32) -> bool {
    [Wait::Acknowledgement, Wait::Shootdown, Wait::Backtrace, Wait::Stop].iter().any(|wait| *wait as u32 == code)
}

/// What a CPU does that waits for this.
pub(crate) fn what(code: u32) -> &'static str {
    match code {
        code if code == Wait::IcrIdle as u32 => "waits for its ICR",
        code if code == Wait::Lock as u32 => "spins on a lock",
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
        AWAITS => "awaits a word",
        _ => "waits",
    }
}
