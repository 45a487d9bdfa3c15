//! The price of one IPI to one idle CPU: from the call of the send function to the handler's first instruction.

use crate::machine::adapter::{Delays, OnCpu};
use crate::machine::{self, AssemblyError, Choices};
use crate::run::RunFailure;
use crate::scenario::Scenario;
use kernel_model::apicdef::NMI_VECTOR;
use kernel_model::{CpuMask, Kernel};
use sim::{Closed, Cpu, Duration, Execution, Machine, Software, Stacks, StopRule, Time, X2ApicSend};

const CALLED: u32 = 200;
const TAKEN: u32 = 201;
const RETURNED: u32 = 202;

/// Prices of one variant on one machine; none on a machine without a second CPU.
///
/// ```
/// # use apicsim::prelude::*;
/// let price = apicsim::price(&load(&Request::new("nmi-stall"))?)?;
/// assert!(price.nmi.is_some() && price.fixed.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Price {
    /// One NMI.
    pub nmi: Option<Duration>,
    /// One ordinary FIXED interrupt (the reschedule vector).
    pub fixed: Option<Duration>,
}

/// CPU 0 sends once, to CPUs that are idle.
#[derive(Debug, Clone, Copy)]
struct SendOnce {
    kernel: Kernel,
    delays: Delays,
    weak_sends: bool,
    vector: u8,
    to: CpuMask,
    /// Do the CPUs from 2 on send to each other all the time?
    loaded: bool,
}

impl Closed for SendOnce {}

impl Software for SendOnce {
    fn run(&self, cpu: Cpu<'_>) {
        if cpu.number() == 0 {
            cpu.sleep_until(Time::from_us(10));
            cpu.reached(CALLED);
            let on_cpu = OnCpu::new(cpu, self.delays).with_weak_sends(self.weak_sends);
            kernel_model::send_IPI_mask(&self.kernel, &on_cpu, self.to, self.vector);
            cpu.reached(RETURNED);
        }
        while self.loaded && cpu.number() >= 2 {
            let next = if cpu.number() + 1 < self.kernel.cpus { cpu.number() + 1 } else { 2 };
            kernel_model::smp_send_reschedule(&self.kernel, &OnCpu::new(cpu, self.delays), next);
        }
        kernel_model::cpu_idle(&OnCpu::new(cpu, self.delays));
    }

    fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
        if cpu.number() == 1 {
            cpu.reached(TAKEN);
        }
        kernel_model::do_interrupt(&self.kernel, &OnCpu::new(cpu, self.delays), vector);
    }

    fn non_maskable(&self, cpu: Cpu<'_>) {
        cpu.reached(TAKEN);
    }
}

/// Measures both prices on the scenario's machine, without its story.
///
/// # Errors
/// As for any run on that machine.
pub fn price(scenario: &Scenario) -> Result<Price, RunFailure> {
    price_of(scenario, false)
}

/// The same while all CPUs from the third on send reschedule IPIs to each other as fast as their waits let them.
///
/// # Errors
/// As for any run on that machine.
pub fn price_under_load(scenario: &Scenario) -> Result<Price, RunFailure> {
    price_of(scenario, true)
}

fn price_of(scenario: &Scenario, loaded: bool) -> Result<Price, RunFailure> {
    if scenario.machine.cpus < 2 {
        return Ok(Price { nmi: None, fixed: None });
    }
    let mut quiet = scenario.clone();
    quiet.events.clear();
    quiet.faults.clear();
    quiet.machine.offline.clear();
    let fixed = machine::kernel(&quiet).arch.reschedule_vector();
    let price = |vector| send_once(&quiet, vector, CpuMask::of(1), loaded, TAKEN);
    Ok(Price { nmi: price(NMI_VECTOR)?, fixed: price(fixed)? })
}

/// How long CPU 0 is in the send function for one IPI, NMI or FIXED, to each of CPUs 1 to `targets`, all idle.
///
/// # Errors
/// As for any run on that machine.
pub fn time_in_sender(scenario: &Scenario, targets: u16, nmi: bool) -> Result<Option<Duration>, RunFailure> {
    let vector = if nmi { NMI_VECTOR } else { machine::kernel(scenario).arch.reschedule_vector() };
    send_once(scenario, vector, (1..=targets).collect(), false, RETURNED)
}

fn send_once(
    scenario: &Scenario,
    vector: u8,
    to: CpuMask,
    loaded: bool,
    until: u32,
) -> Result<Option<Duration>, RunFailure> {
    let choices = Choices { seed: 0, elision: true, cut_ps: None, to_the_end: false, stacks: Stacks::Own };
    let mut settings = machine::assemble(scenario, choices)?;
    let software = SendOnce {
        kernel: machine::kernel(scenario),
        delays: machine::delays(scenario),
        weak_sends: scenario.knobs.hardware.x2apic_send == X2ApicSend::Weak,
        vector,
        to,
        loaded,
    };
    settings.cpus = settings.cpus.into_iter().map(|(cpu, _)| (cpu, machine::software(scenario, software))).collect();
    settings.stop = StopRule::Any(vec![until]);
    let machine = Machine::new(settings).map_err(AssemblyError::from)?;
    let outcome = machine.run(Execution::default()).map_err(|error| RunFailure::of(scenario, error))?;
    let at = |code| outcome.milestones.iter().find(|milestone| milestone.code == code).map(|milestone| milestone.at);
    Ok(at(until).zip(at(CALLED)).map(|(end, called)| end.since(called)))
}
