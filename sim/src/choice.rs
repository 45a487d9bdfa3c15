//! The one source of choice. Whatever may happen either way asks a [`Chooser`]; nothing else draws random numbers.
//!
//! A choice is a function of (seed, source, label, count), never of a global stream: so executors, workers and windows
//! cannot disturb it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Labels of choices that the hardware itself draws. Software uses [`Label::Software`] with numbers of its own.
///
/// ```
/// assert!(sim::Label::Jitter < sim::Label::Software(0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Label {
    /// Extra bus cycles before a message joins arbitration.
    Jitter,
    /// A choice made by software or by a scenario.
    Software(u16),
}

impl Label {
    const fn code(self) -> u32 {
        match self {
            Self::Jitter => 0,
            Self::Software(n) => 0x1_0000 | n as u32,
        }
    }
}

/// Which choice it is: the `count`-th with `label` at `source`.
///
/// ```
/// use sim::{ChoicePoint, Chooser, Label, Seeded};
///
/// let point = ChoicePoint { source: 0, label: Label::Software(1), count: 0 };
/// assert!(Seeded(7).choose(point, 10) < 10);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChoicePoint {
    /// CPU number, or the number of the I/O agent, or the interconnect.
    pub source: u16,
    /// What is chosen.
    pub label: Label,
    /// How many with this label this source has drawn before.
    pub count: u32,
}

/// Decides what may happen either way. Pure: the same point always gives the same answer.
///
/// One of one's own goes into [`MachineSettings::chooser`](crate::MachineSettings::chooser). What software draws it asks
/// [`Cpu::choose`](crate::Cpu::choose) for.
///
/// ```
/// use sim::bus::IdealBus;
/// use sim::*;
/// use std::sync::Arc;
///
/// /// The last alternative, always: the worst case of whoever counts upwards.
/// #[derive(Debug)]
/// struct Last;
///
/// impl Chooser for Last {
///     fn choose(&self, _: ChoicePoint, alternatives: u32) -> u32 {
///         alternatives - 1
///     }
/// }
///
/// let software = Program::from_fn(|cpu| {
///     let us = cpu.choose(0, 10); // 0 to 9
///     cpu.delay_us(us);
///     cpu.reached(us);
/// });
/// let machine = Machine::new(MachineSettings::new(Generation::XApic, Box::new(IdealBus::default())).with(|machine| {
///     machine.cpus = vec![(CpuSettings::default(), software)];
///     machine.chooser = Arc::new(Last);
/// }))?;
/// assert_eq!(machine.run(Execution::default())?.milestones[0].code, 9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Chooser: Debug + Send + Sync {
    /// A number below `alternatives`.
    fn choose(&self, point: ChoicePoint, alternatives: u32) -> u32;
}

/// Seeded, counter-based choice.
///
/// ```
/// use sim::{ChoicePoint, Chooser, Label, Seeded};
///
/// let point = ChoicePoint { source: 0, label: Label::Jitter, count: 0 };
/// assert_eq!(Seeded(7).choose(point, 1_000), Seeded(7).choose(point, 1_000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeded(pub u64);

impl Chooser for Seeded {
    /// Own integer sampling: a 64-bit draw scaled by multiplication. The bias is below 2^-32 for any `alternatives`.
    fn choose(&self, point: ChoicePoint, alternatives: u32) -> u32 {
        if alternatives <= 1 {
            return 0;
        }
        let mut generator = ChaCha8Rng::seed_from_u64(self.0);
        generator.set_stream(u64::from(point.source) << 32 | u64::from(point.label.code()));
        generator.set_word_pos(u128::from(point.count) * 2);
        ((u128::from(generator.next_u64()) * u128::from(alternatives)) >> 64) as u32
    }
}

/// Recorded choices; a point without a record takes alternative 0.
///
/// ```
/// use sim::{ChoicePoint, Chooser, Label, Recorded};
///
/// let point = ChoicePoint { source: 0, label: Label::Jitter, count: 0 };
/// assert_eq!(Recorded::new([(point, 5)]).choose(point, 9), 5);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded(BTreeMap<ChoicePoint, u32>);

impl Recorded {
    /// From (point, choice) pairs.
    pub fn new(choices: impl IntoIterator<Item = (ChoicePoint, u32)>) -> Self {
        Self(choices.into_iter().collect())
    }
}

impl Chooser for Recorded {
    fn choose(&self, point: ChoicePoint, alternatives: u32) -> u32 {
        self.0.get(&point).copied().unwrap_or(0).min(alternatives.saturating_sub(1))
    }
}

/// Counts choices by source and label.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts(BTreeMap<(u16, Label), u32>);

impl Counts {
    /// How many choices with `label` `source` has drawn so far; counts one more.
    pub(crate) fn next(&mut self, source: u16, label: Label) -> u32 {
        let count = self.0.entry((source, label)).or_insert(0);
        *count += 1;
        *count - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(source: u16, count: u32) -> ChoicePoint {
        ChoicePoint { source, label: Label::Jitter, count }
    }

    /// Captured once: the same seed must give the same run on every version and host.
    #[test]
    fn seeded_choice_is_a_stated_function() {
        let drawn: Vec<u32> = (0..8).map(|count| Seeded(7).choose(point(2, count), 1000)).collect();
        assert_eq!(drawn, (0..8).rev().map(|count| Seeded(7).choose(point(2, count), 1000)).rev().collect::<Vec<_>>());
        assert_ne!(drawn, (0..8).map(|count| Seeded(8).choose(point(2, count), 1000)).collect::<Vec<_>>());
        assert_ne!(drawn, (0..8).map(|count| Seeded(7).choose(point(3, count), 1000)).collect::<Vec<_>>());
        assert!(drawn.iter().all(|&n| n < 1000));
    }

    #[test]
    fn recorded_choice_replays() {
        let recorded = Recorded::new([(point(0, 1), 5)]);
        assert_eq!([recorded.choose(point(0, 0), 9), recorded.choose(point(0, 1), 9)], [0, 5]);
    }
}
