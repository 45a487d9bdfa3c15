//! Tables for a terminal: the comparison that the headline prints, and one record a run.

use super::prices::prices;
use super::records::{PRICES, Records, legend, letter, marks, outcome, records, time, unexpected};
use crate::judgement::Verdict;
use crate::matrix::{Cell, Matrix, Row};
use crate::report::page::Page;
use crate::report::paper::{Ink, Paper};
use crate::report::table::{Side, Table};

/// The matrix as the headline has it: a row a sub-architecture, a column a variant, to be compared; then what an IPI
/// costs, a row for all machines on which it costs the same.
pub(crate) fn comparison(matrix: &Matrix, page: &mut Page) {
    let paper = page.paper();
    let first = matrix.rows.first().map(|row| row.cells.as_slice()).unwrap_or_default();
    let variants: Vec<&str> = first.iter().map(|cell| cell.variant_and_release.as_str()).collect();
    let mut header = vec![("sub-architecture".to_owned(), Side::Left), ("machine".to_owned(), Side::Left)];
    header.extend(variants.iter().map(|variant| (format!("{variant}, µs"), Side::Left)));
    let mut table = Table::new(header);
    let mut causes: Vec<String> = Vec::new();
    for row in &matrix.rows {
        let mut cells = vec![row.arch.to_owned(), machine(row)];
        cells.extend(row.cells.iter().map(|cell| compared(cell, &mut causes, paper)));
        table.row(cells);
    }
    page.block(&table.draw(paper.width));
    notes(matrix, &causes, page);
    page.gap();
    page.block(&prices(matrix, paper).draw(paper.width));
}

fn machine(row: &Row) -> String {
    format!("{} {}", row.generation, row.bus)
}

fn compared(cell: &Cell, causes: &mut Vec<String>, paper: Paper) -> String {
    match cell.report.verdict {
        Verdict::Completed => time(cell, paper).map(|time| time + &marks(cell)).unwrap_or_default(),
        Verdict::Hung | Verdict::Deadline | Verdict::Interrupted => outcome(cell, "hangs", causes),
    }
}

/// What the letters and marks of a table mean.
fn notes(matrix: &Matrix, causes: &[String], page: &mut Page) {
    for (n, cause) in causes.iter().enumerate() {
        page.hanging(0, 4, &format!("[{}] {cause}", letter(n)));
    }
    for (mark, text) in legend(matrix) {
        page.hanging(1, 3, &format!("{mark}  {text}"));
        if mark == '!' {
            unexpected(matrix).iter().for_each(|line| page.hanging(4, 2, line));
        }
    }
    for (arch, why) in &matrix.left_out {
        page.hanging(0, 4, &format!("left out: {arch}: {why}"));
    }
}

/// One record a run, for a terminal: with all columns where there is room, else under a line for what cells share.
pub(crate) fn text(matrix: &Matrix, page: &mut Page) {
    let paper = page.paper();
    let records = records(matrix, paper);
    let mut table = wide(&records);
    let is_wide = table.natural_width() <= paper.width;
    if !is_wide {
        table = narrow(&records, paper);
    }
    page.block(&table.draw(paper.width));
    notes(matrix, &records.causes, page);
    if !is_wide {
        page.gap();
        page.block(&prices(matrix, paper).draw(paper.width));
    }
}

fn side(column: usize, numbers: usize) -> Side {
    if column < numbers { Side::Left } else { Side::Right }
}

/// All columns; what repeats the line above is left out.
fn wide(all: &Records) -> Table {
    let title = |(column, name): (usize, &&str)| ((*name).to_owned(), side(column, all.numbers));
    let mut table = Table::new(all.header.iter().enumerate().map(title));
    for (n, record) in all.records.iter().enumerate() {
        let repeats = n > 0 && all.records[n - 1][..all.shared] == record[..all.shared];
        let cell = |(column, text): (usize, &String)| match column {
            _ if column < all.shared && repeats => String::new(),
            _ => text.clone(),
        };
        table.row(record.iter().enumerate().map(cell).collect());
    }
    table
}

/// A line for what several cells share, headers of several lines, and no prices: they have a table of their own.
fn narrow(all: &Records, paper: Paper) -> Table {
    let title = |column: usize| {
        (all.header[column].replace(' ', "\n").replace("timeouts", "time-\nouts"), side(column, all.numbers))
    };
    let columns = all.shared..all.header.len() - PRICES;
    let mut table = Table::new(columns.clone().map(title));
    for (n, record) in all.records.iter().enumerate() {
        let shared = &record[..all.shared];
        if n == 0 || all.records[n - 1][..all.shared] != *shared {
            let named = |(column, text): (usize, &String)| match all.header[column] {
                "crash CPU" => format!("CPU {text} crashes"),
                _ => text.clone(),
            };
            let heading = shared.iter().enumerate().map(named).collect::<Vec<_>>().join(", ");
            table.heading(paper.paint(Ink::Strong, &heading));
        }
        let mut cells = record[columns.clone()].to_vec();
        cells[0].insert_str(0, "  ");
        table.row(cells);
    }
    table
}
