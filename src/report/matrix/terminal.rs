//! Tables for a terminal: the comparison that the headline prints, and one record a run.

use super::records::{legend, letter, marks, or_dash, outcome, records, time};
use crate::judgement::Verdict;
use crate::matrix::{Cell, Matrix};
use comfy_table::{Cell as TableCell, CellAlignment, LineStyle, Table, TableStyle, presets};
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
