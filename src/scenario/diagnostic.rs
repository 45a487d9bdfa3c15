//! Errors in what the user gave us: what is wrong, where, and what would be right.
//!
//! ```text
//! error: unknown key `slot` in [knobs]
//!   --> my.toml:9:1
//!    |
//!  9 | slot = "per-class"
//!    | ^^^^ not a key of this table
//!    |
//!    = help: did you mean `slots`? Valid: slots, icr_write_while_busy, …
//! ```

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A text that input came from: a file, a built-in scenario, a command-line option, a token.
///
/// ```
/// use apicsim::scenario::diagnostic::{Place, Source};
///
/// let source = Source::new("my.toml", "one\ntwo\n");
/// assert_eq!(Place::new(&source, 4..7).to_string(), "my.toml:2:1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: String,
}

impl Source {
    /// A text and the name it goes by in messages.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }

    /// The name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A span of bytes of a source.
///
/// ```
/// # use apicsim::prelude::*;
/// let error = Scenario::from_toml("format = 1\nname = 7\n").expect_err("much is missing");
/// assert!(error.place().is_some_and(|place| place.line() >= 1));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    source: Arc<Source>,
    span: Range<usize>,
}

impl Place {
    /// The place `span` of `source`, cut to what the source has.
    pub fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        let text = source.text();
        let cut = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = cut(span.start);
        Self { source: Arc::clone(source), span: start..cut(span.end).max(start) }
    }

    /// The source.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The bytes.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Line, counted from 1.
    pub fn line(&self) -> usize {
        self.before().matches('\n').count() + 1
    }

    /// Column in characters, counted from 1.
    pub fn column(&self) -> usize {
        let before = self.before();
        before[before.rfind('\n').map_or(0, |newline| newline + 1)..].chars().count() + 1
    }

    fn before(&self) -> &str {
        &self.source.text()[..self.span.start]
    }
}

impl fmt::Display for Place {
    /// `name:line:column`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.name(), self.line(), self.column())
    }
}

/// An error in what the user gave us. Final: nothing was run.
///
/// ```
/// # use apicsim::prelude::*;
/// let error = load(&Request::new("nmi-stal")).expect_err("no such scenario");
/// assert!(error.help_lines()[0].starts_with("did you mean `nmi-stall`?"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    message: String,
    place: Option<Place>,
    label: String,
    help: Vec<String>,
    /// Is it the host that failed us, and not the input that is wrong?
    host: bool,
}

impl InputError {
    /// An error that says what is wrong, in one line.
    pub fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            message: message.into(),
            place: None,
            label: String::new(),
            help: Vec::new(),
            host: false,
        }))
    }

    /// The host could not give us what was asked for.
    pub fn host(message: impl Into<String>) -> Self {
        let mut error = Self::new(message);
        error.0.host = true;
        error
    }

    /// Points at `place`, with a few words beside the marks.
    #[must_use]
    pub fn at(mut self, place: &Place, label: impl Into<String>) -> Self {
        self.0.place = Some(place.clone());
        self.0.label = label.into();
        self
    }

    /// Adds a line that says what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.push(help.into());
        self
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where, if it is anywhere.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// The words beside the marks.
    pub(crate) fn label(&self) -> &str {
        &self.0.label
    }

    /// What would be right.
    pub fn help_lines(&self) -> &[String] {
        &self.0.help
    }

    /// Is it the host that failed us (a file, a permission), and not the input that is wrong?
    pub fn is_of_host(&self) -> bool {
        self.0.host
    }

    /// The whole message as a terminal shows it, ending with a newline; with colours if `styled`.
    pub fn render(&self, styled: bool) -> String {
        let parts = &*self.0;
        let mut group = match &parts.place {
            None => Group::with_title(Level::ERROR.primary_title(&*parts.message)),
            Some(place) => Level::ERROR.primary_title(&*parts.message).element(
                Snippet::source(place.source.text())
                    .path(place.source.name())
                    .annotation(AnnotationKind::Primary.span(place.span()).label(&*parts.label)),
            ),
        };
        for help in &parts.help {
            group = group.element(Level::HELP.message(&**help));
        }
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let mut text = renderer.render(&[group]);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
}

impl fmt::Display for InputError {
    /// One line: the message, and where.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place() {
            Some(place) => write!(f, "{place}: {}", self.message()),
            None => f.write_str(self.message()),
        }
    }
}

impl std::error::Error for InputError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let source = Source::new("a.toml", "x = 1\nµ = 2 # slot\n");
        let at = source.text().find("slot").expect("is there");
        let place = Place::new(&source, at..at + 4);
        assert_eq!(place.to_string(), "a.toml:2:9");
    }

    #[test]
    fn a_place_outside_the_text_is_cut() {
        let source = Source::new("a.toml", "µ");
        for span in [0..99, 1..1, 5..9, 2..2] {
            let place = Place::new(&source, span);
            let _ = InputError::new("bad").at(&place, "here").render(false);
        }
        let empty = Place::new(&Source::new("e", ""), 3..4);
        assert!(InputError::new("bad").at(&empty, "here").render(false).contains("e:1:1"));
    }

    #[test]
    fn the_message_shows_line_place_and_help() {
        let source = Source::new("my.toml", "a = 1\nslot = \"per-class\"\n");
        let error = InputError::new("unknown key `slot`")
            .at(&Place::new(&source, 6..10), "not a key of this table")
            .help("did you mean `slots`?");
        let text = error.render(false);
        for part in
            ["error: unknown key `slot`", "my.toml:2:1", "slot = \"per-class\"", "^^^^ not a key", "help: did you"]
        {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert_eq!(error.to_string(), "my.toml:2:1: unknown key `slot`");
        assert!(!error.is_of_host());
        assert!(error.render(true).contains('\u{1b}') && !text.contains('\u{1b}'));
    }

    #[test]
    fn a_message_without_a_place_is_still_whole() {
        let error = InputError::host("cannot read a.toml: permission denied").help("check the file's mode");
        let text = error.render(false);
        assert!(text.contains("error: cannot read") && text.contains("help: check"), "{text}");
        assert!(error.is_of_host());
    }
}
