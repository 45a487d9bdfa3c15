//! The steps of a program with their blocks.

use super::forms;
use super::lines::Piece;
use super::reading::Reading;
use super::step;
use crate::scenario::diagnostic::InputError;
use crate::scenario::operation::{Token, Tokens};
use crate::scenario::program::{Act, StepPlace};
use std::iter::Peekable;
use std::vec::IntoIter;

/// Steps of all programs of a scenario, at most.
const STEPS_MAX: usize = 100_000;

/// Blocks within blocks, at most.
const DEPTH_MAX: u32 = 16;

/// A program while it is read.
pub(super) struct Blocks<'r, 'm, 's> {
    reading: Reading<'r, 'm>,
    pieces: Peekable<IntoIter<Piece<'s>>>,
}

impl<'r, 'm, 's> Blocks<'r, 'm, 's> {
    pub(super) fn new(reading: Reading<'r, 'm>, pieces: Vec<Piece<'s>>) -> Self {
        Self { reading, pieces: pieces.into_iter().peekable() }
    }

    /// All of it.
    pub(super) fn program(&mut self) -> Result<(), InputError> {
        self.block(None, 0).map(drop)
    }

    /// The steps up to the end of a block, or of the program: how many there are, those within their blocks too.
    fn block(&mut self, opened: Option<&Token<'_>>, depth: u32) -> Result<u32, InputError> {
        let first = self.reading.reader.programs.steps.len();
        loop {
            match self.pieces.next() {
                Some(Piece::Words(words)) => self.step(words, depth)?,
                Some(Piece::Open(brace)) => {
                    return Err(brace
                        .error("`{` after no step", "opens the block of nothing")
                        .help("a block follows what it belongs to: irqs-off, try, if, else, repeat, forever, every"));
                }
                Some(Piece::Close(brace)) if opened.is_none() => {
                    return Err(brace.error("`}` closes nothing", "no block is open").help("leave it out"));
                }
                None if opened.is_some() => {
                    let brace = opened.expect("just looked at");
                    return Err(brace.error("the block is not closed", "opened here").help("close it with `}`"));
                }
                Some(Piece::Close(_)) | None => break,
            }
        }
        Ok((self.reading.reader.programs.steps.len() - first) as u32)
    }

    /// A step, with its blocks.
    fn step(&mut self, words: Vec<Token<'s>>, depth: u32) -> Result<(), InputError> {
        let (name, mut tokens) = (words[0].clone(), Tokens::of(words).expect("a step has words"));
        let _ = tokens.next("a step")?;
        if let Some(usage) = forms::usage(name.text) {
            tokens.written(usage);
        }
        let number = self.reading.programs().steps.len();
        if number >= STEPS_MAX {
            return Err(name
                .error("the programs of this scenario are too long", "one step too many")
                .help(format!("at most {STEPS_MAX} steps together; `repeat` says often what is said once")));
        }
        let (place, text) = (tokens.place.clone(), tokens.text.clone());
        let act = step::step(&mut self.reading, &name, &mut tokens)?;
        tokens.finish()?;
        self.reading.programs().steps.push(act);
        self.reading.programs().places.push(StepPlace { place, text });
        let act = self.with_blocks(&name, act, depth)?;
        self.reading.programs().steps[number] = act;
        self.takes_time(&name, act, number)
    }

    /// The same step, which knows now how long its blocks are.
    fn with_blocks(&mut self, name: &Token<'_>, act: Act, depth: u32) -> Result<Act, InputError> {
        let two = matches!(act, Act::Try { .. } | Act::If { .. });
        let one =
            matches!(act, Act::InterruptsOff { .. } | Act::Repeat { .. } | Act::Forever { .. } | Act::Every { .. });
        let opened = match (self.pieces.peek(), one || two) {
            (Some(Piece::Open(brace)), true) => brace.clone(),
            (Some(Piece::Open(brace)), false) => {
                return Err(brace
                    .error(format!("`{}` has no block", name.text), "a block of nothing")
                    .help("blocks belong to irqs-off, try, if, else, repeat, forever and every"));
            }
            (_, true) => {
                let usage = forms::usage(name.text).unwrap_or_default();
                return Err(name
                    .error(format!("the block of `{}` is missing", name.text), "needs a block")
                    .help(format!("it is written: {usage}")));
            }
            (_, false) => return Ok(act),
        };
        if depth == DEPTH_MAX {
            return Err(opened
                .error("blocks within blocks too deep", "one too many")
                .help(format!("at most {DEPTH_MAX}")));
        }
        self.pieces.next();
        let then = self.block(Some(&opened), depth + 1)?;
        let otherwise = if two { self.otherwise(depth)? } else { 0 };
        Ok(match act {
            Act::InterruptsOff { .. } => Act::InterruptsOff { body: then },
            Act::Repeat { times, .. } => Act::Repeat { times, body: then },
            Act::Forever { .. } => Act::Forever { body: then },
            Act::Every { apart, span, .. } => Act::Every { apart, span, body: then },
            Act::Try { lock, .. } => Act::Try { lock, then, otherwise },
            Act::If { condition, .. } => Act::If { condition, then, otherwise },
            other => other,
        })
    }

    /// The block of `else`, if there is one.
    fn otherwise(&mut self, depth: u32) -> Result<u32, InputError> {
        let is_else = |piece: &Piece<'_>| matches!(piece, Piece::Words(words) if words[0].text == "else");
        let Some(Piece::Words(words)) = self.pieces.next_if(is_else) else { return Ok(0) };
        if let Some(extra) = words.get(1) {
            return Err(extra.error("`else` takes nothing but a block", "not expected").help("else { ... }"));
        }
        match self.pieces.next_if(|piece| matches!(piece, Piece::Open(_))) {
            Some(Piece::Open(brace)) => self.block(Some(&brace), depth + 1),
            _ => Err(words[0].error("the block of `else` is missing", "needs a block").help("else { ... }")),
        }
    }

    /// A loop without a step that takes time would stand still.
    fn takes_time(&mut self, name: &Token<'_>, act: Act, number: usize) -> Result<(), InputError> {
        if !matches!(act, Act::Repeat { .. } | Act::Forever { .. } | Act::Every { .. }) {
            return Ok(());
        }
        let body = &self.reading.reader.programs.steps[number + 1..];
        if matches!(act, Act::Every { .. }) && !body.is_empty() || body.iter().any(|step| takes_time(*step)) {
            return Ok(());
        }
        Err(name
            .error("a loop in which no time passes", "no operation in its block")
            .help("`pause` is the least that a loop can do"))
    }
}

/// Does simulated time pass in a step itself?
const fn takes_time(act: Act) -> bool {
    match act {
        Act::Say(_) | Act::Reach(_) | Act::SleepUntil(_) | Act::Repeat { .. } | Act::Forever { .. } => false,
        Act::Delay(crate::scenario::amount::Amount::Fixed(ps)) => ps > 0,
        _ => true,
    }
}
