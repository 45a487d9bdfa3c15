//! Words of several functions that came to the model later.
//!
//! Not modelled: see the [module](super).

use super::{Layout, Word};

/// Names of the words that came to the model later, in their order.
pub(super) const LATER: [&str; 3] = ["vector_lock", "hard_lockup_nmi_warn", "nmi_desc lock"];

impl Layout {
    pub(super) const fn later(self, index: u16) -> Word {
        Word(self.started(self.cpus, 0).0 + index)
    }

    /// x86_64: held while a CPU that comes up takes over the vectors of interrupts.
    pub const fn vector_lock(self) -> Word {
        self.later(0)
    }

    /// v6: set while a CPU that is locked up has all others write their backtraces, and from then on where it panics.
    pub const fn hard_lockup_nmi_warn(self) -> Word {
        self.later(1)
    }

    /// v6: held while the list of NMI handlers changes.
    pub const fn nmi_desc_lock(self) -> Word {
        self.later(2)
    }

    /// Set where an NMI is not the overflow of the CPU's performance counter.
    pub const fn counter_runs_on(self, cpu: u16) -> Word {
        Word(self.later(LATER.len() as u16).0 + cpu)
    }
}
