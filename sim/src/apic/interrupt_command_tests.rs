//! Tests of the interrupt command register.

use super::super::Delivered;
use super::super::testing::enabled;
use super::*;
use Generation::{I82489Dx, P6, Pentium, X2Apic, XApic};

const ICR: u16 = 0x300;

/// Mode, destination mode, trigger and level of what was sent.
fn sent(generation: Generation, low: u32) -> Option<(DeliveryMode, DestinationMode, bool, bool)> {
    match enabled(generation, 0).write(ICR, low, Time::ZERO).result {
        WriteResult::Send(m) => Some((m.mode, m.destination_mode, m.level_triggered, m.asserted)),
        _ => None,
    }
}

#[test]
fn legal_combinations_follow_tables_10_3_and_10_4() {
    use DeliveryMode::{Fixed, Init, LowestPriority, Nmi, RemoteRead, Smi, StartUp};
    use DestinationMode::{Logical, Physical};
    let table = [
        (P6, 0x0_00FC, Some((Fixed, Physical, false, true))), // level bit 0, as kernels write it
        (P6, 0x0_08FC, Some((Fixed, Logical, false, true))),
        (P6, 0x0_0C00, Some((Nmi, Logical, false, true))),
        (P6, 0x0_0400, Some((Nmi, Physical, false, true))),
        (P6, 0xC_0400, Some((Nmi, Physical, false, true))),
        (P6, 0x0_C0FC, Some((Fixed, Physical, false, true))), // level, asserted: acts as edge
        (P6, 0x0_80FC, None),                                 // level, not asserted: ignored
        (P6, 0x0_8400, None),
        (P6, 0x4_00FC, Some((Fixed, Physical, false, true))),
        (P6, 0x8_00FC, Some((Fixed, Physical, false, true))),
        (P6, 0x8_8500, Some((Init, Physical, true, false))),
        (P6, 0x0_8500, Some((Init, Physical, true, false))),
        (XApic, 0x0_80FC, Some((Fixed, Physical, false, true))), // edge is forced
        (XApic, 0x8_8500, None),
        (XApic, 0xC_4500, Some((Init, Physical, false, true))),
        (P6, 0x0_C500, Some((Init, Physical, false, true))), // level, asserted: an edge INIT
        (P6, 0x0_4699, Some((StartUp, Physical, false, true))),
        (P6, 0x0_C699, None), // level start-up: invalid
        (I82489Dx, 0x0_4699, None),
        (P6, 0xC_0200, Some((Smi, Physical, false, true))),
        (P6, 0x0_8200, None),
        (P6, 0x0_01FC, Some((LowestPriority, Physical, false, true))),
        (XApic, 0xC_01FC, Some((LowestPriority, Physical, false, true))),
        (P6, 0x4_01FC, None), // lowest priority to self
        (P6, 0x4_0400, None), // NMI to self by shorthand
        (X2Apic, 0x8_0400, None),
        (Pentium, 0x0_0302, Some((RemoteRead, Physical, false, true))),
        (P6, 0x0_0302, None),
        (P6, 0x0_07FC, None), // reserved mode
    ];
    for (generation, low, expected) in table {
        assert_eq!(sent(generation, low), expected, "{generation:?} {low:05X}");
    }
}

/// OpenVMM's `handle_ipi`: an INIT with the level bit clear is not sent, by either trigger; an asserted one is, and so is
/// everything else with the bit clear. Without the deviation the INIT is sent.
#[test]
fn an_init_without_its_level_bit_follows_the_knob() {
    for generation in [Pentium, P6, XApic, X2Apic] {
        for (low, deviates) in [
            (0x0_0500, true),
            (0xC_0500, true),
            (0x0_4500, false),
            (0x0_C500, false),
            (0x0_0699, false),
            (0x0_00FC, false),
        ] {
            let mut apic = enabled(generation, 0);
            let usual = matches!(apic.write(ICR, low, Time::ZERO).result, WriteResult::Send(_));
            let mut apic = enabled(generation, 0);
            apic.knobs.init_without_level = InitWithoutLevel::Ignored;
            let deviation = matches!(apic.write(ICR, low, Time::ZERO).result, WriteResult::Send(_));
            assert_eq!((usual, deviation), (true, !deviates), "{generation:?} {low:05X}");
            assert_eq!(apic.shows_busy(), !deviates, "{generation:?} {low:05X}: nothing is pending");
        }
    }
}

