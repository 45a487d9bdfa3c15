//! Reads and writes of the register page by software.
//!
//! Not modelled: the cost of an access, and accesses other than aligned 32-bit ones (see [`registers`]).

use super::LocalApic;
use super::error_status::ILLEGAL_REGISTER;
use super::mode::Mode;
use super::registers::{self, RESERVED_READS, Register, SEND_PENDING, TABLE};
use crate::bus::Message;
use crate::generation::{ApicIdWrites, Generation, TprWrite};
use crate::time::Time;

/// What the caller must do because of a register write.
///
/// ```
/// # use sim::apic::*;
/// # use sim::*;
/// # let clocks = Clocks { core: Generation::P6.core_clock(), timer: Generation::P6.timer_clock() };
/// # let mut apic = LocalApic::new(Generation::P6, Knobs::default(), 0, 0, clocks);
/// # apic.preset(&Preset::default());
/// let WriteResult::Send(message) = apic.write(0x300, 0x41, Time::ZERO).result else { panic!("it is sent") };
/// apic.deliver(&message);
/// assert_eq!(apic.acknowledge(), 0x41);
/// let end = apic.write(0x0B0, 0, Time::ZERO).result;
/// assert_eq!(end, WriteResult::EndOfInterrupt { vector: 0x41, broadcast: false }); // it was an edge
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteResult {
    /// Nothing.
    Nothing,
    /// Request this message from the interconnect.
    Send(Message),
    /// This message to the sender itself has been taken already (self IPI register).
    DeliveredToSelf(Message),
    /// The service of `vector` ended; if `broadcast`, request an EOI message.
    EndOfInterrupt {
        /// The vector.
        vector: u8,
        /// It was level-triggered: I/O agents must hear of it.
        broadcast: bool,
    },
    /// The store does not complete: the same write must be tried again once the ICR is idle.
    Stall,
}

/// Outcome of a register write.
///
/// ```
/// # use sim::apic::*;
/// # use sim::*;
/// # let clocks = Clocks { core: Generation::P6.core_clock(), timer: Generation::P6.timer_clock() };
/// # let mut apic = LocalApic::new(Generation::P6, Knobs::default(), 0, 0, clocks);
/// # apic.preset(&Preset::default());
/// let same = apic.write(0x080, 0, Time::ZERO); // TPR is 0 already
/// assert_eq!(same, Written { result: WriteResult::Nothing, changed: false });
/// assert!(apic.write(0x080, 0x20, Time::ZERO).changed);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// What must be done.
    pub result: WriteResult,
    /// Register state changed. A write of ICR low counts as a change in any case, unless it stalls.
    pub changed: bool,
}

impl Written {
    pub(super) const fn nothing(changed: bool) -> Self {
        Self { result: WriteResult::Nothing, changed }
    }
    pub(super) const fn changed(result: WriteResult) -> Self {
        Self { result, changed: true }
    }
}

impl LocalApic {
    /// Reads the register at `offset` (bytes from the APIC base) at `now`. A reserved offset gives 0 and is an error in
    /// the ESR: the only side effect of a read. ICR low shows the delivery status in bit 12 (SDM vol. 3 §10.6.1).
    #[inline]
    pub fn read(&mut self, offset: u16, now: Time) -> u32 {
        if self.read_logs(offset) {
            self.log(ILLEGAL_REGISTER);
            return RESERVED_READS;
        }
        self.peek(offset).unwrap_or_else(|| self.timer.count(now))
    }

    /// What `register` shows, if that does not depend on the time as the current count does; `index` within a block.
    #[inline]
    pub(super) fn timeless_value(&self, register: Register, index: usize) -> Option<u32> {
        Some(match register {
            Register::CommandLow => {
                self.values[Register::CommandLow as usize] | if self.shows_busy() { SEND_PENDING } else { 0 }
            }
            Register::InService => self.interrupts.in_service().register(index),
            Register::TriggerMode => self.interrupts.level_triggered().register(index),
            Register::InterruptRequest => self.interrupts.requests().register(index),
            Register::TaskPriority => u32::from(self.tpr()),
            Register::ErrorStatus => self.error_status.read(),
            Register::ProcessorPriority => u32::from(self.ppr()),
            Register::ArbitrationPriority if self.generation.profile().serial => u32::from(self.arbitration_priority()),
            Register::InitialCount => self.timer.initial(),
            Register::CurrentCount => return None,
            other => self.values[other as usize],
        })
    }

    /// What a remote read finds in 16-byte slot `slot` of the page (SDM vol. 3 §22.27.1): no side effect.
    pub fn remote_register(&self, slot: u8, now: Time) -> u32 {
        let Some((register, index)) = registers::register_at(self.generation, u16::from(slot) << 4) else {
            return RESERVED_READS;
        };
        self.timeless_value(register, index).unwrap_or_else(|| self.timer.count(now))
    }

    /// Writes `value` to the register at `offset` (bytes from the APIC base) at `now`. Writes to read-only registers
    /// are ignored; one to a reserved offset is an error in the ESR.
    #[inline]
    pub fn write(&mut self, offset: u16, value: u32, now: Time) -> Written {
        if self.mode() != Mode::XApic {
            return Written::nothing(false);
        }
        match registers::register_at(self.generation, offset) {
            Some((Register::EndOfInterrupt, _)) => self.end_of_interrupt(),
            Some((Register::CommandLow, _)) => self.write_command(value, now),
            Some((Register::CommandHigh, _)) => Written::nothing(self.write_destination(value)),
            Some((register, _)) => Written::nothing(self.write_other(register, value, now)),
            None => Written::nothing(self.log(ILLEGAL_REGISTER)),
        }
    }

