//! One operation, executed on the CPU that it names.

use super::answer::Answer;
use super::machine::{self, GeneralProtection};
use super::model::{Operation, VectorSet, x2apic_msr};
use super::notebook::IcrReads;
use super::registers::{ICR_HIGH, ICR_LOW, MSR_APIC_BASE, TIMER_CURRENT_COUNT, offset};
use sim::Cpu;

/// ICR low bit 12, the delivery status (SDM vol. 3 §10.6.1).
const SEND_PENDING: u32 = 1 << 12;

/// APIC_BASE bit 10: x2APIC mode (SDM vol. 3 §10.12.1).
const EXTENDED: u64 = 1 << 10;

/// What the standard initialisation writes, in order: the APIC enabled, all local vectors masked, the timer stopped, no
/// task priority, flat model without a logical id, no error.
const STANDARD: [(&str, u32); 14] = [
    ("SVR", 0x1FF),
    ("LVTT", MASKED),
    ("LVTTHM", MASKED),
    ("LVTPC", MASKED),
    ("LVT0", MASKED),
    ("LVT1", MASKED),
    ("LVTERR", MASKED),
    ("TMICT", 0),
    ("TDCR", 0),
    ("TPR", 0),
    ("DFR", u32::MAX),
    ("LDR", 0),
    ("ESR", 0),
    ("ESR", 0),
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
        let base = machine::read_msr(&cpu, MSR_APIC_BASE);
        Self { cpu, x2apic: base.is_ok_and(|base| base & EXTENDED != 0) }
    }

    /// Reads the register at a byte offset, whichever the mode; one that x2APIC mode lacks is 0.
    pub(super) fn read(&self, register: u16) -> u32 {
        if self.x2apic {
            machine::read_msr(&self.cpu, x2apic_msr(register)).unwrap_or_default() as u32
        } else {
            self.cpu.read_register(register)
        }
    }

    /// Writes it; a fault in x2APIC mode changes nothing.
    pub(super) fn write(&self, register: u16, value: u32) {
        if self.x2apic {
            let _fault_is_nothing = machine::write_msr(&self.cpu, x2apic_msr(register), u64::from(value));
        } else {
            self.cpu.write_register(register, value);
        }
    }

    /// A read of the register page that counts if it is one of ICR low.
    fn page_read(&self, register: u16, reads: &mut IcrReads) -> u32 {
        let value = self.cpu.read_register(register);
        if register == ICR_LOW {
            reads.reads += 1;
            reads.busy += u64::from(value & SEND_PENDING != 0);
        }
        value
    }

    /// A write of ICR low with the one read that tells whether it is busy.
    fn send(&self, command: u32, reads: &mut IcrReads) {
        self.cpu.write_register(ICR_LOW, command);
        self.page_read(ICR_LOW, reads);
    }
}

/// The standard initialisation.
pub(super) fn initialise(hands: &Hands<'_>) {
    for (name, value) in STANDARD {
        hands.cpu.write_register(offset(name).expect("the table has every register of STANDARD"), value);
    }
}

/// Executes an operation that needs the CPU only; `reads` gains its reads of ICR low.
pub(super) fn execute(hands: &Hands<'_>, operation: Operation, reads: &mut IcrReads) -> Answer {
    let cpu = &hands.cpu;
    match operation {
        Operation::Write { register: ICR_LOW, value } => hands.send(value, reads),
        Operation::Write { register, value } => cpu.write_register(register, value),
        Operation::Ipi { destination, command } => {
            cpu.write_register(ICR_HIGH, u32::from(destination) << 24);
            hands.send(command, reads);
        }
        Operation::EnableInterrupts => machine::enable_interrupts(cpu),
        Operation::DisableInterrupts => _ = cpu.irq_save(),
        Operation::WriteMemory(address, value) => machine::write_memory(cpu, address, value),
        Operation::WritePort(port, value) => machine::write_port(cpu, port, value),
        Operation::Halt | Operation::AutoEoi(_) | Operation::HoldNmi | Operation::ReleaseNmi => {}
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
            cpu.write_register(ICR_LOW, command);
            poll(hands, ICR_LOW, SEND_PENDING, times, reads)
        }
        Operation::Poll { register, mask, times } => poll(hands, register, mask, times, reads),
        Operation::ReadMsr(msr) => match machine::read_msr(cpu, msr) {
            Ok(value) => Answer::Wide(value),
            Err(GeneralProtection) => Answer::GeneralProtection,
        },
        Operation::WriteMsr(msr, value) => match machine::write_msr(cpu, msr, value) {
            Ok(()) => Answer::Ok,
            Err(GeneralProtection) => Answer::GeneralProtection,
        },
        Operation::ReadMemory(address) => Answer::Word(machine::read_memory(cpu, address)),
        Operation::ReadPort(port) => Answer::Byte(cpu.read_port(port)),
        Operation::Identify(leaf) => Answer::Identification(machine::identification(cpu, leaf)),
        Operation::Tick { us } => {
            let before = hands.read(TIMER_CURRENT_COUNT);
            cpu.delay_us(us);
            Answer::Ticks(before.wrapping_sub(hands.read(TIMER_CURRENT_COUNT)))
        }
        _ => unreachable!("execute() does the others"),
    }
}

fn vectors(hands: &Hands<'_>, set: VectorSet) -> Answer {
    let mut registers = [0; 8];
    for (register, at) in registers.iter_mut().zip((set.offset()..).step_by(16)) {
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
