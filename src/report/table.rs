//! Tables for a terminal: columns as narrow as what they hold, one rule below the header and none between rows.

use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter};

/// Blanks between columns.
const GAP: usize = 2;

/// A column is not made narrower than this.
const COLUMN_MIN: usize = 10;

/// To which side the cells of a column lean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A header, whose lines are apart by line breaks, and rows of as many cells.
#[derive(Debug)]
pub(crate) struct Table {
    header: Vec<(String, Side)>,
    rows: Vec<Row>,
}

#[derive(Debug)]
enum Row {
    /// A line over all columns.
    Heading(String),
    Cells(Vec<String>),
}

impl Table {
    pub(crate) fn new(header: impl IntoIterator<Item = (String, Side)>) -> Self {
        Self { header: header.into_iter().collect(), rows: Vec::new() }
    }

    pub(crate) fn heading(&mut self, heading: impl Into<String>) {
        self.rows.push(Row::Heading(heading.into()));
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(Row::Cells(cells));
    }

    /// Columns that it takes if no cell is broken.
    pub(super) fn natural_width(&self) -> usize {
        let headings = self.rows.iter().filter_map(|row| match row {
            Row::Heading(heading) => Some(display_width(heading)),
            Row::Cells(_) => None,
        });
        headings.max().unwrap_or(0).max(total(&self.columns()))
    }

    /// The lines, ending with a newline. If it is wider than `width`, its widest column that leans to the left is broken at words.
    pub(crate) fn draw(&self, width: usize) -> String {
        let mut columns = self.columns();
        let left = |index: &usize| self.header[*index].1 == Side::Left;
        let too_much = total(&columns).saturating_sub(width);
        if let Some(widest) = (0..columns.len()).filter(left).max_by_key(|index| columns[*index]) {
            columns[widest] = columns[widest].saturating_sub(too_much).max(COLUMN_MIN.min(columns[widest]));
        }
        let mut out = String::new();
        let titles: Vec<String> = self.header.iter().map(|(title, _)| title.clone()).collect();
        self.lines(&titles, &columns, true, &mut out);
        out += &"─".repeat(total(&columns));
        out.push('\n');
        for row in &self.rows {
            match row {
                Row::Heading(heading) => out += &(broken(heading, width).join("\n") + "\n"),
                Row::Cells(cells) => self.lines(cells, &columns, false, &mut out),
            }
        }
        out
    }

    fn columns(&self) -> Vec<usize> {
        let width = |text: &str| text.lines().map(display_width).max().unwrap_or(0);
        let mut columns: Vec<usize> = self.header.iter().map(|(title, _)| width(title)).collect();
        for row in &self.rows {
            if let Row::Cells(cells) = row {
                columns.iter_mut().zip(cells).for_each(|(column, cell)| *column = (*column).max(width(cell)));
            }
        }
        columns
    }

    /// One row, of as many lines as its highest cell. The lines of a header stand at its bottom.
    fn lines(&self, cells: &[String], columns: &[usize], to_bottom: bool, out: &mut String) {
        let broken: Vec<Vec<String>> = cells.iter().zip(columns).map(|(cell, width)| broken(cell, *width)).collect();
        let height = broken.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let mut text = String::new();
            for ((cell, width), (_, side)) in broken.iter().zip(columns).zip(&self.header) {
                let above = if to_bottom { height - cell.len() } else { 0 };
                let part = line.checked_sub(above).and_then(|line| cell.get(line)).map_or("", String::as_str);
                let blanks = " ".repeat(width.saturating_sub(display_width(part)));
                text += &match side {
                    Side::Left => format!("{part}{blanks}"),
                    Side::Right => format!("{blanks}{part}"),
                };
                text += &" ".repeat(GAP);
            }
            *out += text.trim_end();
            out.push('\n');
        }
    }
}

fn total(columns: &[usize]) -> usize {
    columns.iter().sum::<usize>() + GAP * columns.len().saturating_sub(1)
}

fn broken(cell: &str, width: usize) -> Vec<String> {
    let options = Options::new(width)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(cell, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([("name".to_owned(), Side::Left), ("in\nµs".to_owned(), Side::Right)]);
        table.heading("first");
        table.row(vec!["one two three".to_owned(), "1.5".to_owned()]);
        table.row(vec!["four".to_owned(), "\u{1b}[31m10\u{1b}[0m".to_owned()]);
        table
    }

    #[test]
    fn columns_are_as_narrow_as_they_can_be() {
        assert_eq!(table().natural_width(), 18);
        let lines = [
            "                in",
            "name            µs",
            "──────────────────",
            "first",
            "one two three  1.5",
            "four            \u{1b}[31m10\u{1b}[0m",
        ];
        assert_eq!(table().draw(80), lines.join("\n") + "\n");
    }

    #[test]
    fn too_wide_a_table_is_broken_at_words() {
        let text = table().draw(15);
        assert!(text.contains("one two     1.5\nthree\n"), "{text}");
        assert!(text.lines().all(|line| display_width(line) <= 15), "{text}");
    }
}
