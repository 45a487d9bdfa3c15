//! The I/O APIC against local APICs: what the KVM unit tests' ioapic.c expects, and the datasheet's rules beside it.

use super::*;
use crate::apic::{Clocks, LocalApic, Preset, WriteResult};
use crate::bus::{Agent, DeliveryMode, DestinationMode, Message};
use crate::generation::{Generation, IoApicReserved, Knobs};
use crate::time::Time;

const PIN: u8 = 0x0E;
const LEVEL: u32 = 1 << 15;
const MASKED: u32 = 1 << 16;
const REMOTE_IRR: u64 = 1 << 14;
const PENDING: u64 = 1 << 12;

type Handler = fn(&mut Bench, usize, u8);

/// An I/O APIC and local APICs with ids 0, 1, ...; messages arrive at once, and handlers run to their end.
struct Bench {
    io: IoApic,
    cpus: Vec<LocalApic>,
    /// Does this CPU take interrupts?
    enabled: Vec<bool>,
    /// Which CPU took which vector, in order.
    taken: Vec<(usize, u8)>,
    handler: Handler,
    now: Time,
}

fn io_apic(version: IoApicVersion) -> IoApic {
    IoApic::new(IoApicSettings { version, agent: 9, id: 2, reserved: IoApicReserved::AsWritten })
}

/// The handler of most cases: the device lets go of its line, then EOI.
fn serve(bench: &mut Bench, cpu: usize, _: u8) {
    bench.line(PIN, false);
    bench.eoi(cpu);
}

/// A handler that leaves the line alone.
fn only_eoi(bench: &mut Bench, cpu: usize, _: u8) {
    bench.eoi(cpu);
}

impl Bench {
    fn new(cpus: u16, handler: Handler) -> Self {
        let generation = Generation::XApic;
        let clocks = Clocks { core: generation.core_clock(), timer: generation.timer_clock() };
        let cpu = |agent: Agent| {
            let mut apic = LocalApic::new(generation, Knobs::default(), agent, u32::from(agent), clocks);
            apic.preset(&Preset { ldr: 1 << (24 + agent), ..Preset::default() });
            apic
        };
        let cpus: Vec<_> = (0..cpus).map(cpu).collect();
        let enabled = vec![true; cpus.len()];
        Self { io: io_apic(IoApicVersion::I82093Aa), cpus, enabled, taken: vec![], handler, now: Time::ZERO }
    }

    fn write(&mut self, index: u8, value: u32) {
        self.io.write(0x00, index.into(), self.now);
        self.io.write(0x10, value, self.now);
    }

    /// Low half after high half, as software does it.
    fn route(&mut self, pin: u8, low: u32, destination: u32) {
        self.write(0x11 + 2 * pin, destination << 24);
        self.write(0x10 + 2 * pin, low);
    }

    fn set_mask(&mut self, pin: u8, masked: bool) {
        let low = self.io.entry(pin) as u32;
        self.write(0x10 + 2 * pin, if masked { low | MASKED } else { low & !MASKED });
    }

    fn line(&mut self, pin: u8, high: bool) {
        self.io.set_line(pin, high, self.now);
    }

    fn pulse(&mut self, pin: u8) {
        self.line(pin, true);
        self.line(pin, false);
    }

    fn eoi(&mut self, cpu: usize) {
        let written = self.cpus[cpu].write(0x0B0, 0, self.now);
        if let WriteResult::EndOfInterrupt { vector, broadcast: true } = written.result {
            self.io.end_of_interrupt(vector, self.now);
        }
    }

    fn deliver(&mut self, message: &Message) {
        for cpu in self.cpus.iter_mut().filter(|cpu| cpu.addressed_by(message)) {
            cpu.deliver(message);
        }
    }

    fn carry(&mut self) {
        while let Some(message) = self.io.next_message() {
            self.deliver(&message);
            self.io.dispatched(&message, self.now);
        }
    }

    /// Lets everything happen that can.
    fn run(&mut self) {
        loop {
            self.carry();
            let ready = |&cpu: &usize| self.enabled[cpu] && self.cpus[cpu].pending_vector().is_some();
            let Some(cpu) = (0..self.cpus.len()).find(ready) else { return };
            let vector = self.cpus[cpu].acknowledge();
            self.taken.push((cpu, vector));
            assert!(self.taken.len() < 100, "interrupts without end");
            (self.handler)(self, cpu, vector);
        }
    }

    /// How many times the handler ran since the last question.
    fn count(&mut self) -> usize {
        self.run();
        std::mem::take(&mut self.taken).len()
    }

