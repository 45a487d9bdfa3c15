//! What software does with a CPU by hand: the executor of [`Operation`]s, for scripts and for programs of scenarios.
//!
//! Each is one operation of [`CpuAt`], or a few; nothing is kept but what it found.

use crate::scenario::operation::{MSR_APIC_BASE, Register, offset, x2apic_msr};
use crate::scenario::{Operation, VectorSet};
use sim::CpuAt;
use sim::apic::GeneralProtection;

/// ICR low bit 12, the delivery status (SDM vol. 3 §10.6.1).
const SEND_PENDING: u32 = 1 << 12;

/// APIC_BASE bit 10: x2APIC mode (SDM vol. 3 §10.12.1).
const EXTENDED: u64 = 1 << 10;

/// What the standard initialisation writes, in order: the APIC enabled, all local vectors masked, the timer stopped, no
/// task priority, flat model without a logical id, no error.
const STANDARD: [(Register, u32); 14] = [
    (Register::SpuriousVector, 0x1FF),
    (Register::LvtTimer, MASKED),
    (Register::LvtThermal, MASKED),
    (Register::LvtPerformance, MASKED),
    (Register::LvtLint0, MASKED),
    (Register::LvtLint1, MASKED),
    (Register::LvtError, MASKED),
    (Register::InitialCount, 0),
    (Register::DivideConfiguration, 0),
    (Register::TaskPriority, 0),
    (Register::DestinationFormat, u32::MAX),
    (Register::LogicalDestination, 0),
    (Register::ErrorStatus, 0),
    (Register::ErrorStatus, 0),
];

const MASKED: u32 = 0x1_0000;

/// A CPU and the way by which it now reaches its APIC: the register page, or model-specific registers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hands<'run> {
    cpu: CpuAt<'run>,
    x2apic: bool,
}

impl<'run> Hands<'run> {
    /// The hands of `cpu`. A CPU without the APIC base MSR is older than x2APIC mode.
    pub(crate) fn of(cpu: CpuAt<'run>) -> Self {
        let base = cpu.read_msr(MSR_APIC_BASE);
        Self { cpu, x2apic: base.is_ok_and(|base| base & EXTENDED != 0) }
    }

    /// The hands of `cpu`, whose mode is known.
    pub(crate) const fn in_mode(cpu: CpuAt<'run>, x2apic: bool) -> Self {
        Self { cpu, x2apic }
    }

    /// Writes a register, whichever the mode.
    pub(crate) fn write_register(&self, register: Register, value: u32) {
        self.write(offset(register), value);
    }

    /// Reads the register at a byte offset, whichever the mode; one that x2APIC mode lacks is 0.
    pub(crate) fn read(&self, register: u16) -> u32 {
        if self.x2apic {
            self.cpu.read_msr(x2apic_msr(register)).unwrap_or_default() as u32
        } else {
            self.cpu.read_register(register)
        }
    }

    /// Writes it; a fault in x2APIC mode changes nothing.
    pub(crate) fn write(&self, register: u16, value: u32) {
        if self.x2apic {
            let _fault_is_nothing = self.cpu.write_msr(x2apic_msr(register), u64::from(value));
        } else {
            self.cpu.write_register(register, value);
        }
    }
}

/// Reads of ICR low, and how many of them showed "send pending" (SDM vol. 3 §10.6.1, bit 12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct IcrReads {
    /// All.
    pub reads: u64,
    /// Those with bit 12 set.
    pub busy: u64,
}

/// What an operation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// Nothing: it is done.
    Done,
    /// A byte.
    Byte(u8),
    /// A 32-bit value.
    Word(u32),
    /// A 64-bit value.
    Wide(u64),
    /// A general-protection fault.
    GeneralProtection,
    /// Zero (true) or not.
    IsZero(bool),
    /// In the range that was asked for.
    InRange,
    /// Outside: the register's value.
    OutOfRange(u32),
    /// The eight registers of a block of vectors.
    Vectors([u32; 8]),
    /// So many of so many reads.
    Tally {
        /// Reads that count.
        hits: u32,
        /// All reads.
        times: u32,
    },
    /// EAX, EBX, ECX, EDX of CPUID.
    Identification([u32; 4]),
    /// How far the timer counted down.
    Ticks(u32),
}

