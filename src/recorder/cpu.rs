//! A CPU of the recording machine: the one whose accesses are listed, or one that answers it.
//!
//! Not modelled: what the local APIC does; a register gives back what was written to it, and before that its reset value.

use super::conditions::{Icr, Others};
use super::machine::{DELIVERY_MODE, Ended, Machine};
use super::recording::{End, Entry};
use kernel_model::apicdef::{APIC_BASE_MSR, APIC_DM_REMRD, APIC_ICR_BUSY};
use kernel_model::other::{Other, freebsd::DS_IDLE_TIMEOUT_US};
use kernel_model::{Access, IrqFlags, Mmio, Own, Point, Processor, Register, Wait, WaitOutcome, Word};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::resume_unwind;

/// Steps without any delay or change in between that show a hang: only FreeBSD has a bounded loop of that kind.
const STEPS_OF_A_HANG: usize = 4_096;

/// Steps after which code of one's own is taken to have no end: as many as are kept of any function.
const STEPS_OF_OWN_CODE: usize = 2_000_000;

/// The I/O APIC's window onto the selected register.
const IO_APIC_WINDOW: u32 = 0xFEC0_0010;

/// The answer to a remote read: valid.
const REMOTE_READ_VALID: u32 = 0x2_0000;

/// The APIC base address: enabled, of the boot CPU.
const APIC_BASE: u64 = 0xFEE0_0900;

pub(super) struct Cpu<'a> {
    machine: &'a Machine<'a>,
    number: u16,
    /// Is this the CPU whose accesses are listed?
    listed: bool,
    registers: RefCell<BTreeMap<u16, u32>>,
    /// Polls of a busy ICR since the last delay.
    polls: Cell<usize>,
    /// Looks at shared words, and PAUSEs, since the last access, delay or change.
    looks: Cell<usize>,
    waiting_for: Cell<Option<Wait>>,
    /// It has stopped the others: what follows is a loop without an end.
    done: Cell<bool>,
    /// Accesses and delays so far.
    steps: Cell<usize>,
}

impl<'a> Cpu<'a> {
    pub(super) fn recorded(machine: &'a Machine<'a>, number: u16) -> Self {
        Self {
            machine,
            number,
            listed: true,
            registers: RefCell::new(BTreeMap::new()),
            polls: Cell::new(0),
            looks: Cell::new(0),
            waiting_for: Cell::new(None),
            done: Cell::new(false),
            steps: Cell::new(0),
        }
    }

    /// A CPU whose accesses are not listed, and whose ICR is idle.
    pub(super) fn answering(machine: &'a Machine<'a>, number: u16) -> Self {
        Self { listed: false, ..Self::recorded(machine, number) }
    }

    /// Ends the function that this CPU runs.
    fn end(&self, end: End) -> ! {
        resume_unwind(Box::new(Ended(end)))
    }

    fn record(&self, entry: Entry) {
        self.looks.set(0);
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS_OF_OWN_CODE && matches!(self.machine.kernel.own, Some(Own::Code(_))) {
            self.end(End::Hangs(self.waiting_for.get()));
        }
        if self.listed {
            self.machine.record(entry);
        }
    }

    /// Every loop of Linux that delays has a bound. Serenity's has none, nor need a wait of one's own, so its delays make no
    /// difference to a stuck ICR.
    fn delays_for_ever(&self) -> bool {
        let kernel = self.machine.kernel;
        let unbounded = matches!(kernel.own, Some(Own::Planned(plan)) if plan.rounds == 0);
        self.machine.icr == Icr::Stuck && (unbounded || kernel.arch.other() == Some(Other::Serenity))
    }

