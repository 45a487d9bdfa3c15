//! A matrix for people and for spreadsheets: the comparison that the headline prints, and one record a run as text,
//! Markdown or CSV. Causes and marks of the tables are explained below them.

use crate::digest;
use crate::matrix::{Cell, Matrix, Row};
use crate::report_json::proof_value;
use crate::scenario::decimal;
use crate::scenario::named::Named;
use crate::verdict::Verdict;
use comfy_table::{Cell as TableCell, CellAlignment, LineStyle, Table, TableStyle, presets};
use sim::{Duration, Time};
use std::fmt::Write;

/// The matrix as the headline has it: a row a sub-architecture, a column a variant, to be compared.
pub(crate) fn comparison(matrix: &Matrix) -> String {
    let variants: Vec<String> = matrix
        .rows
        .first()
        .map(|row| row.cells.iter().map(|cell| cell.variant_and_release.clone()).collect())
        .unwrap_or_default();
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    let mut header = vec!["sub-architecture".to_owned(), "machine".to_owned()];
    header.extend(variants.iter().map(|variant| format!("{variant}, us")));
    header.extend(variants.iter().map(|variant| format!("NMI {variant}")));
    header.push("FIXED".to_owned());
    table.set_header(header);
    let mut causes: Vec<String> = Vec::new();
    for row in &matrix.rows {
        let mut cells = vec![TableCell::new(row.arch), TableCell::new(format!("{} {}", row.generation, row.bus))];
        cells.extend(row.cells.iter().map(|cell| TableCell::new(compared(cell, &mut causes))));
        let right = |text: String| TableCell::new(text).set_alignment(CellAlignment::Right);
        cells.extend(row.cells.iter().map(|cell| right(or_dash(cell.price.nmi))));
        cells.push(right(or_dash(row.cells.first().and_then(|cell| cell.price.fixed))));
        table.add_row(cells);
    }
    let mut out = format!("{table}\n");
    for (n, cause) in causes.iter().enumerate() {
        let _ = writeln!(out, "[{}] {cause}", letter(n));
    }
    for (mark, text) in legend(matrix) {
        let _ = writeln!(out, " {mark}  {text}");
    }
    out
}

fn compared(cell: &Cell, causes: &mut Vec<String>) -> String {
    match cell.report.verdict {
        Verdict::Completed => time(cell).map(|time| time + &marks(cell)).unwrap_or_default(),
        Verdict::Hung | Verdict::Deadline => outcome(cell, "hangs", causes),
    }
}

/// Rules around the table and below its header, and none between records.
const RULED: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('═').junction('═'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// One record a run, for a terminal: what repeats the line above is left out.
pub(crate) fn text(matrix: &Matrix) -> String {
    let (header, records, causes) = records(matrix);
    let shared = header.iter().position(|name| name == "variant").unwrap_or_default();
    let numbers = header.iter().position(|name| name == "us").unwrap_or_default();
    let mut table = Table::new();
    table.load_style(RULED);
    table.set_header(header);
    for (n, record) in records.iter().enumerate() {
        let repeats = n > 0 && records[n - 1][..shared] == record[..shared];
        table.add_row(record.iter().enumerate().map(|(column, text)| match column {
            _ if column < shared && repeats => TableCell::new(""),
            _ if column >= numbers => TableCell::new(text).set_alignment(CellAlignment::Right),
            _ => TableCell::new(text),
        }));
    }
    let mut out = format!("{table}\n");
    for (n, cause) in causes.iter().enumerate() {
        let _ = writeln!(out, "[{}] {cause}", letter(n));
    }
    for (mark, text) in legend(matrix) {
        let _ = writeln!(out, " {mark}  {text}");
    }
    out
}

/// One record a run, as a Markdown table.
pub(crate) fn markdown(matrix: &Matrix) -> String {
    let (header, records, causes) = records(matrix);
    let numbers = header.iter().position(|name| name == "us").unwrap_or_default();
    let mut out = String::new();
    let line = |cells: &[String]| cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" | ");
    let _ = writeln!(out, "| {} |", line(&header));
    let rules: Vec<&str> = (0..header.len()).map(|column| if column < numbers { "---" } else { "---:" }).collect();
    let _ = writeln!(out, "| {} |", rules.join(" | "));
    for record in &records {
        let _ = writeln!(out, "| {} |", line(record));
    }
    let causes = causes.iter().enumerate().map(|(n, cause)| (format!("[{}]", letter(n)), cause.clone()));
    let marks = legend(matrix).into_iter().map(|(mark, text)| (mark.to_string(), text.to_owned()));
    for (n, (mark, text)) in causes.chain(marks).enumerate() {
        let gap = if n == 0 { "\n" } else { "" };
        let _ = writeln!(out, "{gap}- {} {}", escaped(&mark), escaped(&text));
    }
    out
}

/// What Markdown would take for its own.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if matches!(c, '|' | '*' | '<' | '[' | ']' | '`' | '\\') {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

