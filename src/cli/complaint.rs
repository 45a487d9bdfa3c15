//! Standard error: what went wrong, wrapped at words to its width, as text on standard output is.
//!
//! A line of a file that is quoted, with the marks below it, stays whole: its columns mean something.

use super::look::error_width;
use std::io::Write;
use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter};

/// What stands before the help of a message, blanks aside.
const HELP: &str = "= help: ";

/// Prints a message to standard error. A closed one is nothing to speak of.
pub(super) fn complain(message: &str) {
    let _closed_stderr_is_nothing = std::io::stderr().write_all(wrapped(message, error_width()).as_bytes());
}

/// The message, its long lines broken at words; every line with its newline.
fn wrapped(message: &str, width: usize) -> String {
    let mut text = String::new();
    for line in message.trim_end().lines() {
        let plain = without_colours(line);
        if display_width(line) <= width || is_quoted(&plain) {
            text += line;
        } else {
            let others = " ".repeat(hanging(&plain));
            let options = Options::new(width)
                .subsequent_indent(&others)
                .break_words(false)
                .word_separator(WordSeparator::AsciiSpace)
                .word_splitter(WordSplitter::NoHyphenation);
            text += &textwrap::wrap(line, options).join("\n");
        }
        text.push('\n');
    }
    text
}

/// Is it a line of a file, the marks below one, or its place; or a command to be copied?
fn is_quoted(plain: &str) -> bool {
    let gutter = plain.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit());
    gutter.starts_with('|') || gutter.starts_with("-->") || gutter.starts_with("apicsim ")
}

/// Where what continues a line stands: below the words of a help, else two columns in.
fn hanging(plain: &str) -> usize {
    let blanks = plain.len() - plain.trim_start().len();
    if plain[blanks..].starts_with(HELP) { blanks + HELP.len() } else { blanks + 2 }
}

/// A line without the escape sequences of colours.
fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain += before;
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_hangs_and_quoted_lines_stay() {
        let message = "error: unknown key `slotz` in [knobs]\n --> command line:1:13\n  |\n\
                       1 | --set knobs.slotz=per-vector and much more\n  |           ^^^^^ not a key of this table\n  |\n  \
                       = help: did you mean `knobs.slots`? Valid here: slots, class_entries\n";
        let expected = "error: unknown key `slotz` in\n  [knobs]\n --> command line:1:13\n  |\n\
                        1 | --set knobs.slotz=per-vector and much more\n  |           ^^^^^ not a key of this table\n  |\n  \
                        = help: did you mean\n          `knobs.slots`? Valid\n          here: slots,\n          class_entries\n";
        assert_eq!(wrapped(message, 30), expected);
        assert_eq!(wrapped(message, 200), message);
    }

    #[test]
    fn colours_take_no_room_and_paths_stay_whole() {
        let red = "\u{1b}[1m\u{1b}[91merror\u{1b}[0m: no file";
        assert_eq!(without_colours(red), "error: no file");
        assert_eq!(wrapped(red, 14), format!("{red}\n"));
        let path = "a/path/that/is/longer/than/the/terminal";
        assert_eq!(wrapped(&format!("error: {path} is missing"), 20), format!("error:\n  {path}\n  is missing\n"));
    }
}
