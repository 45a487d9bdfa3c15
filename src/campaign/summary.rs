//! `campaign report`: what the rows of a result come to, machine by machine, cause by cause, and what was ever reached.
//!
//! In memory are counts, histograms and the smallest example of each cause: not the rows.

use super::lines::{Line, ROW_SCHEMA};
use super::merge::for_each_line;
use crate::failure::Failure;
use crate::measure::Distribution;
use crate::scenario::decimal::{self, Unit};
use serde_json::Value;
use sim::Duration;
use std::collections::BTreeMap;
use std::path::Path;

/// What a machine is called: all that its rows have in common, by the names of the keys.
pub(super) const MACHINE_KEYS: [&str; 10] =
    ["scenario", "arch", "release", "generation", "bus", "cpus", "load", "fault", "sets", "variant"];

/// The rows of one machine.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    /// The values of [`MACHINE_KEYS`].
    pub(super) names: Vec<String>,
    pub(super) runs: u64,
    pub(super) completed: u64,
    pub(super) hung: u64,
    /// Came to their limit.
    pub(super) deadline: u64,
    /// Came to nothing.
    pub(super) failed: u64,
    /// Not as their scenario expects.
    pub(super) unexpected: u64,
    /// To the goal: from the crash, or else from the start. The number of a row stands for its seed.
    pub(super) time: Distribution,
    /// Of the run that took longest.
    pub(super) token_of_longest: String,
}

/// Runs that did not complete, for one reason.
#[derive(Debug)]
pub(crate) struct Cause {
    pub(super) scenario: String,
    pub(super) verdict: String,
    pub(super) cause: String,
    pub(super) runs: u64,
    /// Fewest events, then shortest, then first.
    pub(super) smallest: (u64, u64, u64),
    pub(super) token: String,
}

/// Something that was ever reached.
#[derive(Debug, Clone)]
pub(crate) struct EverReached {
    pub(super) name: String,
    /// By so many runs.
    pub(super) runs: u64,
    /// The first of them.
    first: u64,
    pub(super) token: String,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(super) header: Value,
    pub(super) rows: u64,
    /// In the order of their first rows.
    pub(super) machines: Vec<Machine>,
    /// The most frequent first.
    pub(super) causes: Vec<Cause>,
    /// By name.
    pub(super) reached: Vec<EverReached>,
}

/// What rows come to, as they are read.
#[derive(Debug, Default)]
struct Reading {
    summary: Summary,
    places: BTreeMap<Vec<String>, usize>,
    causes: BTreeMap<(String, String, String), Cause>,
    /// By hash: how many runs, and the first.
    sets: BTreeMap<String, (u64, u64, String)>,
    names: BTreeMap<String, Vec<String>>,
    last: Option<u64>,
}

/// Reads a result.
///
/// # Errors
/// It cannot be read, is none, or its rows are not in order.
pub(crate) fn summarize(path: &Path) -> Result<Summary, Failure> {
    let mut reading = Reading::default();
    for_each_line(path, |number, line| reading.line(number, line))?;
    if reading.summary.header.is_null() {
        let message = format!("`{}` has no header of a campaign", path.display());
        return Err(crate::scenario::diagnostic::InputError::new(message)
            .help("a result begins with one: apicsim campaign FILE writes it")
            .into());
    }
    Ok(reading.finish())
}

impl Reading {
    fn line(&mut self, number: u64, line: &str) -> Result<(), String> {
        let value: Value = serde_json::from_str(line).map_err(|error| format!("no JSON: {error}"))?;
        match Line::of(line) {
            Some(Line::Header) if number == 1 => self.summary.header = value,
            _ if number == 1 => return Err("no header of a campaign".to_owned()),
            Some(Line::Reached(id)) => {
                let names = value["reached"].as_array().into_iter().flatten().filter_map(Value::as_str);
                self.names.insert(id.to_owned(), names.map(str::to_owned).collect());
            }
            Some(Line::Row(row)) if self.last.is_none_or(|last| last < row) => {
                self.last = Some(row);
                self.row(row, &value);
            }
            Some(Line::Row(row)) => {
                return Err(format!("row {row} is out of order: `campaign merge` puts rows in order"));
            }
            _ => return Err(format!("neither a row ({ROW_SCHEMA}) nor what one means")),
        }
        Ok(())
    }

