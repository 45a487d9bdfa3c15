//! A transcript as text, in the lines that the format prescribes, and as a JSON document.

use super::answer::Answer;
use super::model::Script;
use super::names::GuestNames;
use super::run::{End, Reply, Transcript};
use crate::report::Paper;
use crate::report::digest;
use crate::report::json::{interruption, strict};
use crate::report::microseconds::microseconds;
use crate::report::page::Page;
use crate::report::trace::Names;
use serde_json::{Value, json};
use sim::{Interruption, Named};

/// The whole transcript.
pub fn text(transcript: &Transcript, paper: Paper) -> String {
    let lines: String = lines(transcript, paper).collect();
    let faults = fault_lines(transcript, paper);
    header(transcript) + &lines + &faults + &strict_lines(transcript, paper) + &footer(transcript)
}

/// The line that stands first.
pub(super) fn header(transcript: &Transcript) -> String {
    let script = &transcript.script;
    format!("# apic-script v1 cpus={} init={}\n", script.cpus, script.init.name())
}

/// What is printed of each operation: its line, and below it, of `why`, the chain of causes as comments.
pub(super) fn lines(transcript: &Transcript, paper: Paper) -> impl Iterator<Item = String> {
    transcript.replies.iter().zip(&transcript.script.lines).enumerate().map(move |(index, (reply, line))| {
        let answer = reply.answer.as_ref().map(|answer| format!(" => {answer}")).unwrap_or_default();
        let mut page = Page::new(paper);
        page.verbatim(&format!("{:03} {}{answer}", index + 1, line.text));
        if let Some(Answer::Why(why)) = &reply.answer {
            why.chain.iter().for_each(|sentence| page.comment(sentence));
        }
        page.into_text()
    })
}

/// What became of the faults, as comments.
fn fault_lines(transcript: &Transcript, paper: Paper) -> String {
    let mut page = Page::new(paper);
    transcript.faults.iter().for_each(|fault| page.comment(fault));
    page.into_text()
}

/// What is legal here and wrong elsewhere, as comments, if that was asked for.
fn strict_lines(transcript: &Transcript, paper: Paper) -> String {
    let Some(strict) = &transcript.strict else { return String::new() };
    let mut page = Page::new(paper);
    let sentences = strict.findings.iter().map(|finding| format!("strict: {finding}"));
    sentences.for_each(|sentence| page.comment(&sentence));
    match strict.left_out() {
        0 if strict.total == 0 => page.comment("strict: nothing that is wrong on another part"),
        0 => {}
        more => page.comment(&format!("strict: and {more} more accesses, at other lines")),
    }
    page.into_text()
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
        End::Interrupted(why) => {
            let by = if why == Interruption::Flag {
                String::new()
            } else {
                format!(" by the budget of {}", interruption(why))
            };
            format!("# interrupted at line {next:03}{by}\n")
        }
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
        "schema": { "name": "apicsim.script", "version": "1.3" },
        "cpus": script.cpus,
        "init": script.init.name(),
        "generation": transcript.board.generation.name(),
        "bus": transcript.board.bus.name(),
        "end": match transcript.end {
            End::Complete => "complete",
            End::Skipped => "skipped",
            End::ConductorInitialised => "cpu-0-initialised",
            End::ConductorStuck => "cpu-0-stuck",
            End::Interrupted(_) => "interrupted",
        },
        "interrupted_by": match transcript.end {
            End::Interrupted(why) => Value::from(interruption(why)),
            _ => Value::Null,
        },
        "lines": lines,
        "icr_reads": transcript.icr_reads.reads,
        "icr_busy": transcript.icr_reads.busy,
        "faults": transcript.faults,
        "strict": strict(transcript.strict.as_ref()),
        "strict_total": transcript.strict.as_ref().map(|strict| strict.total),
        "digest": digest::written(transcript.digest),
    })
}

fn line(transcript: &Transcript, index: usize, reply: &Reply) -> Value {
    let line = &transcript.script.lines[index];
    let mut document = json!({
        "number": index + 1,
        "line": line.place.line(),
        "operation": line.text,
        "result": reply.answer.as_ref().map(ToString::to_string),
        "for_information": reply.answer.as_ref().is_some_and(Answer::for_information),
        "at_us": microseconds(reply.at.as_ps()),
    });
    if let Some(Answer::Why(why)) = &reply.answer {
        document["why"] = json!(why.chain);
    }
    document
}
