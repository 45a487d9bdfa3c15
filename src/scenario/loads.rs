//! Reading `[[load]]`: work that arrives at CPUs, whatever they are doing.
//!
//! Not modelled: arrivals at a CPU that is not idle and not playing events (in a handler, in a panic): they are served when it
//! is done with that, if ever.

use super::amount::Amount;
use super::arriving::{Load, Trigger};
use super::device_load;
use super::diagnostic::{InputError, Place, Source};
use super::document::{Node, Value};
use super::filter::{self, Filter};
use super::happenings::{Stage, instant};
use super::input_file::first_bytes;
use super::named::{Named, named};
use super::names::cpus_of;
use super::operation::Token;
use super::reader::{Field, Table};
use super::steps::{self, Reader};
use std::ops::Range;
use std::path::Path;

named! {
    /// A load that the simulator knows.
    #[non_exhaustive]
    pub enum LoadPreset ("load") {
        /// Reschedule IPIs, each to the next CPU.
        Ipis = "ipis",
        /// TLB flushes of all other CPUs.
        Flushes = "flushes",
        /// Calls of a function on all other CPUs.
        Calls = "calls",
        /// Edge-triggered interrupts of a device.
        Devices = "devices",
        /// Level-triggered interrupts of a device, whose EOIs go over the bus.
        Eois = "eois",
    }
}

impl LoadPreset {
    /// What a CPU does at each arrival; nothing, where a device does it.
    fn steps(self, cpu: u32, cpus: u32) -> Option<String> {
        match self {
            Self::Ipis => Some(format!("call smp_send_reschedule to={}", (cpu + 1) % cpus)),
            Self::Flushes => Some("call flush_tlb_others".to_owned()),
            Self::Calls => Some("call smp_call_function".to_owned()),
            Self::Devices | Self::Eois => None,
        }
    }

    /// How a device interrupts at each arrival, where one does.
    pub(super) const fn device(self) -> Option<Trigger> {
        match self {
            Self::Ipis | Self::Flushes | Self::Calls => None,
            Self::Devices => Some(Trigger::Edge),
            Self::Eois => Some(Trigger::Level),
        }
    }
}

const KEYS: [&str; 8] = ["preset", "cpus", "at_us", "every", "burst", "for", "count", "steps"];

/// Arrivals of one load at one CPU.
const ARRIVALS_MAX: u32 = 1_000_000_000;

/// Arrivals of all loads at all CPUs that are expected: a unit that is mistyped makes no run without an end.
const TOGETHER_MAX: u128 = 100_000_000;

/// Loads of one CPU.
pub(crate) const LOADS_MAX: usize = 8;

/// From one arrival to the next, where a preset is given no other.
const APART: Amount = Amount::Exponential { mean: 100_000_000 };

/// How long a preset lasts, where it is given nothing else.
const LASTS_PS: u64 = 2_000_000_000;

/// Bytes of a file of loads at most.
const FILE_MAX: u64 = 1 << 20;

/// Reads all that apply.
pub(super) fn loads(root: &Table<'_>, stage: Stage<'_>, reader: &mut Reader<'_>) -> Result<(), InputError> {
    let fields = root.get("load").map(|field| field.tables()).transpose()?.unwrap_or_default();
    for field in fields {
        load(field, stage, reader)?;
    }
    Ok(())
}

