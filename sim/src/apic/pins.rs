//! The pins LINT0 and LINT1: what they are at, and who drives them.
//!
//! Not modelled: see `local_vector_table.rs`, which says what a change of one means.

/// The pins. A reset of the APIC leaves them as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lines {
    /// Is LINT0, LINT1 high?
    pub(super) high: [bool; 2],
    /// Vector of the external controller.
    pub(super) vector: [u8; 2],
}
