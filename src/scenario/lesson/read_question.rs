//! Reading a question: what it asks, its answers, and what makes each of them right.

use super::model::{Answer, Judged, Question};
use super::query_reader::{Subject, query};
use crate::scenario::diagnostic::InputError;
use crate::scenario::reader::{Field, Table};

const QUESTION_KEYS: [&str; 3] = ["asks", "judged", "answer"];
const ANSWER_KEYS: [&str; 3] = ["text", "holds", "because"];

/// More answers than keys.
pub(super) const ANSWERS_MAX: usize = 9;

/// The question that a table is, of a step; `before_end`: nothing comes after that step but the end.
pub(super) fn question(field: Field<'_>, subject: Subject, before_end: bool) -> Result<Question, InputError> {
    let whole = field.clone();
    let table = Table::open(field, "[run.step.question]", &QUESTION_KEYS)?;
    let judged = match table.get("judged") {
        None if before_end => Judged::End,
        None => Judged::Next,
        Some(field) => match field.text()? {
            "next" => Judged::Next,
            "end" => Judged::End,
            other => {
                let error = field.error(&format!("`{other}` is no moment that decides a question"), "not a moment");
                return Err(error.help("next (the next step, the default) or end (of the run)"));
            }
        },
    };
    let judged = if before_end { Judged::End } else { judged };
    read(&whole, &table, judged, Subject { at_the_end: judged == Judged::End, ..subject })
}

/// The question of a table that may have other keys, too.
pub(super) fn read(
    whole: &Field<'_>,
    table: &Table<'_>,
    judged: Judged,
    subject: Subject,
) -> Result<Question, InputError> {
    let asks = table.need("asks", "\"What does the bus say?\"")?.text()?.trim().to_owned();
    let list = table.need("answer", "[[...answer]]")?;
    let fields = list.tables()?;
    if !(2..=ANSWERS_MAX).contains(&fields.len()) {
        return Err(list.error(&format!("a question has 2 to {ANSWERS_MAX} answers"), "not so many"));
    }
    let answers = fields.into_iter().map(|field| answer(field, subject)).collect::<Result<_, _>>()?;
    Ok(Question { place: whole.node.place.clone(), asks, judged, answers })
}

fn answer(field: Field<'_>, subject: Subject) -> Result<Answer, InputError> {
    let place = field.node.place.clone();
    let table = Table::open(field, "an answer", &ANSWER_KEYS)?;
    let holds = table.need("holds", "[\"CPU2.irr has FD\"]")?;
    let queries = holds.list(|field| query(field, subject))?;
    if queries.is_empty() {
        return Err(holds.error("an answer is right if something holds", "nothing that could hold"));
    }
    Ok(Answer {
        place,
        text: table.need("text", "\"Retry.\"")?.line_of_text()?,
        holds: queries,
        because: table.get("because").map_or(Ok(""), |field| field.text())?.trim().to_owned(),
    })
}
