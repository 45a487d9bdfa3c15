//! From a scenario to a machine: CPUs, their software, the bus, the faults.

use crate::adapter::Delays;
use crate::interconnect::Parts;
use crate::program::{Action, BOOT_RETURNED, CALLS_RETURNED, CpuProgram, PROGRAM_ENDED, ROLES_MAX, SEQUENCE_RETURNED};
use crate::scenario::{
    self, Bus, CpuFault, Event, FaultKind, Goal, IpiVector, MpsTimeout, Role, RoleName, Scenario, StartUpMessages,
    StopLock, VectorUse, WaitShape,
};
use kernel_model::other::freebsd::lapic_ipi_wait_mult;
use kernel_model::{Access, Arch, Bound, CpuMask, Kernel, Layout, LdrInit, Point, Variant, WakeUp};
use sim::apic::{LocalSource, Mode, Preset};
use sim::bus::Interconnect;
use sim::io_apic::{IoApicVersion, PINS};
use sim::{
    ClockDomain, Costs, CpuSettings, Duration, Generation, LineChange, LocalEvent, MachineSettings, Program, Seeded,
    Start, StopRule, Time,
};
use std::sync::Arc;

/// LVTPC as the kernel's NMI watchdog leaves it, and LINT1 as firmware does: NMI delivery, not masked.
const LVT_NMI: u32 = 0x400;
/// The pin of the I/O APIC to which a PC's keyboard is wired: IRQ 1.
const KEYBOARD_PIN: u8 = 1;

/// A scenario cannot be put on its machine. Nothing has run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssemblyError {
    /// More roles on one CPU than it has room for.
    #[error("CPU {0} has more than {ROLES_MAX} roles")]
    TooManyRoles(u32),
    /// The bus refuses these agents.
    #[error("{0}")]
    Bus(String),
    /// The machine contradicts itself.
    #[error("{0}")]
    Machine(#[from] sim::MachineError),
}

/// What the command line says of a run beside the scenario.
#[derive(Debug, Clone, Copy)]
pub struct Choices {
    /// Seed of everything that may happen either way.
    pub seed: u64,
    /// Keep the events?
    pub keep_events: bool,
    /// Skip what is proven to repeat?
    pub elision: bool,
    /// Cut the run here, in picoseconds, if that is earlier than the scenario's limit.
    pub cut_ps: Option<u64>,
    /// Go on past the instant at which the run has nothing more to show, until nothing can happen any more.
    pub to_the_end: bool,
}

/// The kernel that the scenario's machine runs.
pub(crate) fn kernel(scenario: &Scenario) -> Kernel {
    let machine = &scenario.machine;
    let arch = Arch::from_name(machine.arch).expect("a loaded scenario names a known sub-architecture");
    // A kernel that is not Linux never looks at its variant.
    let variant = Variant::from_name(machine.variant).unwrap_or(Variant::Before);
    let mut kernel = Kernel {
        wait_shape: bound(scenario.knobs.wait_shape),
        mps_timeout: mps_timeout(scenario.knobs.mps_timeout),
        mps_retries: scenario.knobs.mps_retries,
        crash_image: machine.crash_image,
        stop_takes_call_lock: scenario.knobs.smp_send_stop == StopLock::Take,
        io_apic_pins: if machine.io_agent { PINS } else { 0 },
        no_broadcast: scenario.knobs.no_broadcast.unwrap_or(!arch.is_modern()),
        tsc_ticks_per_ms: ticks(core_clock(scenario), 1_000),
        lapic_ipi_wait_mult: freebsd_calibration(scenario),
        timer_ticks_per_us: ticks(machine.generation.timer_clock(), 1) as u32,
        offline: machine.offline.iter().map(|&cpu| cpu as u16).collect(),
        apic_version: machine.generation.profile().version.to_le_bytes()[0],
        init_udelay: init_udelay(machine.generation),
        ..Kernel::new(arch, variant, machine.cpus as u16)
    };
    let is_watched = |event: &Event| is(event, RoleName::WatchdogNmi) || is(event, RoleName::WatchdogCrash);
    kernel.hardlockup_panic = scenario.events.iter().any(is_watched);
    kernel.hardlockup_all_cpu_backtrace = scenario.faults.iter().any(interrupts_a_send);
    for event in &scenario.events {
        match event.role {
            Role::SysrqCrash { vector, print_ps } => {
                kernel.sysrq_vector = vector;
                kernel.sysrq_print_us = whole_us(print_ps);
            }
            Role::WatchdogNmi { print_ps } | Role::WatchdogCrash { print_ps } => {
                kernel.watchdog_print_us = whole_us(print_ps)
            }
            _ => {}
        }
    }
    kernel
}

