//! Properties over machines × fault plans × seeds × sub-architectures.
//!
//! A failing case shrinks to a small scenario; the message holds its text and the token that replays it. The default
//! number of cases is fixed and drawn from a fixed seed, so that every run of the suite is the same;
//! `PROPTEST_CASES=10000 cargo test property` looks further, `PROPTEST_RNG_SEED` elsewhere.

mod agreement;
mod bounded;
mod plan;
mod starts;
mod unbounded;

use proptest::test_runner::{Config, RngSeed};

/// A fixed seed, and `cases` unless the environment asks for another number.
fn config(cases: u32) -> Config {
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
