//! Filters: to which machines an event, a fault or an expectation applies.

use super::machine::{ARCHES, Bus, Generation, LATER_VARIANTS, Machine, VARIANTS};
use super::model::{FullTarget, IcrWriteWhileBusy, Knobs, NmiWhenPending, Slots, Stall};
use super::named::{self, Named, UnknownName};
use super::reader::{Field, Table};
use crate::diagnostic::InputError;

/// The families that stand for several sub-architectures.
const FAMILIES: [&str; 2] = ["i386/*", "x86_64/*"];

/// The keys of an event's or fault's filter.
pub(super) const KEYS: [&str; 3] = ["only", "arch", "stall"];

/// The filter of an event or fault. A key that is not there does not filter; an empty list applies nowhere.
#[derive(Debug)]
pub(super) struct Filter {
    only: Option<Vec<Bus>>,
    arch: Option<Vec<String>>,
    stall: Option<Vec<Stall>>,
}

impl Filter {
    pub(super) fn read(table: &Table<'_>) -> Result<Self, InputError> {
        Ok(Self {
            only: names(table, "only")?,
            arch: list(table, "arch", arch_pattern)?,
            stall: names(table, "stall")?,
        })
    }

    pub(super) fn applies(&self, machine: &Machine, stall: Stall) -> bool {
        has(self.only.as_ref(), machine.bus) && has_arch(self.arch.as_ref(), machine) && has(self.stall.as_ref(), stall)
    }
}

/// The keys of an expectation's filter.
pub(super) const EXPECT_KEYS: [&str; 10] = [
    "variant",
    "arch",
    "bus",
    "generation",
    "stall",
    "slots",
    "icr_write_while_busy",
    "nmi_when_pending",
    "full_target",
    "injected",
];

/// The filter of an expectation.
#[derive(Debug)]
pub(super) struct ExpectFilter {
    variant: Option<Vec<&'static str>>,
    arch: Option<Vec<String>>,
    bus: Option<Vec<Bus>>,
    generation: Option<Vec<Generation>>,
    stall: Option<Vec<Stall>>,
    slots: Option<Vec<Slots>>,
    icr_write_while_busy: Option<Vec<IcrWriteWhileBusy>>,
    nmi_when_pending: Option<Vec<NmiWhenPending>>,
    full_target: Option<Vec<FullTarget>>,
    injected: Option<bool>,
}

impl ExpectFilter {
    pub(super) fn read(table: &Table<'_>) -> Result<Self, InputError> {
        Ok(Self {
            variant: list(table, "variant", variant)?,
            arch: list(table, "arch", arch_pattern)?,
            bus: names(table, "bus")?,
            generation: names(table, "generation")?,
            stall: names(table, "stall")?,
            slots: names(table, "slots")?,
            icr_write_while_busy: names(table, "icr_write_while_busy")?,
            nmi_when_pending: names(table, "nmi_when_pending")?,
            full_target: names(table, "full_target")?,
            injected: table.get("injected").map(|field| field.boolean()).transpose()?,
        })
    }

    pub(super) fn applies(&self, machine: &Machine, stall: Stall, knobs: &Knobs, injected: bool) -> bool {
        has(self.variant.as_ref(), machine.variant)
            && has_arch(self.arch.as_ref(), machine)
            && has(self.bus.as_ref(), machine.bus)
            && has(self.generation.as_ref(), machine.generation)
            && has(self.stall.as_ref(), stall)
            && has(self.slots.as_ref(), knobs.slots)
            && has(self.icr_write_while_busy.as_ref(), knobs.icr_write_while_busy)
            && has(self.nmi_when_pending.as_ref(), knobs.nmi_when_pending)
            && has(self.full_target.as_ref(), knobs.full_target)
            && self.injected.is_none_or(|wanted| wanted == injected)
    }
}

/// A wait variant by name.
pub(super) fn variant(field: &Field<'_>) -> Result<&'static str, InputError> {
    named::one_of("variant", field.text()?, &VARIANTS, &LATER_VARIANTS).map_err(|error| field.unknown(error))
}

fn arch_pattern(field: &Field<'_>) -> Result<String, InputError> {
    let text = field.text()?;
    if ARCHES.contains(&text) || FAMILIES.contains(&text) {
        return Ok(text.to_owned());
    }
    let all: Vec<&str> = ARCHES.into_iter().chain(FAMILIES).collect();
    let message = format!("unknown sub-architecture `{text}`");
    Err(field.unknown(UnknownName { message, help: crate::nearest::suggestion(text, &all) }))
}

fn names<T: Named>(table: &Table<'_>, key: &str) -> Result<Option<Vec<T>>, InputError> {
    list(table, key, |field| field.name())
}

fn list<T>(
    table: &Table<'_>,
    key: &str,
    item: impl Fn(&Field<'_>) -> Result<T, InputError>,
) -> Result<Option<Vec<T>>, InputError> {
    table.get(key).map(|field| field.list(|one| item(one))).transpose()
}

fn has<T: PartialEq>(list: Option<&Vec<T>>, one: T) -> bool {
    list.is_none_or(|list| list.contains(&one))
}

fn has_arch(list: Option<&Vec<String>>, machine: &Machine) -> bool {
    list.is_none_or(|list| list.iter().any(|pattern| machine.is_arch(pattern)))
}
