//! What there is of each kind.

use super::sentences::{self, MORE_KNOBS, MoreKnob};
use crate::cli::arguments::ListKind;
use crate::cli::commands::demo::lessons;
use crate::failure::Failure;
use crate::scenario::named::Named;
use crate::scenario::{
    self, ALL_ARCHES, Bus, FaultName, Goal, Mechanism, OwnVariant, OwnWaits, Request, RoleName, STACK_NAMES, StackName,
    StepForm, step_forms,
};
use kernel_model::{Arch, Call, Release, Takes, Variant};
use serde_json::{Value, json};
use sim::{Generation, Knobs};

/// One thing that has a name.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// What it is, in a sentence.
    pub(super) about: String,
    /// What else a document says of it.
    pub(super) more: Vec<(&'static str, Value)>,
}

impl Entry {
    fn new(name: &str, about: impl Into<String>) -> Self {
        Self { name: name.to_owned(), about: about.into(), more: Vec::new() }
    }

    fn with(mut self, key: &'static str, value: Value) -> Self {
        self.more.push((key, value));
        self
    }
}

/// All of a kind, in their order.
pub(super) fn entries(kind: ListKind, own: &[OwnVariant]) -> Result<Vec<Entry>, Failure> {
    Ok(match kind {
        ListKind::Scenarios => {
            let mut entries = Vec::new();
            for name in scenario::builtin_names() {
                entries.push(of_scenario(name)?);
            }
            entries
        }
        ListKind::Archs => ALL_ARCHES.iter().map(|arch| Entry::new(arch, machine(arch))).collect(),
        ListKind::Variants => {
            let ours = Variant::ALL.map(|one| Entry::new(one.name(), sentences::variant(one)));
            let handed_over =
                own.iter().map(|one| Entry::new(one.name(), format!("Your own: {}.", OwnWaits::Code(*one))));
            ours.into_iter().chain(handed_over).collect()
        }
        ListKind::Releases => Release::ALL.map(|one| Entry::new(one.name(), sentences::release(one))).into(),
        ListKind::Buses => named(sentences::bus, Bus::ALL),
        ListKind::Generations => named(sentences::generation, Generation::ALL),
        ListKind::Knobs => knobs(),
        ListKind::Faults => named(sentences::fault, FaultName::ALL),
        ListKind::Roles => named(sentences::role, RoleName::ALL),
        ListKind::Steps => step_forms().filter(|form| !["}", "else"].contains(&form.name)).map(of_step).collect(),
        ListKind::Goals => named(sentences::goal, Goal::ALL),
        ListKind::Mechanisms => named(Mechanism::about, Mechanism::ALL),
        ListKind::Functions => STACK_NAMES.iter().map(of_function).collect(),
        ListKind::Calls => Call::ALL.iter().map(|call| of_call(*call)).collect(),
        ListKind::Lessons => lessons()?.iter().map(|(name, title)| Entry::new(name, &**title)).collect(),
    })
}

fn named<T: Named>(about: impl Fn(T) -> &'static str, all: &[T]) -> Vec<Entry> {
    all.iter().map(|one| Entry::new(one.name(), about(*one))).collect()
}

/// How a step is written, and what it does.
fn of_step(form: StepForm) -> Entry {
    Entry::new(form.name, format!("`{}`: {}.", form.usage, form.about)).with("usage", json!(form.usage))
}

fn of_scenario(name: &str) -> Result<Entry, Failure> {
    let scenario = scenario::load(&Request::new(name))?;
    let mechanism = scenario.mechanism.map(Named::name);
    Ok(Entry::new(name, scenario::first_sentence(&scenario.story))
        .with("goal", json!(scenario.goal_name()))
        .with("mechanism", json!(mechanism)))
}

fn machine(arch: &str) -> String {
    let machine = scenario::natural(arch).map(|(generation, bus)| format!("{generation} on {bus}")).unwrap_or_default();
    match Arch::from_name(arch).and_then(Arch::other) {
        Some(other) => format!("{machine}; {}, {}", other.source().name, other.source().repository),
        None => machine,
    }
}

fn knobs() -> Vec<Entry> {
    let knob = |key: &str, values: &[&str], meaning: &str| {
        let others = values[1..].join(", ");
        Entry::new(key, format!("{}, or {others}. {}", values[0], scenario::first_sentence(meaning)))
            .with("default", json!(values[0]))
            .with("values", json!(values))
    };
    let hardware = Knobs::ALL.iter().map(|one| knob(one.key, one.values, one.evidence));
    hardware.chain(MORE_KNOBS.iter().map(of_more)).collect()
}

/// Its `values` are the names that a scenario may have for it; numbers are between `min` and `max`.
fn of_more(knob: &MoreKnob) -> Entry {
    let others: Vec<&str> = knob.values.iter().copied().filter(|name| !knob.usual.starts_with(name)).collect();
    let others = match &knob.numbers {
        Some(numbers) => {
            let joint = if knob.default.is_some() { "of" } else { "or" };
            format!("{joint} {} to {}", numbers.start(), numbers.end())
        }
        None => format!("or {}", others.join(", ")),
    };
    let entry = Entry::new(knob.key, format!("{}, {others}. {}", knob.usual, knob.meaning))
        .with("default", json!(knob.default))
        .with("usual", json!(knob.usual))
        .with("values", json!(knob.values));
    match &knob.numbers {
        Some(numbers) => entry.with("min", json!(numbers.start())).with("max", json!(numbers.end())),
        None => entry,
    }
}

/// A function by its name in today's stack traces.
fn of_function(function: &StackName) -> Entry {
    let text = function.leads_to();
    Entry::new(function.name, format!("{}{}.", text[..1].to_uppercase(), &text[1..]))
        .with("function", json!(function.model))
        .with("call", json!(function.call))
        .with("arch", json!(function.arch))
        .with("variant", json!(function.variant))
        .with("scenarios", json!(function.scenarios))
}

/// What a kernel function takes, and which kernels have it.
fn of_call(call: Call) -> Entry {
    let option = |takes: &Takes| match takes {
        Takes::Mask => "--to C,…",
        Takes::Target => "--to C",
        Takes::Vector => "--vector V",
        Takes::Trampoline => "--vector PAGE",
    };
    let options: Vec<&str> = call.takes().iter().map(option).collect();
    let takes = if options.is_empty() { String::new() } else { format!("; takes {}", options.join(" ")) };
    Entry::new(call.name(), format!("Kernels: {}{takes}.", call.whose().describe()))
        .with("kernels", json!(call.whose().describe()))
        .with("takes", json!(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_sentence_and_knobs_are_whole() {
        for kind in ListKind::ALL {
            let entries = entries(*kind, &[]).expect("built in");
            assert!(!entries.is_empty(), "{kind}");
            for entry in entries {
                assert!(entry.about.len() > 8 && !entry.about.contains('\n'), "{kind} {entry:?}");
            }
        }
        let keys: Vec<String> = knobs().into_iter().map(|knob| knob.name).collect();
        assert_eq!(keys, scenario::knob_keys());
    }
}
