//! Waits and a send function of one's own, handed to the whole of apicsim: `run`, `matrix`, `accesses`, `explain`, properties.
//!
//! * [`Doubling`], a bounded wait;
//! * [`Polite`], a wait without a bound;
//! * [`LookAfter`], a whole send function.
//!
//! None of them keeps anything outside its stack, so each promises to be Closed, and its hangs are proven.

mod doubling;
mod look_after;
mod polite;

pub use doubling::Doubling;
pub use look_after::LookAfter;
pub use polite::Polite;

use apicsim::OwnVariant;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// All of them, as variants.
pub const VARIANTS: [OwnVariant; 3] = [
    OwnVariant::new(&Doubling).version(VERSION).sources(&[doubling::SOURCE]).closed(),
    OwnVariant::new(&Polite).version(VERSION).sources(&[polite::SOURCE]).closed(),
    OwnVariant::new(&LookAfter).version(VERSION).sources(&[look_after::SOURCE]).closed(),
];
