//! What an APIC holds, identities that change, and the limits of the checker.

use super::tests::{
    CPUS, carry, checker, checker_with, cpu, ipi, irr, nmi, no_complaint, one_complaint, to_others, us,
};
use super::*;
use crate::bus::{Agent, DeliveryMode, Domains, Message, PhysicalScope, ShorthandScope};
use crate::generation::Generation;

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
fn a_message_for_one_may_be_lost_with_whoever_it_was_for() {
    // SDM vol. 3 §10.6.2.4: lowest priority is for one of those that are addressed. The bus may have chosen CPU 2, which is
    // software-disabled by the time it comes and takes nothing fixed (§10.4.7.2). One for all is owed to the others.
    for (mode, leaves, found) in [
        (DeliveryMode::LowestPriority, true, 0),
        (DeliveryMode::LowestPriority, false, 1),
        (DeliveryMode::Fixed, true, 1),
    ] {
        let message = Message { mode, ..to_others(0) };
        let mut checker = checker();
        checker.sent(&message, us(40));
        if leaves {
            checker.identity(2, Identity { software_enabled: false, ..cpu(2) }, us(41));
        }
        checker.dispatched(&message, false, us(42));
        checker.finish(us(50));
        assert_eq!(checker.found(), found, "{mode:?} {leaves}");
    }
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
