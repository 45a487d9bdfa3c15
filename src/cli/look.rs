//! What text is printed on: as wide as the terminal, else as `COLUMNS` says, else 80 columns; with colours where they are
//! wanted.

use crate::cli::arguments::{Look, When};
use crate::report::Paper;
use std::io::IsTerminal;

/// Without a terminal and without `COLUMNS`.
const WIDTH_DEFAULT: usize = 80;

/// Narrower paper holds no word.
const WIDTH_MIN: usize = 20;

/// Standard output.
pub(super) fn paper(look: Look) -> Paper {
    let out = std::io::stdout();
    Paper { width: width(), exact: look.exact, colour: has_colours(look, out.is_terminal()) }
}

/// Does standard error have colours?
pub(super) fn error_has_colours(look: Look) -> bool {
    has_colours(look, std::io::stderr().is_terminal())
}

/// Columns of standard output.
pub(super) fn width() -> usize {
    columns(terminal_size::terminal_size_of(std::io::stdout()))
}

/// Columns of standard error.
pub(super) fn error_width() -> usize {
    columns(terminal_size::terminal_size_of(std::io::stderr()))
}

fn columns(terminal: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    let of_terminal = terminal.map(|(width, _)| usize::from(width.0));
    let columns = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    of_terminal
        .filter(|width| *width > 0)
        .or_else(columns)
        .filter(|width| *width > 0)
        .map_or(WIDTH_DEFAULT, |width| width.max(WIDTH_MIN))
}

fn has_colours(look: Look, is_terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    match look.color {
        When::Auto => is_terminal && !set("NO_COLOR") && !dumb,
        When::Always => true,
        When::Never => false,
    }
}
