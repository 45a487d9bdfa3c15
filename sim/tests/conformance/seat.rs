//! What the code of a CPU has in hand: its [`Cpu`], a log, and register accesses that do not care for the mode.

use crate::platform::Platform;
use parking_lot::Mutex;
use sim::apic::Mode;
use sim::{Cpu, Generation, Time};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) const ID: u16 = 0x020;
pub(crate) const VERSION: u16 = 0x030;
pub(crate) const TPR: u16 = 0x080;
pub(crate) const PPR: u16 = 0x0A0;
pub(crate) const EOI: u16 = 0x0B0;
pub(crate) const LDR: u16 = 0x0D0;
pub(crate) const DFR: u16 = 0x0E0;
pub(crate) const SVR: u16 = 0x0F0;
pub(crate) const ISR: u16 = 0x100;
pub(crate) const TMR: u16 = 0x180;
pub(crate) const IRR: u16 = 0x200;
pub(crate) const ESR: u16 = 0x280;
pub(crate) const ICR: u16 = 0x300;
pub(crate) const ICR_HIGH: u16 = 0x310;
pub(crate) const LVT_CMCI: u16 = 0x2F0;
pub(crate) const LVT_TIMER: u16 = 0x320;
pub(crate) const LVT_THERMAL: u16 = 0x330;
pub(crate) const LVT_PERFORMANCE: u16 = 0x340;
pub(crate) const LVT_LINT0: u16 = 0x350;
pub(crate) const LVT_LINT1: u16 = 0x360;
pub(crate) const LVT_ERROR: u16 = 0x370;
pub(crate) const TMICT: u16 = 0x380;
pub(crate) const TMCCT: u16 = 0x390;
pub(crate) const TDCR: u16 = 0x3E0;

pub(crate) const BASE_MSR: u32 = 0x1B;
pub(crate) const TSC: u32 = 0x10;
pub(crate) const TSC_DEADLINE: u32 = 0x6E0;

/// ICR bit 12.
pub(crate) const BUSY: u32 = 1 << 12;
/// ICR low, but for the vector: fixed with each shorthand, edge, level 1.
pub(crate) const FIXED: u32 = 0x4000;
pub(crate) const TO_SELF: u32 = 0x4_4000;
pub(crate) const TO_ALL: u32 = 0x8_4000;
pub(crate) const TO_OTHERS: u32 = 0xC_4000;
pub(crate) const LOGICAL: u32 = 0x800;
pub(crate) const LOWEST_PRIORITY: u32 = 0x4100;
pub(crate) const SMI: u32 = 0x4200;
pub(crate) const NMI: u32 = 0x4400;
pub(crate) const INIT: u32 = 0x4500;
pub(crate) const START_UP: u32 = 0x4600;

/// What a CPU did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    Interrupt(u8),
    Nmi,
    SystemManagement,
    StartUp(u8),
    Reset,
    /// The code says so: a name and a value.
    Note(&'static str, u64),
}

/// What the handlers and the program of one CPU share.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) entries: Mutex<Vec<(Time, Entry)>>,
    pub(crate) x2apic: AtomicBool,
    pub(crate) returned: AtomicBool,
}

/// A CPU in the hand of its code.
pub(crate) struct Seat<'run> {
    pub(crate) cpu: Cpu<'run>,
    pub(crate) platform: Platform,
    pub(crate) journal: &'run Journal,
}

impl<'run> Deref for Seat<'run> {
    type Target = Cpu<'run>;
    fn deref(&self) -> &Cpu<'run> {
        &self.cpu
    }
}

