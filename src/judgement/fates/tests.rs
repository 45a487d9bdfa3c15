//! The view beside two witnesses: the conservation checker, which keeps accounts of its own, and the CPUs as the engine has
//! them at the end.

use super::{Fates, Filter, MessageFate, MessageReport, MessagesReport};
use crate::judgement::state::State;
use crate::judgement::state::tests::everywhere;
use crate::machine::{self, Choices};
use crate::scenario::{self, Request, Scenario};
use sim::bus::{DeliveryMode, DestinationMode, Message, Shorthand};
use sim::{Event, Execution, Machine, Outcome, Source, Stacks, Time, What};
use std::collections::BTreeSet;

fn of_run(scenario: &Scenario, filter: Filter) -> MessagesReport {
    let choices = Choices { seed: 0, elision: true, cut_ps: None, to_the_end: false, stacks: Stacks::Own };
    let machine = Machine::new(machine::assemble(scenario, choices).expect("it fits")).expect("it was assembled");
    let mut fates = Fates::new(scenario, filter);
    let outcome = machine.observed(Execution::default(), &mut fates).expect("it runs");
    fates.end(&outcome)
}

fn fates(name: &str, arch: &str, sets: &[&str]) -> MessagesReport {
    let mut request = Request::new(name);
    request.arch = Some(arch.to_owned());
    request.sets = sets.iter().map(|&set| set.to_owned()).collect();
    let scenario = scenario::load(&request).expect("it is built in");
    of_run(&scenario, Filter::default())
}

#[test]
fn every_message_has_its_fates_and_the_checker_has_seen_the_same() {
    let (mut runs, mut seen, mut wrong) = (0, BTreeSet::new(), Vec::new());
    everywhere(|scenario, outcome, recording| {
        let mut fates = Fates::new(scenario, Filter::default());
        let mut state = State::before(scenario);
        for event in recording.told.iter().map(|told| &told.event).chain(&recording.open) {
            fates.take(event);
            state.take(event);
        }
        let report = fates.end(outcome);
        state.finish(outcome);
        let place = format!("{} on {}", scenario.name, scenario.machine);
        let mut differ = |what: &str, view: u64, witness: u64| {
            if view != witness {
                wrong.push(format!("{place}: {what}: {view} by the view, {witness} by the witness"));
            }
        };
        let checked = outcome.checked.expect("the checker is on");
        // What an APIC sends that is dead never leaves it: the checker is not told.
        let mute = |message: &&MessageReport| message.fates.iter().any(|fate| fate.because.contains("sender's APIC"));
        // What an APIC takes to itself by its self IPI register travels on no bus: to the checker it is a source of its own.
        let own = |event: &&Event| matches!((event.source, event.what), (Source::Cpu(_), What::Delivered(..)));
        let own = recording.told.iter().map(|told| &told.event).filter(own).count() as u64;
        let sent = report.messages.iter().filter(|message| message.number.is_some());
        differ("sent", sent.filter(|message| !mute(message)).count() as u64, checked.sent + own);
        let arrivals = state.messages.all().map(|held| held.arrivals.len() as u64).sum();
        differ("delivered", arrivals, checked.delivered + own);
        let of_vectors =
            |message: &&MessageReport| message.what.starts_with("FIXED") || message.what.starts_with("LOWEST");
        let merged = report.messages.iter().filter(of_vectors).flat_map(|message| &message.fates);
        differ("merged", merged.filter(|fate| fate.fate == MessageFate::Merged).count() as u64, checked.merged);
        differ("totals", report.totals.values().sum(), pairs(&report));
        for held in state.messages.all().filter(|held| held.message.mode != DeliveryMode::LowestPriority) {
            let name = (Some(held.message.number), held.message.source);
            let listed = report.messages.iter().find(|told| (told.number, told.from.unwrap_or(u16::MAX)) == name);
            let listed = listed.map_or(0, |told| told.fates.iter().filter(|fate| fate.cpu.is_some()).count());
            if usize::from(held.message.source) < state.cpus.len() {
                differ("CPUs of a message", listed as u64, held.meant.len() as u64);
            }
        }
        waiting(&report, outcome, &mut differ);
        seen.extend(report.totals.keys().copied());
        runs += 1;
    });
    assert!(wrong.is_empty(), "{} differences in {runs} runs\n{}", wrong.len(), wrong.join("\n"));
    assert!(runs > 200, "{runs}");
    for fate in ["taken", "pending", "merged", "retried", "accept-error", "replaced", "ignored", "under-way"] {
        assert!(seen.iter().any(|seen| seen.to_string() == fate), "no run has a message that is {fate}");
    }
}