/// A write of ICR low; if they are counted, with the one read that tells whether it is busy.
fn send(cpu: CpuAt<'_>, command: u32, reads: Option<&mut IcrReads>) {
    cpu.write_register(icr_low(), command);
    if reads.is_some() {
        page_read(cpu, icr_low(), reads);
    }
}

/// A read of the register page that counts if it is one of ICR low.
fn page_read(cpu: CpuAt<'_>, register: u16, reads: Option<&mut IcrReads>) -> u32 {
    let value = cpu.read_register(register);
    if let Some(reads) = reads.filter(|_| register == icr_low()) {
        reads.reads += 1;
        reads.busy += u64::from(value & SEND_PENDING != 0);
    }
    value
}

fn icr_low() -> u16 {
    offset(Register::CommandLow)
}

/// The standard initialisation.
pub(crate) fn initialise(hands: Hands<'_>) {
    for (register, value) in STANDARD {
        hands.cpu.write_register(offset(register), value);
    }
}

/// Executes an operation. `reads`, if they are counted, gains its reads of ICR low.
pub(crate) fn execute(hands: Hands<'_>, operation: Operation, reads: Option<&mut IcrReads>) -> Found {
    let cpu = hands.cpu;
    match operation {
        Operation::Write { register, value } if register == icr_low() => send(cpu, value, reads),
        Operation::Write { register, value } => cpu.write_register(register, value),
        Operation::Ipi { destination, command } => {
            cpu.write_register(offset(Register::CommandHigh), u32::from(destination) << 24);
            send(cpu, command, reads);
        }
        Operation::EnableInterrupts => cpu.enable_interrupts(),
        Operation::Fence => cpu.fence(),
        Operation::DisableInterrupts => _ = cpu.irq_save(),
        Operation::WriteMemory(address, value) => cpu.write_memory(address, value),
        Operation::WritePort(port, value) => cpu.write_port(port, value),
        question => return ask(hands, question, reads),
    }
    Found::Done
}

/// An operation that finds something.
fn ask(hands: Hands<'_>, operation: Operation, reads: Option<&mut IcrReads>) -> Found {
    let cpu = hands.cpu;
    match operation {
        Operation::Read { register } => Found::Word(page_read(cpu, register, reads)),
        Operation::NonZero { register } => Found::IsZero(page_read(cpu, register, reads) == 0),
        Operation::Range { register, least, most } => match page_read(cpu, register, reads) {
            value if (least..=most).contains(&value) => Found::InRange,
            value => Found::OutOfRange(value),
        },
        Operation::Vectors(set) => vectors(hands, set),
        Operation::IcrPoll { command, times } => {
            cpu.write_register(icr_low(), command);
            poll(cpu, icr_low(), SEND_PENDING, times, reads)
        }
        Operation::Poll { register, mask, times } => poll(cpu, register, mask, times, reads),
        Operation::ReadMsr(msr) => match cpu.read_msr(msr) {
            Ok(value) => Found::Wide(value),
            Err(GeneralProtection) => Found::GeneralProtection,
        },
        Operation::WriteMsr(msr, value) => match cpu.write_msr(msr, value) {
            Ok(()) => Found::Done,
            Err(GeneralProtection) => Found::GeneralProtection,
        },
        Operation::ReadMemory(address) => Found::Word(cpu.read_memory(address)),
        Operation::ReadPort(port) => Found::Byte(cpu.read_port(port)),
        Operation::Identify(leaf) => Found::Identification(cpu.identification(leaf)),
        Operation::Tick { us } => {
            let before = hands.read(offset(Register::CurrentCount));
            cpu.delay_us(us);
            Found::Ticks(before.wrapping_sub(hands.read(offset(Register::CurrentCount))))
        }
        _ => unreachable!("execute() does the others"),
    }
}

fn vectors(hands: Hands<'_>, set: VectorSet) -> Found {
    let mut registers = [0; 8];
    for (register, at) in registers.iter_mut().zip((offset(set.register())..).step_by(16)) {
        *register = hands.read(at);
    }
    Found::Vectors(registers)
}

fn poll(cpu: CpuAt<'_>, register: u16, mask: u32, times: u32, mut reads: Option<&mut IcrReads>) -> Found {
    let mut hits = 0;
    for _ in 0..times {
        hits += u32::from(page_read(cpu, register, reads.as_deref_mut()) & mask != 0);
    }
    Found::Tally { hits, times }
}
