//! From a source location to what a reader wants to know of it: the function, and the line itself.

use crate::scenario::{Programs, Scenario, StepPlace, own_sources};
use sim::Site;
use std::fmt::Write;
use std::panic::Location;
use std::sync::{Arc, OnceLock};

/// Every source file whose lines may appear in reports.
const FILES: &[(&str, &str)] = &include!("source_files.in");

/// The functions of each of these files, by the number of the line that declares them: read once, and only if they are wanted.
static FUNCTIONS: [OnceLock<Vec<(u32, &str)>>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

/// Which of the listed files `path` (as the compiler names it) means.
fn number(path: &str) -> Option<usize> {
    let found = |path: &str| FILES.iter().position(|(name, _)| path.ends_with(name));
    if path.contains('\\') { found(&path.replace('\\', "/")) } else { found(path) }
}

fn listed(path: &str) -> Option<&'static (&'static str, &'static str)> {
    number(path).map(|number| &FILES[number])
}

/// The name of a file in reports: of one that is listed, from the top of the project, wherever that was built.
fn name<'a>(site: &Location<'a>) -> &'a str {
    listed(site.file()).map_or(site.file(), |(name, _)| name)
}

/// The text of the file that `path` means.
fn text(path: &str) -> Option<&'static str> {
    listed(path).map(|(_, text)| *text).or_else(|| own_sources::text(path))
}

/// The lines from that of `site` on, trimmed.
fn lines_from(site: Site) -> Option<impl Iterator<Item = &'static str>> {
    let location = site.location()?;
    Some(text(location.file())?.lines().skip(location.line() as usize - 1).map(str::trim))
}

/// The line of source, trimmed.
pub(crate) fn line(site: Site) -> Option<&'static str> {
    lines_from(site)?.next()
}

/// The line of a loop that waits: of a hook before the loop, the line after it that reads or delays.
pub(crate) fn waiting_line(site: Site) -> Option<&'static str> {
    let mut lines = lines_from(site)?;
    let hook = lines.next()?;
    let acts =
        |line: &&str| [".read(", ".load(", ".udelay(", "while ", "pending("].iter().any(|what| line.contains(what));
    if hook.contains(".wait_begin(") { lines.take(6).find(acts).or(Some(hook)) } else { Some(hook) }
}

/// The function that holds the line: the last `fn` above it.
pub(crate) fn function(site: Site) -> Option<&'static str> {
    let location = site.location()?;
    match number(location.file()) {
        Some(number) => holder_in(number, location.line()),
        None => holder(own_sources::text(location.file())?, location.line()),
    }
}

/// The function that holds the line of a listed file.
fn holder_in(number: usize, line: u32) -> Option<&'static str> {
    let numbered = || (1..).zip(FILES[number].1.lines());
    let functions = FUNCTIONS[number].get_or_init(|| {
        numbered().filter_map(|(number, line)| declared_function(line).map(|name| (number, name))).collect()
    });
    functions[..functions.partition_point(|(declared, _)| *declared <= line)].last().map(|(_, name)| *name)
}

