//! One record a run, as a Markdown table.

use super::records::{Records, legend, letter, records, unexpected};
use crate::matrix::Matrix;
use crate::report::paper::Paper;
use std::fmt::Write;

/// One record a run, as a Markdown table.
pub(crate) fn markdown(matrix: &Matrix, paper: Paper) -> String {
    let Records { header, numbers, records, causes, .. } = records(matrix, paper);
    let mut out = String::new();
    let line = |cells: &[String]| cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" | ");
    let _ = writeln!(out, "| {} |", header.join(" | "));
    let rules: Vec<&str> = (0..header.len()).map(|column| if column < numbers { "---" } else { "---:" }).collect();
    let _ = writeln!(out, "| {} |", rules.join(" | "));
    for record in &records {
        let _ = writeln!(out, "| {} |", line(record));
    }
    let causes = causes.iter().enumerate().map(|(n, cause)| (format!("[{}]", letter(n)), cause.clone()));
    let marks = legend(matrix).into_iter().map(|(mark, text)| match mark {
        '!' => (mark.to_string(), format!("{text} {}", unexpected(matrix).join(". "))),
        _ => (mark.to_string(), text.to_owned()),
    });
    let left_out = matrix.left_out.iter().map(|(arch, why)| ("left out:".to_owned(), format!("{arch}: {why}")));
    for (n, (mark, text)) in causes.chain(marks).chain(left_out).enumerate() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_keeps_its_own_characters_apart() {
        assert_eq!(escaped("a|b* [a] <c> `d` \\"), "a\\|b\\* \\[a\\] \\<c> \\`d\\` \\\\");
        assert_eq!(escaped("x86_64/flat †"), "x86_64/flat †");
    }
}
