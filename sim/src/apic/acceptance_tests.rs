//! Tests of acceptance.

use super::super::testing::{enabled, fixed, nmi, reset};
use super::*;
use crate::generation::Knobs;
use crate::time::Time;
use Response::{Accept, Refuse, Retry, Silent};

const EOI: u16 = 0x0B0;

fn answer(apic: &LocalApic, vector: u8) -> Response {
    apic.response(&fixed(1, vector, 0), CoreState::default())
}

#[test]
fn slots_follow_the_knobs() {
    // SDM vol. 3 §10.8.4 against the per-class rule; FD and FB hold class F
    let (class, vector) = (Slots::PerClass, Slots::PerVector);
    let table = [
        (Generation::P6, class, FullTarget::Retry, 0xFC, Retry),
        (Generation::P6, class, FullTarget::AcceptError, 0xFC, Refuse),
        (Generation::P6, class, FullTarget::Accept, 0xFC, Accept),
        (Generation::P6, class, FullTarget::Retry, 0xFB, Accept), // merges
        (Generation::P6, class, FullTarget::Retry, 0xEF, Accept), // another class
        (Generation::P6, vector, FullTarget::Retry, 0xFC, Accept),
        (Generation::XApic, class, FullTarget::Retry, 0xFC, Accept),
    ];
    for (generation, slots, full_target, vector, expected) in table {
        let mut apic = enabled(generation, 0);
        apic.knobs = Knobs { slots, full_target, ..Knobs::default() };
        apic.deliver(&fixed(1, 0xFD, 0));
        apic.deliver(&fixed(1, 0xFB, 0));
        assert_eq!(answer(&apic, vector), expected, "{generation:?} {slots:?} {full_target:?} {vector:02X}");
    }
}

#[test]
fn a_vector_in_service_holds_its_slot_until_eoi() {
    let mut apic = enabled(Generation::P6, 0);
    apic.deliver(&fixed(1, 0xFD, 0));
    assert_eq!(apic.acknowledge(), 0xFD);
    assert_eq!(answer(&apic, 0xFD), Accept, "one in service, one requested");
    apic.deliver(&fixed(1, 0xFD, 0));
    assert_eq!(answer(&apic, 0xFD), Retry, "a third of one vector");
    assert_eq!(answer(&apic, 0xFB), Retry);
    assert_eq!(apic.class_occupancy(0xF), (vec![0xFD], vec![0xFD]));
    apic.write(EOI, 0, Time::ZERO);
    assert_eq!(answer(&apic, 0xFB), Accept);
}

/// Slots 41h and 42h of class 4: who is held where, and what comes.
#[test]
fn two_interrupts_are_held_of_a_vector_or_of_a_class() {
    // SDM vol. 3 (2016) §10.8.4: "rejected" with a retry; Pentium Pro manual vol. 3 §7.4.2 for classes
    use {ClassEntries::*, SameVector::*, Slots::*};
    type Row = (Slots, ClassEntries, SameVector, &'static [u8], &'static [u8], u8, Response);
    let table: [Row; 13] = [
        // in service, requested, and what comes
        (PerVector, Any, Merge, &[], &[], 0x41, Accept),
        (PerVector, Any, Merge, &[0x41], &[], 0x41, Accept),
        (PerVector, Any, Merge, &[0x41], &[0x41], 0x41, Retry),
        (PerVector, Any, Slot, &[0x41], &[0x41], 0x41, Retry),
        (PerVector, Any, Merge, &[], &[0x41], 0x41, Accept),
        (PerVector, Any, Slot, &[], &[0x41], 0x41, Retry),
        (PerVector, Any, Slot, &[0x41], &[0x42], 0x43, Accept),
        (PerClass, Any, Merge, &[0x41], &[0x41], 0x41, Retry),
        (PerClass, Any, Merge, &[0x41], &[0x41], 0x42, Retry),
        (PerClass, Any, Merge, &[], &[0x41, 0x42], 0x41, Accept),
        (PerClass, Any, Slot, &[], &[0x41, 0x42], 0x41, Retry),
        (PerClass, OneEach, Merge, &[], &[0x41], 0x42, Retry),
        (PerClass, OneEach, Merge, &[0x41], &[], 0x42, Accept),
    ];
    for (slots, class_entries, same_vector, in_service, requested, vector, expected) in table {
        for generation in [Generation::Pentium, Generation::P6] {
            let mut apic = enabled(generation, 0);
            apic.knobs = Knobs { slots, class_entries, same_vector, ..Knobs::default() };
            for &vector in in_service {
                apic.deliver(&fixed(1, vector, 0));
                apic.acknowledge();
            }
            requested.iter().for_each(|&vector| {
                apic.deliver(&fixed(1, vector, 0));
            });
            let rule = format!("{slots} {class_entries} {same_vector} {in_service:X?} {requested:X?} {vector:X}");
            assert_eq!(answer(&apic, vector), expected, "{rule}");
        }
    }
}

