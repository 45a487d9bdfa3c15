//! Every machine that there is: each built-in scenario on each sub-architecture, by each variant, and by each release that has
//! other code; on its natural bus, or on all buses that it fits:
//! `EVERY_BUS=1 cargo test --lib everywhere` is the long run, a few minutes.
//!
//! Three things are held to all of them: messages and their fates, to two witnesses; chains of causes, which must come to an end
//! that is one; and runs that go on beyond their goal, to machines that have none.

mod aftermaths;
mod ends;
mod witnesses;

use crate::machine::{self, Choices};
use crate::scenario::{self, ALL_ARCHES, Bus, RELEASES, Request, Scenario, VARIANTS, is_other};
use sim::{Machine, Named, Stacks};
use std::collections::BTreeSet;

const CHOICES: Choices = Choices { seed: 0, elision: true, cut_ps: None, to_the_end: false, stacks: Stacks::Own };

/// All of them, each once.
fn every_machine(mut check: impl FnMut(&Scenario, Machine)) -> usize {
    let mut seen = BTreeSet::new();
    for name in scenario::builtin_names() {
        for request in requests(name) {
            let Ok(scenario) = scenario::load(&request) else { continue };
            let machine = &scenario.machine;
            if !seen.insert(format!("{name} {machine} {}", machine.release)) {
                continue;
            }
            let Ok(settings) = machine::assemble(&scenario, CHOICES) else { continue };
            check(&scenario, Machine::new(settings).expect("it was assembled"));
        }
    }
    seen.len()
}

fn requests(name: &str) -> Vec<Request> {
    let long = std::env::var_os("EVERY_BUS").is_some();
    let buses: Vec<Option<Bus>> = if long { Bus::ALL.iter().map(|bus| Some(*bus)).collect() } else { vec![None] };
    let code = |arch: &'static str| {
        let variants = VARIANTS.iter().filter(|_| !is_other(arch)).map(|variant| (Some(*variant), None));
        let releases = RELEASES.iter().filter(|_| !is_other(arch)).map(|release| (None, Some(*release)));
        std::iter::once((None, None)).chain(variants).chain(releases)
    };
    let mut requests = Vec::new();
    for arch in ALL_ARCHES {
        for (variant, release) in code(arch) {
            requests.extend(buses.iter().map(|bus| Request {
                arch: Some(arch.to_owned()),
                variant: variant.map(str::to_owned),
                release: release.map(str::to_owned),
                bus: *bus,
                ..Request::new(name)
            }));
        }
    }
    requests
}
