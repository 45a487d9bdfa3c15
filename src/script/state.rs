//! The state of CPUs at an instant: the same run once more, cut there, tells. So nothing is kept that nobody asks for.

use crate::judgement::messages::{destination, what};
use sim::bus::AttemptOutcome;
use sim::{Activity, Context, CpuReport, Outcome};

/// What `state` says of a CPU, in words that scripts can compare: no instants, no costs.
pub(super) fn state(outcome: &Outcome, number: u16) -> String {
    let cpu = &outcome.cpus[usize::from(number)];
    let on = u8::from(cpu.interrupts_off_since.is_none());
    let requested: Vec<u8> = cpu.requested.iter().map(|(vector, _)| *vector).collect();
    let mut words = vec![activity(cpu), format!("if={on}")];
    words.push(format!("irr={{{}}} isr={{{}}}", vectors(&requested), vectors(&cpu.in_service)));
    words.push(format!("tpr={:02x}", cpu.task_priority));
    if cpu.nmi.1 {
        words.push("nmi=latched".to_owned());
    }
    words.push(format!("icr={}", command(outcome, cpu)));
    words.join(" ")
}

fn activity(cpu: &CpuReport) -> String {
    let innermost = cpu.frames.last().map(|frame| frame.context);
    match (cpu.activity, innermost) {
        (Activity::WaitForStartUp, _) => "wait-for-sipi".to_owned(),
        (Activity::Shutdown | Activity::ShuttingDown, _) => "shutdown".to_owned(),
        (Activity::Halted, _) => "hlt".to_owned(),
        (_, Some(Context::SystemManagement)) => "in-smm".to_owned(),
        (_, Some(Context::Nmi)) => "in-nmi".to_owned(),
        (_, Some(Context::Interrupt(vector))) => format!("in-handler-{vector:02x}"),
        _ => "running".to_owned(),
    }
}

fn vectors(set: &[u8]) -> String {
    let mut set = set.to_vec();
    set.sort_unstable();
    set.iter().map(|vector| format!("{vector:02x}")).collect::<Vec<_>>().join(" ")
}

/// What its ICR is busy with, and what the bus says of it.
fn command(outcome: &Outcome, cpu: &CpuReport) -> String {
    let Some(held) = outcome.undispatched.iter().find(|held| held.held.message.source == cpu.cpu) else {
        return if cpu.busy_since.is_some() { "busy".to_owned() } else { "idle".to_owned() };
    };
    let message = held.held.message;
    let bus = match held.held.last {
        None => "not attempted",
        Some(AttemptOutcome::Accepted) => "accepted",
        Some(AttemptOutcome::Retry) => "retry",
        Some(AttemptOutcome::AcceptError) => "accept error",
        Some(AttemptOutcome::ChecksumError) => "checksum error",
    };
    let refusers: Vec<String> = held.refusers.iter().map(ToString::to_string).collect();
    let by = if refusers.is_empty() { String::new() } else { format!(" by {}", refusers.join(" ")) };
    format!("busy({} to {}: {bus}{by})", what(&message), destination(&message))
}
