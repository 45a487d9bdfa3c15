//! The state of a local APIC, and what can be seen of it.
//!
//! Not modelled: see the [module](super).

use super::bits256::Bits256;
use super::error_status::ErrorStatus;
use super::fixed_interrupts::FixedInterrupts;
use super::mode::{Mode, base_after_reset};
use super::pins::Lines;
use super::priority;
use super::registers::{REGISTERS, Register, TABLE};
use super::timer::{Timer, TimerMode};
use super::told_priority::PriorityMessages;
use crate::bus::{Agent, Message};
use crate::generation::{Generation, Knobs, SvrLowNibble};
use crate::time::{ClockDomain, Time};

/// Register values "as after set-up", given instead of executing the set-up.
///
/// ```
/// use sim::apic::{Mode, Preset};
///
/// let logical = Preset::default().with(|preset| preset.ldr = 1 << 24);
/// assert!(logical.mode == Mode::XApic && Preset::RESET.svr == 0xFF);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preset {
    /// Mode.
    pub mode: Mode,
    /// Spurious vector register.
    pub svr: u32,
    /// Task priority.
    pub tpr: u32,
    /// Destination format.
    pub dfr: u32,
    /// Logical destination, logical id in bits 31:24 (derived from the id in x2APIC mode).
    pub ldr: u32,
    /// LVT performance counter entry, if not as after reset (masked).
    pub lvt_performance: Option<u32>,
    /// LVT error entry, if not as after reset (masked).
    pub lvt_error: Option<u32>,
    /// LVT entry of LINT0, if not as after reset (masked).
    pub lvt_lint0: Option<u32>,
    /// LVT entry of LINT1, if not as after reset (masked).
    pub lvt_lint1: Option<u32>,
}

impl Preset {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

impl Default for Preset {
    /// Software-enabled (SVR 1FF), TPR 0, flat model, no logical id, entries masked.
    fn default() -> Self {
        Self { svr: 0x1FF, ..Self::RESET }
    }
}

impl Preset {
    /// As after a reset: software-disabled.
    pub const RESET: Self = Self {
        mode: Mode::XApic,
        svr: 0xFF,
        tpr: 0,
        dfr: 0xFFFF_FFFF,
        ldr: 0,
        lvt_performance: None,
        lvt_error: None,
        lvt_lint0: None,
        lvt_lint1: None,
    };
}

/// SVR bit 8: software-enabled (SDM vol. 3 §10.9).
const SOFTWARE_ENABLE: u32 = 1 << 8;

/// The clocks that a local APIC counts.
///
/// See [`LocalApic`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// Of the CPU core: the time-stamp counter.
    pub core: ClockDomain,
    /// Of the APIC timer.
    pub timer: ClockDomain,
}

/// The logical id that an x2APIC derives: cluster in bits 31:16, one bit of 16 (SDM vol. 3 §10.12.10.2).
pub(super) const fn x2apic_logical_id(id: u32) -> u32 {
    id >> 4 << 16 | 1 << (id & 0xF)
}

/// A local APIC.
///
/// ```
/// use sim::apic::{Clocks, LocalApic, Preset};
/// use sim::{Generation, Knobs, Time};
///
/// let clocks = Clocks { core: Generation::P6.core_clock(), timer: Generation::P6.timer_clock() };
/// let mut apic = LocalApic::new(Generation::P6, Knobs::default(), 0, 3, clocks);
/// apic.preset(&Preset::default());
/// apic.write(0x080, 0x50, Time::ZERO); // task priority: so is the processor's (SDM vol. 3 §10.8.3.1)
/// assert_eq!((apic.id(), apic.read(0x0A0, Time::ZERO)), (3, 0x50));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalApic {
    pub(super) generation: Generation,
    pub(super) knobs: Knobs,
    pub(super) agent: Agent,
    /// The id that hardware assigned.
    pub(super) initial_id: u32,
    /// APIC_BASE.
    pub(super) base: u64,
    /// What the registers store, by [`Register`]; computed registers store nothing here.
    pub(super) values: [u32; REGISTERS],
    pub(super) interrupts: FixedInterrupts,
    pub(super) error_status: ErrorStatus,
    pub(super) timer: Timer,
    /// An entry has waited for an EOI since the start. Mostly none ever does.
    pub(super) an_entry_waited: bool,
    pub(super) lines: Lines,
    /// Delivery status of the ICR: send pending.
    pub(super) busy: bool,
    pub(super) busy_visible: bool,
    /// Injected: the delivery status reads "send pending" whatever is sent.
    pub(super) jammed: bool,
    /// The message sent last.
    pub(super) current: Option<Message>,
    /// Knob `queue`: the message that waits for the current one.
    pub(super) queued: Option<Message>,
    pub(super) next_number: u32,
    /// An error of this APIC's own changed it since [`LocalApic::take_logged`] asked last.
    pub(super) logged: bool,
    pub(super) priority_messages: PriorityMessages,
    /// CR8 while the APIC is globally disabled.
    pub(super) detached_tpr: u8,
    /// Software has cleared SVR bit 8 since the last reset, and not set it again.
    pub(super) disabled_by_software: bool,
    /// Knob `tpr_write`: a task priority that is still on its way here.
    pub(super) late_priority: Option<u8>,
}

