//! One record a run, as text: what the tables for a terminal and for Markdown have in common, with the letters and marks
//! that are explained below them.

use crate::judgement::Verdict;
use crate::judgement::hypothetical::{HYPOTHETICAL, HYPOTHETICAL_MARK};
use crate::matrix::{Cell, Matrix};
use sim::{Duration, Time};

/// Columns of the tables, records, and the causes that their letters mean.
pub(super) fn records(matrix: &Matrix) -> (Vec<String>, Vec<Vec<String>>, Vec<String>) {
    let has_cpu = matrix.rows.iter().any(|row| row.crash_cpu.is_some());
    let has_trigger = matrix.rows.iter().any(|row| row.trigger.is_some());
    let mut header = vec!["sub-architecture", "machine"];
    header.extend(has_cpu.then_some("crash CPU"));
    header.extend(has_trigger.then_some("trigger"));
    header.extend([
        "variant",
        "outcome",
        "us",
        "timeouts",
        "stopped",
        "hand-over, us",
        "capture, us",
        "NMI, us",
        "FIXED, us",
    ]);
    let mut causes = Vec::new();
    let mut records = Vec::new();
    for row in &matrix.rows {
        for cell in &row.cells {
            let report = &cell.report;
            let mut record = vec![row.arch.to_owned(), format!("{} {}", row.generation, row.bus)];
            record.extend(row.crash_cpu.map(|cpu| cpu.to_string()));
            record.extend(row.trigger.map(|trigger| trigger.to_string()));
            let hung = match (report.panicked, report.crashed) {
                (Some(_), _) => "panics",
                (None, None) if row.crashes => "never crashes",
                (None, _) => "hangs",
            };
            let outcome = outcome(cell, hung, &mut causes);
            record.extend([cell.variant_and_release.clone(), outcome]);
            record.push(time(cell).unwrap_or_else(|| "-".to_owned()));
            record.extend([report.timeouts.to_string(), report.stopped.to_string()]);
            let instant = |at: Option<Time>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
            record.extend([instant(report.hand_over()), instant(report.capture)]);
            record.extend([or_dash(cell.price.nmi), or_dash(cell.price.fixed)]);
            records.push(record);
        }
    }
    (header.into_iter().map(str::to_owned).collect(), records, causes)
}

/// From the crash, or else from the start, to the goal.
pub(super) fn time(cell: &Cell) -> Option<String> {
    let report = &cell.report;
    let time = report.from_crash.map_or_else(|| report.sim_time.to_string(), |span| span.to_string());
    (report.verdict == Verdict::Completed).then_some(time)
}

pub(super) fn or_dash(span: Option<Duration>) -> String {
    span.map_or_else(|| "-".to_owned(), |span| span.to_string())
}

/// In a word (`hung` of a hang, with the letter of its cause), and marks.
pub(super) fn outcome(cell: &Cell, hung: &str, causes: &mut Vec<String>) -> String {
    let word = match (&cell.report.hang, cell.report.verdict) {
        (Some(hang), _) => {
            format!("{hung} [{}]", letter(place_among(causes, &hang.cause)))
        }
        (None, Verdict::Completed) => "completed".to_owned(),
        (None, Verdict::Hung | Verdict::Deadline) => "not proven".to_owned(),
    };
    word + &marks(cell)
}

/// The place of a cause among those that are explained below; a new one comes last.
pub(crate) fn place_among(causes: &mut Vec<String>, cause: &str) -> usize {
    causes.iter().position(|known| known == cause).unwrap_or_else(|| {
        causes.push(cause.to_owned());
        causes.len() - 1
    })
}

pub(super) fn letter(n: usize) -> char {
    char::from(b'a' + (n % 26) as u8)
}

const MARKS: [(&str, char, &str); 3] = [
    ("injected", '*', "rests on an injected fault (--set 'fault=[]' leaves it out)"),
    (
        "disputed",
        '†',
        "rests on the P6's two slots a priority class, which documents dispute (--set knobs.slots=per-vector)",
    ),
    ("hypothetical", HYPOTHETICAL_MARK, HYPOTHETICAL),
];

pub(super) fn marks(cell: &Cell) -> String {
    MARKS.iter().filter(|(note, ..)| cell.report.notes.contains(note)).map(|(_, mark, _)| mark).collect()
}

/// The marks that occur, and what they mean.
pub(super) fn legend(matrix: &Matrix) -> Vec<(char, &'static str)> {
    let occurs =
        |note: &str| matrix.rows.iter().flat_map(|row| &row.cells).any(|cell| cell.report.notes.contains(&note));
    MARKS.iter().filter(|(note, ..)| occurs(note)).map(|(_, mark, text)| (*mark, *text)).collect()
}