    fn has(&self, pin: u8, bits: u64) -> bool {
        self.io.entry(pin) & bits == bits
    }

    /// The TMR bit of `vector`.
    fn trigger(&mut self, cpu: usize, vector: u8) -> bool {
        self.cpus[cpu].read(0x180 + 0x10 * u16::from(vector / 32), Time::ZERO) & 1 << (vector % 32) != 0
    }
}

#[test]
fn the_version_is_read_only() {
    // 82093AA §3.2.2; ioapic.c: version register
    for (version, value) in [(IoApicVersion::I82093Aa, 0x0017_0011), (IoApicVersion::I82801, 0x0017_0020)] {
        let mut io = io_apic(version);
        io.write(0x00, 1, Time::ZERO);
        io.write(0x10, !value, Time::ZERO);
        assert_eq!((io.read(0x00), io.read(0x10)), (1, value));
    }
}

#[test]
fn the_arbitration_id_follows_the_id_and_is_read_only() {
    // 82093AA §3.2.1, 3.2.3; ioapic.c: id in bits 27:24 only
    let mut bench = Bench::new(1, serve);
    let read = |bench: &mut Bench, index: u32| {
        bench.io.write(0x00, index, bench.now);
        bench.io.read(0x10)
    };
    assert_eq!(read(&mut bench, 0), 0x0200_0000);
    bench.write(0, u32::MAX);
    assert_eq!((read(&mut bench, 0), read(&mut bench, 2)), (0x0F00_0000, 0x0F00_0000));
    bench.write(2, 0x0500_0000);
    assert_eq!(read(&mut bench, 2), 0x0F00_0000);
    bench.write(0, 0x0300_0000);
    assert_eq!((read(&mut bench, 0), read(&mut bench, 2)), (0x0300_0000, 0x0300_0000));
}

#[test]
fn delivery_status_and_remote_irr_are_read_only() {
    // 82093AA §3.2.4; what Bochs and QEMU answer to the script ioapic-level
    let mut bench = Bench::new(1, serve);
    assert_eq!(bench.io.entry(2), u64::from(MASKED), "after reset");
    bench.write(0x14, u32::MAX);
    assert_eq!(bench.io.entry(2), 0xFFFF_AFFF);
    for index in [3, 0x0F, 0x40, 0xFF] {
        bench.write(index, u32::MAX);
        assert_eq!(bench.io.read(0x10), 0, "index {index:02X} is no register");
    }
}

#[test]
fn an_edge_interrupts_once() {
    let mut bench = Bench::new(1, serve);
    bench.route(PIN, 0x78, 0);
    bench.line(PIN, true);
    assert_eq!(bench.count(), 1);
    bench.pulse(PIN);
    assert_eq!(bench.count(), 1, "the next edge");
}

#[test]
fn a_level_negated_in_the_handler_interrupts_once() {
    let mut bench = Bench::new(1, serve);
    bench.route(PIN, LEVEL | 0x79, 0);
    bench.line(PIN, true);
    assert_eq!(bench.count(), 1);
    assert!(!bench.has(PIN, REMOTE_IRR));
}

#[test]
fn two_edges_wait_for_the_flag_and_come_highest_vector_first() {
    let mut bench = Bench::new(1, only_eoi);
    bench.route(0x0F, 0x66, 0);
    bench.route(PIN, 0x78, 0);
    bench.enabled[0] = false;
    bench.pulse(0x0F);
    bench.pulse(PIN);
    assert_eq!(bench.count(), 0);
    bench.enabled[0] = true;
    bench.run();
    assert_eq!(bench.taken, [(0, 0x78), (0, 0x66)]);
}

#[test]
fn two_asserts_of_a_level_without_negation_are_one() {
    let mut bench = Bench::new(1, serve);
    bench.route(PIN, LEVEL | 0x7A, 0);
    bench.line(PIN, true);
    bench.carry();
    bench.line(PIN, true);
    assert_eq!(bench.count(), 1);
}

#[test]
fn two_levels_in_sequence_are_two() {
    let mut bench = Bench::new(1, serve);
    bench.route(PIN, LEVEL | 0x7B, 0);
    for _ in 0..2 {
        bench.line(PIN, true);
        assert_eq!(bench.count(), 1);
    }
}

#[test]
fn a_level_that_is_still_asserted_after_eoi_interrupts_again() {
    fn handler(bench: &mut Bench, cpu: usize, _: u8) {
        if bench.taken.len() == 2 {
            bench.line(PIN, false);
        }
        bench.eoi(cpu);
    }
    let mut bench = Bench::new(1, handler);
    bench.route(PIN, LEVEL | 0x7C, 0);
    bench.line(PIN, true);
    assert_eq!(bench.count(), 2);
}