/// Pairs of a message and a CPU, each counted once; a message that has reached no CPU is one.
fn pairs(report: &MessagesReport) -> u64 {
    let of_it = |message: &MessageReport| message.fates.iter().map(|fate| fate.cpu).collect::<BTreeSet<_>>().len();
    report.messages.iter().map(|message| of_it(message) as u64).sum()
}

/// What is pending by the view is in the IRR, or in the latch, of the engine's own CPU; and the other way round.
fn waiting(report: &MessagesReport, outcome: &Outcome, differ: &mut dyn FnMut(&str, u64, u64)) {
    for cpu in &outcome.cpus {
        let pending = |what: &str| {
            let with_it = report.messages.iter().filter(|message| message.what.ends_with(what));
            let here = with_it.flat_map(|message| &message.fates).filter(|fate| fate.cpu == Some(cpu.cpu));
            here.filter(|fate| fate.fate == MessageFate::Pending).count() as u64
        };
        let from_messages = cpu.requested.iter().filter(|(_, by)| by.is_some());
        for (vector, _) in from_messages.clone() {
            differ("a vector in an IRR", pending(&format!(" {vector:02X}")), 1);
        }
        let all = report.messages.iter().filter(|message| message.what.starts_with("FIXED"));
        let all = all.flat_map(|message| &message.fates).filter(|fate| fate.cpu == Some(cpu.cpu));
        let all = all.filter(|fate| fate.fate == MessageFate::Pending).count();
        differ("vectors in an IRR", all as u64, from_messages.count() as u64);
        if pending("NMI") > 0 {
            differ("an NMI that is latched", pending("NMI"), u64::from(cpu.nmi.1));
        }
    }
}

/// A vector's class has two slots on a P6 (SDM vol. 3 §10.8.4): CPU 2 takes FD and FB, and answers Retry to FC of the same
/// class for as long as its interrupts are off, which is for ever.
#[test]
fn the_main_story_message_by_message() {
    let report = fates("nmi-stall", "i386/default", &[]);
    let of: Vec<_> = report.messages.iter().map(|message| (message.from, &*message.what, &*message.to)).collect();
    let expected = [
        (Some(1), "FIXED FD", "logical 04"),
        (Some(3), "FIXED FB", "logical 07"),
        (Some(0), "FIXED FC", "logical 04"),
        (None, "FIXED 39", "physical 00"),
    ];
    assert_eq!(of, expected);
    let at_cpu_2 = report.messages.iter().flat_map(|message| &message.fates).filter(|fate| fate.cpu == Some(2));
    let at_cpu_2: Vec<(MessageFate, &str)> = at_cpu_2.map(|fate| (fate.fate, &*fate.because)).collect();
    let off = "in its IRR: it is in its NMI handler since 30.002 us";
    let full = "CPU2 answers Retry: class F holds FB in IRR, FD in IRR";
    assert_eq!(at_cpu_2, [(MessageFate::Pending, off), (MessageFate::Pending, off), (MessageFate::Retried, full)]);
}

