//! How many cases, and from which seed. Compiled into the tests, too.
//!
//! Not modelled: nothing of a machine.

use proptest::test_runner::{Config, RngSeed};

/// A configuration of proptest for deterministic suites: so many cases, from a fixed seed, and no file of failures, since a failure
/// has a scenario file. `PROPTEST_CASES` asks for another number, `PROPTEST_RNG_SEED` for another seed.
///
/// ```
/// let config = apicsim::property::config(12);
/// assert!(config.cases == 12 || std::env::var_os("PROPTEST_CASES").is_some());
/// ```
pub fn config(cases: u32) -> Config {
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