impl LocalApic {
    /// The APIC of `agent` in its reset state (SDM vol. 3 §10.4.7.1): in xAPIC mode, software-disabled, all entries
    /// masked. Outside x2APIC mode only the low bits of `apic_id` count, as many as the generation has.
    pub fn new(generation: Generation, knobs: Knobs, agent: Agent, apic_id: u32, clocks: Clocks) -> Self {
        let mut apic = Self {
            generation,
            knobs,
            agent,
            initial_id: apic_id,
            base: base_after_reset(agent),
            values: [0; REGISTERS],
            interrupts: FixedInterrupts::RESET,
            error_status: ErrorStatus::new(generation, knobs.esr_protocol),
            timer: Timer::new(clocks.timer, clocks.core),
            an_entry_waited: false,
            lines: Lines::default(),
            busy: false,
            busy_visible: true,
            jammed: false,
            current: None,
            queued: None,
            next_number: 0,
            logged: false,
            priority_messages: PriorityMessages::default(),
            detached_tpr: 0,
            disabled_by_software: false,
            late_priority: None,
        };
        apic.reset();
        apic
    }

    /// Power-up reset of the registers (SDM vol. 3 §10.4.7.1). A message under way goes on its way.
    pub(super) fn reset(&mut self) {
        self.reset_but_id();
        let id_bits = TABLE[Register::Id as usize].writable(Generation::XApic) & self.id_mask();
        self.values[Register::Id as usize] = self.initial_id << 24 & id_bits;
    }

    pub(super) fn id_mask(&self) -> u32 {
        ((1 << self.generation.profile().id_bits) - 1) << 24
    }

    /// INIT: as a reset, but the id and the mode stay (SDM vol. 3 §10.4.7.3, 10.12.5.1).
    pub fn init(&mut self) {
        self.reset_but_id();
    }

    fn reset_but_id(&mut self) {
        let id = self.values[Register::Id as usize];
        TABLE.iter().for_each(|row| self.values[row.register as usize] = row.reset);
        self.values[Register::Id as usize] = id;
        self.values[Register::Version as usize] = self.generation.profile().version;
        if self.generation.profile().serial && self.knobs.svr_low_nibble == SvrLowNibble::Zeros {
            self.values[Register::SpuriousVector as usize] = 0xF0;
        }
        self.interrupts = FixedInterrupts::RESET;
        self.error_status = ErrorStatus::new(self.generation, self.knobs.esr_protocol);
        self.timer.reset();
        self.queued = None;
        self.disabled_by_software = false;
        self.late_priority = None;
    }

    /// Whether the delivery status ever reads busy; true after [`new`](Self::new). The ideal bus never shows it.
    pub const fn set_busy_visible(&mut self, visible: bool) {
        self.busy_visible = visible;
        self.busy &= visible;
    }

    /// Injected fault: from now on the delivery status reads "send pending", whatever the bus does. The one fault that
    /// acts on the bit itself.
    pub const fn jam_delivery_status(&mut self) {
        self.jammed = true;
    }

    /// Sets registers as set-up code would have, without its side effects.
    pub fn preset(&mut self, preset: &Preset) {
        self.set_mode_bits(preset.mode);
        self.store(Register::SpuriousVector, preset.svr);
        self.interrupts.set_task_priority(preset.tpr as u8);
        self.store(Register::DestinationFormat, preset.dfr);
        self.store(Register::LogicalDestination, preset.ldr);
        let entries = [
            (Register::LvtPerformance, preset.lvt_performance),
            (Register::LvtError, preset.lvt_error),
            (Register::LvtLint0, preset.lvt_lint0),
            (Register::LvtLint1, preset.lvt_lint1),
        ];
        for (entry, value) in entries {
            if let Some(value) = value {
                self.store(entry, value);
            }
        }
        if !self.software_enabled() {
            self.mask_entries();
        }
    }

