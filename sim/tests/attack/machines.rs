//! Random machines: everything that a seed decides about the hardware, and who runs what on it.

use crate::actor::{Actor, NEVER, WORDS};
use crate::buses::{self, bus};
use crate::draw::Draw;
use crate::loops::Rest;
use sim::apic::{LocalSource, Mode, Preset};
use sim::bus::{DeliveryMode, MessageEffect, MessageFault};
use sim::check::Checks;
use sim::io_apic::IoApicVersion;
use sim::{
    ClockDomain, Costs, CpuSettings, DeviceInterrupt, Duration, Generation, Knobs, LineChange, LocalEvent, Machine,
    MachineSettings, Program, Seeded, Stacks, Start, StopRule, Time, X2ApicSend,
};
use std::sync::Arc;

/// How the machine of a seed is built; nothing of it may change a result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) elision: bool,
    pub(crate) checks: bool,
    /// Every CPU a thread of its own: the slow twin.
    pub(crate) threads: bool,
    /// All programs are Open: nothing is proven by recurrence.
    pub(crate) opened: bool,
    /// Another limit than the drawn one.
    pub(crate) limit: Option<Time>,
}

impl Setup {
    /// What the others are compared with: no elision.
    pub(crate) const fn plain(seed: u64) -> Self {
        Self { seed, elision: false, checks: true, threads: false, opened: false, limit: None }
    }
}

/// One grid of instants for everything, in picoseconds, where a machine has one.
const GRID: u64 = 100_000;

/// What is drawn first, because the rest depends on it.
struct Frame {
    cpus: u32,
    bus_kind: u32,
    generation: Generation,
    aligned: bool,
    x2apic: bool,
    clock: ClockDomain,
}

fn frame(draw: &mut Draw) -> Frame {
    let cpus = draw.of(&[1, 2, 2, 3, 3, 4, 4, 5, 6, 8, 10, 13]);
    let bus_kind = draw.below(buses::KINDS);
    let serial = [Generation::I82489Dx, Generation::Pentium, Generation::P6, Generation::P6];
    let parallel = [Generation::XApic, Generation::XApic, Generation::X2Apic, Generation::X2Apic];
    let fits = buses::is_serial(bus_kind);
    let strange = draw.one_in(12); // a part on a bus that it never had
    let generation = draw.of(if fits == strange { &parallel } else { &serial });
    let aligned = draw.one_in(3);
    let x2apic = generation == Generation::X2Apic && draw.one_in(2);
    let clocks = [(2_000, 1), (1_250, 3), (400, 1), (10_000, 1), (333, 1), (769, 2), (7_001, 3), (60_000, 1)];
    let (numerator, denominator) = if aligned { draw.of(&[(2_000, 1), (10_000, 1)]) } else { draw.of(&clocks) };
    Frame { cpus, bus_kind, generation, aligned, x2apic, clock: ClockDomain::new(numerator, denominator) }
}

/// Knobs that came after seeds had been written down. They are drawn on their own, in this order, so that a seed's machine is
/// the one that it was, but for the last ones.
const LATER: [&str; 9] = [
    "xtpr_enable",
    "tsc_deadline",
    "halted_timer",
    "io_apic_broadcast",
    "x2apic_lock",
    "x2apic_send",
    "lvt_write_while_pending",
    "init_without_level",
    "tpr_write",
];

/// Each knob at any of its values.
fn knobs(seed: u64, draw: &mut Draw) -> Knobs {
    let mut knobs = Knobs::default();
    let rare = draw.of(&[2, 4, 10]);
    let mut later = Draw::new(!seed);
    let named = |key: &&str| Knobs::ALL.iter().find(|knob| knob.key == *key).expect("a knob that there is");
    let first = Knobs::ALL.iter().filter(|knob| !LATER.contains(&knob.key)).map(|knob| (knob, false));
    for (knob, is_later) in first.chain(LATER.iter().map(named).map(|knob| (knob, true))) {
        let draw = if is_later { &mut later } else { &mut *draw };
        if draw.one_in(rare) {
            let set = knobs.set(knob.key, draw.of(knob.values));
            assert_eq!(set, Some(Ok(())), "a listed value");
        }
    }
    knobs.jitter_cycles = draw.of(&[0, 0, 1, 3]);
    knobs
}