#[test]
fn invalid_shorthands_follow_the_knob() {
    let mut apic = enabled(P6, 0);
    apic.knobs.invalid_shorthand = InvalidShorthand::Delivered;
    assert!(matches!(apic.write(ICR, 0x4_0400, Time::ZERO).result, WriteResult::Send(_)));
}

#[test]
fn a_remote_read_shows_its_status() {
    // SDM vol. 3 §22.27.1; bits 17:16 as the Pentium has them
    let mut apic = enabled(Pentium, 0);
    let WriteResult::Send(message) = apic.write(ICR, 0x302, Time::ZERO).result else { panic!("not sent") };
    assert_eq!(apic.read(ICR, Time::ZERO), 0x1_1302);
    apic.remote_read_answered(Some(77));
    apic.dispatched(&message, false);
    assert_eq!((apic.read(ICR, Time::ZERO), apic.read(0x0C0, Time::ZERO)), (0x2_0302, 77));
    apic.remote_read_answered(None);
    assert_eq!((apic.read(ICR, Time::ZERO), apic.read(0x0C0, Time::ZERO)), (0x302, 77));
}

#[test]
fn a_jammed_bit_never_clears() {
    let mut apic = enabled(P6, 0);
    apic.jam_delivery_status();
    let WriteResult::Send(message) = apic.write(ICR, 0xFC, Time::ZERO).result else { panic!("not sent") };
    apic.dispatched(&message, false);
    assert_eq!((apic.read(ICR, Time::ZERO), apic.is_busy()), (0x10FC, false));
}

#[test]
fn level_and_trigger_read_back_as_the_knob_says() {
    for (rule, expected) in [(IcrTriggerReadback::AsWritten, 0xC0FC), (IcrTriggerReadback::Ignored, 0xFC)] {
        let mut apic = enabled(XApic, 0);
        apic.knobs.icr_trigger_readback = rule;
        apic.set_busy_visible(false);
        apic.write(ICR, 0xC0FC, Time::ZERO);
        assert_eq!(apic.read(ICR, Time::ZERO), expected);
    }
}

#[test]
fn an_illegal_vector_is_sent_and_recorded() {
    // SDM vol. 3 §10.5.3 and §10.5.2: bit 5 of the sender, bit 6 of the receiver; of a self IPI both
    for (illegal_ipi, sent) in [(IllegalIpi::Sent, true), (IllegalIpi::KeptBack, false)] {
        let mut apic = enabled(P6, 0);
        apic.knobs.illegal_ipi = illegal_ipi;
        let result = apic.write(ICR, 0x0F, Time::ZERO).result;
        assert_eq!((matches!(result, WriteResult::Send(_)), apic.is_busy()), (sent, sent));
        apic.write(0x280, 0, Time::ZERO);
        assert_eq!(apic.read(0x280, Time::ZERO), 0x20);
    }
    for (illegal_self_ipi, recorded) in [(IllegalSelfIpi::Both, 0x60), (IllegalSelfIpi::SendOnly, 0x20)] {
        let mut apic = enabled(P6, 0);
        apic.knobs.illegal_self_ipi = illegal_self_ipi;
        let WriteResult::Send(message) = apic.write(ICR, 0x4_000F, Time::ZERO).result else { panic!("not sent") };
        assert_eq!(apic.deliver(&message), Delivered::Nothing);
        apic.write(0x280, 0, Time::ZERO);
        assert_eq!(apic.read(0x280, Time::ZERO), recorded);
        let mut other = enabled(P6, 1);
        other.knobs.illegal_self_ipi = illegal_self_ipi;
        other.deliver(&message);
        other.write(0x280, 0, Time::ZERO);
        assert_eq!(other.read(0x280, Time::ZERO), 0x40, "somebody else receives");
    }
}

