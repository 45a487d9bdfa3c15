//! The I/O APIC against local APICs: what the KVM unit tests' ioapic.c expects, and the datasheet's rules beside it.

use super::bench::*;
use super::*;
use crate::time::Time;

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
