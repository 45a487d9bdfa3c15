//! The random operations of a program that is not at rest: each kind of operation that there is.

use crate::actor::{Actor, WORDS};
use crate::draw::Draw;
use sim::{Cpu, Duration, Pin, Time};

/// One action: an operation, or a few that belong together.
pub(crate) fn act(actor: &Actor, cpu: Cpu<'_>, draw: &mut Draw) {
    let mut later = *draw;
    later.mix(LATER);
    if actor.pins && later.one_in(16) {
        draw.number();
        return drive(actor, cpu, &mut later);
    }
    let seen = match draw.below(30) {
        0..=8 => memory(actor, cpu, draw),
        9..=12 => time(actor, cpu, draw),
        13..=17 => send(actor, cpu, draw),
        18..=20 => registers(cpu, draw),
        21 | 22 => model_specific(cpu, draw),
        23 => priorities(cpu, draw),
        24 | 25 => bounded_wait(cpu, draw),
        26 => marks(cpu, draw),
        27 if actor.timers => timers(actor, cpu, draw),
        28 if actor.devices => devices(actor, cpu, draw),
        29 => rare(actor, cpu, draw),
        _ => u64::from(cpu.load(draw.below(WORDS) as u16)),
    };
    if actor.curious {
        draw.mix(seen);
    }
}

/// What is drawn for operations that came later.
const LATER: u64 = 0x7069_6E73;

/// A fence, or pins of any CPU, also of one that is not there.
fn drive(actor: &Actor, cpu: Cpu<'_>, draw: &mut Draw) {
    if draw.one_in(3) {
        return cpu.fence();
    }
    let span = Duration::from_ps(u64::from(draw.below(4_000)) * 1_000);
    let pin = match draw.below(8) {
        0 | 1 => Pin::Smi(None),
        2 => Pin::Smi(Some(span)),
        3 if actor.resets => Pin::Init,
        _ => Pin::Nmi,
    };
    cpu.drive_pin(draw.below(actor.cpus + 1) as u16, pin);
}

fn memory(actor: &Actor, cpu: Cpu<'_>, draw: &mut Draw) -> u64 {
    let word = draw.below(WORDS) as u16;
    let value = draw.below(3);
    u64::from(match draw.below(9) {
        0 | 1 => {
            cpu.store(word, value);
            0
        }
        2 => cpu.fetch_add(word, 1),
        3 => cpu.exchange(word, value),
        4 => cpu.fetch_or(word, value),
        5 => cpu.fetch_and(word, !value),
        6 => cpu.compare_exchange(word, value, draw.below(3)),
        7 => cpu.read_memory(0xFEE0_0000 + 16 * draw.below(64)),
        _ => {
            for _ in 0..draw.below(20) {
                cpu.load(word);
                cpu.delay_cycles(actor.step);
            }
            cpu.load(word)
        }
    })
}

fn time(actor: &Actor, cpu: Cpu<'_>, draw: &mut Draw) -> u64 {
    let steps = u64::from(draw.below(30));
    match draw.below(6) {
        0 => cpu.delay_us(draw.below(4)),
        1 | 2 => cpu.delay_cycles(steps * actor.step),
        3 => {
            let next = cpu.clock().as_ps() / actor.grid + steps;
            cpu.sleep_until(Time::from_ps(next * actor.grid)); // it may lie in the past
        }
        4 => cpu.sleep_until(cpu.clock() + Duration::from_ns(u64::from(draw.below(3000)))),
        _ => {
            for _ in 0..draw.below(60) {
                cpu.pause();
            }
        }
    }
    cpu.clock().as_ps()
}

/// Writes the ICR, by the page or by the model-specific register: the one that does not fit the mode does nothing.
pub(crate) fn command(cpu: Cpu<'_>, destination: u32, low: u32) {
    if cpu.write_msr(0x830, u64::from(destination) << 32 | u64::from(low)).is_err() {
        cpu.write_register(0x310, destination << 24);
        cpu.write_register(0x300, low);
    }
}

