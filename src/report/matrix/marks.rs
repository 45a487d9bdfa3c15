//! What stands beside an outcome, and is explained below the table: letters of causes, and marks.

use crate::matrix::{Cell, Matrix};

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
    ("hypothetical", '‡', "hypothetical: this sub-architecture and this wait were never in one kernel"),
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