fn load(field: Field<'_>, stage: Stage<'_>, reader: &mut Reader<'_>) -> Result<(), InputError> {
    let keys: Vec<&str> = KEYS.into_iter().chain(filter::KEYS).collect();
    let whole = field.clone();
    let table = Table::open(field, "[[load]]", &keys)?;
    let applies = Filter::read(&table)?.applies(stage.machine, stage.stall);
    let preset: Option<LoadPreset> = table.get("preset").map(|field| field.name()).transpose()?;
    let device = preset.and_then(LoadPreset::device);
    let cpus = cpus(&table, preset, stage, applies, reader)?;
    let from_ps = if table.get("at_us").is_some() { instant(&table, "at_us", stage)? } else { 0 };
    let apart = apart(&table, preset)?;
    let burst = table.get("burst").map_or(Ok(1), |field| field.small_integer(1, 1_000_000))?;
    let count = table.get("count").map(|field| field.small_integer(1, ARRIVALS_MAX)).transpose()?;
    let lasts_ps = table.get("for").map(|field| steps::span_of(&token(&field)?)).transpose()?;
    let lasts_ps = lasts_ps.or((preset.is_some() && count.is_none()).then_some(LASTS_PS));
    if count.is_none() && lasts_ps.is_none() {
        return Err(whole
            .error("a load without an end", "never ends")
            .help("give it `for`, as for = \"2ms\", or `count`: with a load that never ends no hang could be proven"));
    }
    let rest = Load { cpus: Vec::new(), from_ps, apart, burst, count, lasts_ps, steps: 0..0, device };
    for (cpus, steps) in programs(&table, preset, cpus, applies, reader)? {
        if !applies {
            continue;
        }
        let of = |cpu: &u32| reader.programs.loads.iter().filter(|load| load.cpus.contains(cpu)).count();
        if let Some(cpu) = cpus.iter().find(|cpu| of(cpu) == LOADS_MAX) {
            return Err(whole
                .error(&format!("too many loads on CPU {cpu}"), "one more")
                .help(format!("at most {LOADS_MAX}")));
        }
        if device.is_some() {
            device_load::check(&whole, &cpus, stage, reader.kernel.arch)?;
        }
        reader.programs.loads.push(Load { cpus, steps, ..rest.clone() });
    }
    device_load::check_number(&whole, &reader.programs.loads)?;
    check_number(&whole, &reader.programs.loads)
}

/// Are all arrivals together few enough to be served while somebody waits for the run?
fn check_number(whole: &Field<'_>, loads: &[Load]) -> Result<(), InputError> {
    let expected: u128 = loads.iter().map(Load::expected_arrivals).sum();
    if expected <= TOGETHER_MAX {
        return Ok(());
    }
    Err(whole
        .error(&format!("loads with some {expected} arrivals"), "too many")
        .help(format!("at most {TOGETHER_MAX}, of all loads and CPUs together: a longer `every`, a shorter `for`")))
}

fn cpus(
    table: &Table<'_>,
    preset: Option<LoadPreset>,
    stage: Stage<'_>,
    applies: bool,
    reader: &Reader<'_>,
) -> Result<Vec<u32>, InputError> {
    let Some(field) = table.get("cpus") else {
        if preset.and_then(LoadPreset::device).is_some() {
            return Ok(device_load::reached(stage, reader.kernel.arch));
        }
        if preset.is_some() {
            return Ok((0..stage.machine.cpus).filter(|cpu| !stage.machine.offline.contains(cpu)).collect());
        }
        return Err(table.need("cpus", "[2, 3]").expect_err("it is not there"));
    };
    cpus_of(&field, "load", applies.then_some(stage.machine))
}

/// From one arrival to the next.
fn apart(table: &Table<'_>, preset: Option<LoadPreset>) -> Result<Amount, InputError> {
    let Some(field) = table.get("every") else {
        return preset.map(|_| APART).ok_or_else(|| table.need("every", "\"exp(50us)\"").expect_err("it is not there"));
    };
    let apart = steps::amount_of(&token(&field)?)?;
    if matches!(apart, Amount::Fixed(0) | Amount::Uniform { last: 0, .. }) {
        return Err(field.error("arrivals with no time between them", "no time").help("such as every = \"50us\""));
    }
    Ok(apart)
}

/// CPUs, and the steps by which they serve an arrival.
type Served = (Vec<u32>, Range<u32>);

