//! Local interrupts: timer, thermal sensor, performance counter, the pins LINT0 and LINT1, APIC error, corrected machine
//! check (SDM vol. 3 §10.5).
//!
//! Not modelled: the 8259 behind a pin in ExtINT mode (its vector is given with the signal), erratum AF46.

use super::LocalApic;
use super::error_status::RECEIVE_ILLEGAL_VECTOR;
use super::registers::{Register, SEND_PENDING};
use super::timer::DEADLINE_MODE;
use crate::bus::DeliveryMode;
use crate::generation::{LvtIllegalVector, LvtUnsupportedMode, LvtWriteWhilePending};
use crate::time::Time;

/// A source of local interrupts.
///
/// See [`LocalInterrupt`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LocalSource {
    /// The APIC timer.
    Timer,
    /// The thermal sensor.
    Thermal,
    /// A performance counter overflows.
    PerformanceCounter,
    /// The counter of corrected machine checks reaches its threshold.
    CorrectedMachineCheck,
    /// Pin LINT0 (0) or LINT1 (1) goes high or low.
    Lint {
        /// Which pin.
        pin: u8,
        /// Its new level.
        high: bool,
        /// What an external controller gives if the entry is in ExtINT mode.
        vector: u8,
    },
}

/// What a local source that fired did.
///
/// ```
/// # use sim::apic::*;
/// # use sim::*;
/// # let clocks = Clocks { core: Generation::P6.core_clock(), timer: Generation::P6.timer_clock() };
/// # let mut apic = LocalApic::new(Generation::P6, Knobs::default(), 0, 0, clocks);
/// # apic.preset(&Preset::default());
/// apic.write(0x360, 0x400, Time::ZERO); // LINT1: NMI
/// let pulse = LocalSource::Lint { pin: 1, high: true, vector: 0 };
/// assert_eq!(apic.local_event(pulse, Time::ZERO), Some(LocalInterrupt::Nmi));
/// assert_eq!(apic.local_event(LocalSource::Thermal, Time::ZERO), None); // masked
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalInterrupt {
    /// The vector was set in the IRR.
    Requested(u8),
    /// No room for the vector (Pentium, P6): the entry shows "send pending" (bit 12) and tries again at each EOI.
    Refused(u8),
    /// The core gets an NMI.
    Nmi,
    /// The core gets a system-management interrupt.
    Smi,
    /// The core is initialised.
    Init,
    /// The core gets an external interrupt with this vector, past IRR and priorities.
    External(u8),
}

/// The entries, in the order of their offsets.
pub(super) const ENTRIES: [Register; 7] = [
    Register::LvtCmci,
    Register::LvtTimer,
    Register::LvtThermal,
    Register::LvtPerformance,
    Register::LvtLint0,
    Register::LvtLint1,
    Register::LvtError,
];

const ACTIVE_LOW: u32 = 1 << 13;
const REMOTE_IRR: u32 = 1 << 14;
const LEVEL_TRIGGERED: u32 = 1 << 15;
const MASKED: u32 = 1 << 16;
const MODE: u32 = 0x700;

const LINT: [Register; 2] = [Register::LvtLint0, Register::LvtLint1];

impl LocalApic {
    /// A local source fires at `now`. `None`: nothing comes of it (masked, illegal vector, no such entry, no edge).
    pub fn local_event(&mut self, source: LocalSource, now: Time) -> Option<LocalInterrupt> {
        match source {
            LocalSource::Timer => self.timer.expire(now).then(|| self.local_source(Register::LvtTimer))?,
            LocalSource::Thermal => self.local_source(Register::LvtThermal),
            LocalSource::PerformanceCounter => self.performance_counter_overflow(),
            LocalSource::CorrectedMachineCheck => self.local_source(Register::LvtCmci),
            LocalSource::Lint { pin, high, vector } => self.pin_changes(usize::from(pin & 1), high, vector),
        }
    }

    /// A performance counter overflowed (SDM vol. 3 §10.5.1). Pentium 4 and later mask the entry as it fires.
    pub fn performance_counter_overflow(&mut self) -> Option<LocalInterrupt> {
        let fired = self.local_source(Register::LvtPerformance)?;
        if self.generation.profile().performance_masks {
            self.values[Register::LvtPerformance as usize] |= MASKED;
        }
        Some(fired)
    }

    pub(super) const fn is_masked(&self, entry: Register) -> bool {
        self.values[entry as usize] & MASKED != 0
    }

