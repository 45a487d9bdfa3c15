//! What a CPU waits for, and why that does not come: an ICR, a lock, others.

use super::chain::Chain;
use crate::judgement::panic::panicked;
use crate::judgement::source_lines::{describe, function};
use kernel_model::Wait;
use sim::{Activity, Context, CpuReport, OpenWait};

impl Chain<'_> {
    /// What the NMI handler has interrupted in which a CPU waits.
    pub(super) fn nested(&mut self, number: u16) {
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
    pub(super) fn cpu_waits(&mut self, number: u16) {
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

    /// Why a CPU does not take what is requested of it.
    pub(super) fn state(&mut self, cpu: &CpuReport) {
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
}