#[test]
fn a_focus_processor_needs_no_slot() {
    // SDM vol. 3 fig. 10-17 and §10.6.2.4
    let lowest = |vector| Message { mode: DeliveryMode::LowestPriority, ..fixed(1, vector, 0) };
    let mut apic = enabled(Generation::P6, 0);
    apic.deliver(&fixed(1, 0x61, 0));
    apic.acknowledge();
    apic.deliver(&fixed(1, 0x62, 0));
    apic.deliver(&fixed(1, 0x61, 0)); // class 6 is full, and 61h has both of its bits set
    assert_eq!(apic.response(&lowest(0x61), CoreState::default()), Accept);
    assert_eq!(apic.response(&lowest(0x63), CoreState::default()), Retry);
    assert_eq!([0x61, 0x63].map(|vector| apic.bid(vector).room), [true, false], "who wins as the focus has room");
    apic.write(0x0F0, 0x3FF, Time::ZERO);
    assert_eq!(apic.response(&lowest(0x61), CoreState::default()), Retry, "focus checking is off");
    assert!(!apic.bid(0x61).room);
}

#[test]
fn what_was_accepted_before_a_software_disable_comes_all_the_same() {
    // SDM vol. 3 §10.4.7.2: what is under way in a serial APIC is completed; later ones are not asked before
    for (generation, expected) in [
        (Generation::Pentium, Delivered::Requested(0x41)),
        (Generation::P6, Delivered::Requested(0x41)),
        (Generation::XApic, Delivered::Nothing),
        (Generation::X2Apic, Delivered::Nothing),
    ] {
        let mut apic = enabled(generation, 0);
        let message = fixed(1, 0x41, 0);
        assert_eq!(apic.response(&message, CoreState::default()), Accept, "{generation}");
        apic.write(0x0F0, 0x0FF, Time::ZERO);
        assert_eq!(apic.response(&message, CoreState::default()), Silent, "{generation}: the next one is not");
        assert_eq!(apic.deliver(&message), expected, "{generation}");
    }
}

#[test]
fn every_82489dx_takes_part_in_an_arbitration() {
    // SDM vol. 3 §22.27.1; what a full one does that wins is the knob's
    let lowest = Message { mode: DeliveryMode::LowestPriority, ..fixed(1, 0x43, 0) };
    for (full_winner, room) in [(FullWinner::Retry, false), (FullWinner::Accept, true)] {
        let mut apic = enabled(Generation::I82489Dx, 0);
        apic.knobs.full_winner = full_winner;
        apic.deliver(&fixed(1, 0x41, 0));
        apic.deliver(&fixed(1, 0x42, 0));
        assert_eq!(apic.response(&lowest, CoreState::default()), Accept);
        assert_eq!(apic.bid(0x43).room, room, "{full_winner}");
    }
}

#[test]
fn a_chipset_compares_task_priorities() {
    // 460GX §3.7, E8870 §3.7.8: TPR bits 7:4, whatever waits or is in service; the other rules are knobs
    let rules = [(Redirection::TaskPriority, 5), (Redirection::Buckets, 1), (Redirection::ArbitrationPriority, 0x9)];
    for (redirection, expected) in rules {
        let mut apic = enabled(Generation::XApic, 0);
        apic.knobs.redirection = redirection;
        apic.write(0x080, 0x5F, Time::ZERO);
        apic.deliver(&fixed(1, 0x91, 0));
        assert_eq!(apic.bid(0x41).redirection, expected, "{redirection}");
    }
}

