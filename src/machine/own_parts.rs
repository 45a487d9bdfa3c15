//! Parts of one's own in the machine of a scenario: its bus, and what runs on a CPU.
//!
//! Not modelled: faults of the scenario in a bus that is not its own. A token knows the parts by the name that they are handed over with.

use crate::scenario::Scenario;
use sim::bus::{IdealBus, Interconnect};
use sim::{MachineSettings, Program};
use std::fmt::Debug;
use std::mem::{replace, take};

/// Parts of one's own: handed to a run by [`Settings::parts`](crate::Settings::parts), they take the place of the scenario's, in that
/// run and in the second one that explains it. So both must be built alike each time.
///
/// ```
/// use apicsim::prelude::*;
/// use apicsim::{OwnPart, OwnParts, adapter::OnCpu};
/// use apicsim::kernel_model::{cpu_idle, do_interrupt};
/// use apicsim::sim::{Closed, Cpu, Program, Software};
///
/// /// CPU 1 is a device driver's loop: deaf for 40 µs, then open for interrupts.
/// #[derive(Debug, Clone)]
/// struct Driver(Kernel);
///
/// impl Software for Driver {
///     fn run(&self, cpu: Cpu<'_>) {
///         let before = cpu.irq_save();
///         cpu.delay_us(40);
///         cpu.irq_restore(before);
///         cpu_idle(&OnCpu::exact(cpu));
///     }
///     fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
///         do_interrupt(&self.0, &OnCpu::exact(cpu), vector);
///     }
/// }
///
/// impl Closed for Driver {}
///
/// #[derive(Debug)]
/// struct WithADriver;
///
/// impl OwnParts for WithADriver {
///     fn program(&self, scenario: &Scenario, cpu: u16, usual: Program) -> Program {
///         if cpu == 1 { Program::closed(Driver(scenario.kernel())) } else { usual }
///     }
/// }
///
/// let scenario = ScenarioBuilder::new("a-driver")
///     .cpus(2)
///     .event(Time::from_us(5), 0, &scenario::Role::CallFunction { wait: true, irqs_off: false })
///     .goal(scenario::Goal::CallersReturn)
///     .build()?;
/// let settings = Settings::seeded(0).with_parts(OwnPart::parts("with-a-driver", WithADriver));
/// let (report, _) = run(&scenario, &settings)?;
/// assert!(report.sim_time > Time::from_us(40));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A bus of one's own, in a scenario and without one: [examples/own_bus.rs](https://github.com/apicsim/apicsim/blob/main/examples/own_bus.rs).
pub trait OwnParts: Debug + Send + Sync {
    /// What connects the APICs of the CPUs, agents 0 and on, and behind them the I/O agent: the scenario's own, another one in
    /// its place, or one around it. Faults of wires, of a front-side bus and of links are in the scenario's own.
    fn bus(&self, scenario: &Scenario, usual: Box<dyn Interconnect>) -> Box<dyn Interconnect> {
        let _ = scenario;
        usual
    }

    /// What runs on CPU `cpu`: the scenario's roles and programs, or a program in their place. Nothing of those is played on that
    /// CPU then, and a goal that they are to reach is not reached.
    fn program(&self, scenario: &Scenario, cpu: u16, usual: Program) -> Program {
        let _ = (scenario, cpu);
        usual
    }
}

/// Puts the parts where they belong.
pub(crate) fn fit(parts: &dyn OwnParts, scenario: &Scenario, machine: &mut MachineSettings) {
    let usual = replace(&mut machine.bus, Box::new(IdealBus::default()));
    let was_ideal = usual.name() == IDEAL;
    machine.bus = parts.bus(scenario, usual);
    if was_ideal && machine.bus.name() != IDEAL {
        machine.busy_visible = true;
    }
    let cpus = take(&mut machine.cpus).into_iter().zip(0..);
    machine.cpus = cpus.map(|((settings, usual), cpu)| (settings, parts.program(scenario, cpu, usual))).collect();
}

/// The name of the bus that shows no delivery status.
const IDEAL: &str = "ideal";
