//! IPIs between CPUs in xAPIC mode that sleep in HLT: one at a time, and one to all.

use crate::machine::{DONE, ideal_bus, xapic};
use sim::bus::{FrontSideBus, Interconnect};
use sim::{Closed, Cpu, MachineSettings, Software};

const EOI: u16 = 0xB0;
const ICR_LOW: u16 = 0x300;
const ICR_HIGH: u16 = 0x310;

/// FIXED, vector F0h.
const FIXED: u32 = 0xF0;

/// NMI, all excluding self.
const NMI_TO_OTHERS: u32 = 0xC_4400;

/// The word that a handler counts in.
const COUNT: u16 = 0;

/// Two CPUs that wake each other: each sends, sleeps, and when the handler has returned it is its turn again. CPU 1 sleeps
/// first.
#[derive(Clone, Copy)]
struct Answers {
    pairs: u32,
}

impl Closed for Answers {}

impl Software for Answers {
    fn run(&self, cpu: Cpu<'_>) {
        let other = 1 - u32::from(cpu.number());
        if cpu.number() == 1 {
            cpu.halt();
        }
        for _ in 0..self.pairs {
            cpu.write_register(ICR_HIGH, other << 24);
            cpu.write_register(ICR_LOW, FIXED);
            cpu.halt();
        }
        cpu.reached(DONE);
    }

    fn interrupt(&self, cpu: Cpu<'_>, _: u8) {
        cpu.write_register(EOI, 0);
        let count = cpu.load(COUNT);
        cpu.store(COUNT, count + 1);
    }
}

fn answers(bus: Box<dyn Interconnect>, pairs: u32) -> MachineSettings {
    xapic(bus, 2, Answers { pairs })
}

pub(crate) fn answers_on_a_front_side_bus(pairs: u32) -> MachineSettings {
    answers(Box::new(FrontSideBus::new()), pairs)
}

pub(crate) fn answers_on_an_ideal_bus(pairs: u32) -> MachineSettings {
    answers(ideal_bus(), pairs)
}

/// The same with the least that an IPI can be: the destination stays in ICR high, and the handler only says EOI.
#[derive(Clone, Copy)]
struct Bare {
    pairs: u32,
}

impl Closed for Bare {}

impl Software for Bare {
    fn run(&self, cpu: Cpu<'_>) {
        let other = 1 - u32::from(cpu.number());
        cpu.write_register(ICR_HIGH, other << 24);
        if cpu.number() == 1 {
            cpu.halt();
        }
        for _ in 0..self.pairs {
            cpu.write_register(ICR_LOW, FIXED);
            cpu.halt();
        }
        cpu.reached(DONE);
    }

    fn interrupt(&self, cpu: Cpu<'_>, _: u8) {
        cpu.write_register(EOI, 0);
    }
}

pub(crate) fn bare_on_an_ideal_bus(pairs: u32) -> MachineSettings {
    xapic(ideal_bus(), 2, Bare { pairs })
}

/// CPU 0 sends an NMI to all others every 10 µs, and they sleep in between. Their handler does nothing.
#[derive(Clone, Copy)]
struct NonMaskable {
    count: u32,
}

impl Closed for NonMaskable {}

impl Software for NonMaskable {
    fn run(&self, cpu: Cpu<'_>) {
        if cpu.number() > 0 {
            loop {
                cpu.halt();
            }
        }
        for _ in 0..self.count {
            cpu.write_register(ICR_LOW, NMI_TO_OTHERS);
            cpu.delay_us(10);
        }
        cpu.reached(DONE);
    }
}

pub(crate) fn nmi_on_a_front_side_bus(count: u32) -> MachineSettings {
    xapic(Box::new(FrontSideBus::new()), 255, NonMaskable { count })
}

pub(crate) fn nmi_on_an_ideal_bus(count: u32) -> MachineSettings {
    xapic(ideal_bus(), 255, NonMaskable { count })
}
