//! Machines of many CPUs in x2APIC mode on a point-to-point fabric, where each CPU does very little: what does the machine
//! need for a CPU, and is that the same in a large machine as in a small one?

use crate::machine::x2apic;
use sim::{Closed, Cpu, MachineSettings, Software};

const EOI: u32 = 0x80B;
const ICR: u32 = 0x830;

/// FIXED, vector F0h.
const FIXED: u64 = 0xF0;

/// Shorthand: all excluding self.
const TO_OTHERS: u64 = 0xC_0000;

/// Sends the interrupt F0h to the CPU of this APIC id.
fn send(cpu: Cpu<'_>, apic_id: u32) {
    cpu.write_msr(ICR, u64::from(apic_id) << 32 | FIXED).expect("x2APIC mode");
}

fn end_of_interrupt(cpu: Cpu<'_>) {
    cpu.write_msr(EOI, 0).expect("x2APIC mode");
}

/// Returns at once.
#[derive(Clone, Copy)]
struct Ended;

impl Closed for Ended {}

impl Software for Ended {
    fn run(&self, _: Cpu<'_>) {}
}

pub(crate) fn ended(cpus: u32) -> MachineSettings {
    x2apic(cpus, Ended)
}

/// Sleeps for ever, two frames deep: at the end of the run both have to be unwound.
#[derive(Clone, Copy)]
struct Asleep;

impl Closed for Asleep {}

impl Software for Asleep {
    fn run(&self, cpu: Cpu<'_>) {
        sleeps(cpu);
    }
}

#[inline(never)]
fn sleeps(cpu: Cpu<'_>) {
    loop {
        cpu.halt();
    }
}

pub(crate) fn asleep(cpus: u32) -> MachineSettings {
    x2apic(cpus, Asleep)
}

/// Each CPU adds one to the same word, and its program ends.
#[derive(Clone, Copy)]
struct Adds;

impl Closed for Adds {}

impl Software for Adds {
    fn run(&self, cpu: Cpu<'_>) {
        cpu.fetch_add(0, 1);
    }
}

pub(crate) fn adds(cpus: u32) -> MachineSettings {
    x2apic(cpus, Adds)
}

/// CPU 0 sends an IPI to each other CPU, one after the other without a pause. Each of these sleeps until then, and its
/// program ends.
#[derive(Clone, Copy)]
struct Unicast {
    cpus: u32,
}

impl Closed for Unicast {}

impl Software for Unicast {
    fn run(&self, cpu: Cpu<'_>) {
        if cpu.number() > 0 {
            return cpu.halt();
        }
        for other in 1..self.cpus {
            send(cpu, other);
        }
    }

    fn interrupt(&self, cpu: Cpu<'_>, _: u8) {
        end_of_interrupt(cpu);
    }
}

pub(crate) fn unicast(cpus: u32) -> MachineSettings {
    x2apic(cpus, Unicast { cpus })
}

/// CPU 0 sends one IPI to all other CPUs. Each of these sleeps until then, and its program ends.
#[derive(Clone, Copy)]
struct Broadcast;

impl Closed for Broadcast {}

impl Software for Broadcast {
    fn run(&self, cpu: Cpu<'_>) {
        if cpu.number() > 0 {
            return cpu.halt();
        }
        cpu.delay_us(5);
        cpu.write_msr(ICR, TO_OTHERS | FIXED).expect("x2APIC mode");
    }

    fn interrupt(&self, cpu: Cpu<'_>, _: u8) {
        end_of_interrupt(cpu);
    }
}

pub(crate) fn broadcast(cpus: u32) -> MachineSettings {
    x2apic(cpus, Broadcast)
}

/// Each CPU sends an IPI to the next one, the last to the first, all at the same time; then it sleeps until the one to
/// itself has come.
#[derive(Clone, Copy)]
struct Ring {
    cpus: u32,
}

impl Closed for Ring {}

impl Software for Ring {
    fn run(&self, cpu: Cpu<'_>) {
        send(cpu, (u32::from(cpu.number()) + 1) % self.cpus);
        cpu.halt();
    }

    fn interrupt(&self, cpu: Cpu<'_>, _: u8) {
        end_of_interrupt(cpu);
    }
}

pub(crate) fn ring(cpus: u32) -> MachineSettings {
    x2apic(cpus, Ring { cpus })
}

/// Each CPU stores its number to the same word, one 50 cycles after the other, and its program ends.
#[derive(Clone, Copy)]
struct StoreEach;

impl Closed for StoreEach {}

impl Software for StoreEach {
    fn run(&self, cpu: Cpu<'_>) {
        let number = cpu.number();
        cpu.delay_cycles(u64::from(number) * 50);
        cpu.store(1, u32::from(number));
    }
}

pub(crate) fn store_each(cpus: u32) -> MachineSettings {
    x2apic(cpus, StoreEach)
}

/// CPU 0 stores a counted number of times; seven others sleep for ever.
#[derive(Clone, Copy)]
struct StoresBesideSleepers {
    count: u32,
}

impl Closed for StoresBesideSleepers {}

impl Software for StoresBesideSleepers {
    fn run(&self, cpu: Cpu<'_>) {
        if cpu.number() > 0 {
            return cpu.halt();
        }
        for value in 0..self.count {
            cpu.store(1, value);
        }
    }
}

pub(crate) fn stores_beside_sleepers(count: u32) -> MachineSettings {
    x2apic(8, StoresBesideSleepers { count })
}
