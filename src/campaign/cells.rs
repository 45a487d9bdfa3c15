//! From a grid to the machines of its points, each with its seeds and the numbers of its rows.

use crate::machine::assemble;
use crate::run::Settings;
use crate::scenario::diagnostic::InputError;
use crate::scenario::grid::{Axes, Grid, Part};
use crate::scenario::grid_values::{Axis, GridValue, OWN, means};
use crate::scenario::named::Named;
use crate::scenario::{self, OWN_VARIANT, OwnVariant, RUNS_MAX, Request, Scenario, is_other};
use crate::token::Token;
use siphasher::sip::SipHasher13;
use std::collections::BTreeMap;
use std::hash::Hasher;
use std::ops::Range;

/// Points of one grid at most: each is a scenario that is kept.
const POINTS_MAX: u128 = 10_000;

/// A point of the grid that is a machine.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) scenario: Scenario,
    /// As the grid calls them.
    pub(crate) load: String,
    /// As above.
    pub(crate) fault: String,
    /// The settings that are neither load nor fault.
    pub(crate) sets: Vec<String>,
    pub(crate) seeds: Range<u64>,
    /// The number of its first row.
    pub(crate) first: u64,
}

/// All that there is to run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) cells: Vec<Cell>,
    /// Rows.
    pub(crate) runs: u64,
    /// Points that no machine can hold, each with the reason.
    pub(crate) left_out: Vec<(String, String)>,
    /// A hash of all that decides the rows, 16 hex digits.
    pub(crate) id: String,
}

impl Plan {
    /// The machine and the seed of a row.
    pub(crate) fn at(&self, row: u64) -> (&Cell, u64) {
        let behind = self.cells.partition_point(|cell| cell.first <= row);
        let cell = &self.cells[behind - 1];
        (cell, cell.seeds.start + (row - cell.first))
    }
}

/// A point: a value on each axis.
type Point<'g> = Vec<(Axis, &'g GridValue)>;

fn value(point: &Point<'_>, axis: Axis) -> Option<String> {
    point.iter().find(|(of, _)| *of == axis).map(|(_, value)| value.name.clone())
}

/// The runs of a grid.
///
/// # Errors
/// There are none, or too many; or a point that no machine can hold, where that is not to be left out.
pub(crate) fn plan(grid: &Grid, own: &[OwnVariant]) -> Result<Plan, InputError> {
    let points: u128 = grid.parts.iter().map(points_of).sum();
    if points > POINTS_MAX {
        return Err(InputError::new(format!("the grid has {points} points, and {POINTS_MAX} are the most"))
            .at(&grid.parts[0].place, "here")
            .help("cut it into several campaigns; seeds are no points"));
    }
    let mut plan = Planning { grid, own, cells: Vec::new(), runs: 0, left_out: Vec::new(), tokens: BTreeMap::new() };
    for (part, excludes) in grid.parts.iter().zip([true].into_iter().chain(std::iter::repeat(false))) {
        plan.part(part, excludes)?;
    }
    if plan.cells.is_empty() {
        return Err(InputError::new("the grid has no run").at(&grid.parts[0].place, "all of it is left out").help(
            match plan.left_out.first() {
                Some((point, why)) => format!("{point}: {why}"),
                None => "[[exclude]] leaves everything out".to_owned(),
            },
        ));
    }
    let mut hasher = SipHasher13::new();
    for (token, seeds) in &plan.tokens {
        hasher.write(format!("{token} {seeds:?}\n").as_bytes());
    }
    let order: Vec<String> = plan.cells.iter().map(|cell| Token::new(&cell.scenario, 0).of_any_version()).collect();
    hasher.write(order.join("\n").as_bytes());
    let id = format!("{:016x}", hasher.finish());
    Ok(Plan { name: grid.name.clone(), cells: plan.cells, runs: plan.runs, left_out: plan.left_out, id })
}

fn points_of(part: &Part) -> u128 {
    part.axes.iter().map(|(_, values)| values.len() as u128).product()
}

#[derive(Debug)]
struct Planning<'g> {
    grid: &'g Grid,
    own: &'g [OwnVariant],
    cells: Vec<Cell>,
    runs: u64,
    left_out: Vec<(String, String)>,
    /// What decides the runs of each cell, and its names: no run is made twice.
    tokens: BTreeMap<String, Vec<Range<u64>>>,
}

impl<'g> Planning<'g> {
    fn part(&mut self, part: &'g Part, excludes: bool) -> Result<(), InputError> {
        let mut tried: BTreeMap<(Axis, &str), (bool, Option<InputError>)> = BTreeMap::new();
        for number in 0..points_of(part) {
            let point = point(part, number);
            if excludes && self.is_excluded(&point, None) {
                continue;
            }
            let possible = match self.load(&point) {
                Ok(scenario) if excludes && self.is_excluded(&point, Some(&scenario)) => continue,
                Ok(scenario) => self.add(&point, scenario, part).map(|()| None)?,
                Err(error) if error.is_of_host() => return Err(error),
                Err(error) if !self.grid.leaves_out => {
                    let help = "leave it out by [[exclude]], or all such points by impossible = \"leave-out\"";
                    return Err(error.help(format!("at this point of the grid: {}; {help}", shown(&point))));
                }
                Err(error) => {
                    self.left_out.push((shown(&point), error.message().to_owned()));
                    Some(error)
                }
            };
            for (axis, value) in &point {
                let entry = tried.entry((*axis, value.name.as_str())).or_default();
                entry.0 |= possible.is_none();
                if entry.1.is_none() {
                    entry.1.clone_from(&possible);
                }
            }
        }
        // What nothing can be made of is mistyped, and nothing that only does not fit.
        match tried.into_iter().find(|(_, (possible, _))| !possible) {
            Some(((axis, value), (_, Some(error)))) => Err(error.help(format!(
                "so it is at every point of the grid with {axis} = \"{value}\": nothing can be made of that value"
            ))),
            _ => Ok(()),
        }
    }

