//! One step: its words, without its reading.

use super::amount::{amount, span};
use super::call;
use super::forms::{is_for_scripts, is_operation, step_forms};
use super::pin::pin;
use super::reading::Reading;
use super::timer::timer;
use super::vocabulary::{NAME, good_name};
use crate::scenario::amount::Amount;
use crate::scenario::diagnostic::InputError;
use crate::scenario::nearest;
use crate::scenario::operation::{Token, Tokens, operation, plain, value};
use crate::scenario::program::{Act, Condition, PinName, Relation};

/// The longest text that is said.
const TEXT_MAX: usize = 200;

/// Reads the step called `name`, which has been taken. Its reading count as empty still.
pub(super) fn step(
    reading: &mut Reading<'_, '_>,
    name: &Token<'_>,
    tokens: &mut Tokens<'_>,
) -> Result<Act, InputError> {
    if is_operation(name.text) {
        let operation = operation(tokens, name.text)?.expect("the table has it");
        return Ok(Act::Operation(operation));
    }
    Ok(match name.text {
        "call" => call::call(reading, tokens)?,
        "hlt" => Act::Halt,
        "pause" => Act::Pause,
        "shutdown" => Act::ShutDown,
        "irqs-off" => Act::InterruptsOff { body: 0 },
        "lock" => Act::Lock(lock(reading, tokens)?),
        "unlock" => Act::Unlock(lock(reading, tokens)?),
        "try" => Act::Try { lock: lock(reading, tokens)?, then: 0, otherwise: 0 },
        "set" => Act::Set(word(reading, tokens)?, number(tokens)?),
        "add" => Act::Add(word(reading, tokens)?, number(tokens)?),
        "await" => {
            let condition = condition(reading, tokens)?;
            Act::Await { condition, at_most: optional_span(tokens)? }
        }
        "if" => Act::If { condition: condition(reading, tokens)?, then: 0, otherwise: 0 },
        "delay" => Act::Delay(amount(&tokens.next("D")?)?),
        "sleep-until" => Act::SleepUntil(span(&tokens.next("T")?)?),
        "repeat" => {
            let times = plain(&tokens.next("N")?, "the number of rounds", &(1..=u64::from(u32::MAX)))? as u32;
            Act::Repeat { times, body: 0 }
        }
        "forever" => Act::Forever { body: 0 },
        "every" => {
            let token = tokens.next("D")?;
            let apart = amount(&token)?;
            if apart == Amount::Fixed(0) {
                return Err(token.error("arrivals no time apart", "no time").help("a time such as 10us, or exp(10us)"));
            }
            Act::Every { apart, span: optional_span(tokens)?, body: 0 }
        }
        "timer" => timer(reading, tokens)?,
        "nmi" => pin(reading, tokens, PinName::Nmi)?,
        "smi" => pin(reading, tokens, PinName::Smi)?,
        "init" => pin(reading, tokens, PinName::Init)?,
        "say" => Act::Say(said(reading, tokens)?),
        "reach" => Act::Reach(reached(reading, tokens)?),
        _ => return Err(unknown(name)),
    })
}

fn unknown(name: &Token<'_>) -> InputError {
    if name.text == "else" {
        return name
            .error("`else` belongs to no `if` or `try`", "nothing before it")
            .help("it stands right behind the `}` of the block before it");
    }
    let error = name.error(format!("unknown step `{}`", name.text), "no step begins so");
    if is_for_scripts(name.text) {
        return error.help("its answer is for scripts; a program can `read`, or look at a word with `if`");
    }
    let names: Vec<&str> = step_forms().map(|form| form.name).filter(|name| *name != "}").collect();
    error.help(nearest::suggestion(name.text, &names))
}

fn word(reading: &mut Reading<'_, '_>, tokens: &mut Tokens<'_>) -> Result<kernel_model::Word, InputError> {
    reading.reader.vocabulary.word(&tokens.next("W")?, &reading.reader.programs)
}

fn lock(reading: &mut Reading<'_, '_>, tokens: &mut Tokens<'_>) -> Result<kernel_model::Word, InputError> {
    reading.reader.vocabulary.lock(&tokens.next("L")?, &reading.reader.programs)
}

fn number(tokens: &mut Tokens<'_>) -> Result<u32, InputError> {
    Ok(value(&tokens.next("N")?, 32)? as u32)
}

fn condition(reading: &mut Reading<'_, '_>, tokens: &mut Tokens<'_>) -> Result<Condition, InputError> {
    let word = word(reading, tokens)?;
    let token = tokens.next("==, != or &")?;
    let relation = match token.text {
        "==" => Relation::Equal,
        "!=" => Relation::Different,
        "&" => Relation::AnyBit,
        text => {
            return Err(token
                .error(format!("`{text}` compares nothing"), "not a comparison")
                .help("== equal, != different, & some of these bits are set"));
        }
    };
    Ok(Condition { word, relation, value: number(tokens)? })
}

/// `for D`, if it stands there.
fn optional_span(tokens: &mut Tokens<'_>) -> Result<Option<Amount>, InputError> {
    match tokens.optional() {
        None => Ok(None),
        Some(token) if token.text == "for" => amount(&tokens.next("D")?).map(Some),
        Some(token) => Err(token
            .error(format!("`{}` is not expected", token.text), "`for` can stand here")
            .help("with `for 10us` it ends after that time at the latest")),
    }
}

fn said(reading: &mut Reading<'_, '_>, tokens: &mut Tokens<'_>) -> Result<u32, InputError> {
    let token = tokens.next("\"TEXT\"")?;
    let inner = token.text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).filter(|_| token.text.len() > 1);
    match inner {
        Some(text) if text.chars().count() <= TEXT_MAX && !text.chars().any(char::is_control) => {
            let applies = reading.applies;
            let said = &mut reading.programs().said;
            if applies {
                said.push(text.to_owned());
            }
            Ok(said.len().saturating_sub(1) as u32)
        }
        Some(_) => Err(token
            .error("this text cannot be said", "too long, or not plain text")
            .help(format!("at most {TEXT_MAX} characters that are printed"))),
        None => Err(token.error("what is said stands in quotes", "no quotes").help("say \"got the lock\"")),
    }
}

fn reached(reading: &mut Reading<'_, '_>, tokens: &mut Tokens<'_>) -> Result<u32, InputError> {
    let token = tokens.next("NAME")?;
    if !good_name(token.text) {
        return Err(token.error(format!("`{}` is not a name", token.text), "not a name").help(NAME));
    }
    let applies = reading.applies;
    let reached = &mut reading.programs().reached;
    let known = reached.iter().position(|name| name == token.text);
    Ok(known.unwrap_or_else(|| {
        if applies {
            reached.push(token.text.to_owned());
        }
        reached.len().saturating_sub(1)
    }) as u32)
}
