//! Strategies for machines.

use crate::scenario::{ARCHES, Bus, MODERN_ARCHES, Machine, ScenarioBuilder, VARIANTS};
use proptest::prelude::*;
use sim::Named;

/// CPUs, at most.
const CPUS_MAX: u32 = 8;

/// Any machine of two to eight CPUs that a kernel of Linux can run on: each sub-architecture but the one without APICs, each variant,
/// on its natural bus or another one. It shrinks to two CPUs of `i386/default` and `before`.
///
/// ```
/// use apicsim::property::machines;
/// use proptest::{prelude::*, test_runner::TestRunner};
///
/// TestRunner::deterministic().run(&machines(), |machine| {
///     prop_assert!((2..=8).contains(&machine.cpus) && machine.bus.seats(machine.generation));
///     Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn machines() -> impl Strategy<Value = Machine> {
    let arches: Vec<&str> =
        ARCHES.into_iter().chain(MODERN_ARCHES.into_iter().filter(|arch| *arch != NO_APIC)).collect();
    let bus = prop::option::of(prop::sample::select(Bus::ALL));
    (prop::sample::select(arches), prop::sample::select(&VARIANTS[..]), bus, 2..=CPUS_MAX).prop_map(
        |(arch, variant, bus, cpus)| {
            let natural = ScenarioBuilder::new("machine").arch(arch).variant(variant).cpus(1);
            let asked = bus.and_then(|bus| natural.clone().bus(bus).build().ok());
            let machine = match asked {
                Some(scenario) => scenario.machine,
                None => natural.build().expect("every sub-architecture has a machine of one CPU").machine,
            };
            Machine { cpus: cpus.min(machine.cpus_max().0), ..machine }
        },
    )
}

const NO_APIC: &str = "modern/noop";
