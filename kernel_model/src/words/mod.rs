//! The shared words: every variable by which CPUs of the modelled kernel meet, in one layout.
//!
//! Here are those that 2.6 has; the others, by what they are for, in the files beside this one, and all names in [`names`].
//!
//! Not modelled: addresses, cache lines, words wider than 32 bits, anything that only its own CPU uses.

mod later;
mod names;
mod printing;
mod start_up;
mod v6;

pub use names::WordName;

use printing::LOG_DAEMON;

/// A shared 32-bit word: its place in the [`Layout`].
///
/// ```
/// use kernel_model::{Layout, Word};
///
/// assert_ne!(Layout::new(4).runqueue_lock(2), Word::DIE_LOCK);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(pub u16);

/// Names of the words that a kernel has once, in their order.
const FIXED: [&str; 12] = [
    "call_lock",
    "call_data",
    "nmi backtrace lock",
    "cpu_online_map: CPUs taken out",
    "kexec_lock",
    "crash callback registered",
    "crashing_cpu",
    "waiting_for_crash_ipi",
    "nmi_print_lock",
    "die_lock",
    "die_owner",
    "die_nest_count",
];

impl Word {
    /// Lock of `smp_call_function`: one call at a time.
    pub const CALL_LOCK: Self = Self(0);
    /// Whose call is under way: the caller, in whose words it is (on whose stack, in the kernel).
    pub const CALL_DATA: Self = Self(1);
    /// Held while one CPU prints its backtrace.
    pub const BACKTRACE_LOCK: Self = Self(2);
    /// CPUs that have taken themselves out of the online map to be stopped. Nothing that is modelled looks at it.
    pub const TAKEN_OUT: Self = Self(3);
    /// Set by the first CPU that enters `crash_kexec`.
    pub const KEXEC_LOCK: Self = Self(4);
    /// Set when the crash NMI callback is in the notifier chain.
    pub const CRASH_CALLBACK: Self = Self(5);
    /// The CPU that crashes, or [`NOBODY`].
    pub const CRASHING_CPU: Self = Self(6);
    /// CPUs that have not yet been shot down.
    pub const WAITING_FOR_CRASH_IPI: Self = Self(7);
    /// i386: held while `die_nmi` prints.
    pub const NMI_PRINT_LOCK: Self = Self(8);
    /// Held while an oops prints; on x86_64 across its `crash_kexec` too.
    pub const DIE_LOCK: Self = Self(9);
    /// The CPU that holds [`Word::DIE_LOCK`], or [`NOBODY`].
    pub const DIE_OWNER: Self = Self(10);
    /// x86_64: how deep oopses are nested on that CPU.
    pub const DIE_NEST_COUNT: Self = Self(11);
}

/// The value of a word that names a CPU when it names none.
pub const NOBODY: u32 = u32::MAX;

/// The end of a run queue's list.
pub const LIST_END: u32 = u32::MAX;

/// Tasks in each CPU's run queue.
pub const TASKS: u16 = 3;

/// Slots of the TLB flush (i386 uses the first only).
const SLOTS: u16 = 8;

/// Words of a run queue: its lock, and each task's link.
const RUN_QUEUE_WORDS: u16 = 1 + TASKS;

/// Names of the words that every CPU has besides, in their order.
const PER_CPU: [&str; 7] = [
    "APIC timer has run down",
    "crash_notes",
    "call_data: function",
    "call_data: wait",
    "call_data: started",
    "call_data: finished",
    "timer interrupts go on",
];

/// Where the words are. After the fixed ones come the TLB flush slots, then the CPUs' run queues, then their other words,
/// then those of v6: the fixed ones, two masks of CPUs, and each CPU's queue of calls; then those by which CPUs are started.
/// What came to the model later stands last, so that runs that do not need it keep their event streams.
///
/// ```
/// use kernel_model::{Layout, Word};
///
/// let layout = Layout::new(4);
/// assert_eq!(layout.name(Word::CALL_LOCK).to_string(), "call_lock");
/// assert!(layout.count() > 40);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    cpus: u16,
}

impl Layout {
    /// The layout for `cpus` CPUs.
    pub const fn new(cpus: u16) -> Self {
        Self { cpus }
    }

