//! What keeps a CPU from taking what has come to it, in a few words: the first thing that would have to end.

use crate::judgement::state::{CpuState, Latches, Sleep};
use sim::Context;

/// Something that has come to a CPU and is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Untaken {
    Init,
    Smi,
    Nmi,
    /// The vector of an external controller.
    External(u8),
    /// A vector in its IRR.
    Requested(u8),
}

impl Untaken {
    /// All of a CPU, in the order in which it would take them; vectors from the highest on.
    pub(super) fn of(cpu: &CpuState) -> Vec<Self> {
        let Latches { init, smi, nmi, external, .. } = &cpu.latches;
        let latched = [init.map(|_| Self::Init), smi.map(|_| Self::Smi), nmi.map(|_| Self::Nmi)];
        let mut requested: Vec<Self> = cpu.apic.requested().map(Self::Requested).collect();
        requested.reverse();
        latched
            .into_iter()
            .flatten()
            .chain(external.map(|(vector, _)| Self::External(vector)))
            .chain(requested)
            .collect()
    }

    /// `31`, `an NMI`.
    pub(super) fn name(self) -> String {
        match self {
            Self::Init => "an INIT".to_owned(),
            Self::Smi => "an SMI".to_owned(),
            Self::Nmi => "an NMI".to_owned(),
            Self::External(vector) => format!("external interrupt {vector:02X}"),
            Self::Requested(vector) => format!("{vector:02X}"),
        }
    }

    /// What keeps `cpu` from taking it; `None`: nothing, it will at its next instruction.
    pub(super) fn kept_by(self, cpu: &CpuState) -> Option<String> {
        if cpu.reset.is_some() {
            return Some("it waits for a start-up message".to_owned());
        }
        if cpu.system_management_since().is_some() {
            return Some("it is in system-management mode".to_owned());
        }
        let shutdown = matches!(cpu.sleep(), Some(Sleep::Shutdown { .. }));
        match self {
            // SDM vol. 3 §6.15, interrupt 8: a shutdown inside an NMI handler ends by a reset of the hardware only
            _ if shutdown && cpu.blocks_nmi() => Some("it is in shutdown inside its NMI handler".to_owned()),
            Self::Init | Self::Smi => None,
            Self::Nmi if cpu.handler(Context::Nmi).is_some() => Some("it is in its NMI handler".to_owned()),
            Self::Nmi => cpu.blocks_nmi().then(|| "it takes no NMI before its next IRET".to_owned()),
            Self::External(_) | Self::Requested(_) if shutdown => Some("it is in shutdown".to_owned()),
            Self::External(_) => interrupts_off(cpu),
            Self::Requested(vector) => interrupts_off(cpu).or_else(|| by_its_apic(cpu, vector)),
        }
    }
}

fn interrupts_off(cpu: &CpuState) -> Option<String> {
    cpu.interrupts_off_since?;
    Some(match cpu.frames.last().map(|frame| frame.context) {
        Some(Context::Interrupt(vector)) => format!("it is in its handler of {vector:02X}"),
        Some(Context::Nmi) => "it is in its NMI handler".to_owned(),
        _ => "its interrupts are off".to_owned(),
    })
}

/// The core would take it: does its APIC offer it (SDM vol. 3 §10.8.3.1)?
fn by_its_apic(cpu: &CpuState, vector: u8) -> Option<String> {
    match cpu.apic.pending_vector() {
        Some(pending) if pending == vector => None,
        Some(higher) => Some(format!("{higher:02X} goes first")),
        None if !cpu.apic.software_enabled() => Some("its APIC is software-disabled".to_owned()),
        None => Some(format!("its processor priority is {:02X}", cpu.apic.ppr())),
    }
}