#[test]
fn an_edge_while_masked_is_lost() {
    let mut bench = Bench::new(1, serve);
    bench.route(PIN, MASKED | 0x81, 0);
    bench.line(PIN, true);
    assert_eq!(bench.count(), 0);
    bench.set_mask(PIN, false);
    assert_eq!(bench.count(), 0, "the edge is gone though the line is still high");
    bench.line(PIN, false);
    bench.line(PIN, true);
    assert_eq!(bench.count(), 1);
}

#[test]
fn a_level_while_masked_is_delivered_on_unmask() {
    let mut bench = Bench::new(1, serve);
    bench.route(PIN, MASKED | LEVEL | 0x82, 0);
    bench.line(PIN, true);
    assert_eq!(bench.count(), 0);
    bench.set_mask(PIN, false);
    assert_eq!(bench.count(), 1);
}

#[test]
fn masked_again_in_the_handler_and_unmasked_it_comes_twice() {
    fn handler(bench: &mut Bench, cpu: usize, _: u8) {
        bench.set_mask(PIN, true);
        bench.eoi(cpu);
    }
    let mut bench = Bench::new(1, handler);
    bench.route(PIN, LEVEL | 0x83, 0);
    bench.line(PIN, true);
    assert_eq!(bench.count(), 1);
    bench.set_mask(PIN, false);
    assert_eq!(bench.count(), 1);
    bench.line(PIN, false);
    bench.set_mask(PIN, false);
    assert_eq!(bench.count(), 0);
}

#[test]
fn the_trigger_mode_register_shows_the_trigger_on_any_cpu() {
    for cpu in [0, 1] {
        let mut bench = Bench::new(2, serve);
        for (low, level) in [(0x63, false), (LEVEL | 0x63, true), (0x63, false)] {
            bench.route(PIN, low, cpu);
            bench.line(PIN, true);
            assert_eq!(bench.count(), 1);
            assert_eq!(bench.trigger(cpu as usize, 0x63), level, "CPU{cpu}");
        }
    }
}

#[test]
fn remote_irr_is_set_from_acceptance_to_eoi() {
    let mut bench = Bench::new(1, |_, _, _| {});
    bench.route(PIN, LEVEL | 0x64, 0);
    bench.line(PIN, true);
    assert!(bench.has(PIN, PENDING) && !bench.has(PIN, REMOTE_IRR), "waits");
    let message = bench.io.next_message().expect("an interrupt waits");
    assert!(bench.has(PIN, PENDING) && !bench.has(PIN, REMOTE_IRR), "on the bus");
    bench.deliver(&message);
    bench.io.dispatched(&message, bench.now);
    assert!(!bench.has(PIN, PENDING) && bench.has(PIN, REMOTE_IRR), "accepted");
    assert_eq!(bench.count(), 1);
    bench.line(PIN, false);
    assert!(bench.has(PIN, REMOTE_IRR), "in service");
    bench.eoi(0);
    assert!(!bench.has(PIN, REMOTE_IRR));
    assert_eq!(bench.count(), 0);
}

#[test]
fn an_eoi_of_another_vector_leaves_remote_irr() {
    let mut bench = Bench::new(1, |_, _, _| {});
    bench.route(PIN, LEVEL | 0x64, 0);
    bench.line(PIN, true);
    bench.run();
    bench.io.end_of_interrupt(0x65, bench.now);
    assert!(bench.has(PIN, REMOTE_IRR));
}

/// ioapic.c raises a second line in the handler of the first, and moves both to another CPU before the EOIs.
#[test]
fn rerouted_while_remote_irr_is_set_both_lines_end() {
    fn handler(bench: &mut Bench, cpu: usize, vector: u8) {
        let lower = vector == 0x64;
        if lower {
            bench.line(PIN, true);
            bench.carry();
        }
        for pin in [PIN, 0x0D] {
            bench.line(pin, false);
            assert!(!lower || bench.has(pin, REMOTE_IRR));
            bench.write(0x11 + 2 * pin, 1 << 24);
        }
        bench.eoi(cpu);
    }
    let mut bench = Bench::new(2, handler);
    bench.route(0x0D, LEVEL | 0x64, 0);
    bench.route(PIN, LEVEL | 0x84, 0);
    bench.line(0x0D, true);
    bench.run();
    assert_eq!(bench.taken, [(0, 0x64), (0, 0x84)]);
    assert!(!bench.has(PIN, REMOTE_IRR) && !bench.has(0x0D, REMOTE_IRR));
    bench.line(PIN, true);
    bench.run();
    assert_eq!(bench.taken.last(), Some(&(1, 0x84)), "the new route");
}