/// Costs of any size; now and then an operation costs nothing. A PAUSE always lasts at least 20 ns or a cycle, so that
/// no loop stands still and no machine needs millions of polls.
fn costs(frame: &Frame, least_latency: Duration, draw: &mut Draw) -> Costs {
    let span = |ns: u64| frame.clock.cycles(Duration::from_ns(ns)) as u32;
    let grain = if frame.aligned { span(100) } else { 1 };
    let mut up_to = |ns: u64| (1 + draw.below(span(ns))).next_multiple_of(grain);
    let mut costs = frame.generation.costs().with(|costs| {
        costs.register_read = up_to(100);
        costs.register_write = up_to(100);
        costs.pause = up_to(60) + if grain == 1 { span(20) } else { 0 };
        costs.load = up_to(20);
        costs.store = up_to(20);
        costs.interrupt_entry = up_to(300);
        costs.iret = up_to(200);
        costs.halt_wake = up_to(100);
        costs.irq_flag = up_to(30);
    });
    match draw.below(8) {
        0 => (costs.load, costs.register_read) = (0, 0),
        1 => (costs.store, costs.irq_flag) = (0, 0),
        2 => (costs.interrupt_entry, costs.register_write) = (0, 0),
        3 => (costs.iret, costs.halt_wake) = (0, 0),
        _ => {}
    }
    let visibility = if frame.aligned { 100_000 } else { 40_000 + u64::from(draw.below(100_000)) };
    costs.visibility = least_latency.min(Duration::from_ps(visibility));
    let longer = if frame.aligned { GRID * u64::from(draw.below(2)) } else { u64::from(draw.below(90_000)) };
    costs.read_modify_write = costs.visibility + Duration::from_ps(longer);
    costs
}

/// Stores that wait, on every other machine that could have them, for any time.
fn weak_sends(seed: u64, frame: &Frame, knobs: Knobs, costs: Costs) -> (Knobs, Costs) {
    let mut later = Draw::new(seed ^ 0x7765_616B);
    if frame.generation != Generation::X2Apic || later.one_in(2) {
        return (knobs, costs);
    }
    let ps = u64::from(later.of(&[200, 2_000, 20_000]) + later.below(8_000)) * 1_000;
    let store_buffer = Duration::from_ps(if frame.aligned { ps / GRID * GRID } else { ps });
    (knobs.with(|knobs| knobs.x2apic_send = X2ApicSend::Weak), costs.with(|costs| costs.store_buffer = store_buffer))
}

/// How late a write of the task priority may be, and how late an acknowledge: for machines with such writes.
fn late_priorities(seed: u64, frame: &Frame, mut costs: Costs) -> Costs {
    let mut later = Draw::new(seed ^ 0x7470_7221);
    let grain = if frame.aligned { frame.clock.cycles(Duration::from_ns(100)) as u32 } else { 1 };
    let cycles = |ns: u32| (frame.clock.cycles(Duration::from_ns(u64::from(ns))) as u32).next_multiple_of(grain);
    costs.tpr_write = cycles(later.of(&[0, 50, 500, 5_000]) + later.below(300)).max(later.below(2) * grain);
    costs.acknowledge = if later.one_in(2) { cycles(later.below(1_000)) } else { 0 };
    costs
}

/// An instant before `end_us`, on the grid if the machine has one.
fn instant(frame: &Frame, end_us: u32, draw: &mut Draw) -> Time {
    let ps = u64::from(draw.number()) % (u64::from(end_us) * 1_000_000);
    Time::from_ps(if frame.aligned { ps / GRID * GRID } else { ps })
}

fn local_event(draw: &mut Draw) -> LocalEvent {
    match draw.below(14) {
        0 | 1 => LocalEvent::Interrupt(LocalSource::PerformanceCounter),
        2 => LocalEvent::Interrupt(LocalSource::Thermal),
        3 => LocalEvent::Interrupt(LocalSource::CorrectedMachineCheck),
        4..=6 => LocalEvent::Interrupt(LocalSource::Lint {
            pin: draw.below(2) as u8,
            high: draw.one_in(2),
            vector: 0x20 + draw.below(4) as u8,
        }),
        7 | 8 => LocalEvent::SystemManagement(Duration::from_us(u64::from(draw.below(9)))),
        9 => LocalEvent::Init,
        10 => LocalEvent::Shutdown,
        11 => LocalEvent::JamDeliveryStatus,
        12 => LocalEvent::LoseCommand,
        _ => LocalEvent::ArmNmiPulse,
    }
}

