//! Right histories, and each kind of wrong one.

use super::*;
use crate::bus::{Agent, DeliveryMode, DestinationMode, Message, Shorthand};
use crate::generation::Generation;
use crate::time::Time;

pub(super) const CPUS: Agent = 4;
const IO_AGENT: Agent = CPUS;

pub(super) const fn us(us: u64) -> Time {
    Time::from_us(us)
}

pub(super) fn cpu(agent: Agent) -> Identity {
    Identity {
        mode: ApicMode::XApic,
        id: agent.into(),
        ldr: 1 << (24 + agent),
        software_enabled: true,
        ..Identity::OFF
    }
}

pub(super) fn checker_with(settings: CheckerSettings) -> Checker {
    let mut checker = Checker::new(settings);
    (0..CPUS).for_each(|agent| checker.identity(agent, cpu(agent), Time::ZERO));
    checker
}

pub(super) fn checker() -> Checker {
    checker_with(CheckerSettings::new(CPUS, Generation::P6))
}

/// CPU0's message `number`: FIXED 41 to physical 02.
pub(super) fn ipi(number: u32) -> Message {
    Message {
        source: 0,
        number,
        mode: DeliveryMode::Fixed,
        vector: 0x41,
        destination_mode: DestinationMode::Physical,
        destination: 2,
        shorthand: Shorthand::None,
        level_triggered: false,
        asserted: true,
        written_at: us(40),
        queues: false,
    }
}

pub(super) fn nmi(number: u32) -> Message {
    Message { mode: DeliveryMode::Nmi, vector: 0, ..ipi(number) }
}

pub(super) fn to_others(number: u32) -> Message {
    Message { shorthand: Shorthand::AllExcludingSelf, ..ipi(number) }
}

/// IRR registers with one vector.
pub(super) fn irr(vector: u8) -> [u32; 8] {
    let mut irr = [0; 8];
    irr[usize::from(vector / 32)] |= 1 << (vector % 32);
    irr
}

/// The complaints, without their instants.
pub(super) fn complaints(checker: &Checker) -> Vec<String> {
    let text = |violation: &Violation| violation.to_string();
    checker.violations().iter().map(|one| text(one).split_once(": ").expect("instant first").1.to_owned()).collect()
}

#[track_caller]
pub(super) fn no_complaint(checker: &Checker) {
    assert_eq!(complaints(checker), [""; 0]);
}

#[track_caller]
pub(super) fn one_complaint(checker: &Checker, check: Check, text: &str) {
    assert_eq!(complaints(checker), [text]);
    assert_eq!(checker.violations()[0].check(), check);
}

/// Sent, delivered to each and dispatched.
pub(super) fn carry(checker: &mut Checker, message: &Message, to: &[Agent]) {
    checker.sent(message, us(40));
    to.iter().for_each(|&agent| checker.delivered(agent, message, us(41)));
    checker.dispatched(message, false, us(41));
}

#[test]
fn a_right_history_has_no_complaint() {
    let mut checker = checker();
    carry(&mut checker, &ipi(0), &[2]);
    carry(&mut checker, &to_others(1), &[1, 2, 3]); // merges at CPU2
    carry(&mut checker, &nmi(2), &[2]);
    (1..4).for_each(|agent| checker.taken(agent, 0x41, us(42)));
    checker.nmi_taken(2, us(43));
    carry(&mut checker, &ipi(3), &[2]);
    (0..CPUS).for_each(|agent| {
        let irr = if agent == 2 { irr(0x41) } else { [0; 8] };
        checker.end_of_run(agent, &irr, false, us(50));
    });
    checker.finish(us(50));
    no_complaint(&checker);
    assert_eq!(checker.counts(), Counts { sent: 4, delivered: 6, merged: 1, taken: 4 });
}

#[test]
fn a_message_that_somebody_did_not_get_is_lost() {
    let mut checker = checker();
    carry(&mut checker, &to_others(0), &[2]);
    one_complaint(
        &checker,
        Check::LostIpi,
        "FIXED 41 of CPU0 (its message 0, to all but itself, written at 40 us) is dispatched, but CPU1 and CPU3 never \
         got it",
    );
    assert_eq!(checker.violations()[0].at(), us(41));
}

