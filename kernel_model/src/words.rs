//! The shared words: every variable by which CPUs of the modelled kernel meet, in one layout.
//!
//! Not modelled: addresses, cache lines, words wider than 32 bits, anything that only its own CPU uses.

use core::fmt;

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

/// Names of the words that v6 has once, in their order.
const V6_FIXED: [&str; 6] =
    ["panic_cpu", "crash_ipi_issued", "stopping_cpu", "stop handler registered", "backtrace_flag", "nmi_reason_lock"];

/// Names of the words by which CPUs are started, in their order.
const START_UP: [&str; 3] = ["trampoline_data", "init_deasserted", "mailbox of the ES7000"];

/// Names of the words by which each CPU is started, in their order.
const STARTED: [&str; 3] = ["cpu_callout_map", "cpu_callin_map", "cpu_online_map"];

/// Names of the words that came to the model later, in their order.
const LATER: [&str; 3] = ["vector_lock", "hard_lockup_nmi_warn", "nmi_desc lock"];

/// Names of the words by which CPUs meet when they print, in their order.
const PRINTING: [&str; 3] = ["console_sem", "log_wait.lock", "oops_in_progress"];

/// Names of the words of each CPU for what it defers, and for calls that take too long, in their order.
const DEFERRED: [&str; 3] = ["irq_work lists", "cur_csd", "trigger_backtrace"];

/// Names of the words of each CPU by which its idle loop is left, in their order.
const IDLE: [&str; 1] = ["need_resched"];

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
        self.idle(self.cpus, 0).0 as usize
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

    const fn v6(self, index: u16) -> Word {
        Word(self.per_cpu(self.cpus, 0).0 + index)
    }

    /// v6: the CPU that panics, or [`NOBODY`].
    pub const fn panic_cpu(self) -> Word {
        self.v6(0)
    }

    /// v6: set once the crash NMI has been sent.
    pub const fn crash_ipi_issued(self) -> Word {
        self.v6(1)
    }

    /// v6: the CPU that stops the others, or [`NOBODY`].
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

    const fn start_up(self, index: u16) -> Word {
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

    const fn started(self, cpu: u16, index: u16) -> Word {
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

    const fn later(self, index: u16) -> Word {
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

    const fn printing(self, index: u16) -> Word {
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

    const fn deferred(self, cpu: u16, index: u16) -> Word {
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

    const fn idle(self, cpu: u16, index: u16) -> Word {
        Word(self.deferred(self.cpus, 0).0 + cpu * IDLE.len() as u16 + index)
    }

    /// v6: set where the CPU is to schedule.
    pub const fn need_resched(self, cpu: u16) -> Word {
        self.idle(cpu, 0)
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

    fn v6_name(self, place: u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        if let Some(cpu) = word.0.checked_sub(layout.idle(0, 0).0) {
            return write!(f, "{} of CPU{cpu}", IDLE[0]);
        }
        if let Some(place) = word.0.checked_sub(layout.deferred(0, 0).0) {
            let (cpu, index) = (place / DEFERRED.len() as u16, place % DEFERRED.len() as u16);
            return write!(f, "{} of CPU{cpu}", DEFERRED[usize::from(index)]);
        }
        if let Some(place) = word.0.checked_sub(layout.printing(0).0) {
            return f.write_str(PRINTING[usize::from(place)]);
        }
        if let Some(place) = word.0.checked_sub(layout.later(0).0) {
            return match LATER.get(usize::from(place)) {
                Some(name) => f.write_str(name),
                None => write!(f, "performance counter runs on, CPU{}", place - LATER.len() as u16),
            };
        }
        if let Some(place) = word.0.checked_sub(layout.started(0, 0).0) {
            let (cpu, index) = (place / STARTED.len() as u16, place % STARTED.len() as u16);
            return write!(f, "{} on CPU{cpu}", STARTED[usize::from(index)]);
        }
        if let Some(place) = word.0.checked_sub(layout.start_up(0).0) {
            return f.write_str(START_UP[usize::from(place)]);
        }
        if let Some(place) = word.0.checked_sub(layout.v6(0).0) {
            return layout.v6_name(place, f);
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
