//! The ways to execute a machine: every combination of executor, workers, windows, elision and an observer.

use crate::running::{ODD, SHORTEST, windowed};
use sim::{Execution, Window};

/// One way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) execution: Execution,
    pub(crate) elision: bool,
    pub(crate) observed: bool,
}

/// All of them.
pub(crate) fn all() -> Vec<Way> {
    let windows = [Window::Full, Window::Half, ODD, SHORTEST];
    let crews = [1, 3].into_iter().flat_map(|workers| windows.map(|window| windowed(workers, window)));
    let executions = crews.chain([Execution::Reference]);
    let switches = [(true, false), (false, false), (true, true), (false, true)];
    executions.flat_map(|execution| switches.map(|(elision, observed)| Way { execution, elision, observed })).collect()
}

/// Ways a machine is tried in by default.
const DRAWN: u64 = 5;

/// Five ways for the machine of a seed. Eight seeds in a row see every way, and so every pair of values.
pub(crate) fn drawn(seed: u64) -> Vec<Way> {
    let all = all();
    let count = all.len() as u64;
    (0..DRAWN).map(|turn| all[((seed % count * DRAWN + turn) * STRIDE % count) as usize]).collect()
}

/// Neighbours in the list have little in common: a stride without a common factor with its length, 36.
const STRIDE: u64 = 13;

#[test]
fn eight_seeds_see_every_way() {
    for first in [0, 7, 1000] {
        let seen: std::collections::BTreeSet<String> =
            (first..first + 8).flat_map(drawn).map(|way| format!("{way:?}")).collect();
        assert_eq!(seen.len(), 36);
    }
}
