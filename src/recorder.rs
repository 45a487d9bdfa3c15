//! A recording APIC: the ordered accesses of one kernel function, without a machine.
//!
//! Reads and writes take no time, only delays do, and reading the time-stamp counter (1 µs). The ICR never becomes busy by itself: it is idle, stuck, or becomes
//! idle after so much delay.

use crate::arguments::Icr;
use kernel_model::apicdef::APIC_BASE_MSR;
use kernel_model::other::{Other, freebsd::DS_IDLE_TIMEOUT_US};
use kernel_model::{
    Access, Call, CpuMask, IrqFlags, Kernel, Mmio, Point, Processor, Register, Wait, WaitOutcome, Word,
};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, UnwindSafe, resume_unwind};

/// One entry of the listing (notation of `kernel.md` §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// `R`: a read of a register.
    Read(u16),
    /// `W`: a write.
    Write(u16, u32),
    /// `X`: a locked exchange.
    Exchange(u16, u32),
    /// `N`: a read of an APIC register as an MSR.
    ReadMsr(u16),
    /// `M`: a write.
    WriteMsr(u16, u64),
    /// `D`: a delay, in µs.
    Delay(u32),
    /// `P`: PAUSE.
    Pause,
    /// `IRQ-`: interrupts saved and disabled.
    IrqSave,
    /// `IRQ+`: interrupts restored.
    IrqRestore,
}

/// What a call did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recording {
    /// The accesses, in order; cut at the limit where the function never returns.
    pub(crate) entries: Vec<Entry>,
    /// It polls, without a bound, an ICR that can never change.
    pub(crate) hang: bool,
    /// Its kernel panics after its last access.
    pub(crate) panics: bool,
}

/// The payload that unwinds a function that would never return.
struct NeverReturns;

/// The payload that unwinds a function whose kernel has panicked.
struct Panics;

struct Recorder<'a> {
    kernel: &'a Kernel,
    number: u32,
    icr: Icr,
    limit: usize,
    delayed_us: Cell<u64>,
    /// Polls of a busy ICR since the last delay.
    polls: Cell<usize>,
    entries: RefCell<Vec<Entry>>,
}

/// Polls of a stuck ICR, without any delay in between, that show a hang: only FreeBSD has a bounded loop without delays.
const POLLS_OF_A_HANG: usize = 4_096;

/// More than any function of Linux does before it returns. Of FreeBSD's loop no more is kept.
const ENTRIES_KEPT: usize = 2_000_000;

impl Recorder<'_> {
    fn record(&self, entry: Entry) {
        let mut entries = self.entries.borrow_mut();
        if entries.len() < ENTRIES_KEPT {
            entries.push(entry);
        }
    }

    /// Every loop of Linux that delays has a bound. Serenity's has none, so its delays make no difference to a stuck ICR.
    fn delays_for_ever(&self) -> bool {
        self.icr == Icr::Stuck && self.kernel.arch.other() == Some(Other::Serenity)
    }

    /// How many polls, without any delay in between, show a hang.
    fn polls_of_a_hang(&self) -> usize {
        let bounded = (DS_IDLE_TIMEOUT_US * self.kernel.lapic_ipi_wait_mult) as usize;
        let bound = if self.kernel.arch.other() == Some(Other::Freebsd) { bounded } else { POLLS_OF_A_HANG };
        bound.max(self.limit)
    }

    fn busy(&self) -> bool {
        match self.icr {
            Icr::Idle => false,
            Icr::Stuck => true,
            Icr::ClearsAfter { delay_ps } => self.delayed_us.get().saturating_mul(1_000_000) < delay_ps,
        }
    }

    fn poll_icr(&self) -> u32 {
        if !self.busy() {
            return 0;
        }
        self.polls.set(self.polls.get() + 1);
        if self.polls.get() > self.polls_of_a_hang() {
            resume_unwind(Box::new(NeverReturns));
        }
        0x1000
    }

    fn value(&self, register: Register) -> u32 {
        let cpu = self.number as u16;
        let arch = self.kernel.arch;
        match register {
            Register::ID if arch.facts().access == Access::Msr => arch.apic_id(cpu).into(),
            Register::ID => u32::from(arch.apic_id(cpu)) << 24,
            Register::LVR => {
                let natural = crate::scenario::natural(arch.name()).map(|(generation, _)| generation);
                natural.unwrap_or(sim::Generation::P6).profile().version
            }
            Register::LDR if arch.facts().access == Access::Msr => arch.x2apic_logical_id(cpu),
            Register::LDR => arch.ldr(cpu),
            Register::DFR => arch.dfr(),
            Register::SPIV => 0x1FF,
            Register::LVTT
            | Register::LVTTHMR
            | Register::LVTPC
            | Register::LVT0
            | Register::LVT1
            | Register::LVTERR
            | Register::LVTCMCI => 0x1_0000,
            Register::ICR => self.poll_icr(),
            _ => 0,
        }
    }
}

