//! How random programs come to rest: they end, sleep, or poll something for ever (or until it changes).

use crate::actions::command;
use crate::actor::{Actor, WORDS};
use crate::draw::Draw;
use sim::Cpu;

/// What a program does after its operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// It returns.
    Return,
    /// HLT for ever.
    Halt,
    /// HLT once, then it returns.
    Nap,
    /// Polls one place; `delays` delays in a period.
    Poll { delays: u32 },
    /// Polls two places by turns.
    Alternate,
    /// A lock: an atomic exchange, and reads until the word looks free.
    Lock,
    /// Long delays, and between them something that others may wait for, or may not even notice; then it returns.
    Pace,
    /// A periodic timer of its own beside a poll.
    Ticking,
}

/// Places that may be polled; the last ones have values that depend on time, so that nothing is ever proven.
const PLACES: u32 = 12;

fn read(cpu: Cpu<'_>, place: u32, which: u32) -> u64 {
    match place {
        0..=2 => u64::from(cpu.load((which % WORDS) as u16)),
        3 => u64::from(cpu.read_register([0x270, 0x170, 0x300, 0x0A0, 0x280][which as usize % 5])),
        4 => cpu.read_msr([0x827, 0x817, 0x830, 0x80A][which as usize % 4]).unwrap_or(7),
        5 => u64::from(cpu.read_memory(0xFEE0_0000 + [0x270, 0x170, 0x300, 0x260][which as usize % 4])),
        6 => u64::from(cpu.read_cr8()),
        7 => u64::from(cpu.identification(1)[3]),
        8 => u64::from(cpu.read_port(0x61)),
        9 => cpu.read_msr(0x1B).unwrap_or(7),
        10 => u64::from(cpu.read_memory(0xFEC0_0010)),
        _ => u64::from(cpu.read_register(0x390)),
    }
}

/// Comes to rest, and may go on when what it polls changes.
pub(crate) fn rest(actor: &Actor, cpu: Cpu<'_>, draw: &mut Draw) {
    if actor.rest != Rest::Ticking {
        cpu.write_register(0x380, 0); // no timer: else little can be proven
        let _ = cpu.write_msr(0x6E0, 0);
        let _ = cpu.write_msr(0x838, 0);
        if actor.devices && actor.timers {
            cpu.write_port(0x43, 0x30);
        }
    }
    match draw.below(4) {
        0 => {}
        1 => {
            cpu.irq_save();
        }
        2 => cpu.write_register(0x080, 0xF0),
        _ => {
            cpu.write_register(0x080, 0);
            cpu.irq_restore(true);
        }
    }
    match actor.rest {
        Rest::Return => {}
        Rest::Nap => cpu.halt(),
        Rest::Halt => loop {
            cpu.halt();
        },
        Rest::Poll { delays } => poll_and_go_on(actor, cpu, draw, delays),
        Rest::Alternate => alternate(cpu, draw),
        Rest::Lock => lock(cpu, draw),
        Rest::Pace => pace(actor, cpu, draw),
        Rest::Ticking => ticking(cpu, draw),
    }
}

fn pace(actor: &Actor, cpu: Cpu<'_>, draw: &mut Draw) {
    for _ in 0..draw.below(16) {
        cpu.delay_cycles(actor.step * u64::from(draw.below(200)));
        if draw.one_in(3) {
            cpu.delay_us(30);
        }
        let word = draw.below(WORDS) as u16;
        match draw.below(6) {
            0 | 1 => cpu.store(word, draw.below(3)),
            2 => {
                cpu.fetch_add(word, 1);
            }
            3 if actor.resets => command(cpu, draw.below(actor.cpus), draw.of(&[0x400, 0x4500, 0x609, 0x200])),
            _ => command(cpu, draw.below(actor.cpus), draw.of(&[0xF0, 0x50, 0xF1, 0x41])),
        }
    }
}

/// Until the place changes, and then the next one; after four of them the program ends.
fn poll_and_go_on(actor: &Actor, cpu: Cpu<'_>, draw: &mut Draw, delays: u32) {
    for stage in 0..4 {
        let places = if draw.one_in(5) { PLACES } else { PLACES - 2 };
        let (place, which) = (draw.below(places), draw.number());
        let patience = draw.one_in(2);
        cpu.wait_begin(10 + stage);
        let before = read(cpu, place, which);
        while patience || read(cpu, place, which) == before {
            if patience && read(cpu, place, which) & 0x2_0002 != 0 && place < 6 {
                break;
            }
            for _ in 0..delays {
                cpu.delay_cycles(actor.step);
            }
            cpu.pause();
        }
        cpu.wait_end(stage);
        cpu.reached(20 + stage);
    }
}

fn alternate(cpu: Cpu<'_>, draw: &mut Draw) {
    let (one, other, which) = (draw.below(PLACES - 2), draw.below(PLACES - 2), draw.number());
    loop {
        read(cpu, one, which);
        cpu.pause();
        for _ in 0..3 {
            read(cpu, other, which / 7);
            cpu.pause();
        }
    }
}

fn lock(cpu: Cpu<'_>, draw: &mut Draw) {
    let word = draw.below(WORDS) as u16;
    loop {
        cpu.wait_begin(30);
        while cpu.exchange(word, 1) != 0 {
            while cpu.load(word) != 0 {
                cpu.pause();
            }
        }
        cpu.wait_end(0);
        cpu.delay_us(1 + draw.below(3));
        if draw.below(4) > 0 {
            cpu.store(word, 0);
        }
        cpu.delay_us(1);
    }
}

fn ticking(cpu: Cpu<'_>, draw: &mut Draw) {
    cpu.write_register(0x320, 1 << 17 | 0xE3);
    cpu.write_register(0x380, 3000 + draw.below(3000));
    loop {
        cpu.load(1);
        cpu.pause();
    }
}
