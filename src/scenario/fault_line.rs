//! A fault in one line, for scripts: `fault KIND KEY=VALUE ...`, with the kinds and keys of `[[fault]]`, and the same checks.
//!
//! Not here: filters (a script runs on one machine), and names of vectors, which are a kernel's.

use super::diagnostic::{InputError, Place};
use super::document::{Entry, Node, Value};
use super::fault::{Fault, FaultKind};
use super::faults;
use super::filter;
use super::happenings::Stage;
use super::machine::Machine;
use super::model::Stall;
use super::operation::{Token, Tokens};
use super::reader::Field;
use super::role::IpiVector;

/// A line as it is written: what each word is, is for the machine to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultLine {
    /// All of it, blanks collapsed.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// The kind and what is said of it: keys, values, and where they stand.
    words: Vec<(Word, Word)>,
}

type Word = (String, Place);

impl FaultLine {
    /// Reads the words behind `fault`.
    pub(crate) fn read(mut tokens: Tokens<'_>) -> Result<Self, InputError> {
        let kind = tokens.next("KIND")?;
        let mut words = vec![(("kind".to_owned(), kind.place.clone()), word(&kind))];
        while let Some(token) = tokens.optional() {
            let Some((key, value)) =
                token.text.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty())
            else {
                return Err(token
                    .error(format!("`{}` says nothing of the fault", token.text), "KEY=VALUE")
                    .help("it is written: fault KIND KEY=VALUE ..., as: fault message effect=lose vector=0x31 nth=2"));
            };
            let start = token.place.span().start;
            let (key, value) = (token.part(start, key), token.part(start + key.len() + 1, value));
            if key.text == "kind" || filter::KEYS.contains(&key.text) {
                return Err(key
                    .error(format!("`{}` has no place in a script", key.text), "not a key here")
                    .help("a script runs on one machine: leave it out"));
            }
            if let Some((_, (_, before))) =
                words.iter().map(|(key, value)| (value, key)).find(|(_, word)| word.0 == key.text)
            {
                return Err(key
                    .error(format!("`{}` stands twice", key.text), "once is enough")
                    .help(format!("it stands in column {} too", before.column())));
            }
            words.push((word(&key), word(&value)));
        }
        Ok(Self { text: tokens.text, place: tokens.place, words })
    }

    /// What it means for a machine: one fault, or as many as it comes again.
    pub(crate) fn on(&self, machine: &Machine) -> Result<Vec<Fault>, InputError> {
        let entry = |((key, key_place), (text, place)): &(Word, Word)| Entry {
            key: key.clone(),
            key_place: key_place.clone(),
            node: Node { place: place.clone(), value: value(text) },
        };
        let node = Node { place: self.place.clone(), value: Value::Table(self.words.iter().map(entry).collect()) };
        let stage = Stage { machine, stall: Stall::None, limit_ps: None };
        let faults = faults::fault(0, Field { node: &node, path: "fault".to_owned() }, stage)?;
        let named = |fault: &Fault| matches!(fault.kind, FaultKind::Message(plan) if matches!(plan.vector, Some(IpiVector::Use(_))));
        if faults.iter().any(named) {
            return Err(InputError::new("a script has no kernel that would use vectors")
                .at(&self.place, "a name of a vector")
                .help("give its number: vector=0xfb"));
        }
        Ok(faults)
    }
}

fn word(token: &Token<'_>) -> Word {
    (token.text.to_owned(), token.place.clone())
}

/// A number, with `0x` if it is hex, a decimal number, or else a name.
fn value(text: &str) -> Value {
    let hex = text.strip_prefix("0x").map(|digits| i128::from_str_radix(digits, 16));
    let number = hex.unwrap_or_else(|| text.parse());
    match number {
        Ok(number) => Value::Integer(number),
        Err(_) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => Value::Float(text.to_owned()),
        Err(_) => Value::String(text.to_owned()),
    }
}