    /// Is the delivery status "send pending"?
    pub const fn is_busy(&self) -> bool {
        self.busy
    }
    /// The message sent last.
    pub const fn current(&self) -> Option<&Message> {
        self.current.as_ref()
    }
    /// The message that waits for the current one to be dispatched (knob `queue`).
    pub const fn queued(&self) -> Option<&Message> {
        self.queued.as_ref()
    }
    /// Spurious vector, SVR bits 7:0.
    pub const fn spurious_vector(&self) -> u8 {
        self.values[Register::SpuriousVector as usize] as u8
    }
    /// The IRR.
    pub const fn requests(&self) -> Bits256 {
        *self.interrupts.requests()
    }
    /// The IRR, in place.
    #[inline]
    pub(crate) const fn request_set(&self) -> &Bits256 {
        self.interrupts.requests()
    }
    /// The IRR as its eight registers show it.
    pub fn request_registers(&self) -> [u32; 8] {
        std::array::from_fn(|index| self.interrupts.requests().register(index))
    }
    /// Vectors in the IRR, lowest first.
    pub fn requested(&self) -> impl Iterator<Item = u8> + use<> {
        self.interrupts.requests().iter()
    }
    /// Vectors in the ISR, lowest first.
    pub fn in_service(&self) -> impl Iterator<Item = u8> + use<> {
        self.interrupts.in_service().iter()
    }
    /// Vectors of priority class `class` (0 to 15) that hold a slot: in the IRR, and in the ISR, lowest first.
    pub fn class_occupancy(&self, class: u8) -> (Vec<u8>, Vec<u8>) {
        let of_class = |set: &Bits256| set.iter().filter(|&vector| priority::class(vector) == class).collect();
        (of_class(self.interrupts.requests()), of_class(self.interrupts.in_service()))
    }
    /// Is the APIC enabled by SVR bit 8?
    pub const fn software_enabled(&self) -> bool {
        self.values[Register::SpuriousVector as usize] & SOFTWARE_ENABLE != 0
    }
    /// The generation.
    pub const fn generation(&self) -> Generation {
        self.generation
    }
    /// APIC id: 4 bits on Pentium and P6, 8 on later ones, 32 in x2APIC mode.
    pub const fn id(&self) -> u32 {
        match self.mode() {
            Mode::X2Apic => self.initial_id,
            _ => self.values[Register::Id as usize] >> 24,
        }
    }
    /// The id that hardware assigned at reset.
    pub const fn initial_id(&self) -> u32 {
        self.initial_id
    }
    /// Logical destination register; in x2APIC mode derived from the id.
    pub const fn ldr(&self) -> u32 {
        match self.mode() {
            Mode::X2Apic => x2apic_logical_id(self.initial_id),
            _ => self.values[Register::LogicalDestination as usize],
        }
    }
    /// Destination format register.
    pub const fn dfr(&self) -> u32 {
        self.values[Register::DestinationFormat as usize]
    }
    /// Task priority.
    pub const fn tpr(&self) -> u8 {
        self.interrupts.task_priority()
    }
    /// Processor priority.
    pub fn ppr(&self) -> u8 {
        priority::processor_priority(self.tpr(), self.interrupts.highest_in_service(), self.knobs.ppr_equal_class)
    }
    /// Arbitration priority: what the APR shows on the parts that have it, and what a lowest-priority message compares.
    pub fn arbitration_priority(&self) -> u8 {
        let (requested, in_service) = (self.interrupts.requests().highest(), self.interrupts.highest_in_service());
        priority::arbitration_priority(self.tpr(), requested, in_service, self.knobs.apr_formula)
    }
    /// Has this APIC recorded an error of its own, and perhaps requested its error interrupt, since the last call? The
    /// only thing that a read can change.
    #[inline]
    pub const fn take_logged(&mut self) -> bool {
        std::mem::replace(&mut self.logged, false)
    }
    /// When the timer fires next, if its entry lets it through.
    pub fn timer_expiry(&self) -> Option<Time> {
        if self.is_masked(Register::LvtTimer) { None } else { self.timer.expiry() }
    }
    pub(super) const fn timer_mode(entry: u32) -> TimerMode {
        TimerMode::from_entry(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{enabled, fixed, reset};
    use super::*;
    use crate::bus::{DeliveryMode, Shorthand};
    use Generation::P6;

    #[test]
    fn an_apic_fits_ten_cache_lines() {
        assert!(size_of::<LocalApic>() <= 640, "{}", size_of::<LocalApic>());
    }

    #[test]
    fn a_disabled_preset_keeps_entries_masked() {
        let mut apic = reset(P6, 0);
        apic.preset(&Preset { svr: 0xFF, lvt_performance: Some(0x400), ..Preset::default() });
        assert_eq!(apic.performance_counter_overflow(), None);
    }

    #[test]
    fn shorthands_and_the_init_deassert_are_matched_by_sender() {
        let table = [
            (Shorthand::Own, true, false),
            (Shorthand::AllIncludingSelf, true, true),
            (Shorthand::AllExcludingSelf, false, true),
        ];
        let (own, other) = (enabled(P6, 1), enabled(P6, 2));
        for (shorthand, to_own, to_other) in table {
            let message = Message { shorthand, ..fixed(1, 0x41, 0) };
            let matched = (own.addressed_by(&message), other.addressed_by(&message));
            assert_eq!(matched, (to_own, to_other), "{shorthand:?}");
        }
        let deassert = Message { mode: DeliveryMode::Init, level_triggered: true, asserted: false, ..fixed(1, 0, 9) };
        assert!(own.addressed_by(&deassert) && other.addressed_by(&deassert));
    }

    #[test]
    fn init_keeps_the_id_and_resets_the_rest() {
        // SDM vol. 3 §10.4.7.3
        let mut apic = enabled(P6, 2);
        apic.write(0x020, 0x0500_0000, Time::ZERO);
        apic.write(0x080, 0x20, Time::ZERO);
        apic.deliver(&fixed(1, 0x41, 5));
        apic.init();
        let values: Vec<u32> =
            [0x020, 0x080, 0x0F0, 0x220].iter().map(|&offset| apic.read(offset, Time::ZERO)).collect();
        assert_eq!(values, [0x0500_0000, 0, 0xFF, 0]);
    }
}
