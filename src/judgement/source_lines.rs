//! From a source location to what a reader wants to know of it: the function, and the line itself.

use crate::scenario::{Programs, Scenario, StepPlace, own_sources};
use sim::Site;
use std::panic::Location;
use std::sync::Arc;

/// Every source file whose lines may appear in reports.
const FILES: &[(&str, &str)] = &include!("source_files.in");

/// The listed file that `path` (as the compiler names it) means.
fn listed(path: &str) -> Option<&'static (&'static str, &'static str)> {
    let path = path.replace('\\', "/");
    FILES.iter().find(|(name, _)| path.ends_with(name))
}

/// The name of a file in reports: of one that is listed, from the top of the project, wherever that was built.
fn name<'a>(site: &Location<'a>) -> &'a str {
    listed(site.file()).map_or(site.file(), |(name, _)| name)
}

/// `file:line`.
fn place(site: Site) -> String {
    site.location().map_or_else(|| site.to_string(), |location| format!("{}:{}", name(location), location.line()))
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
    let text = text(location.file())?;
    let end = text.match_indices('\n').nth(location.line() as usize - 1).map_or(text.len(), |(end, _)| end);
    text[..end].lines().rev().find_map(declared_function)
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

/// The name in a line that declares a function.
fn declared_function(line: &'static str) -> Option<&'static str> {
    let line = line.trim_start();
    if line.starts_with("//") {
        return None;
    }
    let (head, rest) = line.split_once("fn ")?;
    let is_head = head
        .split_whitespace()
        .all(|word| word.starts_with("pub") || ["const", "async", "extern", "unsafe"].contains(&word));
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    (is_head && end > 0).then(|| &rest[..end])
}

/// `function (file:line)`; `file:line` where the function is not known.
pub(crate) fn describe(site: Site) -> String {
    match function(site) {
        Some(function) => format!("{function} ({})", place(site)),
        None => place(site),
    }
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
    }
}
