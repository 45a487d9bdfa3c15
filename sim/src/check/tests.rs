//! Right histories, and each kind of wrong one.

use super::*;
use crate::bus::{Agent, DeliveryMode, DestinationMode, Domains, Message, PhysicalScope, Shorthand, ShorthandScope};
use crate::generation::Generation;
use crate::time::Time;

const CPUS: Agent = 4;
const IO_AGENT: Agent = CPUS;

const fn us(us: u64) -> Time {
    Time::from_us(us)
}

fn cpu(agent: Agent) -> Identity {
    Identity {
        mode: ApicMode::XApic,
        id: agent.into(),
        ldr: 1 << (24 + agent),
        software_enabled: true,
        ..Identity::OFF
    }
}

fn checker_with(settings: CheckerSettings) -> Checker {
    let mut checker = Checker::new(settings);
    (0..CPUS).for_each(|agent| checker.identity(agent, cpu(agent), Time::ZERO));
    checker
}

fn checker() -> Checker {
    checker_with(CheckerSettings::new(CPUS, Generation::P6))
}

/// CPU0's message `number`: FIXED 41 to physical 02.
fn ipi(number: u32) -> Message {
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

fn nmi(number: u32) -> Message {
    Message { mode: DeliveryMode::Nmi, vector: 0, ..ipi(number) }
}

fn to_others(number: u32) -> Message {
    Message { shorthand: Shorthand::AllExcludingSelf, ..ipi(number) }
}

/// IRR registers with one vector.
fn irr(vector: u8) -> [u32; 8] {
    let mut irr = [0; 8];
    irr[usize::from(vector / 32)] |= 1 << (vector % 32);
    irr
}

/// The complaints, without their instants.
fn complaints(checker: &Checker) -> Vec<String> {
    let text = |violation: &Violation| violation.to_string();
    checker.violations().iter().map(|one| text(one).split_once(": ").expect("instant first").1.to_owned()).collect()
}

#[track_caller]
fn no_complaint(checker: &Checker) {
    assert_eq!(complaints(checker), [""; 0]);
}

#[track_caller]
fn one_complaint(checker: &Checker, check: Check, text: &str) {
    assert_eq!(complaints(checker), [text]);
    assert_eq!(checker.violations()[0].check(), check);
}

/// Sent, delivered to each and dispatched.
fn carry(checker: &mut Checker, message: &Message, to: &[Agent]) {
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

#[test]
fn a_vector_is_taken_as_often_as_it_was_delivered() {
    let mut checker = checker();
    carry(&mut checker, &ipi(0), &[2]);
    checker.taken(2, 0x41, us(42));
    checker.taken(2, 0x41, us(43));
    one_complaint(
        &checker,
        Check::TakenButNotDelivered,
        "CPU2 took vector 41, which was not delivered since it took it last",
    );
}

#[test]
fn local_and_spurious_vectors_are_no_mistake() {
    let mut checker = checker();
    checker.requested_locally(1, 0xEF);
    checker.taken(1, 0xEF, us(1));
    checker.taken(1, 0xFF, us(2));
    no_complaint(&checker);
    checker.taken(1, 0xEF, us(3));
    assert_eq!(checker.found(), 1);
}

#[test]
fn the_irr_must_hold_what_was_not_taken() {
    let end = |irr: &[u32; 8]| {
        let mut checker = checker();
        carry(&mut checker, &ipi(0), &[2]);
        checker.end_of_run(2, irr, false, us(50));
        checker
    };
    no_complaint(&end(&irr(0x41)));
    one_complaint(&end(&[0; 8]), Check::VanishedFromIrr, "the IRR of CPU2 lacks vector 41, delivered and not taken");
    let mut found = irr(0x41);
    found[7] = 1 << 29 | 1 << 27;
    one_complaint(
        &end(&found),
        Check::AppearedInIrr,
        "the IRR of CPU2 has vectors FB FD, not delivered or taken already",
    );
}

#[test]
fn an_illegal_vector_is_delivered_and_sets_nothing() {
    // SDM vol. 3 §10.5.2
    let mut checker = checker();
    carry(&mut checker, &Message { vector: 0x0F, ..ipi(0) }, &[2]);
    checker.end_of_run(2, &[0; 8], false, us(50));
    no_complaint(&checker);
}

#[test]
fn nmis_collapse_but_do_not_come_or_go_by_themselves() {
    let mut checker = checker();
    (0..3).for_each(|number| carry(&mut checker, &nmi(number), &[2]));
    checker.nmi_taken(2, us(42));
    checker.end_of_run(2, &[0; 8], false, us(50));
    no_complaint(&checker);
    checker.nmi_taken(2, us(43));
    one_complaint(&checker, Check::NmiFromNowhere, "CPU2 took an NMI that was not delivered since it took one last");

    let mut checker = checker_with(CheckerSettings::new(CPUS, Generation::P6));
    checker.end_of_run(2, &[0; 8], true, us(50));
    one_complaint(&checker, Check::NmiFromNowhere, "CPU2 has an NMI latched that was not delivered");

    let mut checker = checker_with(CheckerSettings::new(CPUS, Generation::P6));
    carry(&mut checker, &nmi(0), &[2]);
    checker.nmi_requested_locally(1);
    checker.end_of_run(1, &[0; 8], true, us(50));
    checker.end_of_run(2, &[0; 8], false, us(50));
    let text = "an NMI was delivered to CPU2, but is neither taken nor latched";
    one_complaint(&checker, Check::VanishedNmi, text);
}

#[test]
fn a_faulted_agent_is_exempt() {
    // as a target
    let mut checker = checker();
    checker.sent(&to_others(0), us(40));
    checker.exempt(2);
    [1, 3].into_iter().for_each(|agent| checker.delivered(agent, &to_others(0), us(41)));
    checker.dispatched(&to_others(0), false, us(41));
    carry(&mut checker, &to_others(1), &[1, 3]);
    checker.taken(2, 0x77, us(45));
    checker.nmi_taken(2, us(45));
    checker.end_of_run(2, &irr(0x80), true, us(50));
    no_complaint(&checker);
    carry(&mut checker, &to_others(2), &[1]);
    assert_eq!(checker.found(), 1, "the others still count");
    // as a sender
    let mut checker = checker_with(CheckerSettings::new(CPUS, Generation::P6));
    checker.sent(&ipi(0), us(40));
    checker.exempt(0);
    checker.sent(&ipi(1), us(41));
    checker.finish(us(50));
    no_complaint(&checker);
}

#[test]
fn what_the_manual_leaves_open_is_allowed() {
    let disabled = Identity { software_enabled: false, ..cpu(2) };
    let in_reset = Identity { in_reset: true, ..cpu(2) };
    for (identity, message) in [(disabled, ipi(0)), (in_reset, ipi(0)), (in_reset, nmi(0))] {
        for to in [&[2_u16][..], &[]] {
            let mut checker = checker();
            checker.identity(2, identity, us(1));
            carry(&mut checker, &message, to);
            for irr in [[0; 8], irr(0x41)] {
                let delivered = !to.is_empty() && message.mode == DeliveryMode::Fixed;
                if delivered || irr == [0; 8] {
                    checker.end_of_run(2, &irr, false, us(50));
                }
            }
            checker.finish(us(50));
            no_complaint(&checker);
        }
    }
    // SDM vol. 3 §10.4.7.2: NMIs are for a software-disabled APIC, too
    let mut checker = checker();
    checker.identity(2, disabled, us(1));
    carry(&mut checker, &nmi(0), &[]);
    assert_eq!(checker.violations()[0].check(), Check::LostIpi);
}

#[test]
fn a_change_of_identity_under_way_is_allowed_either_way() {
    for to in [&[2_u16][..], &[3], &[2, 3], &[]] {
        let mut checker = checker();
        checker.sent(&ipi(0), us(40));
        checker.identity(2, Identity { id: 9, ..cpu(2) }, us(40));
        checker.identity(3, Identity { id: 2, ..cpu(3) }, us(40));
        to.iter().for_each(|&agent| checker.delivered(agent, &ipi(0), us(41)));
        checker.dispatched(&ipi(0), false, us(41));
        no_complaint(&checker);
        // and from then on it counts
        let later = |number| Message { written_at: us(42), ..ipi(number) };
        carry(&mut checker, &later(1), &[3]);
        no_complaint(&checker);
        carry(&mut checker, &later(2), &[2]);
        assert_eq!(checker.found(), 2, "lost by CPU3, strange to CPU2");
    }
}

#[test]
fn an_apic_that_switches_off_after_its_answer_is_no_stranger() {
    for (off_at, found) in [(us(40), 0), (us(39), 1)] {
        let mut checker = checker();
        checker.identity(2, Identity { software_enabled: false, ..cpu(2) }, off_at);
        checker.identity(2, Identity::OFF, off_at);
        checker.sent(&ipi(0), us(40));
        checker.delivered(2, &ipi(0), us(41));
        checker.dispatched(&ipi(0), false, us(41));
        assert_eq!(checker.found(), found, "off at {off_at} us, written at 40 us");
    }
}

#[test]
fn domains_decide_who_is_owed_what() {
    let domains =
        Domains { homes: vec![0, 0, 5, 5], physical: PhysicalScope::Cluster, shorthands: ShorthandScope::Cluster };
    let run = |message: &Message, to: &[Agent]| {
        let mut checker = checker().with_domains(domains.clone());
        carry(&mut checker, message, to);
        checker.violations().first().map(Violation::check)
    };
    assert_eq!(run(&to_others(0), &[1]), None, "nobody beyond is owed it");
    assert_eq!(run(&to_others(0), &[]), Some(Check::LostIpi));
    assert_eq!(run(&to_others(0), &[1, 2]), Some(Check::DeliveredToStranger));
    assert_eq!(run(&ipi(0), &[]), None, "its physical destination is in another domain");
    assert_eq!(run(&ipi(0), &[2]), Some(Check::DeliveredToStranger));
}

#[test]
fn a_change_that_matters_not_leaves_the_debt() {
    let mut checker = checker();
    checker.sent(&ipi(0), us(40));
    checker.identity(2, Identity { ldr: 0, ..cpu(2) }, us(40));
    checker.dispatched(&ipi(0), false, us(41));
    assert_eq!(checker.violations()[0].check(), Check::LostIpi);
}

#[test]
fn a_reset_empties_irr_and_latch() {
    // SDM vol. 3 §10.4.7.3
    let mut checker = checker();
    carry(&mut checker, &ipi(0), &[2]);
    carry(&mut checker, &nmi(1), &[2]);
    checker.reset(2);
    checker.end_of_run(2, &[0; 8], false, us(50));
    no_complaint(&checker);
    checker.end_of_run(2, &irr(0x41), false, us(50));
    assert_eq!(checker.violations()[0].check(), Check::AppearedInIrr);
}

#[test]
fn a_start_up_message_may_fail_where_it_is_not_resent() {
    // SDM vol. 3 §10.6.1
    let start_up = Message { mode: DeliveryMode::StartUp, ..to_others(0) };
    for (start_up_may_fail, to, found) in
        [(true, &[][..], 0), (true, &[1][..], 1), (true, &[1, 2, 3][..], 0), (false, &[], 1)]
    {
        let settings = CheckerSettings { start_up_may_fail, ..CheckerSettings::new(CPUS, Generation::P6) };
        let mut checker = checker_with(settings);
        carry(&mut checker, &start_up, to);
        assert_eq!(checker.found(), found, "{start_up_may_fail} {to:?}");
    }
}

#[test]
fn a_remote_read_is_delivered_to_nobody() {
    let mut checker = checker();
    carry(&mut checker, &Message { mode: DeliveryMode::RemoteRead, ..ipi(0) }, &[]);
    checker.finish(us(50));
    no_complaint(&checker);
}

#[test]
fn late_deliveries_are_missed_at_the_end() {
    let settings = CheckerSettings { late_deliveries: true, ..CheckerSettings::new(CPUS, Generation::XApic) };
    let mut checker = checker_with(settings);
    for number in 0..2 {
        checker.sent(&to_others(number), us(40));
        checker.dispatched(&to_others(number), false, us(41));
    }
    (1..4).for_each(|agent| checker.delivered(agent, &to_others(0), us(43)));
    checker.delivered(1, &to_others(1), us(43));
    no_complaint(&checker);
    let mut on_its_way = checker.clone();
    on_its_way.carried(&to_others(1));
    on_its_way.finish(us(50));
    no_complaint(&on_its_way);
    checker.finish(us(50));
    let text = "FIXED 41 of CPU0 (its message 1, to all but itself, written at 40 us) is dispatched, but CPU2 and CPU3 \
                never got it";
    one_complaint(&checker, Check::LostIpi, text);
}

#[test]
fn a_check_that_is_off_is_silent() {
    let mut checks = Checks::default();
    checks.off("lost-ipi").expect("there is such a check");
    let mut checker = checker_with(CheckerSettings { checks, ..CheckerSettings::new(CPUS, Generation::P6) });
    carry(&mut checker, &ipi(0), &[1]);
    assert_eq!(checker.found(), 1);
    assert_eq!(checker.violations()[0].check(), Check::DeliveredToStranger);
}

#[test]
fn complaints_are_kept_up_to_a_limit_and_counted() {
    let mut checker = checker();
    (0..100).for_each(|_| checker.taken(1, 0x55, us(1)));
    assert_eq!((checker.violations().len(), checker.found()), (64, 100));
    assert!(checker.violations()[0].to_string().starts_with("1 us: CPU1 took vector 55"));
}
