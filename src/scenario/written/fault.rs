//! A fault, as keys of a `[[fault]]`.

use super::role::vector_value;
use super::table::{Table, us};
use crate::scenario::fault::{Again, CpuFault, Fault, FaultKind, Times};
use crate::scenario::message_fault::MessagePlan;
use crate::scenario::named::Named;
use sim::bus::{SerialFaultKind, Wire};

/// Its kind and its parameters. What no file can say is written all the same, and the reader says what is wrong with it.
pub(super) fn keys(kind: FaultKind) -> Table {
    let mut table = Table::default();
    table.set_text("kind", kind.name());
    match kind {
        FaultKind::FsbStall { until_ps } => until(&mut table, until_ps),
        FaultKind::FsbLock { until_ps, again } => {
            until(&mut table, until_ps);
            if let Some(Again { held_ps, every_ps }) = again {
                table.set("held_us", us(held_ps));
                table.set("every_us", us(every_ps));
            }
        }
        FaultKind::FsbRetry { until_ps, count } => {
            until(&mut table, until_ps);
            table.set_if_any("count", count);
        }
        FaultKind::Message(plan) => message(&mut table, &plan),
        FaultKind::ApicDead { cpu } => table.set("cpu", cpu),
        FaultKind::Cpu { cpu, fault, times } => {
            table.set("cpu", cpu);
            if let CpuFault::Smm { length_ps } = fault {
                table.set("length_us", us(length_ps));
            }
            if times != Times::ONCE {
                table.extend(again_keys(times));
            }
        }
        FaultKind::Wires { until_ps, fault } => {
            until(&mut table, until_ps);
            wires(&mut table, fault);
        }
        FaultKind::DeadLink { cluster } => table.set("cluster", cluster),
    }
    table
}

/// How often it comes.
pub(super) fn again_keys(times: Times) -> Table {
    let mut table = Table::default();
    table.set("every_us", us(times.every_ps));
    table.set("count", times.count);
    table
}

/// These are what one entry of a file became, which comes so often. `None`: each is for itself.
pub(super) fn comes_again(faults: &[&Fault]) -> Option<Times> {
    let [first, second, ..] = faults else { return None };
    let every_ps = second.at_ps.checked_sub(first.at_ps)?;
    let is_later = |(nth, fault): (usize, &&Fault)| **fault == (*first).clone().later(nth as u64 * every_ps);
    let alike = faults.iter().enumerate().all(is_later);
    (alike && every_ps > 0 && first.kind.fault_name().comes_again())
        .then_some(Times { every_ps, count: faults.len() as u32 })
}

fn until(table: &mut Table, until_ps: Option<u64>) {
    table.set_if_any("until_us", until_ps.map(us));
}

fn message(table: &mut Table, plan: &MessagePlan) {
    let MessagePlan { effect, delay_ps, from, to, vector, mode, until_ps, nth, every, count } = *plan;
    table.set_text("effect", effect.name());
    table.set_time("delay_us", delay_ps);
    table.set_if_any("from", from);
    table.set_if_any("to", to);
    table.set_if_any("vector", vector.map(vector_value));
    table.set_if_any("mode", mode.map(|mode| format!("\"{mode}\"")));
    until(table, until_ps);
    counted(table, (nth, every, count));
}

/// Which of those that fit. A file's `nth` alone is one of them, and no more.
fn counted(table: &mut Table, (nth, every, count): (u32, u32, Option<u32>)) {
    if nth != 1 {
        table.set("nth", nth);
    }
    if every != 1 || (nth != 1 && count.is_none()) {
        table.set("every", every);
    }
    table.set_if_any("count", count);
}

fn wires(table: &mut Table, fault: SerialFaultKind) {
    match fault {
        SerialFaultKind::ChecksumNoise { every } => table.set("every", every),
        SerialFaultKind::StuckWire { wire, driven } => {
            table.set_text(
                "wire",
                match wire {
                    Wire::Picd0 => "picd0",
                    Wire::Picd1 => "picd1",
                },
            );
            table.set_text("stuck", if driven { "driven" } else { "released" });
        }
        SerialFaultKind::LostClock => {}
        SerialFaultKind::ArbitrationId { agent, id } => {
            table.set("cpu", agent);
            table.set("id", id);
        }
        SerialFaultKind::Jabber { agent } => table.set("cpu", agent),
        // Damage of messages is `FaultKind::Message` in a scenario; of a range of vectors it is nothing that a file can say.
        SerialFaultKind::Damage { from, vectors, mode: _, nth, every, count } => {
            table.set_text("effect", "damage");
            table.set_if_any("from", from);
            table.set_if_any("vectors", vectors.map(|(first, last)| format!("[{first}, {last}]")));
            counted(table, (nth, every, count));
        }
    }
}
