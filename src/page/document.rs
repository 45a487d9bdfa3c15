//! The document of a run, `apicsim.page/2`: all of it that a page shows. docs/page-format.md says what each part means.

use super::arrow_levels;
use super::book::Book;
use super::causes::LINKS;
use super::cells::bus_name;
use super::end_rows;
use super::event_rows::{self, SORTS};
use super::fields;
use super::happenings::happenings;
use super::levels::Levels;
use super::message_rows::{self, Maker};
use super::object::{Object, picoseconds};
use super::recording::{Recorded, Recording};
use super::span_levels;
use super::texts::NOTHING;
use super::walk::{Walked, walk};
use crate::judgement::{Fate, RunReport, Verdict};
use crate::report::{digest, run_document};
use crate::scenario::Scenario;
use crate::scenario::counted;
use crate::scenario::named::Named;
use serde_json::{Value, json};
use sim::bus::{
    AttemptOutcome, DeliveryMode, END_OF_INTERRUPT_STATUS, FIRST_STATUS, Message, lowest_priority_cycles, wire_cycles,
};
use sim::{FocusCycles, Generation, LowestPriorityCycles, Outcome};

/// The document of one run: JSON, and its chunks as text; and where its events differ from another's can be asked of what it
/// was made of.
#[derive(Debug)]
pub(crate) struct Document {
    pub(super) json: String,
    pub(super) data: String,
    pub(super) recorded: Recorded,
}

impl Document {
    /// How many events it has.
    pub(crate) const fn events(&self) -> usize {
        self.recorded.entries.len()
    }
}

/// Makes the document of a run that is over. `command`: what made it.
pub(crate) fn document(
    scenario: &Scenario,
    report: &RunReport,
    outcome: &Outcome,
    recording: Recording,
    command: &str,
) -> Document {
    let recorded = recording.end(outcome);
    let mut book = Book::of(scenario);
    let mut walked = walk(scenario, outcome, &recorded, &mut book);
    let mut levels = Levels::default();
    let rows = event_rows::write(&recorded, &walked, &verdict(report), &mut book, &mut levels);
    walked.changes.write(rows, &mut levels);
    let lanes = span_levels::write(&mut walked.spans, &mut levels);
    let maker = Maker {
        recorded: &recorded,
        book: &mut book,
        end: picoseconds(walked.end),
        bus_of: |agent: u16| walked.cells.bus_place(walked.state.bus_of(agent)),
        wire: |message: &Message, way, book: &mut Book| wire(scenario, &walked, (message, way), book),
    };
    let messages = maker.rows();
    message_rows::write(&messages, &mut levels);
    arrow_levels::write(&messages, &mut levels);
    let rule = wired(scenario).then_some(scenario.knobs.hardware.checksum);
    end_rows::write(&recorded, rule, &mut book, &mut levels);
    book.texts.write(&mut levels);
    let (levels, data) = levels.finish();
    let mut page = Object::default();
    page.value("schema", &json!({ "name": "apicsim.page", "version": "2.1" }));
    page.value("header", &header(scenario, report, &walked, &recorded, command));
    page.value("cells", &walked.cells.describe(&book));
    page.value("rows", &lanes);
    page.value("registers", &fields::registers());
    page.value("sites", &book.sites.json());
    page.value("levels", &levels);
    Document { json: page.finish(), data, recorded }
}

fn header(scenario: &Scenario, report: &RunReport, walked: &Walked, recorded: &Recorded, command: &str) -> Value {
    let machine = &scenario.machine;
    let cpus = (0..machine.cpus).map(|cpu| json!({ "name": format!("CPU{cpu}"), "cpu": cpu }));
    let buses = walked.cells.buses();
    let buses = buses.iter().map(|bus| json!({ "name": bus_name(*bus, buses.len()), "cpu": null }));
    let of_run = run_document(scenario, report, None);
    json!({
        "scenario": scenario.name,
        "story": scenario.story,
        "command": command,
        "arch": machine.arch,
        "variant": machine.variant,
        "release": machine.release,
        "generation": machine.generation.name(),
        "bus": machine.bus.name(),
        "bus_period_ps": machine.bus_period_ps(),
        "end_decided_in_cycle": END_OF_INTERRUPT_STATUS,
        "generation_has_slots": machine.generation.profile().serial,
        "x2apic": machine.generation == Generation::X2Apic,
        "cpus": machine.cpus,
        "seed": report.seed.to_string(),
        "token": report.token,
        "verdict": of_run["verdict"],
        "says": verdict(report),
        "proof": of_run["proof"],
        "goal": scenario.goal_name(),
        "why": report.hang.as_ref().map(|hang| hang.why.clone()),
        "injected": report.injected,
        "happenings": happenings(scenario),
        "notes": report.notes,
        "digest": digest::written(report.digest),
        "end_ps": walked.end.as_ps(),
        "left_out": recorded.left_out,
        "fates": fates(recorded),
        "looks": walked.spans.looks,
        "wires": wired(scenario),
        "lanes": cpus.chain(buses).collect::<Vec<_>>(),
        "sorts": SORTS,
        "links": LINKS,
    })
}