fn send(actor: &Actor, cpu: Cpu<'_>, draw: &mut Draw) -> u64 {
    let mut polls = 0_u32;
    if draw.below(3) > 0 {
        cpu.wait_begin(1);
        while cpu.read_register(0x300) & 0x1000 != 0 && polls < 200 {
            cpu.pause();
            polls += 1;
        }
        cpu.wait_end(u32::from(polls == 200));
    }
    let to = draw.below(actor.cpus);
    let vector = 0xF0 + draw.below(4) + 0x10 * draw.below(2);
    let low = match draw.below(16) {
        0 | 1 => 0x400,                              // NMI
        2 => 0x100 | vector,                         // lowest priority
        3 => 0x900 | vector,                         // lowest priority, logical
        4 => 0x800 | (draw.below(2) << 15) | vector, // logical
        5 => draw.of(&[0x4_0000, 0x8_0000, 0xC_0000, 0xC_0100]) | vector.min(0xF3),
        6 => draw.of(&[0xC_0400, 0x8_0400]) | 0x10,
        7 => 0x300 | draw.of(&[2, 3, 8, 0x10]), // remote read
        8 if actor.resets => draw.of(&[0x4500, 0xC500, 0x500, 0xC_4500]),
        9 if actor.resets => draw.of(&[0x600, 0x4608, 0x60A]),
        10 if actor.resets => draw.of(&[0x8500, 0x200, 0x4200]),
        11 => draw.below(16), // an illegal vector
        _ => vector.min(0xF3),
    };
    command(cpu, if low & 0x800 != 0 { 1 << (to % 8) } else { to }, low);
    u64::from(polls)
}

fn registers(cpu: Cpu<'_>, draw: &mut Draw) -> u64 {
    u64::from(match draw.below(10) {
        0 => cpu.exchange_register(0x280, 0),
        1 => {
            cpu.write_register(0x280, 0);
            cpu.read_register(0x280)
        }
        2 => {
            cpu.write_register(0x0F0, 0xFF | draw.below(5).min(1) << 8);
            cpu.read_register(0x0F0)
        }
        3 => {
            cpu.write_register(0x0D0, draw.number());
            cpu.write_register(0x0E0, draw.of(&[0, 0xF000_0000, 0xF000_0000]));
            cpu.read_register(0x0D0)
        }
        4 => {
            // a local entry: performance counter, pins, error; fixed, SMI, NMI or ExtINT; masked or not
            let mode = draw.of(&[0, 0x200, 0x400, 0x700]);
            let entry = draw.of(&[0x340, 0x350, 0x360, 0x370]);
            cpu.write_register(entry, draw.below(2) << 16 | mode | (0xD4 + draw.below(4)));
            cpu.read_register(entry)
        }
        5 => cpu.read_register(0x390),
        6 => {
            cpu.write_memory(0xFEE0_0000 + draw.of(&[0x80, 0xB0, 0x280, 0x370]), 0x10);
            0
        }
        _ => cpu.read_register(draw.of(&[0x20, 0x80, 0x90, 0xA0, 0xC0, 0x170, 0x1F0, 0x270, 0x300, 0x310, 0x350])),
    })
}

fn model_specific(cpu: Cpu<'_>, draw: &mut Draw) -> u64 {
    match draw.below(6) {
        0 => {
            // mode changes, legal and not; the page goes away and comes back
            let base = if draw.one_in(8) { 0xFEE1_0000 } else { 0xFEE0_0000 };
            let _ = cpu.write_msr(0x1B, base | u64::from(draw.of(&[2_u32, 2, 2, 3, 0, 1])) << 10);
            cpu.read_msr(0x1B).unwrap_or(1)
        }
        1 => cpu.write_msr(0x83F, 0x51 + u64::from(draw.below(3))).map_or(1, |()| 2),
        2 => cpu.read_msr(0x10).unwrap_or(3),
        3 => cpu.write_msr(draw.of(&[0x808, 0x80F, 0x834]), u64::from(draw.number() & 0x1FF)).map_or(1, |()| 2),
        _ => cpu.read_msr(draw.of(&[0x802, 0x808, 0x80A, 0x827, 0x830, 0x839, 0x6E0, 0x1B])).unwrap_or(5),
    }
}

fn priorities(cpu: Cpu<'_>, draw: &mut Draw) -> u64 {
    match draw.below(4) {
        0 => cpu.write_cr8(draw.below(16) as u8),
        1 => cpu.write_register(0x080, draw.below(16) << 4),
        2 => {
            cpu.write_cr8(15);
            cpu.delay_us(1);
            cpu.write_cr8(0);
        }
        _ => return u64::from(cpu.identification(draw.of(&[0, 1, 0xB]))[1]),
    }
    u64::from(cpu.read_cr8())
}