/// The one that holds the line of another file.
fn holder(text: &'static str, line: u32) -> Option<&'static str> {
    let mut above = &text[..end_of_line(text, line)];
    // Whole lines are looked at only where there is a `fn`.
    while let Some(place) = above.as_bytes().windows(3).rposition(|bytes| bytes == b"fn ") {
        let begin = above[..place].rfind('\n').map_or(0, |end| end + 1);
        if let Some(name) = above[begin..].lines().next().and_then(declared_function) {
            return Some(name);
        }
        above = &above[..begin];
    }
    None
}

/// Where line `number` ends. Whole blocks of bytes are counted at once: most files are long, and this is asked often.
fn end_of_line(text: &str, number: u32) -> usize {
    const BLOCK: usize = 128; // so that a count fits a byte
    let mut ahead = number as usize;
    for (index, block) in text.as_bytes().chunks(BLOCK).enumerate() {
        let ends = usize::from(block.iter().map(|&byte| u8::from(byte == b'\n')).sum::<u8>());
        if ends >= ahead {
            let last = block.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(ahead - 1);
            return last.map_or(text.len(), |(place, _)| index * BLOCK + place);
        }
        ahead -= ends;
    }
    text.len()
}

/// The number of the line of source.
pub(crate) fn line_number(site: Site) -> Option<u32> {
    site.location().map(|location| location.line())
}

/// The function that holds the line: the number of its first line, and its lines to the brace that closes it.
pub(crate) fn function_lines(site: Site) -> Option<(u32, Vec<&'static str>)> {
    let location = site.location()?;
    let lines: Vec<&'static str> = text(location.file())?.lines().collect();
    let first = lines.iter().take(location.line() as usize).rposition(|line| declared_function(line).is_some())?;
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let closes = |line: &&str| line.trim_start() == "}" && indentation(line) == indentation(lines[first]);
    let length = lines[first..].iter().position(closes).map_or(1, |last| last + 1);
    Some((first as u32 + 1, lines[first..first + length].to_vec()))
}

/// The name in a line that declares a function: what stands before `fn` is words that may, and no others.
fn declared_function(line: &'static str) -> Option<&'static str> {
    let mut rest = line.trim_start();
    loop {
        if let Some(named) = rest.strip_prefix("fn ") {
            let end = named.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(named.len());
            return (end > 0).then(|| &named[..end]);
        }
        let (word, after) = rest.split_once(' ')?;
        if !(word.starts_with("pub") || ["const", "async", "extern", "unsafe"].contains(&word)) {
            return None;
        }
        rest = after.trim_start();
    }
}

/// `function (file:line)`; `file:line` where the function is not known.
pub(crate) fn describe(site: Site) -> String {
    const ROOM: usize = 96; // of most, so that they grow once
    let Some(location) = site.location() else { return site.to_string() };
    let (file, line) = (name(location), location.line());
    let mut said = String::with_capacity(ROOM);
    let written = match function(site) {
        Some(function) => write!(said, "{function} ({file}:{line})"),
        None => write!(said, "{file}:{line}"),
    };
    written.expect("a string takes everything");
    said
}

/// What the sites of a run mean to a reader: lines of the kernel, and steps of its scenario's programs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Arc<Programs>);

impl Places {
    /// Those of a run of `scenario`.
    pub(crate) fn of(scenario: &Scenario) -> Self {
        Self(Arc::clone(&scenario.programs))
    }

    fn step(&self, site: Site) -> Option<&StepPlace> {
        self.0.place(site.as_step()?)
    }

    /// The program whose steps they are.
    pub(crate) fn programs(&self) -> &Programs {
        &self.0
    }

    /// `function (file:line)`, `step (file:line)`.
    pub(crate) fn describe(&self, site: Site) -> String {
        self.step(site).map_or_else(|| describe(site), ToString::to_string)
    }

    /// The function that holds the line; the step itself.
    pub(crate) fn function(&self, site: Site) -> Option<&str> {
        self.step(site).map(|step| &*step.text).or_else(|| function(site))
    }

    /// The step that a site is, by its number.
    pub(crate) fn as_step(&self, site: Site) -> Option<(u32, &StepPlace)> {
        Some((site.as_step()?, self.step(site)?))
    }

    /// The line of source, trimmed. A step says all of it already.
    pub(crate) fn line(site: Site) -> Option<&'static str> {
        line(site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_file_is_listed() {
        let mut directories = vec!["kernel_model/src".to_owned()];
        while let Some(directory) = directories.pop() {
            let path = format!("{}/{directory}", env!("CARGO_MANIFEST_DIR"));
            for entry in std::fs::read_dir(path).expect("the sources are here") {
                let entry = entry.expect("readable");
                let name = format!("{directory}/{}", entry.file_name().to_string_lossy());
                if entry.path().is_dir() {
                    directories.push(name);
                } else {
                    assert!(FILES.iter().any(|(listed, _)| *listed == name), "{name} is missing in source_files.in");
                }
            }
        }
    }

    #[test]
    fn functions_are_found_by_their_line() {
        assert_eq!(declared_function("pub(crate) const fn here<T>(x: T) -> u32 {"), Some("here"));
        assert_eq!(declared_function("    let f = |fn_: u32| fn_;"), None);
        assert_eq!(declared_function("/// fn no"), None);
        assert_eq!(declared_function("    } // no fn here"), None);
    }

    #[test]
    fn a_function_is_found_as_by_whoever_reads_each_line_from_the_last_one_up() {
        for (number, (name, text)) in FILES.iter().enumerate() {
            let ends: Vec<usize> = text.match_indices('\n').map(|(end, _)| end).chain([text.len()]).collect();
            for (line, end) in (1..).zip(ends) {
                assert_eq!(end_of_line(text, line), end, "line {line} of {name}");
                let read = text[..end].lines().rev().find_map(declared_function);
                assert_eq!((holder(text, line), holder_in(number, line)), (read, read), "line {line} of {name}");
            }
        }
    }
}
