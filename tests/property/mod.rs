//! Properties over machines × fault plans × seeds × sub-architectures.
//!
//! A failing case shrinks to a small scenario; the message holds its text and the token that replays it. The default
//! number of cases is fixed and drawn from a fixed seed, so that every run of the suite is the same;
//! `PROPTEST_CASES=10000 cargo test property` looks further, `PROPTEST_RNG_SEED` elsewhere.

mod agreement;
mod bounded;
mod own_wait;
mod plan;
mod starts;
mod unbounded;

use crate::support::reads_back;
use apicsim::RunReport;
use apicsim::scenario::{self, Request, Scenario};
use proptest::test_runner::{Config, RngSeed};
use std::sync::atomic::{AtomicU32, Ordering};

/// A fixed seed, and `cases` unless the environment asks for another number.
pub(crate) fn config(cases: u32) -> Config {
    let default = Config::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let seeded = std::env::var_os("PROPTEST_RNG_SEED").is_some();
    Config {
        cases: if asked { default.cases } else { cases },
        rng_seed: if seeded { default.rng_seed } else { RngSeed::Fixed(2007) },
        failure_persistence: None,
        ..default
    }
}

/// The scenario of this text on one sub-architecture under one variant.
fn load(text: &str, arch: &str, variant: &str) -> Scenario {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("apicsim-property-{}-{number}.toml", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let mut request = Request::new(path.to_str().unwrap());
    request.arch = Some(arch.to_owned());
    request.variant = Some(variant.to_owned());
    let scenario = scenario::load(&request);
    std::fs::remove_file(path).unwrap();
    let scenario = scenario.unwrap_or_else(|error| panic!("{}\n{text}", error.render(false)));
    reads_back(&scenario);
    scenario
}

/// What a failure says: the scenario to save, and the command that replays it.
fn replay(text: &str, report: &RunReport) -> String {
    let (verdict, token) = (report.verdict, &report.token);
    format!("verdict {verdict:?}\nsave as the file of this token: apicsim replay '{token}'\n{text}")
}

/// As in a scenario.
fn microseconds(ns: u64) -> String {
    format!("{}.{:03}", ns / 1000, ns % 1000)
}
