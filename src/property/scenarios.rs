//! A strategy for whole scenarios.

use super::faults::fault_plans;
use super::machines::machines;
use super::programs::{LOCKS, VECTORS, WORDS, steps};
use crate::scenario::{On, ScenarioBuilder};
use proptest::prelude::*;
use sim::Time;

/// A run that is not decided ends after 200 µs.
const LIMIT_US: u64 = 200;

/// Any machine with any faults; CPUs 0 and 1 run a small program each, and have handlers for what they send each other. The goal is
/// that both programs end. It shrinks to two CPUs with a step each, and no fault.
///
/// ```
/// use apicsim::property::scenarios;
/// use proptest::{prelude::*, test_runner::TestRunner};
///
/// TestRunner::deterministic().run(&scenarios(), |builder| {
///     prop_assert!(builder.build().is_ok(), "{}", builder.to_toml());
///     Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn scenarios() -> impl Strategy<Value = ScenarioBuilder> {
    let programs = (steps(2), steps(2));
    let handlers = (steps(0), steps(0), steps(0));
    (machines(), fault_plans(), programs, handlers).prop_map(
        |(machine, plan, (first, second), (one, other, non_maskable))| {
            let declared = ScenarioBuilder::new("random").machine(&machine).limit(Time::from_us(LIMIT_US));
            let declared = WORDS.iter().fold(declared, |builder, word| builder.word(word, 0));
            let declared = LOCKS.iter().fold(declared, |builder, lock| builder.lock(lock));
            let scenario = declared
                .steps(Time::from_us(1), 0, &first)
                .steps(Time::from_us(2), 1, &second)
                .handler(&[1], On::Vector(VECTORS[0]), &one)
                .handler(&[0], On::Vector(VECTORS[1]), &other)
                .handler(&[0, 1], On::Nmi, &non_maskable);
            plan.fitted(&machine).into_iter().fold(scenario, |scenario, (at, kind)| scenario.fault(at, kind))
        },
    )
}
