//! From a scenario to a machine: CPUs, their software, the bus, the faults.

use super::adapter::initial_words;
use super::device_loads::device_interrupts;
use super::error::AssemblyError;
use super::interconnect::Parts;
use super::io_apic::io_apic;
use super::kernel::kernel;
use super::message_faults::{damage, message_faults};
use super::{costs, cpu, goal};
use crate::scenario::{Event, Fault, FaultKind, OwnWaits, Role, Scenario, own_sources};
use kernel_model::Kernel;
use sim::bus::Interconnect;
use sim::{LineChange, MachineSettings, Seeded, Stacks, StopRule, Time};
use std::sync::Arc;

/// The pin of the I/O APIC to which a PC's keyboard is wired: IRQ 1.
const KEYBOARD_PIN: u8 = 1;

/// What the command line says of a run beside the scenario.
///
/// ```
/// # use apicsim::prelude::*;
/// let mut settings = Settings::seeded(3);
/// settings.choices.elision = false; // nothing is skipped, and nothing comes out different
/// let scenario = load(&Request::new("normal-dispatch"))?;
/// assert_eq!(run(&scenario, &settings)?.0.digest, run(&scenario, &Settings::seeded(3))?.0.digest);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Choices {
    /// Seed of everything that may happen either way.
    pub seed: u64,
    /// Skip what is proven to repeat?
    pub elision: bool,
    /// What software runs on.
    pub stacks: Stacks,
    /// Cut the run here, in picoseconds, if that is earlier than the scenario's limit.
    pub cut_ps: Option<u64>,
    /// Go on past the instant at which the run has nothing more to show, until nothing can happen any more.
    pub to_the_end: bool,
}

impl Choices {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

/// Builds the machine's settings.
///
/// # Errors
/// If the scenario does not fit the machine.
pub fn assemble(scenario: &Scenario, choices: Choices) -> Result<MachineSettings, AssemblyError> {
    let kernel = kernel(scenario);
    if let Some(OwnWaits::Code(code)) = &scenario.own {
        own_sources::remember(code);
    }
    let generation = scenario.machine.generation;
    let limit = choices.cut_ps.map_or(scenario.limit_ps, |cut| cut.min(scenario.limit_ps));
    let limit = Time::from_ps(limit);
    let chooser = Arc::new(Seeded(choices.seed));
    let cpus =
        (0..scenario.machine.cpus).map(|cpu| cpu::cpu_settings(scenario, &kernel, cpu)).collect::<Result<_, _>>()?;
    let mut machine = MachineSettings::new(generation, bus(scenario, &kernel)?);
    machine.knobs = scenario.knobs.hardware;
    machine.costs = costs::costs(scenario, generation.costs());
    machine.core_clock = costs::core_clock(scenario);
    machine.words = words(scenario, &kernel);
    machine.cpus = cpus;
    machine.io_apic = io_apic(scenario);
    machine.io_apic_entries = keyboard(scenario, &kernel).map(|(entry, _)| entry).collect();
    machine.lines = keyboard(scenario, &kernel).map(|(_, key)| key).collect();
    machine.dead_apics = dead_apics(&scenario.faults);
    machine.message_faults = message_faults(&scenario.faults, &kernel);
    machine.checks = scenario.machine.checks;
    machine.device_interrupts = device_interrupts(scenario, &kernel, &*chooser, limit);
    machine.chooser = chooser;
    machine.limit = limit;
    machine.stop = if choices.to_the_end { StopRule::Never } else { goal::stop_rule(scenario) };
    machine.elision = choices.elision;
    machine.stacks = choices.stacks;
    Ok(machine)
}

fn bus(scenario: &Scenario, kernel: &Kernel) -> Result<Box<dyn Interconnect>, AssemblyError> {
    Parts {
        machine: &scenario.machine,
        ids: (0..kernel.cpus).map(|cpu| kernel.arch.apic_id(cpu)).collect(),
        knobs: scenario.knobs.hardware,
        faults: &scenario.faults,
        damage: damage(&scenario.faults, kernel),
        transaction_cycles: scenario.costs.fsb_transaction_cycles.unwrap_or(12),
        ideal_delivery_ps: scenario.costs.ideal_delivery_ps.unwrap_or(100_000),
        cluster_hop_ps: scenario.costs.cluster_hop_ps,
    }
    .build()
    .map_err(AssemblyError::from)
}

/// Initial values of the shared words: a healthy kernel's, but for run queues that the story corrupts.
fn words(scenario: &Scenario, kernel: &Kernel) -> Vec<u32> {
    let layout = kernel.layout();
    let mut words = initial_words(kernel);
    words.extend(scenario.programs.words.iter().map(|(_, value)| *value));
    for event in scenario.events.iter().filter(|event| matches!(event.role, Role::WatchdogTick { .. })) {
        words[usize::from(layout.timer_goes_on(event.cpu as u16).0)] = 1;
    }
    // The watchdog looks for five seconds before it calls a CPU locked up: an NMI that a program sends does not make one.
    if !scenario.programs.is_empty() {
        let watched = |cpu: u16| {
            let mut events = scenario.events.iter();
            events.any(|event| event.cpu == u32::from(cpu) && cpu::is_watchdog(event))
        };
        for cpu in (0..kernel.cpus).filter(|&cpu| !watched(cpu)) {
            words[usize::from(layout.timer_goes_on(cpu).0)] = 1;
        }
    }
    // Where no counter is to overflow, no NMI is taken for that.
    let counts = |cpu: u16| scenario.events.iter().any(|event| event.cpu == u32::from(cpu) && cpu::is_watchdog(event));
    for cpu in (0..kernel.cpus).filter(|&cpu| !counts(cpu)) {
        words[usize::from(layout.counter_runs_on(cpu).0)] = 1;
    }
    for event in scenario.events.iter().filter(|event| event.role == Role::CorruptRunQueue) {
        for (word, value) in layout.corrupt_run_queue(event.cpu as u16) {
            words[usize::from(word.0)] = value;
        }
    }
    words
}

/// The keyboard: the redirection entry of its pin, edge-triggered to the one CPU that gets `SysRq`, and the key.
fn keyboard(scenario: &Scenario, kernel: &Kernel) -> impl Iterator<Item = ((u8, u64), LineChange)> {
    let key = |event: &Event| {
        let Role::SysrqCrash { vector, .. } = event.role else { return None };
        let destination = u64::from(kernel.arch.apic_id(event.cpu as u16)) << 56;
        let press = LineChange { at: Time::from_ps(event.at_ps), pin: KEYBOARD_PIN, high: true };
        Some(((KEYBOARD_PIN, destination | u64::from(vector)), press))
    };
    scenario.events.iter().filter_map(key)
}

pub(crate) fn dead_apics(faults: &[Fault]) -> Vec<(Time, u16)> {
    let dead = |fault: &Fault| match fault.kind {
        FaultKind::ApicDead { cpu } => Some((Time::from_ps(fault.at_ps), cpu as u16)),
        _ => None,
    };
    faults.iter().filter_map(dead).collect()
}