/// The names of all fates, each with how many messages have it at some CPU.
fn fates(recorded: &Recorded) -> Value {
    let with = |name: &str| {
        let messages = recorded.messages.messages.iter();
        messages.filter(|message| message.fates.iter().any(|fate| fate.fate.name() == name)).count()
    };
    message_rows::fates().into_iter().map(|name| json!([name, with(name)])).collect::<Vec<_>>().into()
}

/// Are there wires to look at?
fn wired(scenario: &Scenario) -> bool {
    let machine = &scenario.machine;
    machine.generation.profile().serial && machine.bus_period_ps().is_some()
}

/// An attempt on a serial bus: in which cycle its outcome is known, and its cycles. Those with room arbitrate for a
/// lowest-priority message that no focus processor takes, and the one that won has it when it has answered.
///
/// Not modelled: one for which they arbitrated and which the winner then refused; it is shown as one that nobody had room for.
fn wire(
    scenario: &Scenario,
    walked: &Walked,
    (message, (outcome, at_once)): (&Message, (AttemptOutcome, bool)),
    book: &mut Book,
) -> (i64, i64) {
    if !wired(scenario) {
        return (0, NOTHING);
    }
    let id = walked.state.cpus.get(usize::from(message.source)).map_or(0, |cpu| cpu.apic.id() as u8);
    let knobs = &scenario.knobs.hardware;
    if message.mode != DeliveryMode::LowestPriority {
        return (FIRST_STATUS as i64, end_rows::cycles(&wire_cycles(message, id, knobs.checksum), book));
    }
    let usual = if knobs.lowest_priority_cycles == LowestPriorityCycles::ThirtyThree { 33 } else { 34 };
    let focused = if knobs.focus_cycles == FocusCycles::ThirtyFour { 34 } else { 21 };
    let (decided, length, arbitrates) = match outcome {
        AttemptOutcome::Accepted if at_once => (usual - 1, usual, true),
        AttemptOutcome::Accepted => (FIRST_STATUS, focused, false),
        AttemptOutcome::ChecksumError => (FIRST_STATUS, 21, false),
        _ => (FIRST_STATUS + 1, usual, false),
    };
    let cycles = lowest_priority_cycles(message, id, knobs.checksum, (length, arbitrates));
    (decided as i64, end_rows::cycles(&cycles, book))
}

/// What a crash came to.
fn after_a_crash(report: &RunReport) -> String {
    let Some(crash) = &report.crash else { return String::new() };
    let late = match report.timeouts {
        0 => String::new(),
        waits => format!(", after {} that timed out", counted(waits, "wait")),
    };
    let left: Vec<_> = crash.cpus.iter().filter(|cpu| cpu.fate == Fate::NotStopped).collect();
    match left[..] {
        [] => late,
        [cpu] => format!("{late}; CPU{} is not stopped", cpu.cpu),
        _ => format!("{late}; {} CPUs are not stopped", left.len()),
    }
}

/// The verdict in a sentence.
fn verdict(report: &RunReport) -> String {
    match report.verdict {
        Verdict::Completed => format!("The run has reached its goal{}.", after_a_crash(report)),
        Verdict::Hung => {
            let cause = report.hang.as_ref().map(|hang| format!(": {}", hang.cause)).unwrap_or_default();
            format!("PROVEN: it hangs for ever{cause}.")
        }
        Verdict::Deadline => "The run has come to its limit: nothing is proven.".to_owned(),
        Verdict::Interrupted => "The run was ended before its time: there is no verdict.".to_owned(),
    }
}
