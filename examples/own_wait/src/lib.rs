//! Waits and a send function of one's own, handed to the whole of apicsim: `run`, `matrix`, `accesses`, `explain`, properties.
//!
//! * [`Doubling`], a bounded wait;
//! * [`Polite`], a wait without a bound;
//! * [`LookAfter`], a whole send function;
//! * [`Longest`], who decides instead of a seed.
//!
//! No wait keeps anything outside its stack, so each promises to be Closed, and its hangs are proven.

mod doubling;
mod longest;
mod look_after;
mod polite;

pub use doubling::Doubling;
pub use longest::Longest;
pub use look_after::LookAfter;
pub use polite::Polite;

use apicsim::{OwnCode, OwnPart, OwnVariant};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// All of them, as variants.
pub const VARIANTS: [OwnVariant; 3] = [
    OwnVariant::new(&Doubling).version(VERSION).sources(&[doubling::SOURCE]).closed(),
    OwnVariant::new(&Polite).version(VERSION).sources(&[polite::SOURCE]).closed(),
    OwnVariant::new(&LookAfter).version(VERSION).sources(&[look_after::SOURCE]).closed(),
];

/// All that this crate has, for `main` and for who replays a token of it.
pub fn own_code() -> OwnCode {
    OwnCode::from(&VARIANTS).with_chooser(OwnPart::chooser("longest", Longest).version(VERSION))
}
