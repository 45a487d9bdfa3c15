//! The shared words: every variable by which CPUs of the modelled kernel meet, in one layout.
//!
//! Not modelled: addresses, cache lines, words wider than 32 bits, anything that only its own CPU uses.

use core::fmt;

/// A shared 32-bit word: its place in the [`Layout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(pub u16);

/// Names of the words that a kernel has once, in their order.
const FIXED: [&str; 12] = [
    "call_lock",
    "call_data: wait",
    "call_data: started",
    "call_data: finished",
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
    /// Does the caller wait until the function has run?
    pub const CALL_WAIT: Self = Self(1);
    /// CPUs that have started the function.
    pub const CALL_STARTED: Self = Self(2);
    /// CPUs that have finished it.
    pub const CALL_FINISHED: Self = Self(3);
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
const PER_CPU: [&str; 4] = ["APIC timer has run down", "cpu_callout_map", "cpu_callin_map", "cpu_online_map"];

/// Names of the words by which CPUs are started, in their order.
const START_UP: [&str; 3] = ["trampoline_data", "init_deasserted", "mailbox of the ES7000"];

/// Where the words are. After the fixed ones come the TLB flush slots, then the CPUs' run queues, then their other words,
/// then those by which CPUs are started.
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
        self.start_up(START_UP.len() as u16).0 as usize
    }

    /// Words of one flush mask.
    pub const fn flush_mask_words(self) -> u16 {
        self.cpus.div_ceil(32)
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

    /// The bit of `cpu_callout_map`: the CPU that starts this one lets it go on.
    pub const fn cpu_callout(self, cpu: u16) -> Word {
        self.per_cpu(cpu, 1)
    }

    /// The bit of `cpu_callin_map`: this CPU has been set up.
    pub const fn cpu_callin(self, cpu: u16) -> Word {
        self.per_cpu(cpu, 2)
    }

    /// The bit of `cpu_online_map`: this CPU takes interrupts. Only of CPUs that are started.
    pub const fn cpu_online(self, cpu: u16) -> Word {
        self.per_cpu(cpu, 3)
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

    const fn start_up(self, index: u16) -> Word {
        Word(self.per_cpu(self.cpus, 0).0 + index)
    }

    const fn per_cpu(self, cpu: u16, index: u16) -> Word {
        Word(self.runqueue_lock(self.cpus).0 + cpu * PER_CPU.len() as u16 + index)
    }

    /// Initial values of a healthy kernel. Words that are not named start at 0.
    pub fn initial_values(self) -> impl Iterator<Item = (Word, u32)> {
        let nobody = [(Word::CRASHING_CPU, NOBODY), (Word::DIE_OWNER, NOBODY)];
        nobody.into_iter().chain((0..self.cpus).flat_map(move |cpu| self.run_queue(cpu, LIST_END)))
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

/// The name of a word, to be displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordName {
    layout: Layout,
    word: Word,
}

impl fmt::Display for WordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layout, word } = *self;
        if let Some(name) = FIXED.get(usize::from(word.0)) {
            return f.write_str(name);
        }
        if usize::from(word.0) >= layout.count() {
            return write!(f, "word {}", word.0);
        }
        if let Some(place) = word.0.checked_sub(layout.start_up(0).0) {
            return f.write_str(START_UP[usize::from(place)]);
        }
        if let Some(place) = word.0.checked_sub(layout.per_cpu(0, 0).0) {
            let (cpu, index) = (place / PER_CPU.len() as u16, place % PER_CPU.len() as u16);
            return write!(f, "{} on CPU{cpu}", PER_CPU[usize::from(index)]);
        }
        if let Some(place) = word.0.checked_sub(layout.runqueue_lock(0).0) {
            let cpu = place / RUN_QUEUE_WORDS;
            return match place % RUN_QUEUE_WORDS {
                0 => write!(f, "run-queue lock of CPU{cpu}"),
                task => write!(f, "run-queue link {} of CPU{cpu}", task - 1),
            };
        }
        let place = word.0 - FIXED.len() as u16;
        let slot = place / layout.slot_words();
        match place % layout.slot_words() {
            0 => write!(f, "tlbstate_lock {slot}"),
            1 => write!(f, "flush_va {slot}"),
            index => write!(f, "flush_cpumask {slot}, CPUs from {}", (index - 2) * 32),
        }
    }
}
