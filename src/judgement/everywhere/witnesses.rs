//! The view of messages beside two witnesses: the conservation checker, which keeps accounts of its own, and the CPUs as the
//! engine has them at the end.

use super::every_machine;
use crate::judgement::fates::{Fates, Filter, MessageFate, MessageReport, MessagesReport};
use crate::judgement::state::State;
use crate::scenario::Scenario;
use sim::bus::DeliveryMode;
use sim::{Batch, Execution, Machine, Named, Observer, Outcome, Source, What};
use std::collections::BTreeSet;

/// Messages that an APIC takes in the write of its self IPI register: they travel on no bus, so to the checker each is a source of its own.
#[derive(Default)]
struct Own(u64);

impl Observer for Own {
    fn take(&mut self, batch: &Batch<'_>) {
        let own =
            |told: &&sim::Told| matches!((told.event.source, told.event.what), (Source::Cpu(_), What::Delivered(..)));
        self.0 += batch.events.iter().filter(own).count() as u64;
    }
}

#[test]
fn every_message_has_its_fates_and_the_checker_has_seen_the_same() {
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    let machines = every_machine(|scenario, machine| {
        let report = compare(scenario, machine, &mut wrong);
        seen.extend(report.totals.keys().copied());
    });
    let first = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} differences on {machines} machines\n{first}", wrong.len());
    assert!(machines > 6_000, "{machines}");
    for fate in MessageFate::ALL.iter().filter(|fate| !matches!(fate, MessageFate::Cleared | MessageFate::Dropped)) {
        assert!(seen.contains(fate), "no run has a message that is {fate}");
    }
}

fn compare(scenario: &Scenario, machine: Machine, wrong: &mut Vec<String>) -> MessagesReport {
    let mut fates = Fates::new(scenario, Filter::default());
    let (mut state, mut own) = (State::before(scenario), Own::default());
    let mut observers: Vec<&mut dyn Observer> = vec![&mut fates, &mut state, &mut own];
    let outcome = machine.observed(Execution::default(), &mut observers).expect("built-in scenarios run");
    let report = fates.end(&outcome);
    state.finish(&outcome);
    let place = format!("{} on {}, {}", scenario.name, scenario.machine, scenario.machine.release);
    let mut differ = |what: &str, view: u64, witness: u64| {
        if view != witness {
            wrong.push(format!("{place}: {what}: {view} by the view, {witness} by the witness"));
        }
    };
    let checked = outcome.checked.expect("the checker is on");
    // What an APIC sends that is dead never leaves it: the checker is not told.
    let mute = |message: &&MessageReport| message.fates.iter().any(|fate| fate.because.contains("sender's APIC"));
    let sent = report.messages.iter().filter(|message| message.number.is_some());
    differ("sent", sent.filter(|message| !mute(message)).count() as u64, checked.sent + own.0);
    let arrivals = state.messages.all().map(|held| held.arrivals.len() as u64).sum();
    differ("delivered", arrivals, checked.delivered + own.0);
    let of_vectors = |message: &&MessageReport| message.what.starts_with("FIXED") || message.what.starts_with("LOWEST");
    let merged = report.messages.iter().filter(of_vectors).flat_map(|message| &message.fates);
    differ("merged", merged.filter(|fate| fate.fate == MessageFate::Merged).count() as u64, checked.merged);
    differ("totals", report.totals.values().sum(), pairs(&report));
    every_pair(&state, &report, &mut differ);
    waiting(&report, &outcome, &mut differ);
    report
}

/// Each CPU that a message addresses has one fate of it, and a message that reached none has one of its own.
fn every_pair(state: &State, report: &MessagesReport, differ: &mut dyn FnMut(&str, u64, u64)) {
    for message in &report.messages {
        differ("a message without a fate", u64::from(message.fates.is_empty()), 0);
    }
    for held in state.messages.all().filter(|held| held.message.mode != DeliveryMode::LowestPriority) {
        let name = (Some(held.message.number), held.message.source);
        let listed = report.messages.iter().find(|told| (told.number, told.from.unwrap_or(u16::MAX)) == name);
        let listed = listed.map_or(0, |told| told.fates.iter().filter(|fate| fate.cpu.is_some()).count());
        if usize::from(held.message.source) < state.cpus.len() {
            differ("CPUs of a message", listed as u64, held.meant.len() as u64);
        }
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