    /// How many words there are.
    pub const fn count(self) -> usize {
        self.log_daemon(LOG_DAEMON.len() as u16).0 as usize
    }

    /// Words of a mask of CPUs.
    pub const fn mask_words(self) -> u16 {
        self.cpus.div_ceil(32)
    }

    /// Words of one flush mask.
    pub const fn flush_mask_words(self) -> u16 {
        self.mask_words()
    }

    /// Words of one TLB flush slot: lock, address, mask.
    const fn slot_words(self) -> u16 {
        2 + self.flush_mask_words()
    }

    /// Lock of a TLB flush slot.
    pub const fn tlbstate_lock(self, slot: u16) -> Word {
        Word(FIXED.len() as u16 + slot * self.slot_words())
    }

    /// What a TLB flush slot's sender wants flushed.
    pub const fn flush_va(self, slot: u16) -> Word {
        Word(self.tlbstate_lock(slot).0 + 1)
    }

    /// CPUs 32 × `index` to 32 × `index` + 31 that have not yet flushed.
    pub const fn flush_cpumask(self, slot: u16, index: u16) -> Word {
        Word(self.tlbstate_lock(slot).0 + 2 + index)
    }

    /// Lock of a CPU's run queue.
    pub const fn runqueue_lock(self, cpu: u16) -> Word {
        Word(self.tlbstate_lock(SLOTS).0 + cpu * RUN_QUEUE_WORDS)
    }

    /// The link from a task of a CPU's run queue to the next one, or [`LIST_END`].
    pub const fn runqueue_next(self, cpu: u16, task: u16) -> Word {
        Word(self.runqueue_lock(cpu).0 + 1 + task)
    }

    /// Set by the timer's interrupt on that CPU.
    pub const fn timer_expired(self, cpu: u16) -> Word {
        self.per_cpu(cpu, 0)
    }

    /// Set when that CPU's registers are saved for the capture kernel.
    pub const fn crash_notes(self, cpu: u16) -> Word {
        self.per_cpu(cpu, 1)
    }

    /// What a CPU's call wants done.
    pub const fn call_function(self, caller: u16) -> Word {
        self.per_cpu(caller, 2)
    }

    /// Does the caller wait until the function has run?
    pub const fn call_wait(self, caller: u16) -> Word {
        self.per_cpu(caller, 3)
    }

    /// CPUs that have started the function.
    pub const fn call_started(self, caller: u16) -> Word {
        self.per_cpu(caller, 4)
    }

    /// CPUs that have finished it.
    pub const fn call_finished(self, caller: u16) -> Word {
        self.per_cpu(caller, 5)
    }

    /// Set where the CPU's timer interrupts go on, so that its NMI watchdog finds it alive.
    pub const fn timer_goes_on(self, cpu: u16) -> Word {
        self.per_cpu(cpu, 6)
    }

    const fn per_cpu(self, cpu: u16, index: u16) -> Word {
        Word(self.runqueue_lock(self.cpus).0 + cpu * PER_CPU.len() as u16 + index)
    }

    /// Initial values of a healthy kernel. Words that are not named start at 0.
    pub fn initial_values(self) -> impl Iterator<Item = (Word, u32)> {
        let nobody = [Word::CRASHING_CPU, Word::DIE_OWNER, self.panic_cpu(), self.stopping_cpu()];
        let nobody = nobody.into_iter().map(|word| (word, NOBODY));
        let dumps = (0..self.cpus).map(move |cpu| (self.trigger_backtrace(cpu), 1));
        nobody.chain(dumps).chain((0..self.cpus).flat_map(move |cpu| self.run_queue(cpu, LIST_END)))
    }

    /// Values that turn a CPU's run queue into a ring without an end.
    pub fn corrupt_run_queue(self, cpu: u16) -> impl Iterator<Item = (Word, u32)> {
        self.run_queue(cpu, 0)
    }

    fn run_queue(self, cpu: u16, last_link: u32) -> impl Iterator<Item = (Word, u32)> {
        let link = move |task| if task + 1 < TASKS { u32::from(task) + 1 } else { last_link };
        (0..TASKS).map(move |task| (self.runqueue_next(cpu, task), link(task)))
    }

    /// What a word is called in reports.
    pub const fn name(self, word: Word) -> WordName {
        WordName { layout: self, word }
    }
}