    /// How many polls of a busy ICR, without any delay in between, show a hang.
    fn polls_of_a_hang(&self) -> usize {
        let kernel = self.machine.kernel;
        let bounded = (DS_IDLE_TIMEOUT_US * kernel.lapic_ipi_wait_mult) as usize;
        let bound = match kernel.own {
            Some(Own::Planned(plan)) => STEPS_OF_A_HANG.max(plan.reads_most()),
            Some(Own::Code(_)) => STEPS_OF_OWN_CODE, // who knows its bound?
            None if kernel.arch.other() == Some(Other::Freebsd) => bounded,
            None => STEPS_OF_A_HANG,
        };
        bound.max(self.machine.limit)
    }

    /// A step that changes nothing.
    fn look(&self) {
        self.looks.set(self.looks.get() + 1);
        if self.looks.get() > STEPS_OF_A_HANG.max(self.machine.limit) {
            self.end(End::Hangs(self.waiting_for.get()));
        }
    }

    fn busy(&self) -> bool {
        let delayed_us = self.machine.delayed_us.get();
        self.listed
            && match self.machine.icr {
                Icr::Idle => false,
                Icr::Stuck => true,
                Icr::ClearsAfter { delay_ps } => delayed_us.saturating_mul(1_000_000) < delay_ps,
            }
    }

    /// Delivery status, and the status of a remote read: the addressed APIC answers if other CPUs do.
    fn read_icr(&self) -> u32 {
        let remote_read = self.machine.command.get().is_some_and(|icr| icr & DELIVERY_MODE == APIC_DM_REMRD);
        let answer = if remote_read && self.machine.others == Others::Answer { REMOTE_READ_VALID } else { 0 };
        if !self.busy() {
            return answer;
        }
        self.polls.set(self.polls.get() + 1);
        if self.polls.get() > self.polls_of_a_hang() {
            self.end(End::Hangs(Some(Wait::IcrIdle)));
        }
        answer | APIC_ICR_BUSY
    }

    fn read_register(&self, register: Register) -> u32 {
        match register {
            Register::ICR => self.read_icr(),
            Register::ESR => 0,
            _ => self.registers.borrow().get(&register.0).copied().unwrap_or_else(|| self.at_reset(register)),
        }
    }

    fn at_reset(&self, register: Register) -> u32 {
        let arch = self.machine.kernel.arch;
        let msr = arch.facts().access == Access::Msr;
        match register {
            Register::ID if msr => arch.apic_id(self.number),
            Register::ID => arch.apic_id(self.number) << 24,
            Register::LVR => {
                let natural = crate::scenario::natural(arch.name()).map(|(generation, _)| generation);
                natural.unwrap_or(sim::Generation::P6).profile().version
            }
            Register::LDR if msr => arch.x2apic_logical_id(self.number),
            Register::LDR => arch.ldr(self.number),
            Register::DFR => arch.dfr(),
            Register::SPIV => 0x1FF,
            Register::LVTT
            | Register::LVTTHMR
            | Register::LVTPC
            | Register::LVT0
            | Register::LVT1
            | Register::LVTERR
            | Register::LVTCMCI => 0x1_0000,
            _ => 0,
        }
    }

    fn write_register(&self, register: Register, value: u32) {
        self.registers.borrow_mut().insert(register.0, value);
        if self.listed && matches!(register, Register::ICR | Register::SELF_IPI) {
            self.machine.command.set(Some(value));
        }
    }

    fn change(&self, word: Word, change: impl FnOnce(u32) -> u32) -> u32 {
        self.looks.set(0);
        self.machine.change(word, change)
    }
}

impl Mmio for Cpu<'_> {
    fn read(&self, register: Register) -> u32 {
        self.record(Entry::Read(register.0));
        self.read_register(register)
    }
    fn write(&self, register: Register, value: u32) {
        self.record(Entry::Write(register.0, value));
        self.write_register(register, value);
    }
    fn xchg(&self, register: Register, value: u32) -> u32 {
        self.record(Entry::Exchange(register.0, value));
        let old = self.read_register(register);
        self.write_register(register, value);
        old
    }
}

