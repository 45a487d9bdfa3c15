//! What a CPU tells the conservation checker: who its APIC is, what it requests itself, what it takes.
//!
//! Not modelled: a self IPI by its register counts as a request of the APIC itself.

use crate::apic::Bits256;
use crate::check::Identity;

/// One thing that happened on a CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)] // the kind has a byte of its own: it is asked for each
pub(crate) enum Fact {
    /// It entered the handler of a vector of its IRR, or of the spurious one.
    Taken(u8),
    /// It entered its NMI handler.
    NmiTaken,
    /// A local source requested this vector.
    Requested(u8),
    /// A local source asked for an NMI.
    NmiRequested,
    /// What it had not taken is gone.
    Reset,
    /// Its APIC is this from now on.
    Identity(Identity),
}

/// What the checker knows already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) identity: Identity,
    pub(super) requests: Bits256,
}

impl Default for Told {
    fn default() -> Self {
        Self { identity: Identity::OFF, requests: Bits256::EMPTY }
    }
}