#[test]
fn a_message_that_leaves_the_interconnect_without_an_end_is_lost() {
    let mut checker = checker();
    let device = Message { source: IO_AGENT, ..ipi(0) };
    checker.sent(&device, us(40));
    checker.sent(&ipi(0), us(40));
    checker.carried(&ipi(0));
    checker.finish(us(90));
    one_complaint(
        &checker,
        Check::LostIpi,
        "FIXED 41 of the I/O agent (its message 0, to physical 02, written at 40 us) is no longer on the \
         interconnect, but CPU2 never got it",
    );
}

#[test]
fn a_second_delivery_is_a_duplicate() {
    for (dispatched_between, text) in
        [(false, "was delivered to CPU2 a second time"), (true, "was delivered to CPU2 after it had been dispatched")]
    {
        let mut checker = checker();
        checker.sent(&ipi(0), us(40));
        checker.delivered(2, &ipi(0), us(41));
        if dispatched_between {
            checker.dispatched(&ipi(0), false, us(41));
        }
        checker.delivered(2, &ipi(0), us(42));
        let subject = "FIXED 41 of CPU0 (its message 0, to physical 02, written at 40 us)";
        one_complaint(&checker, Check::DuplicatedDelivery, &format!("{subject} {text}"));
    }
}

#[test]
fn a_lowest_priority_message_is_for_exactly_one() {
    let lowest = Message {
        mode: DeliveryMode::LowestPriority,
        destination_mode: DestinationMode::Logical,
        destination: 0x06,
        ..ipi(0)
    };
    let subject = "LOWEST 41 of CPU0 (its message 0, to logical 06, written at 40 us)";
    for to in [1, 2] {
        let mut checker = checker();
        carry(&mut checker, &lowest, &[to]);
        checker.finish(us(50));
        no_complaint(&checker);
    }
    let mut both = checker();
    carry(&mut both, &lowest, &[1, 2]);
    let text = format!("{subject} was delivered to CPU2, although one CPU had got it");
    one_complaint(&both, Check::DuplicatedDelivery, &text);
    let mut none = checker();
    carry(&mut none, &lowest, &[]);
    one_complaint(&none, Check::LostIpi, &format!("{subject} is dispatched, but none of CPU1 and CPU2 got it"));
}

#[test]
fn a_stranger_is_told() {
    let mut checker = checker();
    carry(&mut checker, &ipi(0), &[1, 2]);
    one_complaint(
        &checker,
        Check::DeliveredToStranger,
        "FIXED 41 of CPU0 (its message 0, to physical 02, written at 40 us) was delivered to CPU1, which it does not \
         address",
    );
    let mut checker = checker_with(CheckerSettings::new(CPUS, Generation::P6));
    carry(&mut checker, &ipi(0), &[IO_AGENT, 2]);
    assert_eq!(checker.violations()[0].check(), Check::DeliveredToStranger, "an I/O agent receives nothing");
}

#[test]
fn a_silent_full_target_misses_what_others_get() {
    for (silent_when_full, to, found) in [(true, &[1, 3][..], 0), (true, &[], 1), (false, &[1, 3], 1)] {
        let settings = CheckerSettings { silent_when_full, ..CheckerSettings::new(CPUS, Generation::P6) };
        let mut checker = checker_with(settings);
        carry(&mut checker, &to_others(0), to);
        assert_eq!(checker.found(), found, "{silent_when_full} {to:?}");
    }
}

#[test]
fn what_nobody_sent_is_told() {
    let mut checker = checker();
    checker.delivered(2, &ipi(0), us(41));
    one_complaint(
        &checker,
        Check::NeverSent,
        "FIXED 41 of CPU0 (its message 0, to physical 02, written at 40 us) was delivered to CPU2, but nobody sent it",
    );
}

