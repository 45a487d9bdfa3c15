//! One CPU that looks at the same place again and again, a counted number of times. The count is in its frame: no state
//! recurs, but the engine has to look for a recurrence all the same.

use crate::machine::{DONE, ideal_bus, xapic};
use sim::{Closed, Cpu, MachineSettings, Software};

/// Polls its ICR for the delivery status.
#[derive(Clone, Copy)]
struct Polls {
    count: u32,
}

impl Closed for Polls {}

impl Software for Polls {
    fn run(&self, cpu: Cpu<'_>) {
        for _ in 0..self.count {
            cpu.read_register(0x300);
        }
        cpu.reached(DONE);
    }
}

/// Loads a shared word.
#[derive(Clone, Copy)]
struct Loads {
    count: u32,
}

impl Closed for Loads {}

impl Software for Loads {
    fn run(&self, cpu: Cpu<'_>) {
        for _ in 0..self.count {
            cpu.load(0);
        }
        cpu.reached(DONE);
    }
}

/// One CPU; may the engine skip what is proven to repeat?
fn lone(software: impl Closed + Copy, elision: bool) -> MachineSettings {
    // The delivery status is the one that software can see, as on any bus but this one.
    xapic(ideal_bus(), 1, software).with(|machine| {
        machine.busy_visible = true;
        machine.elision = elision;
    })
}

pub(crate) fn polls(count: u32) -> MachineSettings {
    lone(Polls { count }, false)
}

pub(crate) fn polls_with_elision(count: u32) -> MachineSettings {
    lone(Polls { count }, true)
}

pub(crate) fn loads(count: u32) -> MachineSettings {
    lone(Loads { count }, false)
}

pub(crate) fn loads_with_elision(count: u32) -> MachineSettings {
    lone(Loads { count }, true)
}