fn preset(frame: &Frame, cpu: u32, draw: &mut Draw) -> Preset {
    let entry = |draw: &mut Draw, values: &[u32]| (!draw.one_in(3)).then(|| draw.of(values));
    Preset::default().with(|preset| {
        preset.mode = if frame.x2apic && cpu > 0 { Mode::X2Apic } else { Mode::XApic };
        preset.ldr = 1 << (24 + cpu % 8);
        preset.svr = if draw.one_in(12) { 0xFF } else { 0x1FF };
        preset.lvt_performance = entry(draw, &[0x400, 0xD6, 0x200]);
        preset.lvt_lint0 = entry(draw, &[0x700, 0x700, 0xD5]);
        preset.lvt_lint1 = entry(draw, &[0x400, 0x400, 0x80D7]);
        preset.lvt_error = entry(draw, &[0xD8]);
    })
}

fn rest(draw: &mut Draw) -> Rest {
    match draw.below(16) {
        0 | 1 => Rest::Return,
        2 => Rest::Halt,
        3 => Rest::Nap,
        4..=6 => Rest::Poll { delays: 0 },
        7 => Rest::Poll { delays: 1 },
        8 => Rest::Poll { delays: 7 },
        9 => Rest::Poll { delays: 40 },
        10 | 11 => Rest::Alternate,
        12 => Rest::Lock,
        13 | 14 => Rest::Pace,
        _ if draw.one_in(3) => Rest::Ticking,
        _ => Rest::Poll { delays: 2 },
    }
}

/// The programs, whether each is Closed, and where each CPU starts.
fn cpus(setup: Setup, frame: &Frame, devices: bool, draw: &mut Draw) -> Vec<(CpuSettings, Program)> {
    let longest = draw.of(&[20, 60, 60, 120]);
    let (resets, timers, guards) = (!draw.one_in(3), draw.one_in(2), draw.one_in(2));
    let (curious, jams) = (draw.one_in(2), draw.one_in(3));
    let pins = Draw::new(setup.seed ^ 0x7069_6E73).one_in(3);
    let step_ns = if frame.aligned { 100 } else { 60 + u64::from(draw.below(400)) };
    let mut cpu = |number: u32| {
        let actor = Actor {
            seed: setup.seed,
            cpus: frame.cpus,
            operations: draw.below(longest),
            rest: rest(draw),
            step: frame.clock.cycles(Duration::from_ns(step_ns)),
            grid: if frame.aligned { GRID } else { 77_777 },
            curious,
            devices,
            timers,
            resets,
            guards,
            pins,
            blunder: if draw.one_in(60) { draw.below(longest) } else { NEVER },
        };
        let mut local_events: Vec<(Time, LocalEvent)> = Vec::new();
        for _ in 0..draw.below(5) {
            let event = local_event(draw);
            let harsh = matches!(event, LocalEvent::Init | LocalEvent::Shutdown | LocalEvent::JamDeliveryStatus);
            if jams || !harsh {
                local_events.push((instant(frame, 120, draw), event));
            }
        }
        let closed = !draw.one_in(14);
        let program = if closed && !setup.opened { Program::closed(actor) } else { Program::open(actor) };
        let settings = CpuSettings::default().with(|cpu| {
            cpu.apic_id = number;
            cpu.apic = preset(frame, number, draw);
            cpu.interrupts_enabled = !draw.one_in(4);
            cpu.start = if number > 0 && draw.one_in(6) { Start::WaitForStartUp } else { Start::Running };
            cpu.local_events = local_events;
        });
        (settings, program)
    };
    (0..frame.cpus).map(&mut cpu).collect()
}

fn device_interrupts(frame: &Frame, end_us: u32, draw: &mut Draw) -> Vec<DeviceInterrupt> {
    let interrupt = |number: u32, draw: &mut Draw| DeviceInterrupt {
        at: instant(frame, end_us, draw),
        vector: 0x31 + number as u8,
        destination: draw.below(frame.cpus) as u8,
        level_triggered: false,
    };
    let count = draw.below(7);
    (0..count).map(|number| interrupt(number, draw)).collect()
}

fn lines(frame: &Frame, draw: &mut Draw) -> Vec<LineChange> {
    let change =
        |draw: &mut Draw| LineChange { at: instant(frame, 150, draw), pin: draw.of(&[0, 1, 3]), high: draw.one_in(2) };
    (0..20).map(|_| change(draw)).collect()
}

