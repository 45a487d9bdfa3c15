//! The values of a grid's axes: what each is called, and what it sets.

use super::diagnostic::InputError;
use super::loads::load_setting;
use super::machine::{ALL_ARCHES, Bus, FAMILIES, OWN_VARIANT, RELEASES, VARIANTS};
use super::named::{self, Named, named};
use super::reader::Field;
use sim::Generation;

named! {
    /// What the runs of a grid differ in, beside their seeds. The last one turns fastest.
    pub(crate) enum Axis ("axis") {
        /// Built-in name, or path.
        Scenario = "scenario",
        /// Sub-architecture.
        Arch = "arch",
        /// Release.
        Release = "release",
        /// Generation.
        Generation = "generation",
        /// Bus.
        Bus = "bus",
        /// Number of CPUs.
        Cpus = "cpus",
        /// Load, as `--load` takes it.
        Load = "load",
        /// Faults in place of the scenario's.
        Fault = "fault",
        /// Settings.
        Set = "set",
        /// Wait variant.
        Variant = "variant",
    }
}

/// A value of an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GridValue {
    /// As it stands in rows.
    pub(crate) name: String,
    /// The settings that it means: of loads, faults and settings.
    pub(crate) sets: Vec<String>,
}

impl GridValue {
    fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), sets: Vec::new() }
    }
}

/// One `PATH=VALUE`.
pub(super) fn setting(field: &Field<'_>) -> Result<String, InputError> {
    let text = field.text()?;
    if text.contains('=') && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(field.error("a setting is PATH=VALUE", "no setting").help("such as \"knobs.jitter_picclk=20\""))
}

/// As the scenario has it.
pub(crate) const OWN: &str = "own";
/// None at all.
pub(crate) const NONE: &str = "none";

/// The values of an axis, each once, in the order of the file.
pub(super) fn values(axis: Axis, field: &Field<'_>) -> Result<Vec<GridValue>, InputError> {
    let given = field.list(|item| of_item(axis, item))?;
    let mut values: Vec<GridValue> = Vec::new();
    for value in given.into_iter().flatten() {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Ok(values)
}

/// A value, or those that it stands for.
fn of_item(axis: Axis, item: &Field<'_>) -> Result<Vec<GridValue>, InputError> {
    let one = |value| Ok(vec![value]);
    match axis {
        Axis::Scenario => one(GridValue::named(item.line_of_text()?)),
        Axis::Arch => arches(item),
        Axis::Variant => variants(item),
        Axis::Release => {
            let text = item.text_or_number()?;
            let known = named::one_of("release", &text, &RELEASES).map_err(|error| item.unknown(error))?;
            one(GridValue::named(known))
        }
        Axis::Generation => one(GridValue::named(item.name::<Generation>()?.name())),
        Axis::Bus => one(GridValue::named(item.name::<Bus>()?.name())),
        Axis::Cpus => one(GridValue::named(item.small_integer(1, u16::MAX.into())?.to_string())),
        Axis::Load => load(item).map(|value| vec![value]),
        Axis::Fault => fault(item).map(|value| vec![value]),
        Axis::Set => {
            let sets = item.list(setting)?;
            one(GridValue { name: sets.join(" "), sets })
        }
    }
}

fn arches(item: &Field<'_>) -> Result<Vec<GridValue>, InputError> {
    let text = item.text()?;
    if text == "all" || FAMILIES.contains(&text) {
        let family = text.strip_suffix('*').unwrap_or_default();
        return Ok(ALL_ARCHES
            .iter()
            .filter(|arch| arch.starts_with(family))
            .map(|&arch| GridValue::named(arch))
            .collect());
    }
    let known = named::one_of("sub-architecture", text, &ALL_ARCHES).map_err(|error| item.unknown(error))?;
    Ok(vec![GridValue::named(known)])
}

/// A name that is none of this program's may be a scenario's own: whoever loads that finds out.
fn variants(item: &Field<'_>) -> Result<Vec<GridValue>, InputError> {
    match item.line_of_text()?.as_str() {
        "all" => Ok(VARIANTS.iter().map(|&name| GridValue::named(name)).collect()),
        name => Ok(vec![GridValue::named(name)]),
    }
}

fn load(item: &Field<'_>) -> Result<GridValue, InputError> {
    let text = item.line_of_text()?;
    if text == OWN {
        return Ok(GridValue::named(OWN));
    }
    let set = load_setting(&text).map_err(|error| {
        let wrong = item.error(error.message(), "no load");
        error.help_lines().iter().fold(wrong, |wrong, help| wrong.help(help))
    })?;
    Ok(GridValue { name: text, sets: vec![set] })
}

/// `own`, `none`, or `KIND KEY=VALUE ...` with ` + ` between several.
fn fault(item: &Field<'_>) -> Result<GridValue, InputError> {
    let text = item.line_of_text()?;
    match text.as_str() {
        OWN_VARIANT => Ok(GridValue::named(OWN)),
        NONE => Ok(GridValue { name: text, sets: vec!["fault=[]".to_owned()] }),
        _ => {
            let faults: Result<Vec<String>, InputError> = text.split(" + ").map(|one| one_fault(one, item)).collect();
            Ok(GridValue { sets: vec![format!("fault=[{}]", faults?.join(", "))], name: text })
        }
    }
}

/// A fault as an inline table.
fn one_fault(text: &str, item: &Field<'_>) -> Result<String, InputError> {
    let wrong = |what: &str| {
        item.error(what, "no fault").help("it is written KIND KEY=VALUE ..., as: message effect=lose every=100")
    };
    let mut words = text.split_whitespace();
    let kind = words.next().ok_or_else(|| wrong("a fault is missing"))?;
    let mut table = vec![format!("kind = {}", quoted(kind))];
    for word in words {
        let (key, value) = word.split_once('=').ok_or_else(|| wrong(&format!("`{word}` says nothing of the fault")))?;
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(wrong(&format!("`{word}` says nothing of the fault")));
        }
        table.push(format!("{key} = {}", quoted(value)));
    }
    Ok(format!("{{ {} }}", table.join(", ")))
}

/// A TOML value: a number, or else a string.
fn quoted(text: &str) -> String {
    let number =
        text.parse::<toml::Value>().is_ok_and(|value| matches!(value, toml::Value::Integer(_) | toml::Value::Float(_)));
    if number { text.to_owned() } else { toml::Value::from(text).to_string() }
}

/// Is `value`, of an axis, what an entry of `[[exclude]]` means by `given`?
pub(crate) fn means(axis: Axis, given: &GridValue, value: &str) -> bool {
    given.name == value
        || axis == Axis::Arch && given.name.strip_suffix('*').is_some_and(|family| value.starts_with(family))
}