/// How long v6 holds INIT, in µs: not at all on Intel's family 6, which the P6 and CPUs with an x2APIC are.
pub(crate) const fn init_udelay(generation: Generation) -> u32 {
    match generation {
        Generation::P6 | Generation::X2Apic => 0,
        _ => 10_000,
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

/// Builds the machine's settings.
///
/// # Errors
/// If the scenario does not fit the machine.
pub fn assemble(scenario: &Scenario, choices: Choices) -> Result<MachineSettings, AssemblyError> {
    let kernel = kernel(scenario);
    let generation = scenario.machine.generation;
    let limit = choices.cut_ps.map_or(scenario.limit_ps, |cut| cut.min(scenario.limit_ps));
    Ok(MachineSettings {
        knobs: scenario.knobs.hardware,
        costs: costs(scenario, generation.costs()),
        core_clock: core_clock(scenario),
        words: words(scenario, &kernel),
        cpus: (0..scenario.machine.cpus).map(|cpu| cpu_settings(scenario, &kernel, cpu)).collect::<Result<_, _>>()?,
        io_apic: io_apic(scenario),
        io_apic_entries: keyboard(scenario, &kernel).map(|(entry, _)| entry).collect(),
        lines: keyboard(scenario, &kernel).map(|(_, key)| key).collect(),
        dead_apics: dead_apics(scenario),
        checks: scenario.machine.checks,
        chooser: Arc::new(Seeded(choices.seed)),
        limit: Time::from_ps(limit),
        stop: if choices.to_the_end { StopRule::Never } else { stop_rule(scenario) },
        keep_events: choices.keep_events,
        elision: choices.elision,
        ..MachineSettings::new(generation, bus(scenario, &kernel)?)
    })
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

/// Whole ticks of `clock` in so many microseconds.
fn ticks(clock: ClockDomain, us: u64) -> u64 {
    clock.first_after(Time::from_us(us)) - 1
}

fn core_clock(scenario: &Scenario) -> ClockDomain {
    let default = scenario.machine.generation.core_clock();
    scenario.machine.core_period_ps.map_or(default, |ps| ClockDomain::new(ps, 1))
}

fn costs(scenario: &Scenario, default: Costs) -> Costs {
    let set = &scenario.costs;
    let span = |ps: Option<u64>, default| ps.map_or(default, Duration::from_ps);
    Costs {
        register_read: set.register_read_cycles.unwrap_or(default.register_read),
        register_write: set.register_write_cycles.unwrap_or(default.register_write),
        pause: set.pause_cycles.unwrap_or(default.pause),
        load: set.load_cycles.unwrap_or(default.load),
        store: set.store_cycles.unwrap_or(default.store),
        interrupt_entry: set.interrupt_entry_cycles.unwrap_or(default.interrupt_entry),
        iret: set.iret_cycles.unwrap_or(default.iret),
        halt_wake: set.halt_wake_cycles.unwrap_or(default.halt_wake),
        irq_flag: set.irq_flag_cycles.unwrap_or(default.irq_flag),
        read_modify_write: span(set.read_modify_write_ps, default.read_modify_write),
        visibility: span(set.visibility_ps, default.visibility),
    }
}

fn bus(scenario: &Scenario, kernel: &Kernel) -> Result<Box<dyn Interconnect>, AssemblyError> {
    Parts {
        machine: &scenario.machine,
        ids: (0..kernel.cpus).map(|cpu| u32::from(kernel.arch.apic_id(cpu))).collect(),
        knobs: scenario.knobs.hardware,
        faults: &scenario.faults,
        transaction_cycles: scenario.costs.fsb_transaction_cycles.unwrap_or(12),
        ideal_delivery_ps: scenario.costs.ideal_delivery_ps.unwrap_or(100_000),
        cluster_hop_ps: scenario.costs.cluster_hop_ps,
    }
    .build()
}

/// Initial values of the shared words: a healthy kernel's, but for run queues that the story corrupts.
fn words(scenario: &Scenario, kernel: &Kernel) -> Vec<u32> {
    let layout = Layout::new(kernel.cpus);
    let mut words = vec![0; layout.count()];
    for (word, value) in layout.initial_values() {
        words[usize::from(word.0)] = value;
    }
    for event in scenario.events.iter().filter(|event| event.role == Role::WatchdogTick) {
        words[usize::from(layout.timer_goes_on(event.cpu as u16).0)] = 1;
    }
    for event in scenario.events.iter().filter(|event| event.role == Role::CorruptRunQueue) {
        for (word, value) in layout.corrupt_run_queue(event.cpu as u16) {
            words[usize::from(word.0)] = value;
        }
    }
    words
}

fn cpu_settings(scenario: &Scenario, kernel: &Kernel, cpu: u32) -> Result<(CpuSettings, Program), AssemblyError> {
    let number = cpu as u16;
    let overflows = scenario.events.iter().filter(|event| event.cpu == cpu && is_watchdog(event));
    let overflow = LocalEvent::Interrupt(LocalSource::PerformanceCounter);
    let mut local_events: Vec<_> = overflows.map(|event| (Time::from_ps(event.at_ps), overflow)).collect();
    let apic = Preset {
        mode: if kernel.arch.facts().access == Access::Msr { Mode::X2Apic } else { Mode::XApic },
        dfr: kernel.arch.dfr(),
        ldr: kernel.arch.ldr(number),
        lvt_performance: (!local_events.is_empty()).then_some(LVT_NMI),
        lvt_lint1: has_nmi_pin(scenario, cpu).then_some(LVT_NMI),
        ..Preset::default()
    };
    for fault in &scenario.faults {
        if let FaultKind::Cpu { cpu: victim, fault: what } = fault.kind
            && victim == cpu
        {
            local_events.extend(cpu_fault(what).into_iter().map(|event| (Time::from_ps(fault.at_ps), event)));
        }
    }
    let apic_id = u32::from(kernel.arch.apic_id(number));
    let offline = scenario.machine.offline.contains(&cpu);
    let settings = if offline {
        before_start_up(
            kernel,
            scenario.machine.generation,
            CpuSettings { apic_id, apic, local_events, ..CpuSettings::default() },
        )
    } else {
        CpuSettings { apic_id, apic, local_events, ..CpuSettings::default() }
    };
    let mut roles = [None; ROLES_MAX];
    let mut free = roles.iter_mut();
    for event in scenario.events.iter().filter(|event| event.cpu == cpu) {
        if let Some(action) = action(&event.role, kernel, number) {
            *free.next().ok_or(AssemblyError::TooManyRoles(cpu))? = Some((Time::from_ps(event.at_ps), action));
        }
    }
    Ok((settings, Program::closed(CpuProgram { kernel: *kernel, delays: delays(scenario), offline, roles })))
}

/// A CPU that is still to be started, as firmware leaves it: interrupts off, its APIC as after a reset; waiting for a
/// start-up message, or, where no such message starts it, in firmware's code and with the logical id that firmware sets. A
/// 82489DX that were not enabled would not take the INIT (`sim::apic`, `response`).
fn before_start_up(kernel: &Kernel, generation: Generation, settings: CpuSettings) -> CpuSettings {
    let start_up = generation.profile().start_up;
    let waits = kernel.arch.facts().wake_up == WakeUp::Init && start_up;
    let logical = kernel.arch.facts().ldr_init == LdrInit::Firmware;
    let Preset { dfr, ldr, .. } = settings.apic;
    let apic = if start_up { Preset::RESET } else { Preset::default() };
    let apic = if logical { Preset { dfr, ldr, ..apic } } else { apic };
    let start = if waits { Start::WaitForStartUp } else { Start::Running };
    CpuSettings { apic, interrupts_enabled: false, start, ..settings }
}

fn has_nmi_pin(scenario: &Scenario, cpu: u32) -> bool {
    scenario.faults.iter().any(|fault| fault.kind == FaultKind::Cpu { cpu, fault: CpuFault::Nmi })
        || scenario.faults.iter().any(|fault| fault.kind == FaultKind::Cpu { cpu, fault: CpuFault::NmiBetweenWrites })
}

fn interrupts_a_send(fault: &scenario::Fault) -> bool {
    matches!(fault.kind, FaultKind::Cpu { fault: CpuFault::NmiBetweenWrites, .. })
}

/// What a fault makes happen on its CPU.
fn cpu_fault(fault: CpuFault) -> Vec<LocalEvent> {
    let pin = |high| LocalEvent::Interrupt(LocalSource::Lint { pin: 1, high, vector: 0 });
    match fault {
        CpuFault::IcrStuck => vec![LocalEvent::JamDeliveryStatus],
        CpuFault::Nmi => vec![pin(true), pin(false)],
        CpuFault::NmiBetweenWrites => vec![LocalEvent::ArmNmiPulse],
        CpuFault::Smm { length_ps } => vec![LocalEvent::SystemManagement(Duration::from_ps(length_ps))],
        CpuFault::Shutdown => vec![LocalEvent::Shutdown],
        CpuFault::Init => vec![LocalEvent::Init],
        CpuFault::DeepSleep => vec![LocalEvent::LoseCommand],
    }
}

/// An NMI of the watchdog, whatever it finds.
fn is_watchdog(event: &Event) -> bool {
    matches!(event.role, Role::WatchdogNmi { .. } | Role::WatchdogCrash { .. } | Role::WatchdogTick)
}

fn is(event: &Event, role: RoleName) -> bool {
    event.role.role_name() == role
}

fn mask(targets: &[u32]) -> CpuMask {
    targets.iter().map(|&cpu| cpu as u16).collect()
}

/// Whole microseconds, rounded up: kernel delays have no finer grain.
fn whole_us(ps: u64) -> u32 {
    u32::try_from(ps.div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

/// What the CPU itself runs for a role; `None` for roles that something else plays.
fn action(role: &Role, kernel: &Kernel, cpu: u16) -> Option<Action> {
    Some(match role {
        Role::Idle
        | Role::WatchdogNmi { .. }
        | Role::WatchdogCrash { .. }
        | Role::WatchdogTick
        | Role::SysrqCrash { .. } => return None,
        Role::Panic { print_ps, irqs_off } => Action::Panic { print_us: whole_us(*print_ps), irqs_off: *irqs_off },
        Role::Backtrace => Action::Backtrace,
        Role::CorruptRunQueue => Action::Schedule,
        Role::SpinIrqsOff => Action::SpinIrqsOff,
        Role::Munmap { targets, irqs_off } => Action::FlushTlb { mask: mask(targets), irqs_off: *irqs_off },
        Role::CallFunction { wait, irqs_off } => Action::CallFunction { wait: *wait, irqs_off: *irqs_off },
        Role::RcuKick { targets } => Action::Reschedule(mask(targets)),
        Role::OopsCrash { print_ps } => Action::Oops { print_us: whole_us(*print_ps) },
        Role::SendFixed { vector, targets } => {
            Action::Send { vector: vector_number(*vector, kernel, cpu), mask: mask(targets) }
        }
        Role::StopOtherCpus { wait } => Action::StopOtherCpus { wait: *wait },
        Role::BootCpus { targets, messages } => {
            Action::BootCpus { mask: mask(targets), v6: *messages == StartUpMessages::V6 }
        }
        Role::SendSequence { vector, targets, repeat, send_after_ps } => Action::SendSequence {
            vector: vector_number(*vector, kernel, cpu),
            to: if targets.is_empty() { None } else { Some(mask(targets)) },
            repeat: *repeat,
            after_us: whole_us(*send_after_ps),
        },
    })
}

fn vector_number(vector: IpiVector, kernel: &Kernel, cpu: u16) -> u8 {
    match vector {
        IpiVector::Number(number) => number,
        IpiVector::Use(VectorUse::Reschedule) => kernel.arch.reschedule_vector(),
        IpiVector::Use(VectorUse::CallFunction) => kernel.arch.call_function_vector(),
        IpiVector::Use(VectorUse::TlbFlush) => kernel.arch.invalidate_tlb_vector(cpu),
    }
}

/// The I/O APIC: a part of its own beside CPUs with four-bit ids, later in the south bridge.
fn io_apic(scenario: &Scenario) -> Option<IoApicVersion> {
    let machine = &scenario.machine;
    let of_its_own = machine.generation.profile().serial && machine.bus != Bus::Cluster;
    machine.io_agent.then_some(if of_its_own { IoApicVersion::I82093Aa } else { IoApicVersion::I82801 })
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

fn dead_apics(scenario: &Scenario) -> Vec<(Time, u16)> {
    let dead = |fault: &scenario::Fault| match fault.kind {
        FaultKind::ApicDead { cpu } => Some((Time::from_ps(fault.at_ps), cpu as u16)),
        _ => None,
    };
    scenario.faults.iter().filter_map(dead).collect()
}

/// Milestones that make up the goal: which CPU (`None`: any) has to reach what.
pub(crate) fn goal_milestones(scenario: &Scenario) -> Vec<(Option<u16>, u32)> {
    let all_with = |wanted: &dyn Fn(&Event) -> bool, code: u32| -> Vec<(Option<u16>, u32)> {
        let mut cpus: Vec<u16> = scenario.events.iter().filter(|event| wanted(event)).map(|e| e.cpu as u16).collect();
        cpus.sort_unstable();
        cpus.dedup();
        cpus.into_iter().map(|cpu| (Some(cpu), code)).collect()
    };
    match scenario.goal {
        Goal::NmiSendReturns => vec![(None, Point::NmiSendReturned as u32)],
        Goal::CaptureKernel => vec![(None, Point::CaptureKernelReady as u32)],
        Goal::OthersStopped => vec![(None, Point::OthersStopped as u32)],
        Goal::CallersReturn => all_with(&|event| event.role.is_call(), CALLS_RETURNED),
        Goal::AllProgramsEnd => all_with(&|event| !is(event, RoleName::Idle), PROGRAM_ENDED),
        Goal::CpusStarted => {
            let mut milestones = all_with(&|event| is(event, RoleName::BootCpus), BOOT_RETURNED);
            let boots = scenario.events.iter().filter(|event| is(event, RoleName::BootCpus));
            let targets = boots.flat_map(|event| event.role.targets());
            milestones.extend(targets.map(|&target| (Some(target as u16), Point::CalledIn as u32)));
            milestones
        }
        Goal::SendersReturn => all_with(&|event| is(event, RoleName::SendSequence), SEQUENCE_RETURNED),
    }
}

/// A run with a crash goes on until the capture kernel is through, or where there is none until the others are stopped;
/// other runs until their goal.
fn stop_rule(scenario: &Scenario) -> StopRule {
    if scenario.crashing_cpu().is_some() {
        let last = if scenario.machine.crash_image { Point::CaptureKernelReady } else { Point::OthersStopped };
        return StopRule::Any(vec![last as u32]);
    }
    StopRule::All(goal_milestones(scenario).into_iter().filter_map(|(cpu, code)| Some((cpu?, code))).collect())
}