#[test]
fn two_lines_with_one_vector_end_with_one_eoi() {
    fn handler(bench: &mut Bench, cpu: usize, _: u8) {
        bench.line(PIN, false);
        bench.line(0x0D, false);
        bench.eoi(cpu);
    }
    let mut bench = Bench::new(1, handler);
    for pin in [PIN, 0x0D] {
        bench.route(pin, LEVEL | 0x85, 0);
        bench.line(pin, true);
    }
    assert_eq!(bench.count(), 1, "merged in the IRR");
    assert!(!bench.has(PIN, REMOTE_IRR) && !bench.has(0x0D, REMOTE_IRR));
}

#[test]
fn a_physical_destination_reaches_one_cpu() {
    let mut bench = Bench::new(3, serve);
    bench.route(PIN, LEVEL | 0x85, 1);
    bench.line(PIN, true);
    bench.run();
    assert_eq!(bench.taken, [(1, 0x85)]);
}

#[test]
fn logical_destination_0d_reaches_three_cpus() {
    let mut bench = Bench::new(4, serve);
    bench.route(PIN, 0x86 | 1 << 11, 0x0D);
    bench.line(PIN, true);
    bench.run();
    assert_eq!(bench.taken, [(0, 0x86), (2, 0x86), (3, 0x86)]);
}

#[test]
fn edges_merge_while_delivery_is_pending() {
    // 82093AA §3.2.4: a new edge is not recognised until the message of the one before has gone
    let mut bench = Bench::new(1, only_eoi);
    bench.route(PIN, 0x61, 0);
    bench.pulse(PIN);
    bench.pulse(PIN);
    let message = bench.io.next_message().expect("an interrupt waits");
    bench.pulse(PIN);
    assert!(bench.has(PIN, PENDING));
    bench.io.dispatched(&message, bench.now);
    assert!(!bench.has(PIN, PENDING));
    assert_eq!(bench.io.next_message(), None);
    bench.pulse(PIN);
    assert_eq!(bench.count(), 1);
}

#[test]
fn one_message_at_a_time_in_order_of_arrival() {
    let mut bench = Bench::new(1, only_eoi);
    for pin in [1, 3, 5, 7] {
        bench.route(pin, 0x40 | u32::from(pin), 0);
    }
    for (us, pin) in [(1, 7), (2, 5), (2, 3), (3, 1)] {
        bench.now = Time::from_us(us);
        bench.pulse(pin);
    }
    let mut sent = vec![];
    while let Some(message) = bench.io.next_message() {
        assert_eq!(bench.io.next_message(), None, "one is under way");
        assert!(bench.io.is_busy());
        sent.push((message.number, message.vector, message.written_at));
        bench.io.dispatched(&message, bench.now);
    }
    let us = Time::from_us;
    assert_eq!(sent, [(0, 0x47, us(1)), (1, 0x43, us(2)), (2, 0x45, us(2)), (3, 0x41, us(3))]);
    assert!(!bench.io.is_busy());
}

#[test]
fn what_the_bus_does_not_have_yet_is_withdrawn() {
    // 82093AA §3.2.4, interrupt mask; 82801 family: "nor held pending"
    for low in [0x61, LEVEL | 0x61] {
        let mut bench = Bench::new(1, serve);
        bench.route(PIN, low, 0);
        bench.line(PIN, true);
        bench.set_mask(PIN, true);
        assert!(!bench.has(PIN, PENDING));
        bench.set_mask(PIN, false);
        assert_eq!(bench.count(), usize::from(low & LEVEL != 0), "{low:04X}");
    }
    let mut bench = Bench::new(1, serve);
    bench.route(PIN, LEVEL | 0x61, 0);
    bench.line(PIN, true);
    bench.line(PIN, false);
    assert_eq!(bench.count(), 0, "the device let go");
}

#[test]
fn what_the_bus_has_is_delivered_in_spite_of_the_mask() {
    let mut bench = Bench::new(1, serve);
    bench.route(PIN, LEVEL | 0x61, 0);
    bench.line(PIN, true);
    let message = bench.io.next_message().expect("an interrupt waits");
    bench.set_mask(PIN, true);
    bench.line(PIN, false);
    bench.deliver(&message);
    bench.io.dispatched(&message, bench.now);
    assert!(bench.has(PIN, REMOTE_IRR));
    assert_eq!(bench.count(), 1);
    assert!(!bench.has(PIN, REMOTE_IRR));
}

