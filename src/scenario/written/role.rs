//! What an event starts, as keys of an `[[event]]`.

use super::table::{Table, list, quoted};
use crate::scenario::named::Named;
use crate::scenario::role::{IpiVector, Role, StartUpMessages};

/// Its name and its parameters. A program's steps are no part of it.
pub(super) fn keys(role: &Role) -> Table {
    let mut table = Table::default();
    table.set_text("role", role.role_name().name());
    match role {
        Role::Idle | Role::CorruptRunQueue | Role::SpinIrqsOff | Role::Backtrace | Role::Steps(_) => {}
        Role::Munmap { targets, irqs_off } => {
            table.set("targets", list(targets));
            table.set_flag("irqs_off", *irqs_off);
        }
        Role::CallFunction { wait, irqs_off } => {
            table.set_flag("wait", *wait);
            table.set_flag("irqs_off", *irqs_off);
        }
        Role::RcuKick { targets } => table.set("targets", list(targets)),
        Role::WatchdogNmi { print_ps, irq_work } | Role::WatchdogCrash { print_ps, irq_work } => {
            table.set_time("print_us", *print_ps);
            table.set_flag("irq_work", *irq_work);
        }
        Role::WatchdogTick { irq_work } => table.set_flag("irq_work", *irq_work),
        Role::SysrqCrash { vector, print_ps } => {
            table.set("vector", vector);
            table.set_time("print_us", *print_ps);
        }
        Role::OopsCrash { print_ps } => table.set_time("print_us", *print_ps),
        Role::Panic { print_ps, irqs_off } => {
            table.set_time("print_us", *print_ps);
            table.set_flag("irqs_off", *irqs_off);
        }
        Role::SendFixed { vector, targets } => {
            table.set("vector", vector_value(*vector));
            table.set("targets", list(targets));
        }
        Role::SendSequence { vector, targets, repeat, send_after_ps } => {
            table.set("vector", vector_value(*vector));
            match &targets[..] {
                [] => table.set("allbutself", true),
                targets => table.set("targets", list(targets)),
            }
            table.set("repeat", repeat);
            table.set_time("send_after_us", *send_after_ps);
        }
        Role::StopOtherCpus { wait } => table.set_flag("wait", *wait),
        Role::BootCpus { targets, messages } => {
            table.set("targets", list(targets));
            if *messages != StartUpMessages::V26 {
                table.set_text("messages", messages.name());
            }
        }
    }
    table
}

/// A vector by number or by use.
pub(super) fn vector_value(vector: IpiVector) -> String {
    match vector {
        IpiVector::Number(number) => format!("{number:#04x}"),
        IpiVector::Use(of) => quoted(of.name()),
    }
}
