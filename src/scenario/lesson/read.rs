//! Reading a lesson's file.

use super::catalogue;
use super::inline::{CHOICE_KEYS, Chosen, RunName, chosen};
use super::model::{Experiment, Judged, Lesson, LessonRun};
use super::query_reader::Subject;
use super::read_question;
use super::read_run::{Origin, run};
use crate::scenario::diagnostic::{InputError, Place, Source};
use crate::scenario::document;
use crate::scenario::reader::{Field, Table};
use std::sync::Arc;

const KEYS: [&str; 6] = ["format", "name", "title", "story", "run", "experiment"];

/// More experiments than a lesson needs.
const EXPERIMENTS_MAX: usize = 20;

/// Loads a lesson by built-in name or path, with the scenarios of its runs.
///
/// # Errors
/// Whatever is wrong with it, at its place and with what would be right.
pub(crate) fn load_lesson(name_or_path: &str) -> Result<Lesson, InputError> {
    let source = catalogue::open(name_or_path)?;
    read(&source, name_or_path)
}

fn read(source: &Arc<Source>, asked: &str) -> Result<Lesson, InputError> {
    let root = document::parse(source)?;
    let table = Table::open(Field { node: &root, path: String::new() }, "the lesson", &KEYS)?;
    let start = Place::new(source, 0..0);
    let format = table.get("format").ok_or_else(|| {
        InputError::new("missing key `format`")
            .at(&start, "a lesson says its format first")
            .help("add the line: format = 1")
    })?;
    if format.integer(&(0..=u64::MAX >> 1))? != 1 {
        return Err(format
            .error("unknown format of a lesson", "not a format of this version")
            .help("this version reads format = 1"));
    }
    let name_field = table.need("name", "\"my-lesson\"")?;
    let name = name_field.line_of_text()?;
    if name == "index" || !name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-') {
        return Err(name_field
            .error("the name of a lesson is made of a to z, 0 to 9 and -", "not such a name")
            .help("it is also the name of its page's file, beside index.html"));
    }
    let title = table.need("title", "\"My lesson\"")?.line_of_text()?;
    let story = table.need("story", "\"What it is about.\"")?.text()?.trim().to_owned();
    let list = table.need("run", "[[run]]")?;
    let fields = list.tables()?;
    if !(1..=2).contains(&fields.len()) {
        let error = list.error("a lesson has one run, or two to compare", "not so many");
        return Err(error.help("what is to be changed without being told step by step is an [[experiment]]"));
    }
    let (mut runs, mut origins) = (Vec::new(), Vec::new());
    for (number, field) in fields.into_iter().enumerate() {
        let (run, origin) = run(field, RunName { lesson: name.clone(), asked: asked.to_owned(), number: number + 1 })?;
        runs.push(run);
        origins.push(origin);
    }
    let experiments = experiments(&table, &runs, &origins)?;
    Ok(Lesson { name, title, story, runs, experiments })
}

fn experiments(table: &Table<'_>, runs: &[LessonRun], origins: &[Origin<'_>]) -> Result<Vec<Experiment>, InputError> {
    let Some(list) = table.get("experiment") else { return Ok(Vec::new()) };
    let fields = list.tables()?;
    if fields.len() > EXPERIMENTS_MAX {
        return Err(list.error(&format!("a lesson has at most {EXPERIMENTS_MAX} experiments"), "too many"));
    }
    fields.into_iter().map(|field| experiment(field, runs, origins)).collect()
}

fn experiment(field: Field<'_>, runs: &[LessonRun], origins: &[Origin<'_>]) -> Result<Experiment, InputError> {
    let keys: Vec<&str> = ["run", "asks", "answer"].into_iter().chain(CHOICE_KEYS).collect();
    let whole = field.clone();
    let table = Table::open(field, "[[experiment]]", &keys)?;
    let number = table.get("run").map_or(Ok(1), |field| field.small_integer(1, runs.len() as u32))?;
    let origin = &origins[number as usize - 1];
    if !CHOICE_KEYS.iter().any(|key| table.get(key).is_some()) {
        return Err(whole
            .error("an experiment changes something", "nothing is changed here")
            .help(format!("it has one of: {}", CHOICE_KEYS.join(", "))));
    }
    let (Chosen { scenario, seed, command, .. }, _) = chosen(&origin.from, &table, &origin.chosen)?;
    let machine = &scenario.machine;
    let subject = Subject { cpus: machine.cpus, generation: machine.generation, at_the_end: true };
    let question = read_question::read(&whole, &table, Judged::End, subject)?;
    Ok(Experiment { scenario, seed, command, question })
}