    fn row(&mut self, number: u64, row: &Value) {
        self.summary.rows += 1;
        let names: Vec<String> = MACHINE_KEYS.iter().map(|key| shown(&row[*key])).collect();
        let place = *self.places.entry(names).or_insert_with_key(|names| {
            self.summary.machines.push(Machine { names: names.clone(), ..Machine::default() });
            self.summary.machines.len() - 1
        });
        let machine = &mut self.summary.machines[place];
        machine.runs += 1;
        machine.unexpected += u64::from(row["expected"] == false);
        let span = |key: &str| span(&row[key]);
        let verdict = row["verdict"].as_str().unwrap_or_default();
        match verdict {
            "completed" => {
                machine.completed += 1;
                let span = span("from_crash_us").or_else(|| span("sim_time_us")).unwrap_or_default();
                machine.time.add(Duration::from_ps(span), number);
            }
            "hung" => {
                machine.hung += 1;
                machine.time.add_open(true, number);
            }
            "deadline" => {
                machine.deadline += 1;
                machine.time.add_open(false, number);
            }
            _ => machine.failed += 1,
        }
        let token = row["token"].as_str().unwrap_or_default();
        if machine.time.seed_of_longest() == Some(number) {
            token.clone_into(&mut machine.token_of_longest);
        }
        if verdict != "completed" {
            let size = (row["events"].as_u64().unwrap_or(0), span("sim_time_us").unwrap_or(0), number);
            self.cause(row, verdict, size, token);
        }
        if let Some(id) = row["reached"].as_str() {
            self.sets.entry(id.to_owned()).or_insert_with(|| (0, number, token.to_owned())).0 += 1;
        }
    }

    fn cause(&mut self, row: &Value, verdict: &str, size: (u64, u64, u64), token: &str) {
        let cause = without_instants(row["cause"].as_str().unwrap_or("no cause is known"));
        let scenario = shown(&row["scenario"]);
        let key = (scenario.clone(), verdict.to_owned(), cause.clone());
        let entry = self.causes.entry(key).or_insert_with(|| Cause {
            scenario,
            verdict: verdict.to_owned(),
            cause,
            runs: 0,
            smallest: size,
            token: token.to_owned(),
        });
        entry.runs += 1;
        if size < entry.smallest {
            (entry.smallest, entry.token) = (size, token.to_owned());
        }
    }

    fn finish(self) -> Summary {
        let Self { mut summary, causes, sets, names, .. } = self;
        summary.causes = causes.into_values().collect();
        summary.causes.sort_by_key(|cause| std::cmp::Reverse(cause.runs));
        let mut reached: BTreeMap<&String, EverReached> = BTreeMap::new();
        for (id, (runs, first, token)) in &sets {
            for name in names.get(id).into_iter().flatten() {
                let new = || EverReached { name: name.clone(), runs: 0, first: *first, token: token.clone() };
                let entry = reached.entry(name).or_insert_with(new);
                entry.runs += runs;
                if *first < entry.first {
                    (entry.first, entry.token) = (*first, token.clone());
                }
            }
        }
        summary.reached = reached.into_values().collect();
        summary
    }
}

/// A cause without the instants in it, ` at 780.48 us`: they are other ones in each run.
fn without_instants(cause: &str) -> String {
    let mut parts = cause.split(" at ");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let instant = part.split_once(" us").filter(|(number, _)| number.parse::<f64>().is_ok());
        match instant {
            Some((_, rest)) => text += rest,
            None => text = text + " at " + part,
        }
    }
    text
}

/// A value as text: of a list its items, with blanks between.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// Microseconds as picoseconds.
fn span(value: &Value) -> Option<u64> {
    decimal::picoseconds(&value.as_number()?.to_string(), Unit::Microseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::without_instants;

    #[test]
    fn causes_of_many_runs_are_one() {
        let cases = [
            (
                "handlers of CPU0 nest more than 64 deep at 780.48 us, at step 7",
                "handlers of CPU0 nest more than 64 deep, at step 7",
            ),
            ("CPU2's class F stays full: it spins at a lock", "CPU2's class F stays full: it spins at a lock"),
            ("at 5 us", "at 5 us"),
            ("", ""),
        ];
        for (cause, right) in cases {
            assert_eq!(without_instants(cause), right);
        }
    }
}
