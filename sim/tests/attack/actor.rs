//! The software of random machines: a plain function of (seed, CPU), whose whole state is in its stack and registers.

use crate::actions::act;
use crate::draw::Draw;
use crate::loops::{Rest, rest};
use sim::{Closed, Cpu, Software};

/// Words of shared memory that the programs use.
pub(crate) const WORDS: u32 = 7;

/// What one CPU of a random machine runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor {
    pub(crate) seed: u64,
    pub(crate) cpus: u32,
    /// Operations before it comes to rest.
    pub(crate) operations: u32,
    /// What it does then.
    pub(crate) rest: Rest,
    /// Core cycles of the shortest delay: one step of the grid, where the machine has one.
    pub(crate) step: u64,
    /// Picoseconds between two instants that it sleeps until.
    pub(crate) grid: u64,
    /// What it reads decides what it does next.
    pub(crate) curious: bool,
    /// Has the machine an I/O APIC and an interval timer that it may use?
    pub(crate) devices: bool,
    /// It may arm timers.
    pub(crate) timers: bool,
    /// It may send INIT, start-up and SMI messages.
    pub(crate) resets: bool,
    /// It holds values whose `Drop` performs operations.
    pub(crate) guards: bool,
    /// It drives pins of CPUs. (This came later than the other operations: without it they are what a seed always made them.)
    pub(crate) pins: bool,
    /// The operation at which it panics, or asks for a word that the machine does not have.
    pub(crate) blunder: u32,
}

/// No operation.
pub(crate) const NEVER: u32 = u32::MAX;

impl Closed for Actor {}

/// Somebody whose end is an operation or several: it may end in the middle of an INIT, or of the end of the run.
struct Guard<'a> {
    cpu: Cpu<'a>,
    kind: u32,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        match self.kind {
            0 => self.cpu.store(6, 7),
            1 => self.cpu.irq_restore(true),
            2 => {
                self.cpu.fetch_add(6, 1);
                self.cpu.delay_us(1);
            }
            3 => self.cpu.write_register(0x300, 0x4_00F1), // an interrupt to itself
            _ => {
                self.cpu.load(6);
                self.cpu.wait_end(3);
                self.cpu.reached(9);
            }
        }
    }
}

impl Actor {
    fn draw(&self, cpu: Cpu<'_>, life: u64) -> Draw {
        Draw::new(self.seed ^ u64::from(cpu.number()) << 32 ^ life << 48)
    }

    fn live(&self, cpu: Cpu<'_>, life: u64, operations: u32) {
        let mut draw = self.draw(cpu, life);
        if self.guards {
            self.live_guarded(cpu, &mut draw, operations);
        } else {
            self.act_and_rest(cpu, &mut draw, operations);
        }
    }

    /// Guards in two frames; one of them is gone before the program comes to rest.
    #[inline(never)]
    fn live_guarded(&self, cpu: Cpu<'_>, draw: &mut Draw, operations: u32) {
        let _held_to_the_end = Guard { cpu, kind: draw.below(5) };
        let held_for_a_while = Guard { cpu, kind: draw.below(5) };
        for _ in 0..operations / 3 {
            act(self, cpu, draw);
        }
        drop(held_for_a_while);
        let _another = Guard { cpu, kind: draw.below(5) };
        self.act_and_rest(cpu, draw, operations - operations / 3);
    }

    fn act_and_rest(&self, cpu: Cpu<'_>, draw: &mut Draw, operations: u32) {
        for operation in 0..operations {
            if operation == self.blunder {
                blunder(cpu);
            }
            act(self, cpu, draw);
        }
        rest(self, cpu, draw);
    }

    /// Both ways to say that an interrupt is served: the one that does not fit the APIC's mode does nothing.
    fn end_of_interrupt(&self, cpu: Cpu<'_>) {
        cpu.write_register(0x0B0, 0);
        let _ = cpu.write_msr(0x80B, 0);
    }
}

/// What no machine can do.
#[cold]
fn blunder(cpu: Cpu<'_>) {
    if cpu.choose(2, 2) == 0 {
        cpu.load(999);
    }
    panic!("a blunder of CPU {}", cpu.number());
}

impl Software for Actor {
    fn run(&self, cpu: Cpu<'_>) {
        self.live(cpu, 0, self.operations);
    }

    fn start_up(&self, cpu: Cpu<'_>, vector: u8) {
        cpu.write_register(0x0F0, 0x1FF);
        self.live(cpu, 1 + u64::from(vector), self.operations / 3);
    }

    fn reset(&self, cpu: Cpu<'_>) {
        self.live(cpu, 0x200, self.operations / 3);
    }

    fn system_management(&self, cpu: Cpu<'_>) {
        cpu.fetch_or(4, 0x100);
        cpu.delay_cycles(self.step);
    }

    fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
        match vector & 3 {
            0 => {
                self.end_of_interrupt(cpu);
                cpu.fetch_add(4, 1);
                return;
            }
            1 => cpu.store(1, u32::from(vector)),
            2 => {
                let _guard = self.guards.then(|| Guard { cpu, kind: 2 });
                cpu.enable_interrupts();
                cpu.delay_cycles(self.step);
                cpu.irq_save();
            }
            _ => {}
        }
        self.end_of_interrupt(cpu);
    }

    fn non_maskable(&self, cpu: Cpu<'_>) {
        cpu.fetch_add(5, 1);
    }
}
