//! A CPU that writes down what is asked of it, in the notation of `kernel.md` section 1.
#![allow(clippy::disallowed_types, reason = "the recorder stands outside the modelled program")]

use kernel_model::apicdef::APIC_ICR_BUSY;
use kernel_model::{IrqFlags, Kernel, Mmio, Point, Processor, Register, Wait, WaitOutcome, Word};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};

/// When the delivery status reads busy.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Icr {
    Idle,
    Stuck,
    /// Idle up to the first write of its low half, busy from then on.
    StuckOnceWritten,
    ClearsAfter(u32),
}

/// Unwinds out of kernel code that does not come back.
struct Endless;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) log: Vec<String>,
    pub(crate) registers: BTreeMap<u16, u32>,
    pub(crate) words: Vec<u32>,
    /// The I/O APIC's registers, and which is selected.
    pub(crate) io_apic: BTreeMap<u32, u32>,
    pub(crate) selected: u32,
    pub(crate) now_us: u32,
    pub(crate) irqs_on: bool,
    pub(crate) port: u8,
    pub(crate) msr: u64,
    /// Where the last wait began.
    pub(crate) wait_site: Option<&'static Location<'static>>,
}

#[derive(Debug)]
pub(crate) struct Recorder {
    number: u16,
    icr: Icr,
    limit: usize,
    /// Record shared words, waits and points too, and not registers alone?
    everything: bool,
    /// What the status of a remote read says.
    remote_read: u32,
    error_status: Option<u32>,
    pub(crate) state: RefCell<State>,
}

impl Recorder {
    /// CPU `number` of `kernel`'s machine, with a P6's APIC (version 11h, five LVT entries).
    pub(crate) fn new(kernel: &Kernel, number: u16, icr: Icr) -> Self {
        let mut words = vec![0; kernel.layout().count()];
        for (word, value) in kernel.layout().initial_values() {
            words[usize::from(word.0)] = value;
        }
        let id = kernel.arch.apic_id(number) << 24;
        let registers = [(0x20, id), (0x30, 0x0004_0011), (0xF0, 0x1FF)].into();
        let log = Vec::new();
        let state = State {
            log,
            registers,
            words,
            io_apic: BTreeMap::new(),
            selected: 0,
            now_us: 0,
            irqs_on: true,
            port: 0,
            msr: 0xFEE0_0900,
            wait_site: None,
        };
        Self {
            number,
            icr,
            limit: 100_000,
            everything: false,
            error_status: None,
            remote_read: 0,
            state: RefCell::new(state),
        }
    }

    pub(crate) fn everything(self) -> Self {
        Self { everything: true, ..self }
    }

    /// A remote read has come out like that.
    pub(crate) fn remote_read(self, status: u32) -> Self {
        Self { remote_read: status, ..self }
    }

    pub(crate) fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    pub(crate) fn set(self, register: u16, value: u32) -> Self {
        self.state.borrow_mut().registers.insert(register, value);
        self
    }

    /// What the ESR reads, whatever is written to it.
    pub(crate) fn error_status(self, value: u32) -> Self {
        Self { error_status: Some(value), ..self }
    }

    pub(crate) fn with_word(self, word: Word, value: u32) -> Self {
        self.state.borrow_mut().words[usize::from(word.0)] = value;
        self
    }

    /// Runs kernel code to its end, or to the limit, or to its second HLT; gives the trace.
    pub(crate) fn run(&self, code: impl FnOnce(&Self)) -> String {
        self.run_to_end(code).0
    }

    /// The trace, and whether the code came back.
    pub(crate) fn run_to_end(&self, code: impl FnOnce(&Self)) -> (String, bool) {
        let result = catch_unwind(AssertUnwindSafe(|| code(self)));
        let returned = match result {
            Ok(()) => true,
            Err(payload) if payload.is::<Endless>() => false,
            Err(payload) => resume_unwind(payload),
        };
        (self.state.borrow().log.join(" "), returned)
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.state.borrow().log.iter().filter(|entry| *entry == operation).count()
    }

    pub(crate) fn now_us(&self) -> u32 {
        self.state.borrow().now_us
    }

    pub(crate) fn word(&self, word: Word) -> u32 {
        self.state.borrow().words[usize::from(word.0)]
    }

    fn note(&self, entry: String) {
        let full = {
            let log = &mut self.state.borrow_mut().log;
            log.push(entry);
            log.len() >= self.limit
        };
        if full {
            resume_unwind(Box::new(Endless));
        }
    }

    fn note_more(&self, entry: impl FnOnce() -> String) {
        if self.everything {
            self.note(entry());
        }
    }