/// Columns of the tables, records, and the causes that their letters mean.
fn records(matrix: &Matrix) -> (Vec<String>, Vec<Vec<String>>, Vec<String>) {
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
fn time(cell: &Cell) -> Option<String> {
    let report = &cell.report;
    let time = report.from_crash.map_or_else(|| report.sim_time.to_string(), |span| span.to_string());
    (report.verdict == Verdict::Completed).then_some(time)
}

fn or_dash(span: Option<Duration>) -> String {
    span.map_or_else(|| "-".to_owned(), |span| span.to_string())
}

/// In a word (`hung` of a hang, with the letter of its cause), and marks.
fn outcome(cell: &Cell, hung: &str, causes: &mut Vec<String>) -> String {
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

fn letter(n: usize) -> char {
    char::from(b'a' + (n % 26) as u8)
}

/// The mark of a kernel that never was, and what it means.
pub(crate) const HYPOTHETICAL_MARK: char = '‡';
pub(crate) const HYPOTHETICAL: &str = "hypothetical: no such release had this sub-architecture and this wait";

const MARKS: [(&str, char, &str); 3] = [
    ("injected", '*', "rests on an injected fault (--set 'fault=[]' leaves it out)"),
    (
        "disputed",
        '†',
        "rests on the P6's two slots a priority class, which documents dispute (--set knobs.slots=per-vector)",
    ),
    ("hypothetical", HYPOTHETICAL_MARK, HYPOTHETICAL),
];

fn marks(cell: &Cell) -> String {
    MARKS.iter().filter(|(note, ..)| cell.report.notes.contains(note)).map(|(_, mark, _)| mark).collect()
}

/// The marks that occur, and what they mean.
fn legend(matrix: &Matrix) -> Vec<(char, &'static str)> {
    let occurs =
        |note: &str| matrix.rows.iter().flat_map(|row| &row.cells).any(|cell| cell.report.notes.contains(&note));
    MARKS.iter().filter(|(note, ..)| occurs(note)).map(|(_, mark, text)| (*mark, *text)).collect()
}

/// The fields of a CSV record, named as in JSON.
const CSV_FIELDS: [&str; 24] = [
    "scenario",
    "arch",
    "generation",
    "bus",
    "injected",
    "crash_cpu",
    "trigger",
    "variant",
    "release",
    "verdict",
    "proof",
    "sim_time_us",
    "crash_us",
    "from_crash_us",
    "timeouts",
    "stopped",
    "control_us",
    "capture_us",
    "panicked_us",
    "cause",
    "notes",
    "nmi_us",
    "fixed_us",
    "digest",
];

/// One record a run, after a header, as RFC 4180 has it. What there is none of is empty.
pub(crate) fn csv(matrix: &Matrix) -> String {
    let mut out = CSV_FIELDS.join(",") + "\r\n";
    for row in &matrix.rows {
        for cell in &row.cells {
            let record = csv_record(&matrix.scenario, row, cell).map(|field| quoted(&field));
            out += &(record.join(",") + "\r\n");
        }
    }
    out
}

fn csv_record(scenario: &str, row: &Row, cell: &Cell) -> [String; CSV_FIELDS.len()] {
    let report = &cell.report;
    let span = |span: Option<Duration>| span.map(|span| decimal::microseconds(span.as_ps())).unwrap_or_default();
    [
        scenario.to_owned(),
        row.arch.to_owned(),
        row.generation.to_owned(),
        row.bus.to_owned(),
        row.injected.to_string(),
        row.crash_cpu.map(|cpu| cpu.to_string()).unwrap_or_default(),
        row.trigger.map(|trigger| trigger.name().to_owned()).unwrap_or_default(),
        cell.variant.to_owned(),
        cell.release.to_owned(),
        report.verdict.name().to_owned(),
        proof_value(report).as_str().unwrap_or_default().to_owned(),
        decimal::microseconds(report.sim_time.as_ps()),
        report.crashed.map(|at| decimal::microseconds(at.as_ps())).unwrap_or_default(),
        span(report.from_crash),
        report.timeouts.to_string(),
        report.stopped.to_string(),
        report.hand_over().map(|at| decimal::microseconds(at.as_ps())).unwrap_or_default(),
        report.capture.map(|at| decimal::microseconds(at.as_ps())).unwrap_or_default(),
        report.panicked.map(|panic| decimal::microseconds(panic.at.as_ps())).unwrap_or_default(),
        report.hang.as_ref().map(|hang| hang.cause.clone()).unwrap_or_default(),
        report.notes.join(" "),
        span(cell.price.nmi),
        span(cell.price.fixed),
        digest::written(report.digest),
    ]
}

/// A field with commas, quotes or line breaks stands in quotes, and its quotes are doubled.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_have_to_be() {
        let cases = [
            ("", ""),
            ("a b", "a b"),
            ("a,b", "\"a,b\""),
            ("CPU2's \"class\"", "\"CPU2's \"\"class\"\"\""),
            ("a\nb", "\"a\nb\""),
        ];
        for (field, expected) in cases {
            assert_eq!(quoted(field), expected);
        }
    }

    #[test]
    fn markdown_keeps_its_own_characters_apart() {
        assert_eq!(escaped("a|b* [a] <c> `d` \\"), "a\\|b\\* \\[a\\] \\<c> \\`d\\` \\\\");
        assert_eq!(escaped("x86_64/flat †"), "x86_64/flat †");
    }
}