impl Processor for Cpu<'_> {
    fn rdmsr(&self, msr: u32) -> u64 {
        self.record(Entry::ReadMsr(msr as u16));
        match msr.checked_sub(APIC_BASE_MSR) {
            Some(register) => self.read_register(Register((register << 4) as u16)).into(),
            None => APIC_BASE,
        }
    }
    fn wrmsr(&self, msr: u32, value: u64) {
        self.record(Entry::WriteMsr(msr as u16, value));
        if let Some(register) = msr.checked_sub(APIC_BASE_MSR) {
            self.write_register(Register((register << 4) as u16), value as u32);
        }
    }
    /// The chipset has no reason for an NMI.
    fn inb(&self, port: u16) -> u8 {
        self.record(Entry::ReadPort(port));
        0
    }
    fn readl(&self, address: u32) -> u32 {
        self.record(Entry::ReadDevice(address));
        let selected = self.machine.selected.get();
        if address == IO_APIC_WINDOW {
            self.machine.io_apic.borrow().get(&selected).copied().unwrap_or(0)
        } else {
            selected
        }
    }
    fn writel(&self, value: u32, address: u32) {
        self.record(Entry::WriteDevice(address, value));
        if address == IO_APIC_WINDOW {
            self.machine.io_apic.borrow_mut().insert(self.machine.selected.get(), value);
        } else {
            self.machine.selected.set(value);
        }
    }
    /// Here a reading takes 1 µs, so that a loop bounded by the counter comes to its end.
    fn rdtsc(&self) -> u64 {
        let machine = self.machine;
        self.polls.set(0);
        machine.delayed_us.set(machine.delayed_us.get() + 1);
        machine.delayed_us.get() * machine.kernel.tsc_ticks_per_ms / 1000
    }
    fn cpu_relax(&self) {
        self.look();
        if self.listed {
            self.machine.record(Entry::Pause);
        }
    }
    fn udelay(&self, us: u32) {
        if self.done.get() {
            self.end(End::Stays);
        }
        self.record(Entry::Delay(us));
        if self.listed {
            self.machine.delayed_us.set(self.machine.delayed_us.get() + u64::from(us));
        }
        if !self.delays_for_ever() {
            self.polls.set(0);
        }
    }
    fn halt(&self) {
        self.record(Entry::Halt);
        self.end(End::Halts);
    }
    fn irq_save(&self) -> IrqFlags {
        self.record(Entry::IrqSave);
        IrqFlags(true)
    }
    fn irq_restore(&self, _: IrqFlags) {
        self.record(Entry::IrqRestore);
    }
    fn load(&self, word: Word) -> u32 {
        self.look();
        self.machine.word(word)
    }
    fn store(&self, word: Word, value: u32) {
        self.change(word, |_| value);
    }
    fn exchange(&self, word: Word, value: u32) -> u32 {
        self.change(word, |_| value)
    }
    fn fetch_add(&self, word: Word, value: u32) -> u32 {
        self.change(word, |old| old.wrapping_add(value))
    }
    fn fetch_or(&self, word: Word, value: u32) -> u32 {
        self.change(word, |old| old | value)
    }
    fn fetch_and(&self, word: Word, value: u32) -> u32 {
        self.change(word, |old| old & value)
    }
    fn compare_exchange(&self, word: Word, expected: u32, value: u32) -> u32 {
        self.change(word, |old| if old == expected { value } else { old })
    }
    fn smp_processor_id(&self) -> u32 {
        self.number.into()
    }
    fn wait_begin(&self, wait: Wait) {
        self.waiting_for.set(Some(wait));
        if self.listed && self.machine.others == Others::Answer {
            self.machine.answer(self.number, wait);
        }
    }
    fn wait_end(&self, _: WaitOutcome) {
        self.waiting_for.set(None);
    }
    fn reached(&self, point: Point) {
        match point {
            Point::Panicked => self.end(End::Panics),
            Point::CaptureKernelEntered => self.end(End::HandsOver),
            Point::OthersStopped => self.done.set(true),
            _ => {}
        }
    }
}
