//! A transcript as text, in the lines that the format prescribes, and as a JSON document.

use super::model::Script;
use super::names::GuestNames;
use super::run::{End, Reply, Transcript};
use crate::report::digest;
use crate::report::microseconds::microseconds;
use crate::report::trace::Names;
use serde_json::{Value, json};
use sim::Named;

/// The whole transcript.
pub fn text(transcript: &Transcript) -> String {
    let lines: String = lines(transcript).collect();
    header(transcript) + &lines + &footer(transcript)
}

/// The line that stands first.
pub(super) fn header(transcript: &Transcript) -> String {
    let script = &transcript.script;
    format!("# apic-script v1 cpus={} init={}\n", script.cpus, script.init.name())
}

/// The printed lines of the operations, each with its newline.
pub(super) fn lines(transcript: &Transcript) -> impl Iterator<Item = String> {
    transcript.replies.iter().zip(&transcript.script.lines).enumerate().map(|(index, (reply, line))| {
        let answer = reply.answer.as_ref().map(|answer| format!(" => {answer}")).unwrap_or_default();
        format!("{:03} {}{answer}\n", index + 1, line.text)
    })
}

/// How the run ended.
pub(super) fn footer(transcript: &Transcript) -> String {
    let icr = transcript.icr_reads;
    let next = transcript.replies.len() + 1;
    match transcript.end {
        End::Complete => format!("# end icr_reads={} icr_busy={}\n", icr.reads, icr.busy),
        End::Skipped => "# SKIP: no x2APIC\n".to_owned(),
        End::ConductorInitialised => {
            format!("# stopped at line {next:03}: cpu 0 took an INIT, and hands out no more operations\n")
        }
        End::ConductorStuck => format!("# stopped at line {next:03}: cpu 0 does not get on\n"),
        End::Interrupted => format!("# interrupted at line {next:03}\n"),
    }
}

/// What the lines of its trace call things.
pub(crate) fn names(script: &Script) -> Names<'static> {
    Names { cpus: script.cpus, software: &GuestNames }
}

/// The transcript as a document.
pub fn document(transcript: &Transcript) -> Value {
    let script = &transcript.script;
    let lines: Vec<Value> =
        transcript.replies.iter().enumerate().map(|(index, reply)| line(transcript, index, reply)).collect();
    json!({
        "schema": { "name": "apicsim.script", "version": "1.0" },
        "cpus": script.cpus,
        "init": script.init.name(),
        "generation": transcript.board.generation.name(),
        "bus": transcript.board.bus.name(),
        "end": match transcript.end {
            End::Complete => "complete",
            End::Skipped => "skipped",
            End::ConductorInitialised => "cpu-0-initialised",
            End::ConductorStuck => "cpu-0-stuck",
            End::Interrupted => "interrupted",
        },
        "lines": lines,
        "icr_reads": transcript.icr_reads.reads,
        "icr_busy": transcript.icr_reads.busy,
        "digest": digest::written(transcript.digest),
    })
}

fn line(transcript: &Transcript, index: usize, reply: &Reply) -> Value {
    let line = &transcript.script.lines[index];
    json!({
        "number": index + 1,
        "line": line.place.line(),
        "operation": line.text,
        "result": reply.answer.as_ref().map(ToString::to_string),
        "for_information": reply.answer.as_ref().is_some_and(super::answer::Answer::for_information),
        "at_us": microseconds(reply.at.as_ps()),
    })
}