    /// Does a source that fires through `entry` find it there, and not masked?
    pub(super) fn is_live(&self, entry: Register) -> bool {
        !self.is_masked(entry)
            && super::registers::TABLE[entry as usize].is_in(self.generation)
            && self.mode() != super::Mode::Disabled
    }

    /// A local source fires through its entry.
    pub(super) fn local_source(&mut self, entry: Register) -> Option<LocalInterrupt> {
        if !self.is_live(entry) {
            return None;
        }
        let value = self.values[entry as usize];
        if self.is_unsupported(entry) {
            return None;
        }
        match DeliveryMode::from_bits(value >> 8) {
            DeliveryMode::Fixed => self.local_fixed(entry, value as u8),
            DeliveryMode::Nmi => Some(LocalInterrupt::Nmi),
            DeliveryMode::Smi => Some(LocalInterrupt::Smi),
            DeliveryMode::Init => Some(LocalInterrupt::Init),
            DeliveryMode::ExtInt => {
                let pin = usize::from(entry == Register::LvtLint1);
                Some(LocalInterrupt::External(self.lines.vector[pin]))
            }
            DeliveryMode::LowestPriority | DeliveryMode::RemoteRead | DeliveryMode::StartUp => None, // reserved
        }
    }

    /// Has `entry` a mode that it does not support (SDM vol. 3 §10.5.1; knob `lvt_unsupported_mode`)?
    fn is_unsupported(&self, entry: Register) -> bool {
        let counts = matches!(entry, Register::LvtPerformance | Register::LvtThermal | Register::LvtCmci);
        let mode = DeliveryMode::from_bits(self.values[entry as usize] >> 8);
        counts
            && matches!(mode, DeliveryMode::Init | DeliveryMode::ExtInt)
            && self.knobs.lvt_unsupported_mode == LvtUnsupportedMode::Ignored
    }

    /// A fixed local interrupt goes through the same slot test as a message (SDM vol. 3 §10.8.4).
    fn local_fixed(&mut self, entry: Register, vector: u8) -> Option<LocalInterrupt> {
        if vector < 16 {
            // the error entry itself may hold the illegal vector: no second try
            let recorded = self.error_status.record(RECEIVE_ILLEGAL_VECTOR);
            if recorded.armed && entry != Register::LvtError {
                self.error_interrupt();
            }
            return None;
        }
        if !self.has_room(vector) {
            self.entry_waits(entry, SEND_PENDING);
            return Some(LocalInterrupt::Refused(vector));
        }
        self.values[entry as usize] &= !SEND_PENDING;
        let level = self.is_level(entry);
        if level {
            self.entry_waits(entry, REMOTE_IRR);
        }
        self.interrupts.request(vector, level);
        Some(LocalInterrupt::Requested(vector))
    }

    /// A pin changes its level. Fixed mode is edge- or level-triggered as bit 15 says (LINT1: edge only); NMI, SMI and
    /// INIT are always edges, ExtINT is always a level (SDM vol. 3 §10.5.1). The pins of a globally disabled APIC are INTR
    /// and NMI of the core (§6.3.1, §10.4.3).
    fn pin_changes(&mut self, pin: usize, high: bool, vector: u8) -> Option<LocalInterrupt> {
        if self.mode() == super::Mode::Disabled {
            let rises = high && !self.lines.high[pin];
            self.lines.high[pin] = high;
            self.lines.vector[pin] = vector;
            let of_core = if pin == 0 { LocalInterrupt::External(vector) } else { LocalInterrupt::Nmi };
            return rises.then_some(of_core);
        }
        let before = self.is_asserted(pin);
        self.lines.high[pin] = high;
        self.lines.vector[pin] = vector;
        if before || !self.is_asserted(pin) || self.waits_for_eoi(pin) {
            return None;
        }
        self.local_source(LINT[pin])
    }

    /// Is the signal at `pin` active, by the polarity of its entry?
    const fn is_asserted(&self, pin: usize) -> bool {
        self.lines.high[pin] != (self.values[LINT[pin] as usize] & ACTIVE_LOW != 0)
    }

    /// Is it a pin's entry that is level-triggered? LINT1 is edge-triggered whatever bit 15 says (SDM vol. 3 §10.5.1).
    const fn is_level(&self, entry: Register) -> bool {
        matches!(entry, Register::LvtLint0) && self.values[entry as usize] & LEVEL_TRIGGERED != 0
    }

    const fn waits_for_eoi(&self, pin: usize) -> bool {
        self.is_level(LINT[pin]) && self.values[LINT[pin] as usize] & REMOTE_IRR != 0
    }