#[test]
fn the_82489dx_has_level_triggered_ipis() {
    // SDM vol. 3 §22.27.1: edge or level, NMI and INIT always level; later parts make edges of all
    let table = [(0x41, false), (0xC041, true), (0x400, true), (0x4400, true), (0x4500, true), (0x4200, false)];
    for (command, level) in table {
        for (generation, expected) in [(Generation::I82489Dx, level), (P6, false)] {
            let result = enabled(generation, 0).write(ICR, command, Time::ZERO).result;
            let WriteResult::Send(message) = result else { panic!("{command:X} is not sent") };
            assert_eq!((message.level_triggered, message.asserted), (expected, true), "{generation} {command:X}");
        }
    }
    let mut apic = enabled(Generation::I82489Dx, 1);
    let WriteResult::Send(message) = enabled(Generation::I82489Dx, 0).write(ICR, 0xC041, Time::ZERO).result else {
        panic!("not sent")
    };
    apic.deliver(&message);
    assert_eq!(apic.read(0x1A0, Time::ZERO), 1 << 1, "vector 41h in the TMR");
}

#[test]
fn busy_lasts_from_the_write_to_the_dispatch() {
    let mut apic = enabled(P6, 2);
    apic.write(0x310, 0x0300_0000, Time::ZERO);
    let now = Time::from_us(7);
    let WriteResult::Send(message) = apic.write(ICR, 0x18FC, now).result else { panic!("not sent") };
    assert_eq!((message.source, message.number, message.destination), (2, 0, 3));
    assert_eq!(message.written_at, now);
    assert_eq!(apic.read(ICR, Time::ZERO), 0x18FC);
    apic.write(0x310, 0x0400_0000, now);
    assert_eq!(apic.current(), Some(&message), "ICR high alone changes nothing");
    assert_eq!(apic.dispatched(&message, false), None);
    assert_eq!(apic.read(ICR, Time::ZERO), 0x08FC);
    apic.set_busy_visible(false);
    apic.write(ICR, 0xFC, now);
    assert_eq!(apic.read(ICR, Time::ZERO), 0xFC);
}

/// Writes FC, then FD and FE while busy; then FC, and what a queue released, are dispatched.
fn write_while_busy(rule: IcrWriteWhileBusy) -> (Vec<Option<u8>>, Vec<u8>, bool) {
    let mut apic = enabled(P6, 0);
    apic.knobs.icr_write_while_busy = rule;
    let mut results = Vec::new();
    for low in [0xFC, 0xFD, 0xFE] {
        results.push(match apic.write(ICR, low, Time::ZERO).result {
            WriteResult::Send(message) => Some(message.vector),
            _ => None,
        });
    }
    let mut released = Vec::new();
    let mut next = apic.current().copied();
    while let Some(message) = next {
        next = apic.dispatched(&message, false);
        released.extend(next.map(|message| message.vector));
        assert!(next.is_none() || apic.is_busy());
    }
    (results, released, apic.is_busy())
}

#[test]
fn a_write_while_busy_does_what_the_knob_says() {
    use IcrWriteWhileBusy::{Drop, Queue, Replace, Stall};
    let table = [
        (Replace, [Some(0xFC), Some(0xFD), Some(0xFE)], vec![]),
        (Drop, [Some(0xFC), None, None], vec![]),
        (Queue, [Some(0xFC), None, None], vec![0xFE]),
        (Stall, [Some(0xFC), None, None], vec![]),
    ];
    for (rule, results, released) in table {
        assert_eq!(write_while_busy(rule), (results.to_vec(), released, false), "{rule:?}");
    }
    let mut apic = enabled(P6, 0);
    apic.knobs.icr_write_while_busy = Stall;
    apic.write(ICR, 0xFC, Time::ZERO);
    assert_eq!(apic.write(ICR, 0xFD, Time::ZERO), Written { result: WriteResult::Stall, changed: false });
    assert_eq!(apic.read(ICR, Time::ZERO), 0x10FC);
}

#[test]
fn a_replaced_message_does_not_end_busy() {
    let mut apic = enabled(P6, 0);
    let WriteResult::Send(old) = apic.write(ICR, 0xFC, Time::ZERO).result else { panic!("not sent") };
    let WriteResult::Send(new) = apic.write(ICR, 0xFD, Time::ZERO).result else { panic!("not sent") };
    assert_eq!(apic.dispatched(&old, true), None);
    assert!(apic.is_busy());
    apic.dispatched(&new, false);
    assert!(!apic.is_busy());
}