    /// Has it a page of registers, as in xAPIC mode? The writes that an IPI needs have the same place in it on every part.
    #[inline(always)]
    pub(crate) const fn has_page(&self) -> bool {
        matches!(self.mode(), Mode::XApic)
    }

    /// A write of ICR high; says whether anything changed.
    #[inline(always)]
    pub(crate) fn write_destination(&mut self, value: u32) -> bool {
        self.store(Register::CommandHigh, value)
    }

    /// A write that nobody else must hear of; says whether anything changed. A read-only register has no bits that it
    /// changes.
    #[inline(never)] // an IPI needs none of its frame
    pub(super) fn write_other(&mut self, register: Register, value: u32, now: Time) -> bool {
        match register {
            Register::Id => self.write_id(value),
            Register::TaskPriority => self.write_task_priority(value as u8),
            Register::ErrorStatus => self.error_status.write(),
            Register::SpuriousVector => self.write_spurious_vector(value),
            Register::LvtCmci
            | Register::LvtTimer
            | Register::LvtThermal
            | Register::LvtPerformance
            | Register::LvtLint0
            | Register::LvtLint1
            | Register::LvtError => self.write_entry(register, value, now),
            Register::InitialCount => {
                let before = self.timer;
                self.timer.set_initial(value, now);
                self.timer != before
            }
            Register::DivideConfiguration => self.write_divide_configuration(value, now),
            other => self.store(other, value),
        }
    }

    /// A store to the page may be late (knob `tpr_write`).
    fn write_task_priority(&mut self, priority: u8) -> bool {
        if self.knobs.tpr_write == TprWrite::Late && self.mode() == Mode::XApic {
            self.late_priority = Some(priority);
            return false;
        }
        self.priority_messages.task_priority_written();
        self.interrupts.set_task_priority(priority)
    }

    /// A write of the task priority that this APIC does not have yet (knob `tpr_write`).
    pub const fn late_priority(&self) -> Option<u8> {
        self.late_priority
    }

    /// What was written late gets here.
    pub const fn take_late_priority(&mut self) {
        if let Some(priority) = self.late_priority.take() {
            self.priority_messages.task_priority_written();
            self.interrupts.set_task_priority(priority);
        }
    }

    fn write_divide_configuration(&mut self, value: u32, now: Time) -> bool {
        let before = self.timer;
        let changed = self.store(Register::DivideConfiguration, value);
        self.timer.set_divider(self.values[Register::DivideConfiguration as usize], now);
        changed || self.timer != before
    }

    /// Before Nehalem software may change the id (SDM vol. 3 §10.4.6; knob `apic_id_writes`).
    fn write_id(&mut self, value: u32) -> bool {
        match self.knobs.apic_id_writes {
            ApicIdWrites::ByGeneration => self.store(Register::Id, value),
            ApicIdWrites::ReadOnly => false,
            ApicIdWrites::Writable => {
                let before = self.values[Register::Id as usize];
                self.values[Register::Id as usize] = value & self.id_mask();
                before != self.values[Register::Id as usize]
            }
        }
    }

    /// Clearing SVR bit 8 masks every local entry (SDM vol. 3 §10.4.7.2), and clears the interrupts of an 82489DX. Says
    /// whether anything changed.
    fn write_spurious_vector(&mut self, value: u32) -> bool {
        let before = self.values;
        let was_enabled = self.software_enabled();
        self.store(Register::SpuriousVector, value);
        self.disabled_by_software = !self.software_enabled() && (self.disabled_by_software || was_enabled);
        if !self.software_enabled() {
            if was_enabled {
                self.mask_entries();
            }
            if was_enabled && self.generation == Generation::I82489Dx {
                self.interrupts.clear();
                return true;
            }
        }
        before != self.values
    }

    /// Changes the writable bits of a stored register; says whether any changed.
    pub(super) fn store(&mut self, register: Register, value: u32) -> bool {
        let writable = TABLE[register as usize].writable(self.generation);
        let stored = &mut self.values[register as usize];
        let before = *stored;
        *stored = before & !writable | value & writable;
        *stored != before
    }

    /// CR8: the task priority class (SDM vol. 3 §10.8.6). Without an APIC it is a register of its own.
    pub const fn read_cr8(&self) -> u8 {
        if matches!(self.mode(), Mode::Disabled) { self.detached_tpr } else { self.tpr() >> 4 }
    }

    /// Writes bits 3:0 of CR8; says whether anything changed.
    pub const fn write_cr8(&mut self, class: u8) -> bool {
        let class = class & 0xF;
        let changed = class != self.read_cr8() || !matches!(self.mode(), Mode::Disabled) && self.tpr() & 0xF != 0;
        if matches!(self.mode(), Mode::Disabled) {
            self.detached_tpr = class;
        } else {
            self.priority_messages.task_priority_written();
            self.interrupts.set_task_priority(class << 4);
        }
        changed
    }
}

#[cfg(test)]
#[path = "register_access_tests.rs"]
mod tests;
