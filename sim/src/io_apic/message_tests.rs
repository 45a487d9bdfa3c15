//! The messages of an I/O APIC: destinations, what waits, what is withdrawn, delivery modes.

use super::bench::*;
use super::*;
use crate::bus::{DeliveryMode, DestinationMode, Message};
use crate::time::Time;

#[test]
fn a_physical_destination_reaches_one_cpu() {
    let mut bench = Bench::new(3, serve);
    bench.route(PIN, LEVEL | 0x85, 1);
    bench.line(PIN, true);
    bench.run();
    assert_eq!(bench.taken, [(1, 0x85)]);
}

/// An 8-bit broadcast becomes one of 32 bits by knob (which KVM has), where a CPU can be in x2APIC mode; nothing else does.
#[test]
fn physical_ff_is_a_wider_broadcast_by_knob() {
    use crate::generation::{IoApicBroadcast, IoApicReserved};
    let destination = |version, broadcast, low: u32, to: u32| {
        let (agent, id, reserved) = (9, 2, IoApicReserved::AsWritten);
        let mut io = IoApic::new(IoApicSettings { version, agent, id, reserved, broadcast });
        for (index, value) in [(0x11 + 2 * PIN, to << 24), (0x10 + 2 * PIN, low)] {
            io.write(0x00, u32::from(index), Time::ZERO);
            io.write(0x10, value, Time::ZERO);
        }
        io.set_line(PIN, true, Time::ZERO);
        io.next_message().expect("an interrupt waits").destination
    };
    let (late, early) = (IoApicVersion::I82801, IoApicVersion::I82093Aa);
    let (usual, all) = (IoApicBroadcast::XApicMode, IoApicBroadcast::Everybody);
    assert_eq!(destination(late, usual, 0x61, 0xFF), 0xFF);
    assert_eq!(destination(late, all, 0x61, 0xFF), 0xFFFF_FFFF);
    assert_eq!(destination(late, all, 0x61, 0xFE), 0xFE);
    assert_eq!(destination(late, all, 0x61 | 1 << 11, 0xFF), 0xFF, "logical");
    assert_eq!(destination(early, all, 0x61, 0xFF), 0xFF);
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
