//! The words by which CPUs are started.
//!
//! Not modelled: the maps are a word a CPU, and no bits of one.

use super::{Layout, Word};

/// Names of the words by which CPUs are started, in their order.
pub(super) const START_UP: [&str; 3] = ["trampoline_data", "init_deasserted", "mailbox of the ES7000"];

/// Names of the words by which each CPU is started, in their order.
pub(super) const STARTED: [&str; 3] = ["cpu_callout_map", "cpu_callin_map", "cpu_online_map"];

impl Layout {
    pub(super) const fn start_up(self, index: u16) -> Word {
        Word(self.call_single_queue(self.cpus).0 + index)
    }

    /// The first bytes of the trampoline: A5A5A5A5h when a CPU has entered it.
    pub const fn trampoline_data(self) -> Word {
        self.start_up(0)
    }

    /// Set when the level of INIT has been taken away.
    pub const fn init_deasserted(self) -> Word {
        self.start_up(1)
    }

    /// The register by which an ES7000's firmware is asked to start a CPU.
    pub const fn es7000_mailbox(self) -> Word {
        self.start_up(2)
    }

    pub(super) const fn started(self, cpu: u16, index: u16) -> Word {
        Word(self.start_up(START_UP.len() as u16).0 + cpu * STARTED.len() as u16 + index)
    }

    /// The bit of `cpu_callout_map`: the CPU that starts this one lets it go on.
    pub const fn cpu_callout(self, cpu: u16) -> Word {
        self.started(cpu, 0)
    }

    /// The bit of `cpu_callin_map`: this CPU has been set up.
    pub const fn cpu_callin(self, cpu: u16) -> Word {
        self.started(cpu, 1)
    }

    /// The bit of `cpu_online_map`: this CPU takes interrupts. Only of CPUs that are started.
    pub const fn cpu_online(self, cpu: u16) -> Word {
        self.started(cpu, 2)
    }
}
