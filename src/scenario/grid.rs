//! A campaign's grid, read from its file: axes with their values, seeds, what is added and what is left out.
//!
//! Only the format is here. Which points of it are machines, and what they do, `campaign/` finds out.

use super::diagnostic::{InputError, Place, Source};
use super::document::{self, Node, Value};
use super::grid_values::{Axis, GridValue, setting, values};
use super::input_file::first_bytes;
use super::named::{Named, named};
use super::reader::{Field, Table};
use super::seeds::seed_range;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Axes with their values, in the order of [`Axis`]. What there is no axis of is the scenario's.
pub(crate) type Axes = Vec<(Axis, Vec<GridValue>)>;

/// Axes of which every combination is a point, and the seeds of each.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// The axes.
    pub(crate) axes: Axes,
    /// The seeds.
    pub(crate) seeds: Range<u64>,
    /// Where it stands.
    pub(crate) place: Place,
}

/// A grid as its file has it.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    /// The campaign's name.
    pub(crate) name: String,
    /// Points that no machine can hold are left out, and no error.
    pub(crate) leaves_out: bool,
    /// Settings of every run, before those of its point.
    pub(crate) sets: Vec<String>,
    /// The grid itself, then what is added.
    pub(crate) parts: Vec<Part>,
    /// Points of the grid itself that are left out: those with one of the values on each of the axes.
    pub(crate) exclude: Vec<Axes>,
}

const KEYS: [&str; 8] = ["format", "name", "seeds", "impossible", "set", "grid", "include", "exclude"];

named! {
    /// What becomes of a point that no machine can hold.
    enum Impossible ("rule") {
        /// It is an error.
        Error = "error",
        /// It is left out.
        LeaveOut = "leave-out",
    }
}

/// A larger file is no grid.
const FILE_MAX: u64 = 1 << 20;

impl Grid {
    /// Reads a file.
    ///
    /// # Errors
    /// Whatever is wrong with it, at its place and with what would be right.
    pub(crate) fn open(path: &Path) -> Result<Self, InputError> {
        let shown = path.display().to_string();
        let bytes = first_bytes(path, FILE_MAX + 1).map_err(|error| {
            let error = InputError::new(format!("cannot read the campaign `{shown}`: {error}"));
            error.help("it is the path of a TOML file: examples/campaign/waits.toml is one")
        })?;
        if bytes.len() as u64 > FILE_MAX {
            return Err(InputError::new(format!("`{shown}` is larger than 1 MiB")).help("this is no campaign"));
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| InputError::new(format!("`{shown}` is not UTF-8 text")).help("a campaign is a TOML file"))?;
        Self::read(&Source::new(shown, text))
    }

    /// Reads a text.
    ///
    /// # Errors
    /// As [`Grid::open`].
    pub(crate) fn read(source: &Arc<Source>) -> Result<Self, InputError> {
        let root = document::parse(source)?;
        check_format(&root)?;
        let table = Table::open(Field { node: &root, path: String::new() }, "the campaign", &KEYS)?;
        let name = table.need("name", "\"my-campaign\"")?.line_of_text()?;
        let seeds = seeds_of(&table.need("seeds", "\"0..1000\"")?)?;
        let rule = table.get("impossible").map_or(Ok(Impossible::Error), |field| field.name())?;
        let sets = table.get("set").map_or_else(|| Ok(Vec::new()), |field| field.list(setting))?;
        let grid = table.need("grid", "{ scenario = \"normal-dispatch\" }")?;
        let mut parts = vec![part(grid, "[grid]", &seeds)?];
        for field in table.get("include").map(|field| field.tables()).transpose()?.unwrap_or_default() {
            parts.push(part(field, "[[include]]", &seeds)?);
        }
        let exclude = table.get("exclude").map(|field| field.tables()).transpose()?.unwrap_or_default();
        let exclude = exclude.into_iter().map(excluded).collect::<Result<_, _>>()?;
        Ok(Self { name, leaves_out: rule == Impossible::LeaveOut, sets, parts, exclude })
    }
}

fn check_format(root: &Node) -> Result<(), InputError> {
    let Value::Table(entries) = &root.value else { return Ok(()) };
    match entries.iter().find(|entry| entry.key == "format") {
        Some(entry) if matches!(entry.node.value, Value::Integer(1)) => Ok(()),
        Some(entry) => Err(InputError::new("unknown format of a campaign")
            .at(&entry.node.place, "not a format of this version")
            .help("this version reads format = 1")),
        None => Err(InputError::new("missing key `format`")
            .at(&Place::new(root.place.source(), 0..0), "a campaign says its format first")
            .help("add the line: format = 1")),
    }
}

