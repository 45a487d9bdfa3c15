//! The words by which CPUs meet when they print, and the log daemon with them.
//!
//! Not modelled: the log itself.

use super::{Layout, Word};

/// Names of the words by which CPUs meet when they print, in their order.
pub(super) const PRINTING: [&str; 3] = ["console_sem", "log_wait.lock", "oops_in_progress"];

/// Names of the words by which the log daemon comes to run, in their order.
pub(super) const LOG_DAEMON: [&str; 1] = ["log_wait is empty"];

impl Layout {
    pub(super) const fn printing(self, index: u16) -> Word {
        Word(self.counter_runs_on(self.cpus).0 + index)
    }

    /// Held by the CPU that writes to the consoles: a semaphore in the kernel, and never waited for here.
    pub const fn console_sem(self) -> Word {
        self.printing(0)
    }

    /// Lock of the queue in which the log daemon waits for text.
    pub const fn log_wait_lock(self) -> Word {
        self.printing(1)
    }

    /// Set while some CPU, whichever, prints an oops: then nobody wakes the log daemon.
    pub const fn oops_in_progress(self) -> Word {
        self.printing(2)
    }

    pub(super) const fn log_daemon(self, index: u16) -> Word {
        Word(self.idle(self.cpus, 0).0 + index)
    }

    /// Set from when the log daemon is woken until it has run: nobody waits for the log's text then.
    pub const fn log_wait_empty(self) -> Word {
        self.log_daemon(0)
    }
}
