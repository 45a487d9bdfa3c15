//! What a form asks for: a scenario by its built-in name, or a text, with what is chosen for it. Never a path.

use crate::page::without;
use crate::scenario::diagnostic::InputError;
use crate::scenario::named::by_name;
use crate::scenario::named::named;
use crate::scenario::{self, Bus, Request, Scenario, nearest};
use sim::Generation;

/// The scenario of who names none.
const USUAL: &str = "nmi-stall";

/// What a text goes by in messages, and in the token.
const OWN: &str = "own.toml";

/// CPUs of a machine that one would look at.
const CPUS_MAX: u32 = 64;

/// Settings, a line each.
const SETS_MAX: usize = 50;

named! {
    /// A field of the form.
    pub(super) enum FieldName ("field") {
        /// The built-in scenario.
        Scenario = "scenario",
        /// Sub-architecture.
        Arch = "arch",
        /// Variant.
        Variant = "variant",
        /// Release.
        Release = "release",
        /// Bus.
        Bus = "bus",
        /// Generation.
        Generation = "generation",
        /// CPUs.
        Cpus = "cpus",
        /// Seed.
        Seed = "seed",
        /// Settings, a line each.
        Set = "set",
        /// A scenario of one's own.
        Text = "text",
        /// What is left out of the run that the page has beside it.
        Without = "without",
    }
}

/// The form, as it was filled in: empty where nothing was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked(Vec<(FieldName, String)>);

impl Asked {
    /// # Errors
    /// A field that there is not, or twice.
    pub(super) fn of(pairs: Vec<(String, String)>) -> Result<Self, InputError> {
        let mut fields: Vec<(FieldName, String)> = Vec::new();
        for (name, value) in pairs {
            let name: FieldName = by_name(&name).map_err(|error| InputError::new(error.to_string()))?;
            if fields.iter().any(|(field, _)| *field == name) {
                return Err(InputError::new("a field of the form is there twice"));
            }
            fields.push((name, value.replace("\r\n", "\n")));
        }
        Ok(Self(fields))
    }

    /// What a field holds.
    pub(super) fn value(&self, name: FieldName) -> &str {
        let value = self.0.iter().find(|(field, _)| *field == name).map_or("", |(_, value)| value.trim());
        if value.is_empty() && name == FieldName::Scenario { USUAL } else { value }
    }

    /// The fields that say something, as they stand in an address.
    pub(super) fn address(&self, encode: impl Fn(&str) -> String) -> String {
        let filled = self.0.iter().filter(|(_, value)| !value.trim().is_empty());
        let pairs: Vec<String> = filled.map(|(name, value)| format!("{name}={}", encode(value.trim()))).collect();
        pairs.join("&")
    }

    /// The scenario that is asked for, and its seed; and the same without one of its events or faults, if that is asked for.
    ///
    /// # Errors
    /// Something is wrong with it.
    pub(super) fn load(&self) -> Result<(Scenario, u64, Option<Scenario>), InputError> {
        let (scenario, seed) = self.load_with(None)?;
        let path = self.value(FieldName::Without);
        let number = path.strip_prefix("event.").or_else(|| path.strip_prefix("fault."));
        match number {
            None if path.is_empty() => Ok((scenario, seed, None)),
            Some(digits) if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                let (other, _) = self.load_with(Some(without(path)))?;
                Ok((scenario, seed, Some(other)))
            }
            _ => Err(InputError::new(format!("`{path}` is no event and no fault of a scenario"))
                .help("event.0 is the first event, fault.0 the first fault")),
        }
    }

    fn load_with(&self, set: Option<String>) -> Result<(Scenario, u64), InputError> {
        let some = |name| Some(self.value(name)).filter(|value| !value.is_empty()).map(str::to_owned);
        let number = |name: FieldName| -> Result<Option<u64>, InputError> {
            some(name)
                .map(|text| text.parse().map_err(|_| InputError::new(format!("`{text}` is no number for {name}"))))
                .transpose()
        };
        let wrong = |error: scenario::named::UnknownName| InputError::new(error.to_string());
        let sets: Vec<String> = self
            .value(FieldName::Set)
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect();
        if sets.len() > SETS_MAX {
            return Err(InputError::new(format!("more than {SETS_MAX} settings")));
        }
        let cpus = number(FieldName::Cpus)?.map(|cpus| u32::try_from(cpus).unwrap_or(u32::MAX));
        let request = Request {
            arch: some(FieldName::Arch),
            variant: some(FieldName::Variant),
            release: some(FieldName::Release),
            generation: some(FieldName::Generation)
                .map(|name| by_name::<Generation>(&name))
                .transpose()
                .map_err(wrong)?,
            bus: some(FieldName::Bus).map(|name| by_name::<Bus>(&name)).transpose().map_err(wrong)?,
            cpus: cpus.map(|cpus| if cpus > CPUS_MAX { Err(too_many(cpus)) } else { Ok(cpus) }).transpose()?,
            sets: sets.into_iter().chain(set).collect(),
            ..Request::new(self.value(FieldName::Scenario))
        };
        let seed = number(FieldName::Seed)?.unwrap_or_default();
        let scenario = match some(FieldName::Text) {
            Some(text) => scenario::load_text(&text, &Request { scenario: OWN.to_owned(), ..request })?,
            None => {
                let names = scenario::builtin_names();
                if !names.contains(&&*request.scenario) {
                    let missing = InputError::new(format!("there is no scenario `{}`", request.scenario));
                    return Err(missing.help(nearest::suggestion(&request.scenario, &names)));
                }
                scenario::load(&request)?
            }
        };
        if scenario.machine.cpus > CPUS_MAX {
            return Err(too_many(scenario.machine.cpus));
        }
        Ok((scenario, seed))
    }
}

fn too_many(cpus: u32) -> InputError {
    InputError::new(format!("{cpus} CPUs are more than this page shows"))
        .help(format!("at most {CPUS_MAX} here; `apicsim run --html` takes as many as there are"))
}
