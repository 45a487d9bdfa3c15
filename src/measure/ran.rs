//! What came of a run, in so few words that those of many can be kept and compared.

use crate::judgement::{Verdict, crash_path};
use crate::scenario::Scenario;
use crate::scenario::named::Named;
use crate::token::Token;
use sim::{Ending, Outcome};

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) digest: u64,
    pub(crate) verdict: Verdict,
}

impl Ran {
    pub(super) fn of(scenario: &Scenario, outcome: &Outcome) -> Self {
        let verdict = match (crash_path(scenario, outcome).goal_reached, outcome.ending) {
            (true, _) => Verdict::Completed,
            (false, Ending::Proven(_)) => Verdict::Hung,
            (false, _) => Verdict::Deadline,
        };
        Self { digest: outcome.digest, verdict }
    }
}

/// Runs of one machine with seeds that follow each other.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// The number of the machine.
    pub(crate) machine: usize,
    /// The first seed.
    pub(crate) first: u64,
    pub(crate) runs: Vec<Ran>,
}

/// What machines differ in, in one measurement.
pub(crate) const AXES: [&str; 5] = ["arch", "variant", "release", "bus", "load"];

/// What a machine is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MachineName {
    /// The values of [`AXES`].
    pub(crate) axes: [String; 5],
    /// The token of each of its runs, before and after the seed.
    pub(crate) token: [String; 2],
}

impl MachineName {
    pub(super) fn of(scenario: &Scenario, load: &str) -> Self {
        let machine = &scenario.machine;
        let variant = machine.variant.to_string();
        let axes = [machine.arch, &variant, machine.release, machine.bus.name(), load].map(str::to_owned);
        // What two tokens have in common is before and after their seeds, which have no digit in common.
        let [one, other] = [1, 2].map(|seed| Token::new(scenario, seed).to_string());
        let at = one.bytes().zip(other.bytes()).position(|(one, other)| one != other).unwrap_or(one.len());
        let token = [one[..at].to_owned(), one.get(at + 1..).unwrap_or_default().to_owned()];
        Self { axes, token }
    }

    /// The token of the run with a seed.
    pub(crate) fn token(&self, seed: u64) -> String {
        let [before, after] = &self.token;
        format!("{before}{seed}{after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Request, load};

    #[test]
    fn tokens_are_those_of_the_runs() {
        let mut request = Request::new("normal-dispatch");
        request.sets = vec!["knobs.jitter_picclk=20".to_owned()];
        let scenario = load(&request).expect("it is there");
        let name = MachineName::of(&scenario, "none");
        for seed in [0, 1, 2, 9, 10, 12_345, u64::MAX] {
            assert_eq!(name.token(seed), Token::new(&scenario, seed).to_string());
        }
    }
}
