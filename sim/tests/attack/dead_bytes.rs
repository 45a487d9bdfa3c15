//! Bytes that no variable lives in decide nothing: padding and unused slots of a stack, at any depth.

use crate::code::{ideal, settings};
use crate::running::{SHORTEST, USUAL, attempt, windowed};
use sim::{Closed, Cpu, Ending, Execution, Generation, Machine, Program, Software, Time, Window};
use std::hint::black_box;
use std::mem::MaybeUninit;

/// A loop whose frame has a slot that is never written.
#[derive(Clone, Copy)]
struct Slotted {
    place: usize,
}

impl Closed for Slotted {}

/// A value with padding between its fields.
#[derive(Clone, Copy)]
#[repr(C)]
struct Padded {
    small: u8,
    large: u64,
    last: u16,
}

#[inline(never)]
fn slot<const WORDS: usize>(cpu: Cpu<'_>) {
    let mut never_written = [const { MaybeUninit::<u64>::uninit() }; WORDS];
    black_box(&mut never_written);
    cpu.load(1);
    black_box(&mut never_written);
}

#[inline(never)]
fn padding(cpu: Cpu<'_>) {
    let mut padded = Padded { small: 1, large: 2, last: 3 };
    black_box(&mut padded);
    cpu.load(1);
    black_box((padded.small, padded.large, padded.last));
}

/// A frame of so many bytes, and the slots below it.
#[inline(never)]
fn below<const BYTES: usize>(cpu: Cpu<'_>) {
    let mut written = [7_u8; BYTES];
    black_box(&mut written);
    slot::<2>(cpu);
    black_box(&mut written);
}

/// Deeper than the frames of the simulator reach, with a large slot.
#[inline(never)]
fn below_and_large<const BYTES: usize>(cpu: Cpu<'_>) {
    let mut written = [7_u8; BYTES];
    black_box(&mut written);
    slot::<50>(cpu);
    padding(cpu);
    black_box(&mut written);
}

macro_rules! depths {
    ($($bytes:literal)*) => {
        const DEPTHS: &[fn(Cpu<'_>)] = &[$(below::<$bytes>, below_and_large::<$bytes>),*];
    };
}

depths!(8 24 40 56 72 88 104 120 136 152 168 184 200 216 232 248 264 280 296 312 328 344 360 376 392 408 424 440 456
    472 488 504 520 536 552 568 584 600 632 664 696 728 760 792 824 856 888 920 952 984 1016 1048 1080 1144 1208 1272
    1336 1400 1464 1528 1592 1656 1720 1784 1848 1912 1976 2400 3200 4000 5000 6000);

impl Software for Slotted {
    fn run(&self, cpu: Cpu<'_>) {
        if cpu.number() == 1 {
            // Somebody whose answers end the windows at many instants.
            for _ in 0..400 {
                cpu.delay_us(1);
                cpu.fetch_add(0, 1);
            }
            return;
        }
        cpu.pause();
        loop {
            DEPTHS[self.place](cpu);
            cpu.pause();
        }
    }
}

fn ending(place: usize, elision: bool, execution: Execution) -> Ending {
    let programs = [Program::closed(Slotted { place }), Program::closed(Slotted { place })];
    let mut settings = settings(Generation::XApic, ideal(), programs);
    settings.limit = Time::from_us(3_000);
    settings.elision = elision;
    let machine = Machine::new(settings).expect("the machine is possible");
    attempt(machine, execution).expect("nothing fails").ending
}

// Old: in the release profile 1 of 144 depths is Deadline or Proven by execution; in the dev profile none.
#[test]
fn an_unused_slot_decides_no_verdict() {
    let more = [(false, windowed(2, Window::Half)), (false, windowed(1, SHORTEST))];
    let mut wrong = Vec::new();
    for place in 0..DEPTHS.len() {
        let ways = USUAL.into_iter().chain(more);
        let endings: Vec<Ending> = ways.map(|(elision, execution)| ending(place, elision, execution)).collect();
        if endings.iter().any(|ending| *ending != endings[0]) {
            wrong.push(format!("depth number {place}: {endings:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), DEPTHS.len(), wrong.join("\n"));
}
