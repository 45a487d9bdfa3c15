//! `[[pace]]`: the same story, slower, for kernels whose sends take longer.
//!
//! A story's order of events is what it is about, its instants are not. A wait that delays before each message, or looks
//! after it, moves what a CPU does next; where that would turn the order round, all times of events and faults, spans
//! too, are multiplied by a factor.

use super::diagnostic::InputError;
use super::fault::{CpuFault, Fault, FaultKind};
use super::model::Event;
use super::names::variant;
use super::own_waits::Variants;
use super::reader::Table;
use super::role::Role;

const KEYS: [&str; 2] = ["variant", "factor"];
const FACTOR_MAX: u32 = 1_000;

/// The factor for `machine_variant`: of the first `[[pace]]` that names it, else 1.
pub(super) fn factor(root: &Table<'_>, variants: &Variants<'_>, machine_variant: &str) -> Result<u64, InputError> {
    let mut factor = None;
    for field in root.get("pace").map(|field| field.tables()).transpose()?.unwrap_or_default() {
        let table = Table::open(field, "[[pace]]", &KEYS)?;
        let named = table.need("variant", "[\"solution-a\"]")?.list(|item| variant(item, variants))?;
        let this = table.need("factor", "20")?.small_integer(1, FACTOR_MAX)?;
        if named.iter().any(|name| name == machine_variant) && factor.is_none() {
            factor = Some(this.into());
        }
    }
    Ok(factor.unwrap_or(1))
}

/// An event, that much later.
pub(super) fn slow_event(mut event: Event, factor: u64) -> Event {
    event.at_ps *= factor;
    match &mut event.role {
        Role::WatchdogNmi { print_ps, .. }
        | Role::WatchdogCrash { print_ps, .. }
        | Role::SysrqCrash { print_ps, .. }
        | Role::OopsCrash { print_ps }
        | Role::Panic { print_ps, .. } => {
            *print_ps *= factor;
        }
        Role::SendSequence { send_after_ps, .. } => *send_after_ps *= factor,
        Role::Idle
        | Role::CorruptRunQueue
        | Role::SpinIrqsOff
        | Role::Munmap { .. }
        | Role::CallFunction { .. }
        | Role::RcuKick { .. }
        | Role::WatchdogTick { .. }
        | Role::Backtrace
        | Role::SendFixed { .. }
        | Role::StopOtherCpus { .. }
        | Role::BootCpus { .. }
        | Role::Steps(_) => {}
    }
    event
}

/// A fault, that much later and longer.
pub(super) fn slow_fault(mut fault: Fault, factor: u64) -> Fault {
    fault.at_ps *= factor;
    match &mut fault.kind {
        FaultKind::FsbStall { until_ps }
        | FaultKind::FsbLock { until_ps, .. }
        | FaultKind::FsbRetry { until_ps, .. }
        | FaultKind::Wires { until_ps, .. } => *until_ps = until_ps.map(|ps| ps * factor),
        FaultKind::Message(plan) => {
            plan.until_ps = plan.until_ps.map(|ps| ps * factor);
            plan.delay_ps *= factor;
        }
        FaultKind::Cpu { fault, times, .. } => {
            times.every_ps *= factor;
            if let CpuFault::Smm { length_ps } = fault {
                *length_ps *= factor;
            }
        }
        FaultKind::ApicDead { .. } | FaultKind::DeadLink { .. } => {}
    }
    fault
}