/// Now and then messages are lost, late, doubled or not noticed. Drawn last: what a seed was before it still is.
fn message_faults(frame: &Frame, draw: &mut Draw) -> Vec<MessageFault> {
    let count = if draw.one_in(3) { 1 + draw.below(3) } else { 0 };
    let fault = |draw: &mut Draw| {
        let span = Duration::from_ps(if frame.aligned { GRID } else { 1 } * u64::from(draw.below(40_000)));
        let span = span.max(Duration::from_ps(1));
        let effects = [MessageEffect::Lose, MessageEffect::Delay(span), MessageEffect::Duplicate(span)];
        let effect = if draw.one_in(3) { MessageEffect::Unnoticed } else { draw.of(&effects) };
        MessageFault::all(effect).with(|fault| {
            fault.to = draw.one_in(3).then(|| draw.below(frame.cpus) as u16);
            fault.from = draw.one_in(4).then(|| draw.below(frame.cpus) as u16);
            fault.mode = draw.one_in(4).then(|| draw.of(&[DeliveryMode::Nmi, DeliveryMode::Init, DeliveryMode::Fixed]));
            fault.since = if draw.one_in(3) { instant(frame, 30, draw) } else { Time::ZERO };
            fault.nth = 1 + u64::from(draw.below(3));
            fault.every = 1 + u64::from(draw.below(3));
            fault.count = draw.one_in(2).then(|| 1 + u64::from(draw.below(4)));
        })
    };
    (0..count).map(|_| fault(draw)).collect()
}

/// Milestone 20 is that of the first poll that ends; 3 comes early.
fn stop(cpus: u32, draw: &mut Draw) -> StopRule {
    match draw.below(10) {
        0 => StopRule::Any(vec![20, 21]),
        1 => StopRule::Any(vec![3]),
        2 => StopRule::All(vec![(draw.below(cpus) as u16, 20), (draw.below(cpus) as u16, 3)]),
        _ => StopRule::Never,
    }
}

/// The machine of a seed.
pub(crate) fn machine(setup: Setup) -> Machine {
    Machine::new(settings(setup)).expect("the machine is possible")
}

/// What it is built from.
pub(crate) fn settings(setup: Setup) -> MachineSettings {
    let mut draw = Draw::new(setup.seed);
    let frame = frame(&mut draw);
    let knobs = knobs(setup.seed, &mut draw);
    let bus = bus(frame.bus_kind, frame.cpus as u16, knobs, frame.aligned, &mut draw);
    let costs = costs(&frame, bus.minimum_latency(), &mut draw);
    let (knobs, costs) = weak_sends(setup.seed, &frame, knobs, costs);
    let costs = late_priorities(setup.seed, &frame, costs);
    let devices = draw.one_in(2);
    let timer_clocks = [(10_000, 1), (15_000, 1), (123_457, 11), (50_000, 3)];
    let (numerator, denominator) = if frame.aligned { (100_000, 1) } else { draw.of(&timer_clocks) };
    let limit_us = draw.of(&[30, 100, 200, 400, 800]);
    let limit = Time::from_us(limit_us) + Duration::from_ps(u64::from(draw.number() % 30_000_000));
    let mut settings = MachineSettings::new(frame.generation, bus).with(|machine| {
        machine.knobs = knobs;
        machine.costs = costs;
        machine.core_clock = frame.clock;
        machine.timer_clock = ClockDomain::new(numerator, denominator);
        machine.busy_visible = (frame.bus_kind != 6) != draw.one_in(10);
        machine.words = vec![0; WORDS as usize];
        machine.device_interrupts = device_interrupts(&frame, limit_us as u32, &mut draw);
        machine.cpus = cpus(setup, &frame, devices, &mut draw);
        machine.dead_apics =
            if draw.one_in(7) { vec![(Time::from_us(40), draw.below(frame.cpus) as u16)] } else { vec![] };
        machine.chooser = Arc::new(Seeded(setup.seed));
        machine.io_apic = devices.then(|| draw.of(&[IoApicVersion::I82801, IoApicVersion::I82093Aa]));
        machine.lines = if devices { lines(&frame, &mut draw) } else { vec![] };
        machine.limit = setup.limit.unwrap_or(limit);
        machine.checks = if setup.checks { Checks::ALL } else { Checks::NONE };
        machine.stop = stop(frame.cpus, &mut draw);
        machine.elision = setup.elision;
    });
    settings.message_faults = message_faults(&frame, &mut draw);
    if setup.threads {
        settings.stacks = Stacks::Threads;
    }
    settings
}
