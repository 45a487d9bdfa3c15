//! One record a run, as text: what the tables for a terminal and for Markdown have in common, with the letters and marks
//! that are explained below them.

use crate::judgement::Verdict;
use crate::judgement::hypothetical::{HYPOTHETICAL, HYPOTHETICAL_MARK};
use crate::matrix::{Cell, Matrix, Row};
use crate::report::paper::Paper;
use sim::Time;

/// The last columns hold what an IPI costs.
pub(super) const PRICES: usize = 2;

/// Columns of the tables, records, and the causes that their letters mean.
pub(super) struct Records {
    /// Names of the columns.
    pub(super) header: Vec<&'static str>,
    /// How many columns at the left have one value for all cells of a row.
    pub(super) shared: usize,
    /// The first column of numbers.
    pub(super) numbers: usize,
    pub(super) records: Vec<Vec<String>>,
    pub(super) causes: Vec<String>,
}

pub(super) fn records(matrix: &Matrix, paper: Paper) -> Records {
    let has_cpu = matrix.rows.iter().any(|row| row.crash_cpu.is_some());
    let has_trigger = matrix.rows.iter().any(|row| row.trigger.is_some());
    let mut header = vec!["sub-architecture", "machine"];
    header.extend(has_cpu.then_some("crash CPU"));
    header.extend(has_trigger.then_some("trigger"));
    let shared = header.len();
    header.extend(["variant", "outcome", "µs", "timeouts", "stopped", "hand-over, µs", "capture, µs"]);
    header.extend(["NMI, µs", "FIXED, µs"]);
    let (mut causes, mut records) = (Vec::new(), Vec::new());
    for row in &matrix.rows {
        for cell in &row.cells {
            let report = &cell.report;
            let mut record = vec![row.arch.to_owned(), format!("{} {}", row.generation, row.bus)];
            record.extend(row.crash_cpu.map(|cpu| cpu.to_string()));
            record.extend(row.trigger.map(|trigger| trigger.to_string()));
            let hung = match report.panicked {
                Some(_) => "panics",
                None if row.crashes && report.crashed.is_none() && !report.crash_happened => "never crashes",
                None => "hangs",
            };
            let outcome = outcome(cell, hung, &mut causes);
            record.extend([cell.variant_and_release.clone(), outcome]);
            record.push(time(cell, paper).unwrap_or_else(|| "-".to_owned()));
            record.extend([report.timeouts.to_string(), report.stopped.to_string()]);
            let instant = |at: Option<Time>| at.map_or_else(|| "-".to_owned(), |at| paper.microseconds(at.as_ps()));
            record.extend([instant(report.hand_over()), instant(report.capture)]);
            record.extend([paper.or_dash(cell.price.nmi), paper.or_dash(cell.price.fixed)]);
            records.push(record);
        }
    }
    Records { header, shared, numbers: shared + 2, records, causes }
}

/// From the crash, or else from the start, to the goal.
pub(super) fn time(cell: &Cell, paper: Paper) -> Option<String> {
    let report = &cell.report;
    let time = report.from_crash.map_or(report.sim_time.as_ps(), |span| span.as_ps());
    (report.verdict == Verdict::Completed).then(|| paper.microseconds(time))
}

/// In a word (`hung` of a hang, with the letter of its cause), and marks.
pub(super) fn outcome(cell: &Cell, hung: &str, causes: &mut Vec<String>) -> String {
    let word = match (&cell.report.hang, cell.report.verdict) {
        (Some(hang), _) => {
            format!("{hung} [{}]", letter(place_among(causes, &hang.cause)))
        }
        (None, Verdict::Completed) => "completed".to_owned(),
        (None, Verdict::Hung | Verdict::Deadline | Verdict::Interrupted) => "not proven".to_owned(),
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

/// `a` to `z`, then `aa`, `ab` and so on.
pub(super) fn letter(n: usize) -> String {
    let last = char::from(b'a' + (n % 26) as u8);
    if n < 26 { last.to_string() } else { letter(n / 26 - 1) + &last.to_string() }
}

/// Not a note of the report, but a mark of the tables.
const UNEXPECTED: &str = "unexpected";
/// As [`UNEXPECTED`].
const HANGS_AFTER: &str = "hangs after the goal";

const MARKS: [(&str, char, &str); 5] = [
    (UNEXPECTED, '!', "not as the scenario expects:"),
    (HANGS_AFTER, '§', "the goal is reached; then the crash path or the capture kernel hangs for ever"),
    ("injected", '*', "rests on an injected fault (--set 'fault=[]' leaves it out)"),
    (
        "disputed",
        '†',
        "rests on the P6's two slots a priority class, which documents dispute (--set knobs.slots=per-vector)",
    ),
    ("hypothetical", HYPOTHETICAL_MARK, HYPOTHETICAL),
];

pub(super) fn marks(cell: &Cell) -> String {
    MARKS.iter().filter(|(note, ..)| has(cell, note)).map(|(_, mark, _)| mark).collect()
}

fn has(cell: &Cell, note: &str) -> bool {
    match note {
        UNEXPECTED => !cell.report.ok(),
        HANGS_AFTER => cell.report.hangs_after_goal().is_some(),
        _ => cell.report.notes.contains(&note),
    }
}

/// The cells that are not as expected, each with what it differs in.
pub(super) fn unexpected(matrix: &Matrix) -> Vec<String> {
    let cells = matrix.rows.iter().flat_map(|row| row.cells.iter().map(move |cell| (row, cell)));
    let line = |(row, cell): (&Row, &Cell)| {
        let unmet: Vec<String> = cell.report.unmet.iter().map(ToString::to_string).collect();
        let unmet = if unmet.is_empty() { "not decided within the limit".to_owned() } else { unmet.join("; ") };
        let crash = row.crash_cpu.map(|cpu| format!(", CPU {cpu}")).unwrap_or_default();
        let trigger = row.trigger.map(|trigger| format!(", {trigger}")).unwrap_or_default();
        format!("{}{crash}{trigger}, {}: {unmet}", row.arch, cell.variant)
    };
    cells.filter(|(_, cell)| !cell.report.ok()).map(line).collect()
}

/// The marks that occur, and what they mean.
pub(super) fn legend(matrix: &Matrix) -> Vec<(char, &'static str)> {
    let occurs = |note: &str| matrix.rows.iter().flat_map(|row| &row.cells).any(|cell| has(cell, note));
    MARKS.iter().filter(|(note, ..)| occurs(note)).map(|(_, mark, text)| (*mark, *text)).collect()
}