    fn value(&self, register: Register) -> u32 {
        if let (Register::ESR, Some(value)) = (register, self.error_status) {
            return value;
        }
        let state = self.state.borrow();
        let value = state.registers.get(&register.0).copied().unwrap_or(0);
        let busy = match self.icr {
            Icr::Idle => false,
            Icr::Stuck => true,
            Icr::StuckOnceWritten => state.registers.contains_key(&Register::ICR.0),
            Icr::ClearsAfter(us) => state.now_us < us,
        };
        match (register, busy) {
            (Register::ICR, true) => value | APIC_ICR_BUSY | self.remote_read,
            (Register::ICR, false) => value | self.remote_read,
            _ => value,
        }
    }

    fn change(&self, word: Word, operation: &str, change: impl FnOnce(u32) -> u32) -> u32 {
        let old = self.word(word);
        let new = change(old);
        self.state.borrow_mut().words[usize::from(word.0)] = new;
        self.note_more(|| format!("{operation}{}={new}", word.0));
        old
    }
}

impl Mmio for Recorder {
    fn read(&self, register: Register) -> u32 {
        let value = self.value(register);
        self.note(format!("R{:x}", register.0).to_uppercase());
        value
    }
    fn write(&self, register: Register, value: u32) {
        self.state.borrow_mut().registers.insert(register.0, value);
        self.note(format!("W{:X}={value:X}", register.0));
    }
    fn xchg(&self, register: Register, value: u32) -> u32 {
        let old = self.value(register);
        self.state.borrow_mut().registers.insert(register.0, value);
        self.note(format!("X{:X}={value:X}", register.0));
        old
    }
}

impl Processor for Recorder {
    fn rdmsr(&self, msr: u32) -> u64 {
        self.note(format!("RDMSR{msr:X}"));
        self.state.borrow().msr
    }
    fn wrmsr(&self, msr: u32, value: u64) {
        self.note(format!("WRMSR{msr:X}={value:X}"));
    }
    fn inb(&self, port: u16) -> u8 {
        self.note(format!("IN{port:X}"));
        self.state.borrow().port
    }
    /// The I/O APIC: what was written to the selected register.
    fn readl(&self, address: u32) -> u32 {
        self.note(format!("r{:X}", address & 0xFFF));
        let state = self.state.borrow();
        if address == 0xFEC0_0010 { state.io_apic.get(&state.selected).copied().unwrap_or(0) } else { state.selected }
    }
    fn writel(&self, value: u32, address: u32) {
        self.note(format!("w{:X}={value:X}", address & 0xFFF));
        let mut state = self.state.borrow_mut();
        let selected = state.selected;
        match address {
            0xFEC0_0010 => drop(state.io_apic.insert(selected, value)),
            _ => state.selected = value,
        }
    }
    /// One tick a µs, and a reading takes one.
    fn rdtsc(&self) -> u64 {
        self.state.borrow_mut().now_us += 1;
        self.note("TSC".into());
        u64::from(self.now_us())
    }
    fn cpu_relax(&self) {
        self.note("P".into());
    }
    fn udelay(&self, us: u32) {
        self.state.borrow_mut().now_us += us;
        self.note(format!("D{us}"));
    }
    fn halt(&self) {
        let second = self.state.borrow().log.iter().any(|entry| entry == "HLT");
        self.note("HLT".into());
        if second {
            resume_unwind(Box::new(Endless));
        }
    }
    fn fence(&self) {
        self.note_more(|| "fence".into());
    }
    fn irq_save(&self) -> IrqFlags {
        self.note("IRQ-".into());
        let before = self.state.borrow().irqs_on;
        self.state.borrow_mut().irqs_on = false;
        IrqFlags(before)
    }
    fn irq_restore(&self, flags: IrqFlags) {
        self.state.borrow_mut().irqs_on = flags.0;
        self.note("IRQ+".into());
    }
    fn load(&self, word: Word) -> u32 {
        let value = self.word(word);
        self.note_more(|| format!("load{}", word.0));
        value
    }
    fn store(&self, word: Word, value: u32) {
        self.change(word, "store", |_| value);
    }
    fn exchange(&self, word: Word, value: u32) -> u32 {
        self.change(word, "xchg", |_| value)
    }
    fn fetch_add(&self, word: Word, value: u32) -> u32 {
        self.change(word, "add", |old| old.wrapping_add(value))
    }
    fn fetch_or(&self, word: Word, value: u32) -> u32 {
        self.change(word, "or", |old| old | value)
    }
    fn fetch_and(&self, word: Word, value: u32) -> u32 {
        self.change(word, "and", |old| old & value)
    }
    fn compare_exchange(&self, word: Word, expected: u32, value: u32) -> u32 {
        self.change(word, "cmpxchg", |old| if old == expected { value } else { old })
    }
    fn smp_processor_id(&self) -> u32 {
        u32::from(self.number)
    }
    fn wait_begin(&self, wait: Wait) {
        self.state.borrow_mut().wait_site = Some(Location::caller());
        self.note_more(|| format!("<{wait:?}"));
    }
    fn wait_end(&self, outcome: WaitOutcome) {
        self.note_more(|| format!("{outcome:?}>"));
    }
    fn reached(&self, point: Point) {
        self.note_more(|| format!("{point:?}"));
    }
}