fn seeds_of(field: &Field<'_>) -> Result<Range<u64>, InputError> {
    seed_range(field.text()?).map_err(|why| field.error(&why, "no seeds").help("such as seeds = \"0..1000\""))
}

fn part(field: Field<'_>, describe: &str, seeds: &Range<u64>) -> Result<Part, InputError> {
    let place = field.node.place.clone();
    let keys: Vec<&str> = Axis::names().into_iter().chain(["seeds"]).collect();
    let table = Table::open(field, describe, &keys)?;
    table.need("scenario", "\"normal-dispatch\"")?;
    let seeds = table.get("seeds").map_or_else(|| Ok(seeds.clone()), |field| seeds_of(&field))?;
    Ok(Part { axes: axes(&table)?, seeds, place })
}

fn excluded(field: Field<'_>) -> Result<Axes, InputError> {
    let whole = field.clone();
    let axes = axes(&Table::open(field, "[[exclude]]", &Axis::names())?)?;
    if axes.is_empty() {
        return Err(whole.error("this leaves out everything", "no axis is named").help("name axes and their values"));
    }
    Ok(axes)
}

fn axes(table: &Table<'_>) -> Result<Axes, InputError> {
    let mut axes = Axes::new();
    for &axis in Axis::ALL {
        let Some(field) = table.get(axis.name()) else { continue };
        let values = values(axis, &field)?;
        if values.is_empty() {
            return Err(field
                .error(&format!("`{}` has no value, so that there is no run", field.path), "empty")
                .help("leave the key out: then it is as the scenario has it"));
        }
        axes.push((axis, values));
    }
    Ok(axes)
}

#[cfg(test)]
mod tests {
    use super::super::machine::VARIANTS;
    use super::*;

    fn grid(text: &str) -> Result<Grid, InputError> {
        Grid::read(&Source::new("c.toml", format!("format = 1\nname = \"c\"\nseeds = \"0..2\"\n{text}")))
    }

    fn names(grid: &Grid, axis: Axis) -> Vec<&str> {
        let axes = grid.parts[0].axes.iter().filter(|(of, _)| *of == axis);
        axes.flat_map(|(_, values)| values).map(|value| value.name.as_str()).collect()
    }

    #[test]
    fn values_stand_for_themselves_or_for_many() {
        let text = "[grid]\nscenario = \"x\"\narch = [\"x86_64/*\", \"x86_64/flat\"]\nvariant = [\"all\", \"mine\"]\ncpus = [2, 4]\n\
                    fault = [\"own\", \"none\", \"message effect=lose every=100 + nmi at_us=3.5 cpu=1\"]\nset = [[], [\"a=1\", \"b=2\"]]";
        let grid = grid(text).expect("a grid");
        assert_eq!(names(&grid, Axis::Arch), ["x86_64/flat", "x86_64/cluster", "x86_64/physflat"]);
        assert_eq!(names(&grid, Axis::Variant).len(), VARIANTS.len() + 1);
        assert_eq!(names(&grid, Axis::Cpus), ["2", "4"]);
        assert_eq!(names(&grid, Axis::Set), ["", "a=1 b=2"]);
        let fault = &grid.parts[0].axes.iter().find(|(axis, _)| *axis == Axis::Fault).expect("faults").1[2];
        let right =
            "fault=[{ kind = \"message\", effect = \"lose\", every = 100 }, { kind = \"nmi\", at_us = 3.5, cpu = 1 }]";
        assert_eq!(fault.sets, [right]);
    }

    #[test]
    fn what_is_wrong_is_said_at_its_place() {
        let cases = [
            ("[grid]\nscenario = \"x\"\narch = \"i386/defualt\"", "did you mean `i386/default`"),
            ("[grid]\nscenario = \"x\"\nbus = []", "no value"),
            ("[grid]\nscenario = \"x\"\nload = \"ipsi\"", "did you mean `ipis`"),
            ("[grid]\nscenario = \"x\"\nfault = \"message lose\"", "KIND KEY=VALUE"),
            ("[grid]\nscenario = \"x\"\nset = \"a\"", "PATH=VALUE"),
            ("[grid]\nscenario = \"x\"\ncpus = 0", "from 1 to"),
            ("[grid]\nscenario = \"x\"\nseeds = \"3..3\"", "has no seed"),
            ("[grid]\narch = \"i386/default\"", "missing key `grid.scenario`"),
            ("[grid]\nscenario = \"x\"\n[[exclude]]", "leaves out everything"),
            ("gird = 1", "did you mean `grid`"),
        ];
        for (text, says) in cases {
            let error = grid(text).expect_err(text).render(false);
            assert!(error.contains(says) && error.contains("c.toml:"), "{text}:\n{error}");
        }
    }
}
