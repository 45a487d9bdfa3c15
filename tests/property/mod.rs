//! Properties over machines × fault plans × seeds × sub-architectures.
//!
//! A failing case shrinks to a small scenario; the message holds its text and the token that replays it. The default
//! number of cases is fixed and drawn from a fixed seed, so that every run of the suite is the same;
//! `PROPTEST_CASES=10000 cargo test property` looks further, `PROPTEST_RNG_SEED` elsewhere.

mod agreement;
mod bounded;
#[path = "../../src/property/config.rs"]
#[allow(unreachable_pub, reason = "the library hands it out")]
mod config;
mod own_wait;
mod plan;
mod starts;
mod unbounded;

pub(crate) use config::config;

use crate::support::reads_back;
use apicsim::RunReport;
use apicsim::scenario::{self, Request, Scenario};
use std::sync::atomic::{AtomicU32, Ordering};

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