/// The steps, and whose they are: a preset's are others on each CPU.
fn programs(
    table: &Table<'_>,
    preset: Option<LoadPreset>,
    cpus: Vec<u32>,
    applies: bool,
    reader: &mut Reader<'_>,
) -> Result<Vec<Served>, InputError> {
    let Some(preset) = preset else {
        let steps = reader.program(&table.need("steps", "\"call smp_send_reschedule to=0\"")?, &cpus, applies)?;
        return Ok(vec![(cpus, steps)]);
    };
    if let Some(steps) = table.get("steps") {
        return Err(steps.error("a preset has its own steps", "and these").help("leave `preset` or `steps` out"));
    }
    if preset.device().is_some() {
        return Ok(vec![(cpus, 0..0)]);
    }
    let machine_cpus = reader.machine.cpus;
    let mut programs = Vec::new();
    for cpu in cpus {
        let text = preset.steps(cpu, machine_cpus).unwrap_or_default();
        let source = Source::new(format!("load {preset}"), &text);
        let place = Place::new(&source, 0..text.len());
        let node = Node { place, value: Value::String(text) };
        let field = Field { node: &node, path: format!("load {preset}") };
        programs.push((vec![cpu], reader.program(&field, &[cpu], applies)?));
    }
    Ok(programs)
}

/// A field's text as one word.
fn token<'d>(field: &Field<'d>) -> Result<Token<'d>, InputError> {
    let text = field.text()?;
    let place = &field.node.place;
    let raw = &place.source().text()[place.span()];
    let at = place.span().start + raw.find(text).unwrap_or(0);
    let end = (at + text.len()).min(place.span().end);
    Ok(Token { text, place: Place::new(place.source(), at..end) })
}

/// What a load of the command line sets: `none`, presets with `+` between, each with what lies between two arrivals if it is
/// to be another (`ipis=exp(20us)+flushes`), or the path of a file whose `[[load]]`s are taken.
///
/// # Errors
/// Nothing that is known, or a file that is none.
pub fn load_setting(text: &str) -> Result<String, InputError> {
    if text == "none" {
        return Ok("load=[]".to_owned());
    }
    let names: Vec<&str> = LoadPreset::names();
    let mut entries = Vec::new();
    for part in text.split('+') {
        let (name, every) = part.split_once('=').map_or((part, None), |(name, every)| (name, Some(every)));
        if part == "none" {
            return Err(InputError::new("--load: `none` is no load, so nothing comes together with it")
                .help("none alone, or the others without it"));
        }
        if !names.contains(&name) {
            return if text.contains(['/', '.']) { of_file(text) } else { Err(unknown(name, &names)) };
        }
        let every = every.map(|every| format!(", every = \"{every}\"")).unwrap_or_default();
        entries.push(format!("{{ preset = \"{name}\"{every} }}"));
    }
    Ok(format!("load=[{}]", entries.join(", ")))
}

fn unknown(name: &str, names: &[&str]) -> InputError {
    let error = super::named::unknown("load", name, &[&["none"], names].concat(), &[]);
    InputError::new(format!("--load: {}", error.message))
        .help(error.help)
        .help("or the path of a TOML file with [[load]]")
}

/// The `[[load]]`s of a file, as one setting: so they are in the token of the run.
fn of_file(path: &str) -> Result<String, InputError> {
    let bytes = first_bytes(Path::new(path), FILE_MAX).map_err(|error| {
        let error = InputError::new(format!("cannot read the load {path}: {error}"));
        error.help("a load by name, or the path of a TOML file with [[load]]")
    })?;
    let wrong = |message: String| InputError::new(message).help("it takes [[load]] entries as a scenario has them");
    let table: toml::Table = std::str::from_utf8(&bytes)
        .map_err(|error| wrong(format!("{path} is no text: {error}")))?
        .parse()
        .map_err(|error| wrong(format!("{path} is no TOML: {error}")))?;
    match (table.get("load"), table.len()) {
        (Some(loads @ toml::Value::Array(_)), 1) => Ok(format!("load={loads}")),
        (Some(_), 1) => Err(wrong(format!("`load` in {path} is no array of tables"))),
        _ => Err(wrong(format!("{path} has other things than [[load]]"))),
    }
}
