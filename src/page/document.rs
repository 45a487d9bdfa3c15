//! The document of a run, `apicsim.page/1`: all of it that a page shows. docs/page-format.md says what each part means.

use super::book::Book;
use super::causes::LINKS;
use super::cells::bus_name;
use super::event_rows::{self, SORTS};
use super::fields;
use super::message_rows;
use super::object::Object;
use super::recording::{Recorded, Recording};
use super::texts::NOTHING;
use super::walk::{Walked, walk};
use crate::judgement::{RunReport, Verdict};
use crate::report::{digest, run_document};
use crate::scenario::Scenario;
use crate::scenario::named::Named;
use serde_json::{Value, json};
use sim::bus::{FIRST_STATUS, Message, wire_cycles};
use sim::{Generation, Outcome};

/// The document of one run, as JSON; and where its events differ from another's can be asked of what it was made of.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) json: String,
    pub(super) recorded: Recorded,
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
    let walked = walk(scenario, outcome, &recorded, &mut book);
    let bus_of = |agent: u16| walked.cells.bus_place(walked.state.bus_of(agent));
    let messages =
        message_rows::rows(&recorded, book.cpus, bus_of, |message| wire(scenario, &walked, message, &mut book));
    let mut page = Object::default();
    page.value("schema", &json!({ "name": "apicsim.page", "version": "1.0" }));
    page.value("header", &header(scenario, report, &walked, &recorded, command));
    event_rows::write(&recorded, &walked, &verdict(report), &mut book, &mut page);
    page.value("cells", &walked.cells.describe(&book));
    walked.changes.write(&mut page);
    walked.spans.write(&mut page);
    page.value("messages", &messages);
    page.value("registers", &fields::registers());
    page.value("sites", &book.sites.json());
    page.json("texts", &book.texts.json());
    Document { json: page.finish(), recorded }
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
        "decided_in_cycle": FIRST_STATUS,
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
        "notes": report.notes,
        "digest": digest::written(report.digest),
        "end_ps": walked.end.as_ps(),
        "left_out": recorded.left_out,
        "messages_total": recorded.messages.total,
        "lanes": cpus.chain(buses).collect::<Vec<_>>(),
        "sorts": SORTS,
        "links": LINKS,
    })
}

/// The cycles of a message on a serial bus.
fn wire(scenario: &Scenario, walked: &Walked, message: &Message, book: &mut Book) -> i64 {
    let machine = &scenario.machine;
    if !machine.generation.profile().serial || machine.bus_period_ps().is_none() {
        return NOTHING;
    }
    let id = walked.state.cpus.get(usize::from(message.source)).map_or(0, |cpu| cpu.apic.id() as u8);
    let cycles = wire_cycles(message, id, scenario.knobs.hardware.checksum);
    let cycles: Vec<Value> = cycles.iter().map(|cycle| json!([cycle.what, cycle.symbol])).collect();
    book.value(&Value::from(cycles))
}

/// The verdict in a sentence.
fn verdict(report: &RunReport) -> String {
    match report.verdict {
        Verdict::Completed => "The run has reached its goal.".to_owned(),
        Verdict::Hung => {
            let cause = report.hang.as_ref().map(|hang| format!(": {}", hang.cause)).unwrap_or_default();
            format!("PROVEN: it hangs for ever{cause}.")
        }
        Verdict::Deadline => "The run has come to its limit: nothing is proven.".to_owned(),
        Verdict::Interrupted => "The run was ended before its time: there is no verdict.".to_owned(),
    }
}