/// A spin that gives up: it parks if nothing changes for long enough, and ends all the same.
fn bounded_wait(cpu: Cpu<'_>, draw: &mut Draw) -> u64 {
    let word = draw.below(WORDS) as u16;
    let kind = draw.below(4);
    let flags = if draw.one_in(2) { Some(cpu.irq_save()) } else { None };
    cpu.wait_begin(7);
    let mut rounds = 0;
    for _ in 0..draw.below(400) {
        let value = match kind {
            0 => u64::from(cpu.read_memory(0xFEE0_0270)),
            1 => cpu.read_msr(0x827).unwrap_or(0),
            _ => u64::from(cpu.load(word)),
        };
        if value == 2 || value & 0x3_0000 != 0 {
            break;
        }
        cpu.pause();
        rounds += 1;
    }
    cpu.wait_end(rounds & 3);
    if let Some(flags) = flags {
        cpu.irq_restore(flags);
    }
    u64::from(rounds)
}

fn marks(cpu: Cpu<'_>, draw: &mut Draw) -> u64 {
    match draw.below(3) {
        0 => cpu.reached(3),
        1 => return u64::from(cpu.choose(1, 1 + draw.below(5))),
        _ => {
            cpu.wait_begin(2);
            cpu.pause();
            cpu.wait_end(1);
        }
    }
    0
}

/// The APIC timer in its three modes.
fn timers(actor: &Actor, cpu: Cpu<'_>, draw: &mut Draw) -> u64 {
    let masked = (draw.below(4) / 3) << 16;
    let vector = 0xE0 + draw.below(4);
    cpu.write_register(0x3E0, draw.of(&[0x0, 0x3, 0xB, 0xA]));
    if draw.one_in(3) {
        cpu.write_register(0x320, 2 << 17 | vector);
        let now = cpu.read_msr(0x10).unwrap_or(0);
        let ahead = u64::from(draw.below(60)) * actor.step;
        let deadline = if draw.one_in(5) { now / 2 } else { now + ahead }; // sometimes it lies in the past
        let _ = cpu.write_msr(0x6E0, deadline);
        return cpu.read_msr(0x6E0).unwrap_or(1);
    }
    cpu.write_register(0x320, masked | draw.below(2) << 17 | vector);
    cpu.write_register(0x380, draw.of(&[0, 100, 300, 1000]) + draw.below(2000));
    u64::from(cpu.read_register(0x390))
}

/// The I/O APIC and the interval timer. Every count is at least 2 in each mode, whoever else writes in between.
fn devices(actor: &Actor, cpu: Cpu<'_>, draw: &mut Draw) -> u64 {
    match draw.below(6) {
        0 | 1 => {
            let pin = 0x10 + 2 * draw.below(4);
            cpu.write_memory(0xFEC0_0000, pin + 1);
            cpu.write_memory(0xFEC0_0010, draw.below(actor.cpus) << 24);
            cpu.write_memory(0xFEC0_0000, pin);
            cpu.write_memory(0xFEC0_0010, (0xD1 + draw.below(4)) | draw.below(2) << 15 | draw.of(&[0, 0x100, 0x400]));
        }
        2 if actor.timers => {
            cpu.write_port(0x43, 0x30 | (2 * draw.below(6) as u8));
            cpu.write_port(0x40, 2 + draw.below(200) as u8);
            cpu.write_port(0x40, 2 + draw.below(3) as u8);
        }
        3 => {
            cpu.write_port(0x43, 0);
            return u64::from(cpu.read_port(0x40)) | u64::from(cpu.read_port(0x40)) << 8;
        }
        4 => cpu.write_memory(0xFEC0_0040, 0xD1 + draw.below(4)),
        _ if draw.one_in(40) => cpu.write_port(0x42, 1), // a channel that is not modelled ends the run
        _ => {}
    }
    u64::from(cpu.read_memory(0xFEC0_0000 + draw.below(2) * 0x10))
}

fn rare(actor: &Actor, cpu: Cpu<'_>, draw: &mut Draw) -> u64 {
    match draw.below(8) {
        0 if draw.one_in(4) => cpu.halt(),
        1 if draw.one_in(6) && actor.resets => cpu.shut_down(),
        2 => {
            cpu.irq_save();
            cpu.delay_cycles(3 * actor.step);
            cpu.enable_interrupts();
            cpu.read_register(0x0A0);
        }
        3 => {
            cpu.write_port(0x80, 1);
            return u64::from(cpu.read_port(0x61));
        }
        4 => cpu.irq_restore(draw.one_in(2)),
        _ => cpu.irq_restore(true),
    }
    0
}