    /// The service of level-triggered `vector` ended: a pin that is still asserted fires again.
    #[cold]
    pub(super) fn end_of_pin_interrupt(&mut self, vector: u8) {
        for (pin, entry) in LINT.into_iter().enumerate() {
            if self.waits_for_eoi(pin) && self.values[entry as usize] as u8 == vector {
                self.values[entry as usize] &= !REMOTE_IRR;
                if self.is_asserted(pin) {
                    self.local_source(entry);
                }
            }
        }
    }

    /// Is `vector` held by a pin of this CPU rather than by an I/O agent?
    pub(super) fn is_pin_interrupt(&self, vector: u8) -> bool {
        (0..LINT.len()).any(|pin| self.waits_for_eoi(pin) && self.values[LINT[pin] as usize] as u8 == vector)
    }

    /// Does an entry wait for an EOI: its interrupt was refused, or is a level that a pin holds?
    #[inline]
    pub(super) fn entries_wait(&self) -> bool {
        debug_assert!(self.an_entry_waited || !self.some_entry_waits(), "what waits has been noted");
        self.an_entry_waited && self.some_entry_waits()
    }

    fn some_entry_waits(&self) -> bool {
        ENTRIES.iter().any(|&entry| self.values[entry as usize] & (SEND_PENDING | REMOTE_IRR) != 0)
    }

    /// From now on `entry` waits for an EOI, as `bit` of it says.
    fn entry_waits(&mut self, entry: Register, bit: u32) {
        self.values[entry as usize] |= bit;
        self.an_entry_waited = true;
    }

    /// A slot became free: what waits in an entry tries again.
    #[cold]
    pub(super) fn retry_local(&mut self) {
        for entry in ENTRIES {
            let value = self.values[entry as usize];
            if value & SEND_PENDING != 0 && value & MASKED == 0 {
                self.local_source(entry);
            }
        }
    }

    /// Sets the mask of every entry: what a software-disabled APIC does (SDM vol. 3 §10.4.7.2).
    pub(super) fn mask_entries(&mut self) {
        ENTRIES.into_iter().for_each(|entry| self.values[entry as usize] |= MASKED);
    }

    fn store_entry(&mut self, entry: Register, value: u32, now: Time) -> bool {
        if entry != Register::LvtTimer {
            return self.store(entry, value);
        }
        let before = self.timer;
        if self.is_masked(entry) {
            self.timer.expire(now); // what passed behind the mask is not remembered
        }
        let reserved = if self.has_tsc_deadline() { 0 } else { DEADLINE_MODE };
        let changed = self.store(entry, value & !reserved);
        self.timer.set_mode(Self::timer_mode(self.values[entry as usize]), self.knobs.timer_mode_change, now);
        changed || self.timer != before
    }

    /// A write of an entry: masks cannot be cleared once software has disabled the APIC (SDM vol. 3 §10.4.7.2; not after a
    /// reset, §10.4.7.1), and an illegal
    /// vector in fixed mode is an error even if masked (§10.5.2; knob `lvt_illegal_vector`). Timer and error entries
    /// have no mode field and are always fixed.
    pub(super) fn write_entry(&mut self, entry: Register, value: u32, now: Time) -> bool {
        let pending = self.pending_through(entry);
        let forced = if self.disabled_by_software { MASKED } else { 0 };
        let mut changed = self.store_entry(entry, value | forced, now);
        let stored = self.values[entry as usize];
        if stored & MODE == 0 && stored & 0xFF < 16 && self.knobs.lvt_illegal_vector == LvtIllegalVector::AtWrite {
            changed |= self.log(RECEIVE_ILLEGAL_VECTOR);
        }
        let vector = stored as u8;
        if pending.is_some_and(|before| before != vector) && stored & MODE == 0 && vector >= 16 && self.has_room(vector)
        {
            self.interrupts.request(vector, false); // masked or not
            changed = true;
        }
        changed
    }

    /// The vector of `entry`, if an interrupt of it is pending and a write of the entry does something to it (knob
    /// `lvt_write_while_pending`).
    fn pending_through(&self, entry: Register) -> Option<u8> {
        let value = self.values[entry as usize];
        let vector = value as u8;
        let odd = self.knobs.lvt_write_while_pending == LvtWriteWhilePending::NewVector;
        (odd && value & MODE == 0 && self.interrupts.requests().contains(vector)).then_some(vector)
    }
}

#[cfg(test)]
#[path = "local_vector_table_tests.rs"]
mod tests;
