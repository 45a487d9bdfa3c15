//! From a scenario's faults of messages to those of the machine.

use crate::scenario::{Fault, FaultKind, IpiVector, MessageEffectName, MessagePlan, VectorUse};
use kernel_model::Kernel;
use sim::bus::{MessageEffect, MessageFault, SerialFault, SerialFaultKind};
use sim::{Duration, Time};

/// The faults of messages at their targets, in the order of the scenario's faults.
pub(crate) fn message_faults(faults: &[Fault], kernel: &Kernel) -> Vec<MessageFault> {
    plans(faults).filter_map(|(at_ps, plan)| message_fault(at_ps, &plan, kernel)).collect()
}

/// Those of the wires.
pub(crate) fn damage(faults: &[Fault], kernel: &Kernel) -> Vec<SerialFault> {
    let of_wires = plans(faults).filter(|(_, plan)| plan.effect == MessageEffectName::Damage);
    let fault = |(at_ps, plan): (u64, MessagePlan)| SerialFault {
        from: Time::from_ps(at_ps),
        until: plan.until_ps.map(Time::from_ps),
        kind: SerialFaultKind::Damage {
            from: plan.from.map(|cpu| cpu as u16),
            vectors: plan.vector.map(|vector| vectors(vector, plan.from, kernel)),
            mode: plan.mode.map(|mode| mode.mode()),
            nth: plan.nth,
            every: plan.every,
            count: plan.count,
        },
    };
    of_wires.map(fault).collect()
}

fn plans(faults: &[Fault]) -> impl Iterator<Item = (u64, MessagePlan)> {
    faults.iter().filter_map(|fault| match fault.kind {
        FaultKind::Message(plan) => Some((fault.at_ps, plan)),
        _ => None,
    })
}

fn message_fault(at_ps: u64, plan: &MessagePlan, kernel: &Kernel) -> Option<MessageFault> {
    let span = Duration::from_ps(plan.delay_ps);
    let mut fault = MessageFault::all(match plan.effect {
        MessageEffectName::Lose => MessageEffect::Lose,
        MessageEffectName::Delay => MessageEffect::Delay(span),
        MessageEffectName::Duplicate => MessageEffect::Duplicate(span),
        MessageEffectName::Unnoticed => MessageEffect::Unnoticed,
        MessageEffectName::Damage => return None,
    });
    fault.from = plan.from.map(|cpu| cpu as u16);
    fault.to = plan.to.map(|cpu| cpu as u16);
    fault.vectors = plan.vector.map(|vector| vectors(vector, plan.from, kernel));
    fault.mode = plan.mode.map(|mode| mode.mode());
    fault.since = Time::from_ps(at_ps);
    fault.until = plan.until_ps.map(Time::from_ps);
    (fault.nth, fault.every, fault.count) = (plan.nth.into(), plan.every.into(), plan.count.map(u64::from));
    Some(fault)
}

/// The vectors of a use: that of a TLB flush depends on its sender on some sub-architectures.
fn vectors(vector: IpiVector, from: Option<u32>, kernel: &Kernel) -> (u8, u8) {
    let senders = from.map_or(0..kernel.cpus, |cpu| cpu as u16..cpu as u16 + 1);
    let one = |vector: u8| (vector, vector);
    match vector {
        IpiVector::Number(number) => one(number),
        IpiVector::Use(VectorUse::Reschedule) => one(kernel.arch.reschedule_vector()),
        IpiVector::Use(VectorUse::CallFunction) => one(kernel.arch.call_function_vector()),
        IpiVector::Use(VectorUse::TlbFlush) => {
            let of_senders = senders.map(|cpu| kernel.arch.invalidate_tlb_vector(cpu));
            of_senders.fold((u8::MAX, 0), |(least, most), vector| (least.min(vector), most.max(vector)))
        }
    }
}
