//! A program's text, cut into pieces: the words of a step, and the braces of blocks. Each knows where it is written.

use crate::scenario::diagnostic::{Place, Source};
use crate::scenario::operation::Token;
use crate::scenario::reader::Field;
use std::ops::Range;
use std::sync::Arc;

/// Where a program is written: the part of a source that is its text.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) source: Arc<Source>,
    range: Range<usize>,
}

/// A piece of a program.
#[derive(Debug)]
pub(super) enum Piece<'s> {
    /// The words of a step.
    Words(Vec<Token<'s>>),
    /// `{`.
    Open(Token<'s>),
    /// `}`.
    Close(Token<'s>),
}

impl Text {
    /// The text of a string. If it stands in its file as it is, without escapes, each line of it is a line of the file.
    pub(super) fn of(field: &Field<'_>, text: &str) -> Self {
        let place = &field.node.place;
        let raw = &place.source().text()[place.span()];
        match raw.find(text) {
            Some(at) => {
                let start = place.span().start + at;
                Self { source: Arc::clone(place.source()), range: start..start + text.len() }
            }
            None => {
                let name = format!("{} ({})", place.source().name(), field.path);
                Self { source: Source::new(name, text), range: 0..text.len() }
            }
        }
    }

    /// Its pieces in order. `#` starts a comment; blanks part words, but not within parentheses or quotes.
    pub(super) fn pieces(&self) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        let text = &self.source.text()[self.range.clone()];
        let mut start = self.range.start;
        for line in text.split_inclusive('\n') {
            self.line(start, line, &mut pieces);
            start += line.len();
        }
        pieces
    }

    fn line<'s>(&'s self, start: usize, line: &'s str, pieces: &mut Vec<Piece<'s>>) {
        let token = |range: Range<usize>| Token {
            text: &line[range.clone()],
            place: Place::new(&self.source, start + range.start..start + range.end),
        };
        let mut words = Vec::new();
        let mut at = 0;
        while let Some(first) = line[at..].chars().next() {
            match first {
                '#' => break,
                '{' | '}' => {
                    flush(&mut words, pieces);
                    let brace = token(at..at + 1);
                    pieces.push(if first == '{' { Piece::Open(brace) } else { Piece::Close(brace) });
                    at += 1;
                }
                blank if blank.is_whitespace() => at += blank.len_utf8(),
                _ => {
                    let end = at + word_length(&line[at..]);
                    words.push(token(at..end));
                    at = end;
                }
            }
        }
        flush(&mut words, pieces);
    }
}

fn flush<'s>(words: &mut Vec<Token<'s>>, pieces: &mut Vec<Piece<'s>>) {
    if !words.is_empty() {
        pieces.push(Piece::Words(std::mem::take(words)));
    }
}

/// How many bytes the word at the start of `text` has: a quoted text, or all up to a blank, a brace or a comment.
fn word_length(text: &str) -> usize {
    if let Some(quoted) = text.strip_prefix('"') {
        let inner = quoted.find(['"', '\n', '\r']).unwrap_or(quoted.len());
        return 1 + inner + usize::from(quoted[inner..].starts_with('"'));
    }
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '{' | '}' | '#' | '\n' => return at,
            blank if blank.is_whitespace() && depth == 0 => return at,
            _ => {}
        }
    }
    text.trim_end().len()
}
