//! The waves of a CPU and its local APIC.
//!
//! Not modelled: which vectors are requested or in service below the highest.

use super::value::{Value, Wave};
use crate::judgement::state::CpuState;

/// Name, bits.
pub(super) const WAVES: [Wave; 8] = [
    ("icr_busy", 1),
    ("interrupt_flag", 1),
    ("nmi_latched", 1),
    ("halted", 1),
    ("handlers", 8),
    ("irr_highest", 8),
    ("isr_highest", 8),
    ("tpr", 8),
];

/// Their values.
pub(super) fn values(cpu: &CpuState) -> [Value; WAVES.len()] {
    let bit = |set: bool| Value::Number(u32::from(set));
    let vector = |highest: Option<u8>| highest.map_or(Value::Nothing, |vector| Value::Number(vector.into()));
    [
        bit(cpu.busy_since.is_some() || cpu.jammed_since.is_some()),
        bit(cpu.interrupts_off_since.is_none()),
        bit(cpu.latches.nmi.is_some()),
        bit(cpu.sleep().is_some()),
        Value::Number(cpu.frames.len() as u32 - 1),
        vector(cpu.apic.requested().last()),
        vector(cpu.apic.in_service().last()),
        Value::Number(cpu.apic.tpr().into()),
    ]
}
