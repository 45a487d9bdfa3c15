//! `apicsim script`: local APICs poked by hand.

use super::settings::settings;
use crate::cli::arguments::{Look, Script as Arguments};
use crate::cli::exit_status::ExitStatus;
use crate::cli::interactive::interact;
use crate::cli::interrupt::Interruptible;
use crate::cli::look;
use crate::cli::output::{self, check_streams};
use crate::cli::trace_file::TraceFile;
use crate::failure::Failure;
use crate::report::Paper;
use crate::report::trace_format::{TraceFormat, form};
use crate::scenario::diagnostic::{InputError, Place, Source};
use crate::scenario::input_file::first_bytes;
use crate::scenario::nearest;
use crate::script::{self, Board, End, Ends, Looks, Script, Session, Transcript};
use sim::{Budget, Knobs, NoSuchValue, Observer};
use std::io::{ErrorKind, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A larger file is not a script: some 100 000 operations.
pub(crate) const SCRIPT_BYTES_MAX: u64 = 4 << 20;

/// The name under which a script on standard input goes.
const STANDARD_INPUT: &str = "-";

pub(super) fn script(arguments: &Arguments, look: Look) -> Result<ExitStatus, Failure> {
    check_streams(arguments.json, arguments.trace.as_deref())?;
    if arguments.trace.as_deref().is_some_and(|path| TraceFormat::of_file(path).needs_a_scenario()) {
        return Err(InputError::new("waves, tracks and buffers are traced of `apicsim run`, not of a script")
            .help("of a script: --trace FILE.txt or FILE.ndjson")
            .into());
    }
    let board = board(arguments)?;
    let source = match &arguments.file {
        Some(file) => Some(read(file)?),
        None if arguments.interactive || std::io::stdin().is_terminal() => None,
        None => {
            return Err(InputError::new("no script")
                .help("give a FILE (- is standard input), or --interactive")
                .into());
        }
    };
    let settings = settings(&arguments.execution, 0, arguments.budgets, None);
    let (execution, budget) = (settings.execution, settings.budget);
    let Some(source) = source.as_ref().filter(|_| !arguments.interactive) else {
        if arguments.strict {
            return Err(InputError::new("`--strict` is for a whole script")
                .help("give a FILE (- is standard input)")
                .into());
        }
        return interactive(Session::new(board, execution, look::paper(look)), budget, source, look);
    };
    let script = Arc::new(Script::parse(source)?);
    let interruptible = Interruptible::begin()?;
    let handle = interruptible.handle();
    let names = script::names(&script);
    let trace_of =
        |path: &PathBuf| TraceFile::new(path, form((TraceFormat::of_file(path), path), names, None), handle.clone());
    let mut trace = arguments.trace.as_ref().map(trace_of);
    let observer = trace.as_mut().map(|trace| trace as &mut dyn Observer);
    let looks = Looks { observer, strict: arguments.strict };
    let transcript = script::run_observed(&script, &board, execution, Ends { handle: Some(handle), budget }, looks)?;
    drop(interruptible);
    trace.map(TraceFile::finish).transpose()?;
    show(arguments, &transcript, look::paper(look))?;
    Ok(match transcript.end {
        End::Complete | End::Skipped => ExitStatus::Success,
        End::ConductorInitialised | End::ConductorStuck => ExitStatus::Unexpected,
        End::Interrupted(why) => ExitStatus::from(why),
    })
}

/// A session, of which each line is a run that Ctrl-C ends.
fn interactive(
    session: Session,
    budget: Budget,
    source: Option<Arc<Source>>,
    look: Look,
) -> Result<ExitStatus, Failure> {
    let interruptible = Interruptible::begin()?;
    let mut session = session.ended_by(Ends { handle: Some(interruptible.handle()), budget });
    if let Some(source) = source {
        output::print(&session.load(&source)?)?;
        if session.is_interrupted() {
            output::print(session.end())?;
            return Ok(ExitStatus::Interrupted);
        }
    }
    drop(interruptible);
    interact(&mut session, look)
}

fn show(arguments: &Arguments, transcript: &Transcript, paper: Paper) -> Result<(), Failure> {
    if arguments.json {
        output::print_json(&script::document(transcript))
    } else {
        output::print(&script::text(transcript, paper))
    }
}

fn read(file: &Path) -> Result<Arc<Source>, Failure> {
    let failed = |error| Failure::Host { what: format!("cannot read {}", file.display()), error };
    let (name, bytes) = if file == Path::new(STANDARD_INPUT) {
        ("standard input".to_owned(), at_most(std::io::stdin().lock()).map_err(failed)?)
    } else {
        (
            file.display().to_string(),
            match first_bytes(file, SCRIPT_BYTES_MAX + 1) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let error = InputError::new(format!("cannot read {}: {error}", file.display()));
                    return Err(error.help("start what writes to it first").into());
                }
                read => read.map_err(failed)?,
            },
        )
    };
    if bytes.len() as u64 > SCRIPT_BYTES_MAX {
        return Err(InputError::new(format!("{name} is larger than 4 MiB")).help("this is not a script").into());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        InputError::new(format!("{name} is not UTF-8 text: line {line} has a byte that is none"))
            .help("a script has one operation a line")
    })?;
    Ok(Source::new(name, text))
}

/// No more than tells that it is too much.
fn at_most(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(SCRIPT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn board(arguments: &Arguments) -> Result<Board, InputError> {
    let mut knobs = Knobs::default();
    for set in &arguments.sets {
        set_knob(&mut knobs, set)?;
    }
    Ok(Board { generation: arguments.generation, bus: arguments.bus, knobs })
}

/// One `--set knobs.KEY=VALUE`.
fn set_knob(knobs: &mut Knobs, set: &str) -> Result<(), InputError> {
    let source = Source::new("--set", set);
    let Some((path, value)) = set.split_once('=') else {
        return Err(InputError::new("`--set` takes PATH=VALUE")
            .at(&Place::new(&source, 0..set.len()), "no `=`")
            .help("for example: --set knobs.invalid_shorthand=delivered"));
    };
    let keys: Vec<&str> = Knobs::ALL.iter().map(|knob| knob.key).collect();
    let key = path.strip_prefix("knobs.").unwrap_or(path);
    match knobs.set(key, value.trim_matches('"')) {
        Some(Ok(())) if path.starts_with("knobs.") => Ok(()),
        Some(Err(NoSuchValue(knob))) => Err(InputError::new(format!("unknown {} `{value}`", knob.what))
            .at(&Place::new(&source, path.len() + 1..set.len()), "not a value of this knob")
            .help(nearest::suggestion(value, knob.values))),
        Some(Ok(())) => Err(InputError::new(format!("`{path}` is not a path"))
            .at(&Place::new(&source, 0..path.len()), "a script has knobs only")
            .help(format!("did you mean `knobs.{path}`?"))),
        None => Err(InputError::new(format!("unknown knob `{path}`"))
            .at(&Place::new(&source, 0..path.len()), "not a knob")
            .help(nearest::suggestion(key, &keys))),
    }
}
