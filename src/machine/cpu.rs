//! One CPU of a scenario's machine: how it starts, what happens to it, and what it runs.

use super::adapter::as_set_up;
use super::costs::{core_clock, whole_us};
use super::error::AssemblyError;
use super::kernel::{delays, kernel_of_cpu};
use super::player::Clocks;
use super::program::{Action, CpuProgram, ROLES_MAX};
use crate::scenario::{
    CpuFault, Event, Fault, FaultKind, IpiVector, OwnWaits, PinName, Role, Scenario, StartUpMessages, VectorUse,
};
use kernel_model::{CpuMask, Kernel, LdrInit, WakeUp};
use sim::apic::{LocalSource, Preset};
use sim::{Closed, CpuSettings, Duration, Generation, LocalEvent, Program, Start, Time, X2ApicSend};
use std::sync::Arc;

/// LVTPC as the kernel's NMI watchdog leaves it, and LINT1 as firmware does: NMI delivery, not masked.
const LVT_NMI: u32 = 0x400;

/// How CPU `cpu` starts, and its program.
pub(super) fn cpu_settings(
    scenario: &Scenario,
    kernel: &Kernel,
    cpu: u32,
) -> Result<(CpuSettings, Program), AssemblyError> {
    let number = cpu as u16;
    let overflows = scenario.events.iter().filter(|event| event.cpu == cpu && is_watchdog(event));
    let overflow = LocalEvent::Interrupt(LocalSource::PerformanceCounter);
    let mut local_events: Vec<_> = overflows.map(|event| (Time::from_ps(event.at_ps), overflow)).collect();
    let apic = as_set_up(kernel, number).with(|preset| {
        preset.lvt_performance = (!local_events.is_empty()).then_some(LVT_NMI);
        preset.lvt_lint1 = has_nmi_pin(scenario, cpu).then_some(LVT_NMI);
    });
    local_events.extend(faults_of_cpu(&scenario.faults, cpu));
    let apic_id = kernel.arch.apic_id(number);
    let offline = scenario.machine.offline.contains(&cpu);
    let settings = if offline {
        before_start_up(
            kernel,
            scenario.machine.generation,
            CpuSettings::default().with(|cpu| {
                cpu.apic_id = apic_id;
                cpu.apic = apic;
                cpu.local_events = local_events;
            }),
        )
    } else {
        CpuSettings::default().with(|cpu| {
            cpu.apic_id = apic_id;
            cpu.apic = apic;
            cpu.local_events = local_events;
        })
    };
    let mut roles = [None; ROLES_MAX];
    let mut free = roles.iter_mut();
    for event in scenario.events.iter().filter(|event| event.cpu == cpu) {
        if let Some(action) = action(&event.role, kernel, number) {
            *free.next().ok_or(AssemblyError::TooManyRoles(cpu))? = Some((Time::from_ps(event.at_ps), action));
        }
    }
    Ok((
        settings,
        software(
            scenario,
            CpuProgram {
                kernel: kernel_of_cpu(kernel, scenario, cpu),
                delays: delays(scenario),
                weak_sends: scenario.knobs.hardware.x2apic_send == X2ApicSend::Weak,
                offline,
                roles,
                programs: Arc::clone(&scenario.programs),
                goal: scenario.reach,
                clocks: Clocks { core: core_clock(scenario), timer: scenario.machine.generation.timer_clock() },
            },
        ),
    ))
}

/// Kernel code on a CPU of the scenario: Closed, unless the scenario's own code does not promise that.
pub(crate) fn software(scenario: &Scenario, software: impl Closed) -> Program {
    let closed = scenario.own.as_ref().is_none_or(OwnWaits::is_closed);
    if closed { Program::closed(software) } else { Program::open(software) }
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
    let apic = if logical {
        apic.with(|preset| {
            preset.dfr = dfr;
            preset.ldr = ldr;
        })
    } else {
        apic
    };
    let start = if waits { Start::WaitForStartUp } else { Start::Running };
    settings.with(|cpu| {
        cpu.apic = apic;
        cpu.interrupts_enabled = false;
        cpu.start = start;
    })
}

fn has_nmi_pin(scenario: &Scenario, cpu: u32) -> bool {
    let at_its_pin = |kind: FaultKind| match kind {
        FaultKind::Cpu { cpu: victim, fault: CpuFault::Nmi | CpuFault::NmiBetweenWrites, .. } => victim == cpu,
        _ => false,
    };
    let driven = scenario.programs.that_drive(cpu as u16, PinName::Nmi).next().is_some();
    driven || scenario.faults.iter().any(|fault| at_its_pin(fault.kind))
}

/// What faults make happen on CPU `cpu`, and when.
pub(crate) fn faults_of_cpu(faults: &[Fault], cpu: u32) -> Vec<(Time, LocalEvent)> {
    let mut events = Vec::new();
    for fault in faults {
        if let FaultKind::Cpu { cpu: victim, fault: what, times } = fault.kind
            && victim == cpu
        {
            for nth in 0..u64::from(times.count) {
                let at = Time::from_ps(fault.at_ps + nth * times.every_ps);
                events.extend(cpu_fault(what).into_iter().map(|event| (at, event)));
            }
        }
    }
    events
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
pub(super) fn is_watchdog(event: &Event) -> bool {
    matches!(event.role, Role::WatchdogNmi { .. } | Role::WatchdogCrash { .. } | Role::WatchdogTick { .. })
}

fn mask(targets: &[u32]) -> CpuMask {
    targets.iter().map(|&cpu| cpu as u16).collect()
}

/// What the CPU itself runs for a role; `None` for roles that something else plays.
fn action(role: &Role, kernel: &Kernel, cpu: u16) -> Option<Action> {
    Some(match role {
        Role::Idle
        | Role::WatchdogNmi { .. }
        | Role::WatchdogCrash { .. }
        | Role::WatchdogTick { .. }
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
        Role::Steps(steps) => Action::Steps { first: steps.start, end: steps.end },
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