impl Mmio for Recorder<'_> {
    fn read(&self, register: Register) -> u32 {
        self.record(Entry::Read(register.0));
        self.value(register)
    }
    fn write(&self, register: Register, value: u32) {
        self.record(Entry::Write(register.0, value));
    }
    fn xchg(&self, register: Register, value: u32) -> u32 {
        self.record(Entry::Exchange(register.0, value));
        0
    }
}

impl Processor for Recorder<'_> {
    fn rdmsr(&self, msr: u32) -> u64 {
        let Some(register) = msr.checked_sub(APIC_BASE_MSR) else { return 0xFEE0_0900 };
        self.record(Entry::ReadMsr(msr as u16));
        u64::from(self.value(Register((register << 4) as u16)))
    }
    fn wrmsr(&self, msr: u32, value: u64) {
        if msr >= APIC_BASE_MSR {
            self.record(Entry::WriteMsr(msr as u16, value));
        }
    }
    fn inb(&self, _: u16) -> u8 {
        0
    }
    fn readl(&self, _: u32) -> u32 {
        0
    }
    fn writel(&self, _: u32, _: u32) {}
    /// Here a reading takes 1 µs, so that a loop bounded by the counter comes to its end.
    fn rdtsc(&self) -> u64 {
        self.polls.set(0);
        self.delayed_us.set(self.delayed_us.get() + 1);
        self.delayed_us.get() * self.kernel.tsc_ticks_per_ms / 1000
    }
    fn cpu_relax(&self) {
        self.record(Entry::Pause);
    }
    fn udelay(&self, us: u32) {
        self.delayed_us.set(self.delayed_us.get() + u64::from(us));
        if !self.delays_for_ever() {
            self.polls.set(0);
        }
        self.record(Entry::Delay(us));
    }
    fn halt(&self) {}
    fn irq_save(&self) -> IrqFlags {
        self.record(Entry::IrqSave);
        IrqFlags(true)
    }
    fn irq_restore(&self, _: IrqFlags) {
        self.record(Entry::IrqRestore);
    }
    fn load(&self, _: Word) -> u32 {
        0
    }
    fn store(&self, _: Word, _: u32) {}
    fn exchange(&self, _: Word, _: u32) -> u32 {
        0
    }
    fn fetch_add(&self, _: Word, _: u32) -> u32 {
        0
    }
    fn fetch_or(&self, _: Word, _: u32) -> u32 {
        0
    }
    fn fetch_and(&self, _: Word, _: u32) -> u32 {
        0
    }
    fn compare_exchange(&self, _: Word, expected: u32, _: u32) -> u32 {
        expected
    }
    fn smp_processor_id(&self) -> u32 {
        self.number
    }
    fn wait_begin(&self, _: Wait) {}
    fn wait_end(&self, _: WaitOutcome) {}
    fn reached(&self, point: Point) {
        if point == Point::Panicked {
            resume_unwind(Box::new(Panics));
        }
    }
}

/// Records one call on CPU `number`. A function that never returns is cut after `limit` accesses.
pub(crate) fn record(
    kernel: &Kernel,
    number: u16,
    icr: Icr,
    limit: usize,
    (call, mask, vector): (Call, CpuMask, u8),
) -> Recording {
    let recorder = Recorder {
        kernel,
        number: u32::from(number),
        icr,
        limit,
        delayed_us: Cell::new(0),
        polls: Cell::new(0),
        entries: RefCell::new(Vec::new()),
    };
    let run = AssertUnwindSafe(|| call.run(kernel, &recorder, mask, vector));
    let (hang, panics) = match catch_quietly(run) {
        Ok(()) => (false, false),
        Err(panic) if panic.is::<NeverReturns>() => (true, false),
        Err(panic) if panic.is::<Panics>() => (false, true),
        Err(panic) => resume_unwind(panic),
    };
    let mut entries = recorder.entries.into_inner();
    if hang || panics {
        entries.truncate(limit);
    }
    Recording { entries, hang, panics }
}

/// Unwinding with [`resume_unwind`] calls no panic hook: a function that never returns is no panic of ours.
fn catch_quietly(run: impl FnOnce() + UnwindSafe) -> Result<(), Box<dyn Any + Send>> {
    std::panic::catch_unwind(run)
}
