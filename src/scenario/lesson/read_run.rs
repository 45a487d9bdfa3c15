//! Reading a run of a lesson: its machine, its steps.

use super::inline::{CHOICE_KEYS, Chosen, From, RunName, chosen};
use super::model::{Anchor, By, LessonRun, Step};
use super::phrase::Phrase;
use super::query_reader::Subject;
use super::read_question::question;
use crate::scenario::diagnostic::InputError;
use crate::scenario::document::Value;
use crate::scenario::load::Request;
use crate::scenario::reader::{Field, Table};

/// More steps than anybody would go through.
const STEPS_MAX: usize = 200;

const STEP_KEYS: [&str; 6] = ["at", "by", "event", "nth", "says", "question"];

/// A run, and where its machine came from: experiments change that.
#[derive(Debug)]
pub(super) struct Origin<'d> {
    pub(super) from: From<'d>,
    pub(super) chosen: (Request, u64),
}

/// The run that a table is.
pub(super) fn run<'d>(field: Field<'d>, name: RunName) -> Result<(LessonRun, Origin<'d>), InputError> {
    let keys: Vec<&str> = ["intro", "scenario", "text", "step"].into_iter().chain(CHOICE_KEYS).collect();
    let whole = field.clone();
    let table = Table::open(field, "[[run]]", &keys)?;
    let from = match (table.get("scenario"), table.get("text")) {
        (Some(named), None) => From::Named(named),
        (None, Some(text)) => From::Inline(text, name),
        _ => {
            let error = whole.error("a run has either `scenario` or `text`", "this run has not");
            return Err(error.help("scenario = \"nmi-stall\" names one, text = ''' ... ''' is one"));
        }
    };
    let (Chosen { scenario, seed, command, text }, chosen) = chosen(&from, &table, &(Request::default(), 0))?;
    let machine = &scenario.machine;
    let subject = Subject { cpus: machine.cpus, generation: machine.generation, at_the_end: false };
    let steps = table.need("step", "[[run.step]]")?;
    let fields = steps.tables()?;
    if fields.is_empty() || fields.len() > STEPS_MAX {
        return Err(steps.error(&format!("a run of a lesson has 1 to {STEPS_MAX} steps"), "too few or too many"));
    }
    let last = fields.len() - 1;
    let is_end = |field: &Field<'_>| matches!(&field.node.value, Value::Table(keys) if keys.iter().any(|entry| entry.key == "at"));
    let before_end: Vec<bool> = (0..fields.len()).map(|index| fields.get(index + 1).is_none_or(is_end)).collect();
    let read = fields
        .into_iter()
        .enumerate()
        .map(|(index, field)| step(field, subject, Place { is_last: index == last, before_end: before_end[index] }));
    let steps: Vec<Step> = read.collect::<Result<_, _>>()?;
    let intro = table.get("intro").map_or(Ok(""), |field| field.text())?.trim().to_owned();
    let run = LessonRun { intro, scenario, seed, command, text, steps };
    Ok((run, Origin { from, chosen }))
}

/// Where a step is among those of its run.
#[derive(Debug, Clone, Copy)]
struct Place {
    is_last: bool,
    /// Nothing comes after it but the end.
    before_end: bool,
}

fn step(field: Field<'_>, subject: Subject, Place { is_last, before_end }: Place) -> Result<Step, InputError> {
    let whole = field.clone();
    let table = Table::open(field, "[[run.step]]", &STEP_KEYS)?;
    let at = match (table.get("at"), table.get("event")) {
        (Some(at), None) if at.text()? == "end" && is_last => Anchor::End,
        (Some(at), None) if at.text()? == "end" => {
            return Err(at.error("a step at the end is the last one of its run", "there are others after it"));
        }
        (None, Some(event)) => Anchor::Event {
            by: table.get("by").map(|by| whose(&by, subject)).transpose()?,
            says: Phrase::read(&event.line_of_text()?).ok_or_else(|| {
                event
                    .error("these are no words of an event", "nothing to look for")
                    .help("apicsim run SCENARIO --trace - has them")
            })?,
            nth: table.get("nth").map_or(Ok(1), |nth| nth.small_integer(1, 1_000_000))?,
        },
        _ => {
            let error = whole.error("a step stands at an event, or at the end", "this one does not");
            return Err(error.help("event = \"FIXED FD from CPU1 delivered\", as a trace has it; or at = \"end\""));
        }
    };
    let says = table.need("says", "\"What happens here, and why.\"")?.text()?.trim().to_owned();
    let question = table.get("question").map(|field| question(field, subject, before_end)).transpose()?;
    if let (Anchor::End, Some(question)) = (&at, &question) {
        return Err(InputError::new("nothing comes after the end that could be predicted")
            .at(&question.place, "a question of the last step")
            .help("ask in a step before it, or change something: [[experiment]]"));
    }
    Ok(Step { place: whole.node.place.clone(), at, says, question })
}

fn whose(field: &Field<'_>, subject: Subject) -> Result<By, InputError> {
    let text = field.text()?;
    let cpu = text.strip_prefix("CPU").and_then(|number| number.parse::<u32>().ok());
    match (text, cpu) {
        ("bus", _) => Ok(By::Bus),
        (_, Some(cpu)) if cpu < subject.cpus => Ok(By::Cpu(cpu as u16)),
        _ => Err(field
            .error(&format!("`{text}` does nothing on this machine"), "nobody of that name")
            .help(format!("it is bus, or CPU0 to CPU{}", subject.cpus - 1))),
    }
}
