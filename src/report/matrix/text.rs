//! One record a run, for a terminal.

use super::marks::{legend, letter};
use super::records::records;
use crate::matrix::Matrix;
use comfy_table::{Cell as TableCell, CellAlignment, LineStyle, Table, TableStyle};
use std::fmt::Write;

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