#[test]
fn what_changed_on_the_way_is_told() {
    let mut checker = checker();
    checker.sent(&ipi(0), us(40));
    checker.delivered(2, &Message { vector: 0x42, ..ipi(0) }, us(41));
    one_complaint(
        &checker,
        Check::Altered,
        "FIXED 42 of CPU0 (its message 0, to physical 02, written at 40 us) was delivered to CPU2, but sent as FIXED \
         41 of CPU0 (its message 0, to physical 02, written at 40 us)",
    );
}

#[test]
fn one_number_is_one_message() {
    let mut checker = checker();
    carry(&mut checker, &ipi(5), &[2]);
    checker.sent(&ipi(5), us(42));
    assert_eq!(checker.violations()[0].check(), Check::SentTwice);
}

#[test]
fn the_delivery_status_must_fit_to_what_is_pending() {
    let subject = |number| format!("FIXED 41 of CPU0 (its message {number}, to physical 02, written at 40 us)");
    // dispatched twice
    let mut checker = checker();
    carry(&mut checker, &ipi(0), &[2]);
    checker.dispatched(&ipi(0), false, us(42));
    one_complaint(&checker, Check::DeliveryStatus, &format!("{} was dispatched, but it was not pending", subject(0)));
    // replaced after its end
    let mut checker = checker_with(CheckerSettings::new(CPUS, Generation::P6));
    carry(&mut checker, &ipi(0), &[2]);
    checker.replaced(&ipi(0), us(42));
    one_complaint(&checker, Check::DeliveryStatus, &format!("{} was replaced, but it was not pending", subject(0)));
    // busy for nothing
    let mut checker = checker_with(CheckerSettings::new(CPUS, Generation::P6));
    checker.sent(&ipi(0), us(40));
    checker.delivered(2, &ipi(0), us(41));
    checker.dispatched(&ipi(0), true, us(41));
    let text =
        format!("the delivery status stays \"send pending\" after {}, but no newer message is pending", subject(0));
    one_complaint(&checker, Check::DeliveryStatus, &text);
    // idle too early, unless sends overlap
    for sends_overlap in [false, true] {
        let settings = CheckerSettings { sends_overlap, ..CheckerSettings::new(CPUS, Generation::P6) };
        let mut checker = checker_with(settings);
        checker.sent(&ipi(0), us(40));
        checker.sent(&ipi(1), us(40));
        checker.delivered(2, &ipi(0), us(41));
        checker.dispatched(&ipi(0), false, us(41));
        assert_eq!(checker.found(), u64::from(!sends_overlap));
    }
}

#[test]
fn a_replaced_message_may_come_or_not() {
    // the new one only
    let mut checker = checker();
    checker.sent(&ipi(0), us(40));
    checker.replaced(&ipi(0), us(41));
    carry(&mut checker, &ipi(1), &[2]);
    checker.finish(us(50));
    no_complaint(&checker);
    // too late: the new one has gone
    checker.delivered(2, &ipi(0), us(51));
    assert_eq!(checker.violations()[0].check(), Check::DuplicatedDelivery);
    // both: the old one was on the wire
    let mut checker = checker_with(CheckerSettings::new(CPUS, Generation::P6));
    checker.sent(&to_others(0), us(40));
    for number in 1..1000 {
        checker.replaced(&to_others(number - 1), us(41));
        checker.sent(&to_others(number), us(41));
    }
    (1..4).for_each(|agent| checker.delivered(agent, &to_others(500), us(42)));
    checker.dispatched(&to_others(500), true, us(42));
    (1..4).for_each(|agent| checker.delivered(agent, &to_others(999), us(43)));
    checker.dispatched(&to_others(999), false, us(43));
    checker.finish(us(50));
    no_complaint(&checker);
}

#[test]
fn a_replaced_message_that_comes_must_come_to_all() {
    let mut checker = checker();
    checker.sent(&to_others(0), us(40));
    checker.replaced(&to_others(0), us(41));
    checker.sent(&ipi(1), us(41));
    checker.delivered(1, &to_others(0), us(42));
    checker.delivered(3, &to_others(0), us(42));
    checker.dispatched(&to_others(0), true, us(42));
    one_complaint(
        &checker,
        Check::LostIpi,
        "FIXED 41 of CPU0 (its message 0, to all but itself, written at 40 us) is dispatched, but CPU2 never got it",
    );
}
