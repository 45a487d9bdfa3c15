//! What a wave is, and what it can be at.

/// The value of a wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Value {
    Number(u32),
    /// There is nothing: `z` in most files.
    Nothing,
    /// It is not known: `x`.
    Unknown,
}

/// A wave: its name, and how many bits it has.
pub(in crate::report) type Wave = (&'static str, u32);