/// The three ways in which a write to a busy ICR comes to nothing: knob `icr_write_while_busy`, whose values are those of
/// hardware.md §2.3. The bounded wait gives up and writes.
#[test]
fn a_write_to_a_busy_icr_comes_to_this() {
    let merged = |rule: &str| {
        let knob = format!("knobs.icr_write_while_busy={rule}");
        fates("nmi-stall", "i386/default", &["machine.variant=merged", &knob])
    };
    let count = |report: &MessagesReport, fate| report.totals.get(&fate).copied().unwrap_or_default();
    let replace = merged("replace");
    assert_eq!((count(&replace, MessageFate::Replaced), count(&replace, MessageFate::Dropped)), (1, 0));
    let drop = merged("drop");
    let dropped: Vec<_> = drop.messages.iter().filter(|message| message.number.is_none()).collect();
    assert!(!dropped.is_empty() && dropped.iter().all(|message| message.what == "NMI"), "{dropped:?}");
    assert!(dropped.iter().all(|message| message.fates.iter().all(|fate| fate.fate == MessageFate::Dropped)));
    assert_eq!(count(&drop, MessageFate::Replaced), 0);
    let stall = merged("stall");
    let stalled: Vec<_> = stall.messages.iter().filter(|message| message.number.is_none()).collect();
    assert!(
        stalled.len() == 1 && stalled[0].fates.iter().all(|fate| fate.fate == MessageFate::UnderWay),
        "{stalled:?}"
    );
}

#[test]
fn filters_choose_messages_and_fates() {
    let scenario = scenario::load(&Request::new("nmi-stall")).expect("it is built in");
    let of = |filter: Filter| of_run(&scenario, filter);
    let all = of(Filter::default());
    assert_eq!((all.total, all.messages.len()), (4, 4));
    assert_eq!(of(Filter { from: Some(3), ..Filter::default() }).messages[0].what, "FIXED FB");
    assert_eq!(of(Filter { vector: Some(0xFC), ..Filter::default() }).messages[0].from, Some(0));
    let retried = of(Filter { fate: Some(MessageFate::Retried), ..Filter::default() });
    assert_eq!((retried.total, retried.totals.len()), (1, 1));
    let at_0 = of(Filter { to: Some(0), ..Filter::default() });
    assert!(at_0.messages.iter().all(|message| message.fates.len() == 1 && message.fates[0].cpu == Some(0)));
    assert_eq!(of(Filter { from: Some(2), ..Filter::default() }).total, 0);
    assert!(all.messages.iter().all(|message| message.sent > Time::ZERO));
}

/// A lowest-priority message has a vector; an NMI has none, whatever stands in its field (SDM vol. 3 §10.6.1).
#[test]
fn a_vector_is_asked_of_the_message_and_not_of_its_name() {
    let scenario = scenario::load(&Request::new("nmi-stall")).expect("it is built in");
    let choices = Choices { seed: 0, elision: true, cut_ps: None, to_the_end: false, stacks: Stacks::Own };
    let machine = Machine::new(machine::assemble(&scenario, choices).expect("it fits")).expect("it was assembled");
    let outcome = machine.run(Execution::default()).expect("it runs");
    let modes = [DeliveryMode::Fixed, DeliveryMode::LowestPriority, DeliveryMode::Nmi, DeliveryMode::Smi];
    let mut fates = Fates::new(&scenario, Filter { vector: Some(0x31), ..Filter::default() });
    for (number, mode) in (0..).zip(modes) {
        let sent = What::Sent(Message {
            source: 0,
            number,
            mode,
            vector: 0x31,
            destination_mode: DestinationMode::Logical,
            destination: 2,
            shorthand: Shorthand::None,
            level_triggered: false,
            asserted: true,
            written_at: Time::from_us(1),
            queues: true,
        });
        fates.take(&Event { time: Time::from_us(1), source: Source::Cpu(0), site: None, what: sent });
    }
    let told: Vec<String> = fates.end(&outcome).messages.into_iter().map(|message| message.what).collect();
    assert_eq!(told, ["FIXED 31", "LOWEST 31"]);
}
