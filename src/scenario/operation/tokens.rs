//! A line of a script as tokens, each with its place, and the cursor that the parser walks them with.

use crate::scenario::diagnostic::{InputError, Place, Source};
use std::sync::Arc;

/// A run of characters between blanks.
#[derive(Debug, Clone)]
pub(crate) struct Token<'s> {
    pub(crate) text: &'s str,
    pub(crate) place: Place,
}

impl<'s> Token<'s> {
    /// A part of it, which begins at byte `at` of its source.
    pub(crate) fn part(&self, at: usize, text: &'s str) -> Self {
        Self { text, place: Place::new(self.place.source(), at..at + text.len()) }
    }

    /// An error about this token.
    pub(crate) fn error(&self, message: impl Into<String>, label: impl Into<String>) -> InputError {
        InputError::new(message).at(&self.place, label)
    }
}

/// The tokens of a line, taken one after the other.
#[derive(Debug)]
pub(crate) struct Tokens<'s> {
    rest: std::vec::IntoIter<Token<'s>>,
    /// The whole line without its comment, blanks collapsed.
    pub(crate) text: String,
    /// All of it.
    pub(crate) place: Place,
    /// How the operation is written: what an error about a missing token shows.
    usage: String,
    /// What stands before every operation.
    before: &'static str,
}

impl<'s> Tokens<'s> {
    /// Cuts the line that begins at byte `start` of `source`; `None` if there is nothing on it.
    pub(crate) fn of_line(source: &'s Arc<Source>, start: usize, line: &'s str) -> Option<Self> {
        let code = line.split_once('#').map_or(line, |(before, _)| before);
        let tokens: Vec<Token<'s>> = code
            .split(char::is_whitespace)
            .filter(|text| !text.is_empty())
            .map(|text| {
                let at = start + (text.as_ptr().addr() - line.as_ptr().addr());
                Token { text, place: Place::new(source, at..at + text.len()) }
            })
            .collect();
        Self::of(tokens)
    }

    /// A line's tokens that have been cut already; there is at least one.
    pub(crate) fn of(tokens: Vec<Token<'s>>) -> Option<Self> {
        let (first, last) = (tokens.first()?, tokens.last()?);
        let place = Place::new(first.place.source(), first.place.span().start..last.place.span().end);
        let text = tokens.iter().map(|token| token.text).collect::<Vec<_>>().join(" ");
        Some(Self { rest: tokens.into_iter(), text, place, usage: String::new(), before: "" })
    }

    /// From now on operations follow: each is written with `before` before it.
    pub(crate) const fn operations_after(&mut self, before: &'static str) {
        self.before = before;
    }

    /// The rest is written as `usage` says.
    pub(crate) fn written(&mut self, usage: &str) {
        self.usage = format!("{}{usage}", self.before);
    }

    /// The next token, which has to be there; `what` is its name in the usage.
    pub(crate) fn next(&mut self, what: &str) -> Result<Token<'s>, InputError> {
        self.rest.next().ok_or_else(|| {
            let end = self.place.span().end;
            let place = Place::new(self.place.source(), end..end);
            InputError::new(format!("{what} is missing in `{}`", self.text))
                .at(&place, format!("{what} is missing here"))
                .help(format!("it is written: {}", self.usage))
        })
    }

    /// The next token, if there is one.
    pub(crate) fn optional(&mut self) -> Option<Token<'s>> {
        self.rest.next()
    }

    /// Nothing may be left.
    pub(crate) fn finish(mut self) -> Result<(), InputError> {
        match self.rest.next() {
            None => Ok(()),
            Some(token) => Err(token
                .error(format!("`{}` is one token too many in `{}`", token.text, self.text), "not expected")
                .help(format!("it is written: {}", self.usage))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blanks_are_no_tokens() {
        let source = Source::new("a", "  cpu\t1  sti # not this");
        let mut tokens = Tokens::of_line(&source, 0, source.text()).expect("something is there");
        assert_eq!(tokens.text, "cpu 1 sti");
        let one = tokens.next("K").and_then(|_| tokens.next("K")).expect("two tokens");
        assert_eq!((one.text, one.place.span()), ("1", 6..7));
        for empty in ["", "   ", "# comment", " \t# cpu"] {
            assert!(Tokens::of_line(&Source::new("a", empty), 0, empty).is_none(), "{empty:?}");
        }
    }
}
