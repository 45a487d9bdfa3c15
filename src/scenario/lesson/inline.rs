//! The scenario of a run: by name with choices, or written in the lesson's file, whose faults are shown where they stand.

use crate::scenario::Bus;
use crate::scenario::decimal;
use crate::scenario::diagnostic::{InputError, Place};
use crate::scenario::load::{Request, load, load_text};
use crate::scenario::model::Scenario;
use crate::scenario::reader::{Field, Table};
use crate::scenario::{catalogue, named::Named};
use sim::Generation;

/// The keys that choose what runs.
pub(super) const CHOICE_KEYS: [&str; 8] = ["arch", "variant", "release", "generation", "bus", "cpus", "seed", "set"];

/// What a text between three quotes begins and ends with.
const QUOTES: &str = "'''";

/// Where the machine comes from.
#[derive(Debug, Clone)]
pub(super) enum From<'d> {
    Named(Field<'d>),
    Inline(Field<'d>, RunName),
}

/// Which run of which lesson.
#[derive(Debug, Clone)]
pub(super) struct RunName {
    pub(super) lesson: String,
    /// As it was asked for: the name, or a path.
    pub(super) asked: String,
    /// From 1 on.
    pub(super) number: usize,
}

impl RunName {
    /// The file that a text in it would be in, which is not that of the lesson.
    fn file(&self) -> String {
        format!("{}-{}.toml", self.lesson, self.number)
    }

    /// What prints that text.
    fn command(&self) -> String {
        match self.number {
            1 => format!("apicsim demo {} --scenario", self.asked),
            other => format!("apicsim demo {} --scenario {other}", self.asked),
        }
    }
}

/// A machine, and what was chosen for it.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) scenario: Scenario,
    pub(super) seed: u64,
    pub(super) command: String,
    pub(super) text: String,
}

/// A request with the choices of a table, on top of those of another one.
fn choose(table: &Table<'_>, before: &Request, seed: u64) -> Result<(Request, u64), InputError> {
    let mut request = before.clone();
    let text = |key| table.get(key).map(|field| field.text().map(str::to_owned)).transpose();
    request.arch = text("arch")?.or(request.arch);
    request.variant = text("variant")?.or(request.variant);
    request.release =
        table.get("release").map(|field| field.text().map(str::to_owned)).transpose()?.or(request.release);
    request.generation =
        table.get("generation").map(|field| field.name::<Generation>()).transpose()?.or(request.generation);
    request.bus = table.get("bus").map(|field| field.name::<Bus>()).transpose()?.or(request.bus);
    request.cpus = table.get("cpus").map(|field| field.small_integer(1, 4096)).transpose()?.or(request.cpus);
    if let Some(sets) = table.get("set") {
        request.sets.extend(sets.list(|set| set.line_of_text())?);
    }
    let seed = table.get("seed").map(|field| field.integer(&(0..=i64::MAX as u64))).transpose()?.unwrap_or(seed);
    Ok((request, seed))
}

/// The machine that `from` names with the choices of `table`, and of `before` it, and the request that it came from.
pub(super) fn chosen(
    from: &From<'_>,
    table: &Table<'_>,
    before: &(Request, u64),
) -> Result<(Chosen, (Request, u64)), InputError> {
    let (mut request, seed) = choose(table, &before.0, before.1)?;
    let (scenario, text) = match from {
        From::Named(field) => {
            request.scenario = field.line_of_text()?;
            let scenario = load(&request).map_err(|error| here(field, &error))?;
            (scenario, catalogue::text(&request.scenario)?)
        }
        From::Inline(field, run) => {
            let name = run.file();
            request.scenario.clone_from(&name);
            let (text, offset) = verbatim(field)?;
            let scenario = load_text(&text, &request).map_err(|error| inside(field, &name, offset, &error))?;
            (scenario, text)
        }
    };
    let command = command(&request, seed);
    let command = match from {
        From::Named(_) => command,
        From::Inline(_, run) => format!("{} > {}; {command}", run.command(), run.file()),
    };
    Ok((Chosen { scenario, seed, command, text }, (request, seed)))
}

/// The text between the quotes, and where in the file it begins.
fn verbatim(field: &Field<'_>) -> Result<(String, usize), InputError> {
    let text = field.text()?;
    let place = &field.node.place;
    let raw = &place.source().text()[place.span()];
    let inner = raw.strip_prefix(QUOTES).and_then(|rest| rest.strip_suffix(QUOTES));
    let Some(inner) = inner else {
        let error = field.error("the text of a scenario stands between three single quotes", "not between them");
        return Err(error.help("text = ''' begins it, ''' ends it; a program in it has \"\"\""));
    };
    let newline = inner.len() - inner.strip_prefix("\r\n").or(inner.strip_prefix('\n')).unwrap_or(inner).len();
    Ok((text.to_owned(), place.span().start + QUOTES.len() + newline))
}

/// What is wrong with a named scenario or what was chosen for it.
fn here(field: &Field<'_>, error: &InputError) -> InputError {
    let at = error.place().map_or_else(String::new, |place| match place.source().name() {
        "command line" => format!(" ({})", place.source().text()),
        _ => format!(" ({place})"),
    });
    let told = InputError::new(format!("{}{at}", error.message())).at(&field.node.place, "in this run");
    error.help_lines().iter().fold(told, InputError::help)
}

/// What is wrong with a text in the lesson, where it stands there.
fn inside(field: &Field<'_>, name: &str, offset: usize, error: &InputError) -> InputError {
    let Some(place) = error.place().filter(|place| place.source().name() == name) else { return here(field, error) };
    let (span, source) = (place.span(), field.node.place.source());
    let told =
        InputError::new(error.message()).at(&Place::new(source, span.start + offset..span.end + offset), error.label());
    error.help_lines().iter().fold(told, InputError::help)
}

/// The command line that runs it.
fn command(request: &Request, seed: u64) -> String {
    let mut command = format!("apicsim run {}", request.scenario);
    let choices = [
        ("arch", request.arch.clone()),
        ("variant", request.variant.clone()),
        ("release", request.release.clone()),
        ("generation", request.generation.map(|one| one.name().to_owned())),
        ("bus", request.bus.map(|one| one.name().to_owned())),
        ("cpus", request.cpus.map(|cpus| cpus.to_string())),
        ("limit-us", request.limit_ps.map(decimal::microseconds)),
        ("seed", (seed != 0).then(|| seed.to_string())),
    ];
    for (option, value) in choices {
        if let Some(value) = value {
            command += &format!(" --{option} {value}");
        }
    }
    for set in &request.sets {
        let plain = set.chars().all(|c| c.is_ascii_alphanumeric() || "._-=:/".contains(c));
        command += &if plain { format!(" --set {set}") } else { format!(" --set '{}'", set.replace('\'', "'\\''")) };
    }
    command
}