#[test]
fn a_software_disabled_apic_takes_no_ext_int() {
    // SDM vol. 3 §10.4.7.2, AMD APM vol. 2 §16.3.1
    let ext_int = Message { mode: DeliveryMode::ExtInt, ..fixed(9, 0x31, 0) };
    for (rule, expected) in [(ExtIntWhenDisabled::Refused, Silent), (ExtIntWhenDisabled::Delivered, Accept)] {
        let mut apic = reset(Generation::XApic, 0);
        apic.knobs.ext_int_when_disabled = rule;
        assert_eq!(apic.response(&ext_int, CoreState::default()), expected, "{rule}");
        let taken = if expected == Accept { Delivered::External(0x31) } else { Delivered::Nothing };
        assert_eq!(apic.deliver(&ext_int), taken, "on a bus that does not ask: {rule}");
        apic.write(0x0F0, 0x1FF, Time::ZERO);
        assert_eq!(apic.response(&ext_int, CoreState::default()), Accept);
    }
}

#[test]
fn nmi_answers_follow_figure_10_17_or_the_knob() {
    let full = CoreState { nmi_blocked: true, nmi_latched: true, ..CoreState::default() };
    let blocked = CoreState { nmi_blocked: true, ..CoreState::default() };
    let (collapse, retry) = (NmiWhenPending::Collapse, NmiWhenPending::Retry);
    let table = [
        (Generation::P6, collapse, full, Accept),
        (Generation::P6, retry, blocked, Accept),
        (Generation::P6, retry, full, Retry),
        (Generation::XApic, retry, full, Accept),
    ];
    for (generation, nmi_when_pending, core, expected) in table {
        let mut apic = enabled(generation, 0);
        apic.knobs.nmi_when_pending = nmi_when_pending;
        assert_eq!(apic.response(&nmi(1, 0), core), expected, "{generation:?} {nmi_when_pending:?} {core:?}");
    }
}

#[test]
fn a_software_disabled_apic_takes_nmis_only() {
    // SDM vol. 3 §10.4.7.2
    for generation in [Generation::P6, Generation::XApic] {
        let mut apic = reset(generation, 0);
        assert_eq!(answer(&apic, 0xFC), Silent);
        assert_eq!(apic.response(&nmi(1, 0), CoreState::default()), Accept);
        assert_eq!(apic.deliver(&nmi(1, 0)), Delivered::Nmi);
    }
    let mut apic = reset(Generation::XApic, 0);
    assert_eq!(apic.deliver(&fixed(1, 0xFC, 0)), Delivered::Nothing);
}

#[test]
fn an_illegal_vector_sets_nothing() {
    // SDM vol. 3 §10.5.2
    let mut apic = enabled(Generation::P6, 0);
    assert_eq!(apic.deliver(&fixed(1, 0x0F, 0)), Delivered::Nothing);
    apic.write(0x280, 0, Time::ZERO);
    assert_eq!((apic.read(0x280, Time::ZERO), apic.pending_vector()), (RECEIVE_ILLEGAL_VECTOR, None));
}

