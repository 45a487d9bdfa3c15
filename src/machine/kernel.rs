//! The kernel that a scenario's machine runs: built, configured and calibrated.

use super::adapter::Delays;
use super::costs::{core_clock, costs, ticks, whole_us};
use super::goal::is;
use super::io_apic::io_apic;
use crate::scenario::{
    self, CpuFault, Event, FaultKind, MpsTimeout, OwnWaits, Role, RoleName, Scenario, StopLock, WaitShape,
};
use kernel_model::other::freebsd::lapic_ipi_wait_mult;
use kernel_model::{Arch, Bound, Kernel, PerformanceCounter, Release, Variant};
use sim::Generation;
use sim::io_apic::{IoApicVersion, PINS};

impl Scenario {
    /// The kernel that its machine runs: built, configured and calibrated as the scenario says.
    ///
    /// ```
    /// use apicsim::prelude::*;
    ///
    /// let kernel = scenario::load(&Request::new("nmi-stall"))?.kernel();
    /// assert_eq!((kernel.arch.name(), kernel.variant.name(), kernel.cpus), ("i386/default", "before", 4));
    /// # Ok::<(), InputError>(())
    /// ```
    pub fn kernel(&self) -> Kernel {
        kernel(self)
    }
}

/// The kernel that the scenario's machine runs.
pub(crate) fn kernel(scenario: &Scenario) -> Kernel {
    let machine = &scenario.machine;
    let arch = Arch::from_name(machine.arch).expect("a loaded scenario names a known sub-architecture");
    // A kernel that is not Linux never looks at its variant.
    let variant = Variant::from_name(machine.base).unwrap_or(Variant::Before);
    let release = Release::from_name(machine.release).unwrap_or(Release::usual(variant));
    let mut kernel = Kernel::new(arch, variant, machine.cpus as u16).of_release(release).with(|kernel| {
        kernel.own = scenario.own.as_ref().map(OwnWaits::of_kernel);
        kernel.wait_shape = bound(scenario.knobs.wait_shape);
        kernel.mps_timeout = mps_timeout(scenario.knobs.mps_timeout);
        kernel.mps_retries = scenario.knobs.mps_retries;
        kernel.klogd_cpu = scenario.klogd_cpu as u16;
        kernel.klogd_reschedule = scenario.klogd_reschedule;
        kernel.tick_stopped = scenario.knobs.tick_stopped;
        kernel.csd_lock_wait_debug = scenario.knobs.csd_lock_wait_debug;
        kernel.panic_on_ipistall_ms = scenario.knobs.panic_on_ipistall;
        kernel.crash_image = machine.crash_image;
        kernel.stop_takes_call_lock = scenario.knobs.smp_send_stop == StopLock::Take;
        kernel.io_apic_pins = if machine.io_agent { PINS } else { 0 };
        kernel.io_apic_version = if io_apic(scenario) == Some(IoApicVersion::I82801) { 0x20 } else { 0x11 };
        kernel.no_broadcast = scenario.knobs.no_broadcast.unwrap_or(!arch.is_modern());
        kernel.tsc_ticks_per_ms = ticks(core_clock(scenario), 1_000);
        kernel.lapic_ipi_wait_mult = freebsd_calibration(scenario);
        kernel.timer_ticks_per_us = ticks(machine.generation.timer_clock(), 1) as u32;
        kernel.offline = machine.offline.iter().map(|&cpu| cpu as u16).collect();
        kernel.performance_counter = performance_counter(machine.generation);
        kernel.apic_version = machine.generation.profile().version.to_le_bytes()[0];
        kernel.init_udelay = init_udelay(machine.generation);
    });
    let is_watched = |event: &Event| is(event, RoleName::WatchdogNmi) || is(event, RoleName::WatchdogCrash);
    kernel.hardlockup_panic = scenario.events.iter().any(is_watched);
    kernel.hardlockup_all_cpu_backtrace = scenario.faults.iter().any(interrupts_a_send);
    for event in &scenario.events {
        if let Role::SysrqCrash { vector, print_ps } = event.role {
            kernel.sysrq_vector = vector;
            kernel.sysrq_print_us = whole_us(print_ps);
        }
    }
    kernel
}

/// The kernel as CPU `cpu` runs it: how long its watchdog's report takes, and whether perf samples on it, is a matter of
/// the CPU. No CPU comes back from the first report.
pub(super) fn kernel_of_cpu(kernel: &Kernel, scenario: &Scenario, cpu: u32) -> Kernel {
    let print_ps = scenario.events.iter().filter(|event| event.cpu == cpu).find_map(|event| match event.role {
        Role::WatchdogNmi { print_ps, .. } | Role::WatchdogCrash { print_ps, .. } => Some(print_ps),
        _ => None,
    });
    let raises = |event: &Event| event.cpu == cpu && event.role.raises_irq_work();
    kernel.with(|it| {
        it.watchdog_print_us = print_ps.map_or(kernel.watchdog_print_us, whole_us);
        it.perf_samples = scenario.events.iter().any(raises);
    })
}

/// How long v6 holds INIT, in µs: not at all on Intel's family 6, which the P6 and CPUs with an x2APIC are.
pub(crate) const fn init_udelay(generation: Generation) -> u32 {
    match generation {
        Generation::P6 | Generation::X2Apic => 0,
        _ => 10_000,
    }
}

/// What makes the watchdog's ticks on CPUs of a generation.
const fn performance_counter(generation: Generation) -> PerformanceCounter {
    match generation {
        Generation::P6 => PerformanceCounter::P6,
        Generation::XApic => PerformanceCounter::P4,
        Generation::X2Apic => PerformanceCounter::Architectural,
        _ => PerformanceCounter::IoApic,
    }
}

/// The loop of that shape.
pub(crate) const fn bound(shape: WaitShape) -> Bound {
    match shape {
        WaitShape::DelayFirst => Bound::DelayFirst,
        WaitShape::ReadFirst => Bound::ReadFirst,
    }
}

/// The mechanism, as the kernel model has it.
pub(crate) const fn mps_timeout(timeout: MpsTimeout) -> kernel_model::MpsTimeout {
    match timeout {
        MpsTimeout::InstructionLoop => kernel_model::MpsTimeout::InstructionLoop,
        MpsTimeout::TimeStampCounter => kernel_model::MpsTimeout::TimeStampCounter,
        MpsTimeout::ExternalInterrupt => kernel_model::MpsTimeout::ExternalInterrupt,
    }
}

fn interrupts_a_send(fault: &scenario::Fault) -> bool {
    matches!(fault.kind, FaultKind::Cpu { fault: CpuFault::NmiBetweenWrites, .. })
}

/// What FreeBSD finds at boot: how often it can read its ICR, and PAUSE, in a µs.
fn freebsd_calibration(scenario: &Scenario) -> u64 {
    let costs = costs(scenario, scenario.machine.generation.costs());
    let ticks_a_round = u64::from(costs.register_read) + u64::from(costs.pause);
    lapic_ipi_wait_mult(ticks(core_clock(scenario), 1_000_000), ticks_a_round.max(1))
}

/// How long the kernel's busy delays are.
pub(crate) fn delays(scenario: &Scenario) -> Delays {
    let Some(hz) = scenario.knobs.delay_hz else { return Delays::Exact };
    let tsc_hz = ticks(core_clock(scenario), 1_000_000);
    Delays::Kernel { arch: kernel(scenario).arch, hz, tsc_hz }
}
