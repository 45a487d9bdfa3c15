//! Cases no suite has: a P6 without room refuses, the bus sends again, and in the end it is accepted (SDM vol. 3
//! §10.7, 10.8.4, 10.13.2.3).

use crate::lab::Lab;
use crate::platform::{P6, PENTIUM, Platform, X2APIC_MODE, XAPIC, XAPIC_IDEAL};
use crate::record::{Record, picclk};
use crate::seat::{BUSY, FIXED, ICR};
use sim::apic::SEND_ACCEPT_ERROR;
use sim::bus::AttemptOutcome;
use sim::{FullTarget, Knobs, SameVector, Slots, Time};

/// CPU1 keeps its interrupts off until 50 µs. CPU0 sends it 41, 45, and at 30 µs `third`, and polls.
fn third_interrupt(platform: Platform, third: u32, change: impl Fn(&mut Knobs)) -> Record {
    let lab = Lab::new(platform)
        .knobs(change)
        .cpu(move |seat| {
            for vector in [0x41, 0x45] {
                seat.send(1, FIXED | vector);
                seat.settle();
            }
            seat.sleep_until(Time::from_us(30));
            seat.post(1, FIXED | third);
            while !seat.is_x2apic() && seat.read(ICR) & BUSY != 0 {}
            seat.note("idle", 0_u32);
        })
        .cpu(|seat| {
            seat.sleep_until(Time::from_us(50));
            seat.irq_restore(true);
        })
        .masked();
    lab.run()
}

#[test]
fn own_08_a_third_interrupt_of_a_class_waits_for_an_eoi() {
    for platform in [PENTIUM, P6] {
        let record = third_interrupt(platform, 0x49, |_| {});
        let attempts = record.attempts(0x49);
        let [(AttemptOutcome::Retry, refused, first, last), (AttemptOutcome::Accepted, 1, accepted, _)] = attempts[..]
        else {
            panic!("{platform}: {attempts:?}")
        };
        assert!(refused > 10 && first < Time::from_us(33), "{platform}: {refused} from {first}");
        assert_eq!(last.since(first), picclk(21 * (refused - 1)), "one attempt every 21 cycles");
        assert_eq!(accepted.since(last), picclk(21));
        let first_eoi = record.time(1, crate::seat::Entry::Interrupt(0x45));
        assert!(accepted > first_eoi && accepted.since(first_eoi) < picclk(21 + 21), "at the first attempt after it");
        let idle = record.notes(0, "idle")[0].0;
        let done = record.dispatched().pop().expect("it is dispatched").0;
        assert!(done == accepted + picclk(2) && idle >= done, "cycle 19 decides, cycle 21 ends it");
        let mut taken = record.vectors(1);
        taken.sort_unstable();
        assert_eq!(taken, [0x41, 0x45, 0x49], "each once");
    }
}

#[test]
fn own_08_what_does_not_need_a_third_slot_is_accepted_at_once() {
    // Another class; the same vector merges, or not (knob `same_vector`); slots by vector (knob `slots`); later parts
    type Change = fn(&mut Knobs);
    let default: Change = |_| {};
    let by_vector: Change = |knobs| knobs.slots = Slots::PerVector;
    let strict: Change = |knobs| knobs.same_vector = SameVector::Slot;
    let table = [
        (P6, 0x51, default, true),
        (P6, 0x49, default, false),
        (P6, 0x45, default, true),
        (P6, 0x45, strict, false),
        (P6, 0x49, by_vector, true),
        (PENTIUM, 0x45, default, true),
        (XAPIC, 0x49, default, true),
        (XAPIC_IDEAL, 0x49, default, true),
        (X2APIC_MODE[0], 0x49, default, true),
    ];
    for (platform, third, change, at_once) in table {
        let record = third_interrupt(platform, third, change);
        let done = record.dispatched().pop().expect("it is dispatched").0;
        assert_eq!(done < Time::from_us(33), at_once, "{platform} {third:X}: {done}");
        let merged = third == 0x45 && at_once;
        assert_eq!(record.vectors(1).len(), if merged { 2 } else { 3 });
    }
}

#[test]
fn own_08_a_full_target_may_report_an_accept_error_instead() {
    // Knob `full_target`: the sender's ESR has bit 2 (Cleverdon 2003), and the message is sent again all the same
    let record = third_interrupt(P6, 0x49, |knobs| knobs.full_target = FullTarget::AcceptError);
    let outcomes: Vec<_> = record.attempts(0x49).iter().map(|run| run.0).collect();
    assert_eq!(outcomes.last(), Some(&AttemptOutcome::Accepted));
    assert!(outcomes.contains(&AttemptOutcome::AcceptError) && !outcomes.contains(&AttemptOutcome::Retry));
    assert!(record.bus_errors().contains(&(0, SEND_ACCEPT_ERROR)));
    assert_eq!(record.vectors(1).len(), 3);
}

#[test]
fn own_08_a_refused_message_holds_up_its_sender_only() {
    // SDM vol. 3 §10.13.2.3: after Retry its arbitration id is 0, and others win
    let lab = Lab::new(P6)
        .cpu(|seat| {
            for vector in [0x41, 0x45] {
                seat.send(1, FIXED | vector);
                seat.settle();
            }
            seat.post(1, FIXED | 0x49);
            seat.sleep_until(Time::from_us(100));
            assert_ne!(seat.read(ICR) & BUSY, 0);
        })
        .endless(|seat| seat.idle())
        .masked()
        .cpu(|seat| {
            seat.sleep_until(Time::from_us(40));
            for _ in 0..10 {
                seat.send(3, FIXED | 0x61);
                seat.wait_until_idle();
            }
            seat.note("done", 0_u32);
        })
        .sleeper();
    let record = lab.run();
    assert_eq!(record.vectors(3), [0x61; 10]);
    let done = record.notes(2, "done")[0].0.since(Time::from_us(40));
    assert!(done <= picclk(10 * 3 * 21), "at worst every other message is a retry: {done}");
    assert_eq!(record.receivers(0x49), []);
}