#[test]
fn priorities_nest_and_eoi_unwinds() {
    // SDM vol. 3 §10.8.3, 10.8.5, 10.9
    let mut apic = enabled(Generation::XApic, 0);
    assert_eq!(apic.acknowledge(), 0xFF, "spurious");
    apic.deliver(&fixed(1, 0x31, 0));
    assert_eq!(apic.acknowledge(), 0x31);
    apic.deliver(&fixed(1, 0x35, 0));
    assert_eq!(apic.pending_vector(), None, "same class");
    apic.deliver(&Message { level_triggered: true, ..fixed(1, 0x41, 0) });
    assert_eq!(apic.pending_vector(), Some(0x41));
    assert_eq!(apic.acknowledge(), 0x41);
    assert_eq!(apic.ppr(), 0x40);
    let ended = |vector, broadcast| Written::changed(WriteResult::EndOfInterrupt { vector, broadcast });
    assert_eq!(apic.write(EOI, 0, Time::ZERO), ended(0x41, true));
    assert_eq!(apic.write(EOI, 77, Time::ZERO), ended(0x31, false));
    assert_eq!(apic.write(EOI, 0, Time::ZERO), Written::nothing(false));
    assert_eq!(apic.pending_vector(), Some(0x35));
    apic.write(0x080, 0x30, Time::ZERO);
    assert_eq!(apic.pending_vector(), None, "TPR class 3");
}

#[test]
fn a_repeated_vector_follows_the_knob() {
    for (same_vector, expected) in [(SameVector::Merge, Accept), (SameVector::Slot, Retry)] {
        let mut apic = enabled(Generation::P6, 0);
        apic.knobs.same_vector = same_vector;
        apic.deliver(&fixed(1, 0xFD, 0));
        apic.deliver(&fixed(1, 0xFB, 0));
        assert_eq!(answer(&apic, 0xFB), expected, "{same_vector}");
    }
}

#[test]
fn a_cpu_in_reset_answers_as_the_knob_says() {
    let waiting = CoreState { waits_for_start_up: true, ..CoreState::default() };
    let rules = [(TargetInReset::Accept, Accept), (TargetInReset::Silent, Silent), (TargetInReset::Retry, Retry)];
    for (target_in_reset, expected) in rules {
        let mut apic = enabled(Generation::P6, 0);
        apic.knobs.target_in_reset = target_in_reset;
        assert_eq!(apic.response(&nmi(1, 0), waiting), expected, "{target_in_reset}");
        let start_up = Message { mode: DeliveryMode::StartUp, ..fixed(1, 0x99, 0) };
        assert_eq!(apic.response(&start_up, waiting), Accept);
    }
}

#[test]
fn the_focus_processor_holds_the_vector() {
    // SDM vol. 3 §10.6.2.4, 10.9
    for (generation, svr, focus) in
        [(Generation::P6, 0x1FF, true), (Generation::P6, 0x3FF, false), (Generation::XApic, 0x1FF, false)]
    {
        let mut apic = enabled(generation, 0);
        apic.write(0x0F0, svr, Time::ZERO);
        apic.deliver(&fixed(1, 0x41, 0));
        let bid = apic.bid(0x41);
        assert_eq!((bid.focus, bid.priority), (focus, 0x40), "{generation} {svr:X}");
        assert!(!apic.bid(0x42).focus);
    }
}

#[test]
fn eoi_broadcasts_can_be_suppressed() {
    // SDM vol. 3 §10.8.5
    for (svr, broadcast) in [(0x1FF, true), (0x11FF, false)] {
        let mut apic = enabled(Generation::X2Apic, 0);
        apic.write(0x0F0, svr, Time::ZERO);
        apic.deliver(&Message { level_triggered: true, ..fixed(1, 0x41, 0) });
        apic.acknowledge();
        let written = apic.write(EOI, 0, Time::ZERO);
        assert_eq!(written.result, WriteResult::EndOfInterrupt { vector: 0x41, broadcast }, "{svr:X}");
    }
}

#[test]
fn messages_that_pass_the_irr_reach_the_core() {
    let table = [
        (DeliveryMode::Smi, Delivered::Smi),
        (DeliveryMode::Init, Delivered::Init),
        (DeliveryMode::StartUp, Delivered::StartUp(0x99)),
        (DeliveryMode::ExtInt, Delivered::External(0x99)),
        (DeliveryMode::LowestPriority, Delivered::Requested(0x99)),
        (DeliveryMode::RemoteRead, Delivered::Nothing),
    ];
    for (mode, expected) in table {
        let mut apic = enabled(Generation::P6, 0);
        assert_eq!(apic.deliver(&Message { mode, ..fixed(1, 0x99, 0) }), expected, "{mode:?}");
    }
}
