//! One operation, executed on the CPU that it names.

use super::answer::Answer;
use super::model::{Operation, VectorSet, x2apic_msr};
use super::notebook::IcrReads;
use super::registers::{MSR_APIC_BASE, Register, offset};
use sim::Cpu;
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
#[derive(Debug)]
pub(super) struct Hands<'run> {
    cpu: Cpu<'run>,
    x2apic: bool,
}

impl<'run> Hands<'run> {
    /// The hands of `cpu`. A CPU without the APIC base MSR is older than x2APIC mode.
    pub(super) fn of(cpu: Cpu<'run>) -> Self {
        let base = cpu.read_msr(MSR_APIC_BASE);
        Self { cpu, x2apic: base.is_ok_and(|base| base & EXTENDED != 0) }
    }

    /// Reads the register at a byte offset, whichever the mode; one that x2APIC mode lacks is 0.
    pub(super) fn read(&self, register: u16) -> u32 {
        if self.x2apic {
            self.cpu.read_msr(x2apic_msr(register)).unwrap_or_default() as u32
        } else {
            self.cpu.read_register(register)
        }
    }

    /// Writes it; a fault in x2APIC mode changes nothing.
    pub(super) fn write(&self, register: u16, value: u32) {
        if self.x2apic {
            let _fault_is_nothing = self.cpu.write_msr(x2apic_msr(register), u64::from(value));
        } else {
            self.cpu.write_register(register, value);
        }
    }

    /// A read of the register page that counts if it is one of ICR low.
    fn page_read(&self, register: u16, reads: &mut IcrReads) -> u32 {
        let value = self.cpu.read_register(register);
        if register == icr_low() {
            reads.reads += 1;
            reads.busy += u64::from(value & SEND_PENDING != 0);
        }
        value
    }

    /// A write of ICR low with the one read that tells whether it is busy.
    fn send(&self, command: u32, reads: &mut IcrReads) {
        self.cpu.write_register(icr_low(), command);
        self.page_read(icr_low(), reads);
    }
}

fn icr_low() -> u16 {
    offset(Register::CommandLow)
}

/// The standard initialisation.
pub(super) fn initialise(hands: &Hands<'_>) {
    for (register, value) in STANDARD {
        hands.cpu.write_register(offset(register), value);
    }
}

/// Executes an operation that needs the CPU only; `reads` gains its reads of ICR low.
pub(super) fn execute(hands: &Hands<'_>, operation: Operation, reads: &mut IcrReads) -> Answer {
    let cpu = &hands.cpu;
    match operation {
        Operation::Write { register, value } if register == icr_low() => hands.send(value, reads),
        Operation::Write { register, value } => cpu.write_register(register, value),
        Operation::Ipi { destination, command } => {
            cpu.write_register(offset(Register::CommandHigh), u32::from(destination) << 24);
            hands.send(command, reads);
        }
        Operation::EnableInterrupts => cpu.enable_interrupts(),
        Operation::DisableInterrupts => _ = cpu.irq_save(),
        Operation::WriteMemory(address, value) => cpu.write_memory(address, value),
        Operation::WritePort(port, value) => cpu.write_port(port, value),
        Operation::Halt | Operation::AutoEoi(_) | Operation::HoldNmi | Operation::ReleaseNmi => {}
        Operation::HoldSmm | Operation::ReleaseSmm | Operation::ShutDown => {}
        other => return question(hands, other, reads),
    }
    Answer::Ok
}

/// An operation with an answer of its own.
fn question(hands: &Hands<'_>, operation: Operation, reads: &mut IcrReads) -> Answer {
    let cpu = &hands.cpu;
    match operation {
        Operation::Read { register } => Answer::Word(hands.page_read(register, reads)),
        Operation::NonZero { register } => Answer::IsZero(hands.page_read(register, reads) == 0),
        Operation::Range { register, least, most } => match hands.page_read(register, reads) {
            value if (least..=most).contains(&value) => Answer::InRange,
            value => Answer::OutOfRange(value),
        },
        Operation::Vectors(set) => vectors(hands, set),
        Operation::IcrPoll { command, times } => {
            cpu.write_register(icr_low(), command);
            poll(hands, icr_low(), SEND_PENDING, times, reads)
        }
        Operation::Poll { register, mask, times } => poll(hands, register, mask, times, reads),
        Operation::ReadMsr(msr) => match cpu.read_msr(msr) {
            Ok(value) => Answer::Wide(value),
            Err(GeneralProtection) => Answer::GeneralProtection,
        },
        Operation::WriteMsr(msr, value) => match cpu.write_msr(msr, value) {
            Ok(()) => Answer::Ok,
            Err(GeneralProtection) => Answer::GeneralProtection,
        },
        Operation::ReadMemory(address) => Answer::Word(cpu.read_memory(address)),
        Operation::ReadPort(port) => Answer::Byte(cpu.read_port(port)),
        Operation::Identify(leaf) => Answer::Identification(cpu.identification(leaf)),
        Operation::Tick { us } => {
            let before = hands.read(offset(Register::CurrentCount));
            cpu.delay_us(us);
            Answer::Ticks(before.wrapping_sub(hands.read(offset(Register::CurrentCount))))
        }
        _ => unreachable!("execute() does the others"),
    }
}

fn vectors(hands: &Hands<'_>, set: VectorSet) -> Answer {
    let mut registers = [0; 8];
    for (register, at) in registers.iter_mut().zip((offset(set.register())..).step_by(16)) {
        *register = hands.read(at);
    }
    Answer::Vectors(registers)
}

fn poll(hands: &Hands<'_>, register: u16, mask: u32, times: u32, reads: &mut IcrReads) -> Answer {
    let mut hits = 0;
    for _ in 0..times {
        hits += u32::from(hands.page_read(register, reads) & mask != 0);
    }
    Answer::Tally { hits, times }
}
