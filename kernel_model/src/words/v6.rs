//! The words of v6: those that it has once, its masks of CPUs, each CPU's queue of calls, and what each CPU defers and is asked.
//!
//! Not modelled: the lists behind the counters.

use super::printing::PRINTING;
use super::{Layout, Word};
use core::fmt;

/// Names of the words that v6 has once, in their order.
pub(super) const V6_FIXED: [&str; 6] =
    ["panic_cpu", "crash_ipi_issued", "stopping_cpu", "stop handler registered", "backtrace_flag", "nmi_reason_lock"];

/// Names of the words of each CPU for what it defers, and for calls that take too long, in their order.
pub(super) const DEFERRED: [&str; 3] = ["irq_work lists", "cur_csd", "trigger_backtrace"];

/// Names of the words of each CPU by which its idle loop is left, in their order.
pub(super) const IDLE: [&str; 1] = ["need_resched"];

impl Layout {
    pub(super) const fn v6(self, index: u16) -> Word {
        Word(self.per_cpu(self.cpus, 0).0 + index)
    }

    /// v6: the CPU that panics, or [`NOBODY`](super::NOBODY).
    pub const fn panic_cpu(self) -> Word {
        self.v6(0)
    }

    /// v6: set once the crash NMI has been sent.
    pub const fn crash_ipi_issued(self) -> Word {
        self.v6(1)
    }

    /// v6: the CPU that stops the others, or [`NOBODY`](super::NOBODY).
    pub const fn stopping_cpu(self) -> Word {
        self.v6(2)
    }

    /// v6: set when the NMI handler that stops a CPU is registered.
    pub const fn stop_handler(self) -> Word {
        self.v6(3)
    }

    /// v6: set while some CPU has others write their backtraces.
    pub const fn backtrace_flag(self) -> Word {
        self.v6(4)
    }

    /// v6: held while a CPU asks the chipset for the reason of an NMI.
    pub const fn nmi_reason_lock(self) -> Word {
        self.v6(5)
    }

    /// CPUs 32 × `index` and up that have not yet written their backtrace.
    pub const fn backtrace_mask(self, index: u16) -> Word {
        self.v6(V6_FIXED.len() as u16 + index)
    }

    /// v6: CPUs 32 × `index` and up that have not yet been stopped.
    pub const fn cpus_stop_mask(self, index: u16) -> Word {
        self.backtrace_mask(self.mask_words() + index)
    }

    /// v6: how many calls a CPU has in its queue.
    pub const fn call_single_queue(self, cpu: u16) -> Word {
        Word(self.cpus_stop_mask(self.mask_words()).0 + cpu * (1 + 2 * self.mask_words()))
    }

    /// v6: who of CPUs 32 × `index` and up has a call in that queue.
    pub const fn queued_by(self, cpu: u16, index: u16) -> Word {
        Word(self.call_single_queue(cpu).0 + 1 + index)
    }

    /// v6: on which of CPUs 32 × `index` and up a call of that CPU has not ended.
    pub const fn csd_locked(self, cpu: u16, index: u16) -> Word {
        self.queued_by(cpu, self.mask_words() + index)
    }

    pub(super) const fn deferred(self, cpu: u16, index: u16) -> Word {
        Word(self.printing(PRINTING.len() as u16).0 + cpu * DEFERRED.len() as u16 + index)
    }

    /// v6: which of a CPU's lists of deferred work are not empty: bit 0 that of work that is raised, bit 1 that of lazy work.
    pub const fn irq_work_lists(self, cpu: u16) -> Word {
        self.deferred(cpu, 0)
    }

    /// v6, with the debug option of calls: the caller, plus 1, whose call a CPU runs; 0: none.
    pub const fn cur_csd(self, cpu: u16) -> Word {
        self.deferred(cpu, 1)
    }

    /// v6, with the debug option of calls: may a CPU that does not answer be dumped? Set by each of its calls' interrupts.
    pub const fn trigger_backtrace(self, cpu: u16) -> Word {
        self.deferred(cpu, 2)
    }

    pub(super) const fn idle(self, cpu: u16, index: u16) -> Word {
        Word(self.deferred(self.cpus, 0).0 + cpu * IDLE.len() as u16 + index)
    }

    /// Set where the CPU is to schedule: in v6, and where the log daemon has its CPU scheduled.
    pub const fn need_resched(self, cpu: u16) -> Word {
        self.idle(cpu, 0)
    }

    pub(super) fn v6_name(self, place: u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.mask_words();
        if let Some(name) = V6_FIXED.get(usize::from(place)) {
            return f.write_str(name);
        }
        let place = place - V6_FIXED.len() as u16;
        if place < 2 * words {
            let name = if place < words { "backtrace_mask" } else { "cpus_stop_mask" };
            return write!(f, "{name}, CPUs from {}", place % words * 32);
        }
        let (cpu, place) = ((place - 2 * words) / (1 + 2 * words), (place - 2 * words) % (1 + 2 * words));
        match place.checked_sub(1) {
            None => write!(f, "call_single_queue of CPU{cpu}"),
            Some(index) if index < words => write!(f, "call_single_queue of CPU{cpu}, callers from {}", index * 32),
            Some(index) => write!(f, "csd lock of CPU{cpu}, targets from {}", (index - words) * 32),
        }
    }
}
