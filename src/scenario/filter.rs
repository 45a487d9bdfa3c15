//! Filters: to which machines an event, a fault or an expectation applies.

use super::diagnostic::InputError;
use super::knob_filter::KnobFilter;
use super::knobs::knob_keys;
use super::machine::{Bus, Machine};
use super::model::{Event, Knobs, Stall};
use super::names::{arch_pattern, release, trigger, variant};
use super::own_waits::Variants;
use super::passing::{Numbers, has, list, names};
use super::reader::Table;
use super::role::RoleName;
use sim::Generation;

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
        has_bus(self.only.as_ref(), machine) && has_arch(self.arch.as_ref(), machine) && has(self.stall.as_ref(), stall)
    }
}

/// The keys of an expectation's filter.
pub(super) fn expect_keys() -> impl Iterator<Item = &'static str> {
    let others =
        ["variant", "release", "arch", "bus", "generation", "cpus", "stall", "injected", "crash_cpu", "trigger"];
    others.into_iter().chain(knob_keys())
}

/// The filter of an expectation.
#[derive(Debug)]
pub(super) struct ExpectFilter {
    variant: Option<Vec<String>>,
    release: Option<Vec<&'static str>>,
    arch: Option<Vec<String>>,
    bus: Option<Vec<Bus>>,
    generation: Option<Vec<Generation>>,
    stall: Option<Vec<Stall>>,
    knobs: KnobFilter,
    injected: Option<bool>,
    cpus: Option<Numbers>,
    crash_cpu: Option<Numbers>,
    trigger: Option<Vec<RoleName>>,
}

/// What an expectation may depend on.
#[derive(Debug)]
pub(super) struct Subject<'s> {
    pub(super) machine: &'s Machine,
    pub(super) stall: Stall,
    pub(super) knobs: &'s Knobs,
    pub(super) injected: bool,
    /// The crash, if there is one.
    pub(super) crash: Option<&'s Event>,
}

impl ExpectFilter {
    pub(super) fn read(table: &Table<'_>, variants: &Variants<'_>) -> Result<Self, InputError> {
        Ok(Self {
            variant: list(table, "variant", |field| variant(field, variants))?,
            release: list(table, "release", release)?,
            arch: list(table, "arch", arch_pattern)?,
            bus: names(table, "bus")?,
            generation: names(table, "generation")?,
            stall: names(table, "stall")?,
            knobs: KnobFilter::read(table)?,
            injected: table.get("injected").map(|field| field.boolean()).transpose()?,
            cpus: Numbers::read(table, "cpus", &(1..=u32::MAX))?,
            crash_cpu: Numbers::read(table, "crash_cpu", &(0..=u32::MAX))?,
            trigger: list(table, "trigger", trigger)?,
        })
    }

    pub(super) fn applies(&self, subject: &Subject<'_>) -> bool {
        let &Subject { machine, stall, knobs, injected, crash } = subject;
        let of_crash = |wanted: &dyn Fn(&Event) -> bool| crash.is_some_and(wanted);
        self.variant.as_ref().is_none_or(|names| names.iter().any(|name| *name == machine.variant))
            && has(self.release.as_ref(), machine.release)
            && has_arch(self.arch.as_ref(), machine)
            && has_bus(self.bus.as_ref(), machine)
            && has(self.generation.as_ref(), machine.generation)
            && has(self.stall.as_ref(), stall)
            && self.knobs.applies(knobs)
            && self.injected.is_none_or(|wanted| wanted == injected)
            && self.cpus.as_ref().is_none_or(|numbers| numbers.pass(machine.cpus))
            && self.crash_cpu.as_ref().is_none_or(|numbers| of_crash(&|event| numbers.pass(event.cpu)))
            && self.trigger.as_ref().is_none_or(|roles| of_crash(&|event| roles.contains(&event.role.role_name())))
    }
}

fn has_arch(list: Option<&Vec<String>>, machine: &Machine) -> bool {
    list.is_none_or(|list| list.iter().any(|pattern| machine.is_arch(pattern)))
}

fn has_bus(list: Option<&Vec<Bus>>, machine: &Machine) -> bool {
    list.is_none_or(|list| list.iter().any(|bus| machine.has_bus(*bus)))
}
