//! A wait for what other CPUs do about a message: where did it go, and who has not answered?

use super::chain::{Chain, list};
use crate::judgement::messages::{destination, what};
use crate::judgement::source_lines::Places;
use crate::judgement::state::{MessageState, Misdirected, OpenWait};
use kernel_model::{Point, Wait};
use sim::Time;
use sim::bus::{DeliveryMode, Message};

impl<'a> Chain<'a> {
    pub(super) fn answers(&mut self, number: u16, wait: OpenWait) {
        let awaited = self.awaited(number);
        if !self.asks(wait) {
            self.say(
                "no message asks for it: each CPU looks whether it is asked when its NMI watchdog ticks".to_owned(),
            );
        }
        let mut told = Vec::new();
        for held in self.asked(number, wait) {
            let silent = |cpu: &u16| match &awaited {
                Some(awaited) => awaited.contains(cpu),
                None => !self.is_stopped(*cpu, held.sent),
            };
            let cpus: Vec<u16> = held.meant.iter().copied().filter(|&cpu| cpu != number).filter(silent).collect();
            told.extend(self.ask(held, &cpus));
            if held.meant.is_empty() {
                self.say(sent(&self.state.places, held, "no CPU"));
                self.root("its message is for no CPU");
            }
        }
        if wait.code == Wait::Shootdown as u32 && told.is_empty() {
            self.left_out(number, wait);
        }
        for cpu in awaited.unwrap_or_default() {
            if !told.contains(&cpu) {
                self.not_asked(number, cpu);
            }
        }
    }

    /// Has a CPU been stopped since? It answers nothing more, and has answered that.
    pub(super) fn is_stopped(&self, number: u16, since: Time) -> bool {
        let stopped = |code: u32| code == Point::Stopped as u32 || code == Point::StoppedByCall as u32;
        let reached = self.state.milestones.iter().filter(|reached| reached.cpu == number && reached.at >= since);
        reached.into_iter().any(|reached| stopped(reached.code))
    }

    /// CPUs that the crash counts, all that run, and that no message was for: it stays in its sender's cluster, say.
    fn left_out(&mut self, number: u16, wait: OpenWait) {
        let asked = self.asked(number, wait);
        let Some(last) = asked.last() else { return };
        let runs = self.state.cpus.iter().filter(|cpu| cpu.number != number && cpu.reset.is_none());
        let runs = runs.map(|cpu| cpu.number).filter(|&cpu| !self.is_stopped(cpu, last.sent));
        let out: Vec<u16> = runs.filter(|cpu| asked.iter().all(|held| !held.meant.contains(cpu))).collect();
        if !out.is_empty() {
            self.say(sent(&self.state.places, last, &list(&last.meant)));
            self.say(format!("no message was for {}", list(&out)));
            self.root(format!("no message was for {}", list(&out)));
        }
    }

    /// What became of a message at these CPUs. Gives those that have not done with it.
    fn ask(&mut self, held: &MessageState, cpus: &[u16]) -> Vec<u16> {
        if cpus.is_empty() {
            return Vec::new();
        }
        let place = self.lines.len();
        self.say(sent(&self.state.places, held, &list(&held.meant)));
        if held.dispatched.is_none() && held.arrivals.is_empty() {
            self.fate(held, cpus[0]); // nobody has got it, for one reason
            return cpus.to_vec();
        }
        let before = self.lines.len();
        let open: Vec<u16> = cpus.iter().copied().filter(|&cpu| self.fate(held, cpu)).collect();
        if open.is_empty() && before == self.lines.len() {
            self.lines.truncate(place); // they have taken it, and have done with it
        }
        open
    }

    /// A CPU that has not answered, though it has done with the messages of the one that waits, or got none: what another
    /// CPU sent it before may be on its way still.
    fn not_asked(&mut self, number: u16, cpu: u16) {
        let others =
            self.state.messages.all().filter(|held| held.message.source != number && held.meant.contains(&cpu));
        let vector = |held: &&MessageState| held.message.mode == DeliveryMode::Fixed;
        if let Some(before) = others.filter(vector).max_by_key(|held| held.sent)
            && !self.ask(before, &[cpu]).is_empty()
        {
            return;
        }
        if let Some(misdirected) = self.cpu(number).misdirected().filter(|went| self.was_for(went, cpu)) {
            self.misdirected(number, misdirected);
            return self.root("an NMI between the two writes of the ICR sent its message elsewhere");
        }
        let silent = format!("CPU{cpu} has not answered");
        self.say(silent.clone());
        self.refuser.get_or_insert(silent);
        self.condition(cpu);
    }

    /// Had the sender asked for CPU `cpu` before a handler wrote another destination?
    fn was_for(&self, went: &Misdirected, cpu: u16) -> bool {
        let intended = Message { destination: went.intended, ..went.message };
        self.state.meant(&intended).contains(&cpu)
    }

    /// Does the wait follow a message? In 2.6.20 nobody is sent one for a backtrace: each CPU's watchdog looks by itself.
    fn asks(&self, wait: OpenWait) -> bool {
        wait.code != Wait::Backtrace as u32 || self.state.kernel.is_some_and(|kernel| kernel.arch.is_modern())
    }

    /// The messages that CPU `number` sent last, one after the other, each for other CPUs: those that it waits for.
    fn asked(&self, number: u16, wait: OpenWait) -> Vec<&'a MessageState> {
        let by_nmi = wait.code == Wait::Backtrace as u32 || wait.code == Wait::Shootdown as u32;
        if !self.asks(wait) {
            return Vec::new();
        }
        let mut asked: Vec<&'a MessageState> = Vec::new();
        for held in self.state.messages.of(number).rev().filter(|held| held.sent <= wait.since) {
            let message = &held.message;
            let alike = asked
                .last()
                .is_none_or(|last| (last.message.mode, last.message.vector) == (message.mode, message.vector));
            let new = asked.iter().all(|other| other.meant.iter().all(|cpu| !held.meant.contains(cpu)));
            if alike && asked.iter().any(|newer| is_again(newer, held)) {
                continue;
            }
            if !alike || !new || by_nmi && message.mode != DeliveryMode::Nmi {
                break;
            }
            asked.push(held);
        }
        asked.reverse();
        asked
    }
}

/// Is it `older` once more, which had not been dispatched?
fn is_again(newer: &MessageState, older: &MessageState) -> bool {
    older.replaced.is_some_and(|(at, _)| at == newer.sent) && older.meant == newer.meant
}

fn sent(places: &Places, held: &MessageState, to: &str) -> String {
    let message = &held.message;
    let by = held.site.map(|site| format!(": {}", places.describe(site))).unwrap_or_default();
    let (what, destination) = (what(message), destination(message));
    format!("CPU{} sent {what} to {destination}, for {to}, at {} us{by}", message.source, held.sent)
}