#[test]
fn a_change_to_edge_clears_remote_irr() {
    let mut bench = Bench::new(1, |_, _, _| {});
    bench.route(PIN, LEVEL | 0x61, 0);
    bench.line(PIN, true);
    bench.run();
    bench.route(PIN, MASKED | 0x61, 0);
    bench.route(PIN, MASKED | LEVEL | 0x61, 0);
    assert!(!bench.has(PIN, REMOTE_IRR));
}

#[test]
fn a_change_of_trigger_under_way_leaves_no_remote_irr_behind() {
    // no EOI would come for a vector whose TMR bit is clear, nor for a pin that is edge-triggered
    for (before, after) in [(0x61, LEVEL | 0x61), (LEVEL | 0x61, 0x61)] {
        let mut bench = Bench::new(1, only_eoi);
        bench.route(PIN, before, 0);
        bench.line(PIN, true);
        let message = bench.io.next_message().expect("an interrupt waits");
        bench.route(PIN, after, 0);
        bench.line(PIN, false);
        bench.deliver(&message);
        bench.io.dispatched(&message, bench.now);
        assert!(!bench.has(PIN, REMOTE_IRR), "{before:04X} to {after:04X}");
        assert_eq!(bench.count(), 1);
    }
}

#[test]
fn the_eoi_register_is_that_of_version_20() {
    // 82801BA and later; the EOI comes from software instead of the bus
    for (version, cleared) in [(IoApicVersion::I82093Aa, false), (IoApicVersion::I82801, true)] {
        let mut bench = Bench::new(1, |_, _, _| {});
        bench.io = io_apic(version);
        bench.route(PIN, LEVEL | 0x61, 0);
        bench.line(PIN, true);
        bench.run();
        bench.line(PIN, false);
        bench.io.write(0x40, 0x61, bench.now);
        assert_eq!(!bench.has(PIN, REMOTE_IRR), cleared, "{version}");
        assert_eq!(bench.io.read(0x40), 0, "write-only");
    }
}

#[test]
fn a_low_active_line_interrupts_when_it_falls() {
    // 82093AA §3.2.4, polarity
    const LOW_ACTIVE: u32 = 1 << 13;
    let mut bench = Bench::new(1, only_eoi);
    bench.line(PIN, true);
    bench.route(PIN, LOW_ACTIVE | 0x61, 0);
    assert_eq!(bench.count(), 0);
    bench.line(PIN, false);
    bench.line(PIN, true);
    assert_eq!(bench.count(), 1);
    bench.route(PIN, LOW_ACTIVE | LEVEL | 0x61, 0);
    assert_eq!(bench.count(), 0);
    bench.line(PIN, false);
    assert!(bench.has(PIN, PENDING));
}

#[test]
fn delivery_modes_make_messages() {
    // 82093AA §3.2.4: 011 and 110 are reserved; only FIXED and LOWEST may be level-triggered
    let table = [
        (0, Some((DeliveryMode::Fixed, true))),
        (1, Some((DeliveryMode::LowestPriority, true))),
        (2, Some((DeliveryMode::Smi, false))),
        (3, None),
        (4, Some((DeliveryMode::Nmi, false))),
        (5, Some((DeliveryMode::Init, false))),
        (6, None),
        (7, Some((DeliveryMode::ExtInt, false))),
    ];
    for (bits, expected) in table {
        let mut bench = Bench::new(1, serve);
        bench.route(PIN, LEVEL | bits << 8 | 1 << 11 | 0x30, 0xF2);
        bench.line(PIN, true);
        let message = bench.io.next_message();
        assert_eq!(message.map(|message| (message.mode, message.level_triggered)), expected, "mode {bits}");
        if let Some(message) = message {
            assert_eq!((message.source, message.vector, message.destination), (9, 0x30, 0xF2));
            assert_eq!(message.destination_mode, DestinationMode::Logical);
            assert!(message.asserted && !message.is_init_deassert());
            bench.io.dispatched(&message, bench.now);
            let level = matches!(message.mode, DeliveryMode::Fixed | DeliveryMode::LowestPriority);
            assert_eq!(bench.has(PIN, REMOTE_IRR), level);
        }
    }
}

#[test]
#[should_panic = "message 7 of the I/O APIC is dispatched"]
fn a_message_that_is_not_under_way_cannot_be_dispatched() {
    let mut bench = Bench::new(1, serve);
    bench.route(PIN, 0x61, 0);
    bench.pulse(PIN);
    let message = bench.io.next_message().expect("an interrupt waits");
    bench.io.dispatched(&Message { number: 7, ..message }, bench.now);
}