impl Seat<'_> {
    pub(crate) fn log(&self, entry: Entry) {
        let at = self.clock();
        self.journal.entries.lock().push((at, entry));
    }

    /// Notes a value for the test to look at.
    pub(crate) fn note(&self, name: &'static str, value: impl Into<u64>) {
        self.log(Entry::Note(name, value.into()));
    }

    /// Vectors whose handlers this CPU has entered so far.
    pub(crate) fn taken(&self) -> Vec<u8> {
        let entries = self.journal.entries.lock();
        let vector = |&(_, entry): &_| if let Entry::Interrupt(vector) = entry { Some(vector) } else { None };
        entries.iter().filter_map(vector).collect()
    }

    /// NMIs that it has entered so far.
    pub(crate) fn nmis(&self) -> usize {
        self.journal.entries.lock().iter().filter(|(_, entry)| *entry == Entry::Nmi).count()
    }

    pub(crate) fn is_x2apic(&self) -> bool {
        self.journal.x2apic.load(Ordering::Relaxed)
    }

    /// Reads the register whose page offset is `offset`, in x2APIC mode as model-specific register.
    #[track_caller]
    pub(crate) fn read(&self, offset: u16) -> u32 {
        if self.is_x2apic() {
            return self.read_msr(msr(offset)).expect("the register can be read") as u32;
        }
        self.read_register(offset)
    }

    #[track_caller]
    pub(crate) fn write(&self, offset: u16, value: u32) {
        if self.is_x2apic() {
            return self.write_msr(msr(offset), u64::from(value)).expect("the register takes this value");
        }
        self.write_register(offset, value);
    }

    /// Changes the mode, by as many steps as that takes (SDM vol. 3 fig. 10-27).
    pub(crate) fn change_mode(&self, mode: Mode) {
        let base = self.read_msr(BASE_MSR).expect("the part has the register") & !0xC00;
        let path: &[u64] = match (mode, self.is_x2apic()) {
            (Mode::Disabled, _) => &[0],
            (Mode::XApic, true) => &[0, 0x800],
            (Mode::XApic, false) => &[0x800],
            (Mode::X2Apic, true) => &[],
            (Mode::X2Apic, false) => &[0x800, 0xC00],
        };
        for bits in path {
            self.write_msr(BASE_MSR, base | bits).expect("a legal change");
        }
        self.journal.x2apic.store(mode == Mode::X2Apic, Ordering::Relaxed);
    }

    pub(crate) fn eoi(&self) {
        self.write(EOI, 0);
    }

    /// Waits for the delivery status, if there is one.
    #[track_caller]
    pub(crate) fn wait_until_idle(&self) {
        if !self.is_x2apic() {
            let idle = (0..10_000).any(|_| self.read_register(ICR) & BUSY == 0);
            assert!(idle, "{}: CPU{} waits for its ICR in vain", self.platform, self.number());
        }
    }

    /// Sends without looking at the delivery status.
    #[track_caller]
    pub(crate) fn post(&self, destination: u32, low: u32) {
        if self.is_x2apic() {
            let value = u64::from(destination) << 32 | u64::from(low);
            return self.write_msr(msr(ICR), value).expect("a legal command");
        }
        self.write_register(ICR_HIGH, destination << 24);
        self.write_register(ICR, low);
    }

    /// Waits for an idle ICR, and sends.
    #[track_caller]
    pub(crate) fn send(&self, destination: u32, low: u32) {
        self.wait_until_idle();
        self.post(destination, low);
    }

    /// A fixed interrupt to this CPU itself; when this returns it is requested.
    #[track_caller]
    pub(crate) fn send_self(&self, vector: u8) {
        self.send(0, TO_SELF | u32::from(vector));
        self.settle();
    }

    /// Long enough for what was sent to arrive, and for handlers to run.
    #[track_caller]
    pub(crate) fn settle(&self) {
        self.delay_us(10);
        self.wait_until_idle();
    }

    fn bit(&self, block: u16, vector: u8) -> bool {
        self.read(block + u16::from(vector / 32) * 16) >> (vector % 32) & 1 != 0
    }

    pub(crate) fn requests(&self, vector: u8) -> bool {
        self.bit(IRR, vector)
    }

    pub(crate) fn services(&self, vector: u8) -> bool {
        self.bit(ISR, vector)
    }

    pub(crate) fn holds_as_level(&self, vector: u8) -> bool {
        self.bit(TMR, vector)
    }

    /// All 256 bits of a block of eight registers as a list of vectors.
    pub(crate) fn vectors(&self, block: u16) -> Vec<u8> {
        (0..=255).filter(|&vector| self.bit(block, vector)).collect()
    }

    /// The errors since the last call: a write latches them, but on a Pentium it clears them (erratum 3AP).
    pub(crate) fn errors(&self) -> u32 {
        if self.platform.generation == Generation::Pentium {
            let errors = self.read(ESR);
            self.write(ESR, 0);
            return errors;
        }
        self.write(ESR, 0);
        self.read(ESR)
    }

    /// Interrupts on for one operation and what waits, and off again.
    pub(crate) fn open_for_a_while(&self) {
        self.irq_restore(true);
        self.delay_us(10);
        self.irq_save();
    }

    /// Sleeps for ever; handlers run.
    pub(crate) fn idle(&self) {
        loop {
            self.halt();
        }
    }
}

/// The model-specific register of x2APIC mode for a page offset (SDM vol. 3 §10.12.1.2).
pub(crate) const fn msr(offset: u16) -> u32 {
    0x800 + (offset as u32 >> 4)
}