    /// Does an entry of `[[exclude]]` mean it? What is no axis is the machine's.
    fn is_excluded(&self, point: &Point<'_>, scenario: Option<&Scenario>) -> bool {
        let found = |axis: Axis| value(point, axis).or_else(|| scenario.and_then(|scenario| natural(scenario, axis)));
        let fits = |(axis, values): &(Axis, Vec<GridValue>)| {
            found(*axis).is_some_and(|found| values.iter().any(|given| means(*axis, given, &found)))
        };
        self.grid.exclude.iter().any(|entry: &Axes| entry.iter().all(fits))
    }

    fn load(&self, point: &Point<'_>) -> Result<Scenario, InputError> {
        let name = |axis| value(point, axis);
        let arch = name(Axis::Arch);
        let other = arch.as_deref().is_some_and(is_other);
        let sets = point.iter().flat_map(|(_, value)| &value.sets);
        let request = Request {
            scenario: name(Axis::Scenario).unwrap_or_default(),
            variant: if other { Some(OWN_VARIANT.to_owned()) } else { name(Axis::Variant) },
            release: name(Axis::Release).filter(|_| !other),
            arch,
            generation: name(Axis::Generation).and_then(|name| scenario::named::by_name(&name).ok()),
            bus: name(Axis::Bus).and_then(|name| scenario::named::by_name(&name).ok()),
            cpus: name(Axis::Cpus).and_then(|cpus| cpus.parse().ok()),
            limit_ps: None,
            sets: self.grid.sets.iter().chain(sets).cloned().collect(),
            own: self.own.to_vec(),
        };
        let scenario = scenario::load(&request)?;
        assemble(&scenario, Settings::seeded(0).choices).map_err(|error| InputError::new(error.to_string()))?;
        Ok(scenario)
    }

    fn add(&mut self, point: &Point<'_>, scenario: Scenario, part: &Part) -> Result<(), InputError> {
        let named = |axis, otherwise: &str| value(point, axis).unwrap_or_else(|| otherwise.to_owned());
        let (load, fault) = (named(Axis::Load, OWN), named(Axis::Fault, OWN));
        let token = format!("{} {load} {fault}", Token::new(&scenario, 0).of_any_version());
        let seeds = part.seeds.clone();
        let known = self.tokens.entry(token).or_default();
        if known.contains(&seeds) {
            return Ok(()); // two points mean one machine
        }
        if known.iter().any(|other| other.start < seeds.end && seeds.start < other.end) {
            return Err(InputError::new("some of these runs are in the grid already")
                .at(&part.place, shown(point))
                .help("give them other seeds, or leave them out by [[exclude]]"));
        }
        known.push(seeds.clone());
        let of_set = point.iter().filter(|(axis, _)| *axis == Axis::Set).flat_map(|(_, value)| &value.sets);
        let sets = self.grid.sets.iter().chain(of_set).cloned().collect();
        let first = self.runs;
        self.runs += seeds.end - seeds.start;
        if self.runs > RUNS_MAX {
            return Err(InputError::new(format!("the grid has more than {RUNS_MAX} runs"))
                .at(&part.place, "here")
                .help("fewer seeds, or several campaigns"));
        }
        self.cells.push(Cell { scenario, load, fault, sets, seeds, first });
        Ok(())
    }
}

/// What a point without this axis has.
fn natural(scenario: &Scenario, axis: Axis) -> Option<String> {
    let machine = &scenario.machine;
    Some(match axis {
        Axis::Scenario => scenario.name.clone(),
        Axis::Arch => machine.arch.to_owned(),
        Axis::Variant => machine.variant.to_string(),
        Axis::Release => machine.release.to_owned(),
        Axis::Generation => machine.generation.name().to_owned(),
        Axis::Bus => machine.bus.name().to_owned(),
        Axis::Cpus => machine.cpus.to_string(),
        Axis::Load | Axis::Fault => OWN.to_owned(),
        Axis::Set => String::new(),
    })
}

/// Point `number` of a part; the last axis turns fastest.
fn point(part: &Part, number: u128) -> Point<'_> {
    let mut rest = number;
    let mut point: Point<'_> = Vec::new();
    for (axis, values) in part.axes.iter().rev() {
        let count = values.len() as u128;
        point.push((*axis, &values[(rest % count) as usize]));
        rest /= count;
    }
    point.reverse();
    point
}

fn shown(point: &Point<'_>) -> String {
    let values: Vec<String> = point.iter().map(|(axis, value)| format!("{axis} = \"{}\"", value.name)).collect();
    values.join(", ")
}
