//! The lines of a report: wrapped at words to the width of the paper. A word that is wider (a path, a token) stands on a
//! line of its own, unbroken.

use super::paper::Paper;
use textwrap::{Options, WordSeparator, WordSplitter};

/// Columns of the labels at the left of a report, with the blanks around them.
const LABEL: usize = 11;

/// A text that grows line by line.
#[derive(Debug)]
pub(crate) struct Page {
    paper: Paper,
    text: String,
}

impl Page {
    pub(crate) fn new(paper: Paper) -> Self {
        Self { paper, text: String::new() }
    }

    pub(crate) fn paper(&self) -> Paper {
        self.paper
    }

    /// All of it.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A line as it is.
    pub(crate) fn verbatim(&mut self, line: &str) {
        self.text += line.trim_end();
        self.text.push('\n');
    }

    /// Lines as they are.
    pub(crate) fn block(&mut self, lines: &str) {
        lines.lines().for_each(|line| self.verbatim(line));
    }

    /// A sentence, or several: every line but the first is moved in by `hanging` more columns than the first's own
    /// `indent`.
    pub(crate) fn hanging(&mut self, indent: usize, hanging: usize, sentence: &str) {
        let sentence = self.paper.sentence(sentence);
        self.wrapped(&" ".repeat(indent), indent + hanging, &sentence, self.paper.prose());
    }

    /// A sentence in a comment of a script: every line begins with `#`.
    pub(crate) fn comment(&mut self, sentence: &str) {
        let sentence = self.paper.sentence(sentence);
        self.wrapped_after("#   ", "#     ", &sentence, self.paper.prose());
    }

    /// A paragraph.
    pub(crate) fn paragraph(&mut self, sentence: &str) {
        self.hanging(0, 0, &sentence.split_whitespace().collect::<Vec<_>>().join(" "));
    }

    /// What a label at the left says; an empty one continues the one above.
    pub(crate) fn labelled(&mut self, label: &str, sentence: &str) {
        let sentence = self.paper.sentence(sentence);
        self.wrapped(&format!("  {label:<8} "), LABEL, &sentence, self.paper.prose());
    }

    /// A line of source code under a label.
    pub(crate) fn source(&mut self, label: &str, indent: usize, line: &str) {
        self.wrapped(&format!("{label:<indent$}"), indent + 4, line, self.paper.width);
    }

    /// A command with its last word, which is a token: in one line if it fits, else the token alone on the next.
    pub(crate) fn command(&mut self, label: &str, command: &str, token: &str) {
        let line = format!("  {label:<8} {command} {token}");
        if textwrap::core::display_width(&line) <= self.paper.width {
            self.verbatim(&line);
        } else {
            self.verbatim(&format!("  {label:<8} {command} \\"));
            self.verbatim(token);
        }
    }

    /// Names, each with what it is, in two columns.
    pub(crate) fn entries(&mut self, entries: &[(String, String)]) {
        /// A longer name has its sentence on the next line.
        const NAME_MAX: usize = 22;
        let width = |name: &str| textwrap::core::display_width(name);
        let column = entries.iter().map(|(name, _)| width(name)).filter(|width| *width <= NAME_MAX).max().unwrap_or(8);
        for (name, about) in entries {
            if width(name) > column && !about.is_empty() {
                self.verbatim(&format!("  {name}"));
                self.hanging(column + 4, 0, about);
            } else {
                let about = self.paper.sentence(about);
                self.wrapped(&format!("  {name:<column$}  "), column + 4, &about, self.paper.prose());
            }
        }
    }

    fn wrapped(&mut self, first: &str, indent: usize, text: &str, width: usize) {
        self.wrapped_after(first, &" ".repeat(indent), text, width);
    }

    fn wrapped_after(&mut self, first: &str, others: &str, text: &str, width: usize) {
        let options = Options::new(width)
            .initial_indent(first)
            .subsequent_indent(others)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        if text.trim().is_empty() {
            return self.verbatim(first);
        }
        // A number and its unit stay together.
        for line in textwrap::wrap(&text.replace(" µs", "\u{a0}µs"), options) {
            self.verbatim(&line.replace('\u{a0}', " "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize, write: impl FnOnce(&mut Page)) -> String {
        let mut page = Page::new(Paper { width, exact: false, colour: false });
        write(&mut page);
        page.into_text()
    }

    #[test]
    fn lines_break_at_words_and_only_there() {
        let text = page(30, |page| page.labelled("why", "CPU0 waits for its ICR since 62.244001 us"));
        assert_eq!(text, "  why      CPU0 waits for its\n           ICR since 62.244 µs\n");
        let path = "(kernel_model/src/apic_wait_icr_idle.rs:13)";
        let text = page(30, |page| page.hanging(2, 2, &format!("in a {path} it waits")));
        assert_eq!(text, format!("  in a\n    {path}\n    it waits\n"));
    }

    #[test]
    fn a_token_that_does_not_fit_stands_alone() {
        assert_eq!(page(40, |page| page.command("replay", "apicsim replay", "'t'")), "  replay   apicsim replay 't'\n");
        let token = format!("'{}'", "t".repeat(40));
        let text = page(40, |page| page.command("replay", "apicsim replay", &token));
        assert_eq!(text, format!("  replay   apicsim replay \\\n{token}\n"));
    }

    #[test]
    fn entries_stand_in_two_columns() {
        let entry = |name: &str, about: &str| (name.to_owned(), about.to_owned());
        let long = "a-name-of-more-than-columns";
        let all = [entry("a", "one two three four five"), entry(long, "six"), entry("bcd", "")];
        assert_eq!(
            page(24, |page| page.entries(&all)),
            format!("  a    one two three\n       four five\n  {long}\n       six\n  bcd\n")
        );
    }

    #[test]
    fn prose_is_not_wider_than_one_can_read() {
        let text = page(300, |page| page.paragraph(&"word ".repeat(60)));
        assert!(text.lines().all(|line| line.len() <= 100) && text.lines().count() == 3, "{text}");
    }
}
