//! Work that arrives at CPUs, as plain data.
//!
//! Not modelled: see [`loads`](super::loads), which reads it.

use super::amount::Amount;
use std::ops::Range;

/// Work that arrives at CPUs: each arrival has its instant, however long what came before takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Load {
    /// At which CPUs, at each for itself.
    pub cpus: Vec<u32>,
    /// When the first span begins, in picoseconds.
    pub from_ps: u64,
    /// From one arrival, or burst, to the next.
    pub apart: Amount,
    /// So many arrivals at once.
    pub burst: u32,
    /// So many arrivals at most at each CPU.
    pub count: Option<u32>,
    /// None later than so many picoseconds after `from_ps`.
    pub lasts_ps: Option<u64>,
    /// What is done at each.
    pub steps: Range<u32>,
    /// A device interrupts at each, instead.
    pub device: Option<Trigger>,
}

impl Load {
    /// How many arrivals it has on average, at all its CPUs.
    pub(super) fn expected_arrivals(&self) -> u128 {
        let mean = match self.apart {
            Amount::Fixed(ps) => ps,
            Amount::Uniform { first, last } => first.midpoint(last),
            Amount::Exponential { mean } => mean,
        };
        let by_time = self.lasts_ps.map(|ps| u128::from(ps / mean.max(1)) * u128::from(self.burst));
        let by_count = self.count.map(u128::from);
        let each = by_time.into_iter().chain(by_count).min().unwrap_or_default();
        each * self.cpus.len() as u128
    }
}

/// How a device interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trigger {
    /// By an edge: the EOI stays in the CPU.
    Edge,
    /// By a level: its EOI is told to the I/O agent.
    Level,
}
