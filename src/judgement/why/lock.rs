//! A lock that does not come free: who holds it, and what that one waits for.

use super::chain::Chain;
use crate::judgement::state::OpenWait;
use sim::Context;

impl Chain<'_> {
    pub(super) fn lock(&mut self, number: u16, wait: &OpenWait, at: &str) {
        let word = self.cpu(number).software.polled_word();
        self.say(format!("CPU{number} spins since {} us at {at}{}", wait.since, self.holder(number, word)));
        let lock = word.map_or_else(|| "a lock".to_owned(), |word| self.lock_name(word));
        self.root(format!("it spins on {lock}"));
        let writer = word.and_then(|word| self.state.words.writer(word));
        if let Some(holder) = writer.map(|writer| writer.cpu).filter(|&holder| holder != number) {
            self.cpu_waits(holder);
        }
    }

    /// `the console lock`; what a file names is quoted.
    fn lock_name(&self, word: u16) -> String {
        let own = self.state.places.programs().word_name(word);
        own.map_or_else(|| format!("the {}", self.word_name(word)), |name| format!("`{name}`"))
    }

    fn holder(&self, number: u16, word: Option<u16>) -> String {
        let Some(word) = word else { return String::new() };
        let name = self.lock_name(word);
        let Some(writer) = self.state.words.writer(word) else { return format!(" on {name}") };
        let entered = self.cpu(number).frames.last().filter(|frame| frame.context != Context::Program);
        let interrupted = entered.is_some_and(|frame| writer.at <= frame.since);
        if writer.site.as_step().is_some() || writer.cpu == number && !interrupted {
            let (step, at) = (self.describe(writer.site), writer.at);
            let who = match (writer.cpu == number, interrupted) {
                (true, true) => format!("the code that CPU{number} interrupted"),
                (true, false) => format!("CPU{number} itself"),
                _ => format!("CPU{}", writer.cpu),
            };
            return format!(" on {name}, which {who} took at {at} us: {step}");
        }
        let place = self.state.places.function(writer.site).unwrap_or("somebody");
        let holder = if writer.cpu == number {
            format!("the code that it interrupted ({place})")
        } else {
            format!("CPU{} in {place}", writer.cpu)
        };
        format!(" on {name}, which {holder} took at {} us", writer.at)
    }
}
