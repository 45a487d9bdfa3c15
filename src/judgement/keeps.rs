//! What keeps a CPU from taking what has come to it, in a few words: the first thing that would have to end.

use crate::judgement::state::{CpuState, Latches, Sleep};
use sim::bus::{DeliveryMode, Message};
use sim::{Context, Time};
use std::fmt;

/// What keeps it, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    why: String,
    pub(crate) since: Option<Time>,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

fn kept(why: impl Into<String>, since: Option<Time>) -> Option<Kept> {
    Some(Kept { why: why.into(), since })
}

/// Something that has come to a CPU and is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Untaken {
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
    pub(crate) fn of(cpu: &CpuState) -> Vec<Self> {
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

    /// What `message` is where it waits.
    pub(crate) const fn of_message(message: &Message) -> Self {
        match message.mode {
            DeliveryMode::Init => Self::Init,
            DeliveryMode::Smi => Self::Smi,
            DeliveryMode::Nmi => Self::Nmi,
            DeliveryMode::ExtInt => Self::External(message.vector),
            _ => Self::Requested(message.vector),
        }
    }

    /// `31`, `an NMI`.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Init => "an INIT".to_owned(),
            Self::Smi => "an SMI".to_owned(),
            Self::Nmi => "an NMI".to_owned(),
            Self::External(vector) => format!("external interrupt {vector:02X}"),
            Self::Requested(vector) => format!("{vector:02X}"),
        }
    }

    /// What keeps `cpu` from taking it; `None`: nothing, it will at its next instruction.
    pub(crate) fn kept_by(self, cpu: &CpuState) -> Option<Kept> {
        if let Some(reset) = cpu.reset {
            return kept("it waits for a start-up message", Some(reset.since));
        }
        if let Some(since) = cpu.system_management_since() {
            return kept("it is in system-management mode", Some(since));
        }
        let shutdown = cpu.in_shutdown().filter(|_| matches!(cpu.sleep(), Some(Sleep::Shutdown { .. })));
        let shutdown = shutdown.map(|(since, _)| since);
        match self {
            // SDM vol. 3 §6.15, interrupt 8: a shutdown inside an NMI handler ends by a reset of the hardware only
            _ if shutdown.is_some() && cpu.blocks_nmi() => kept("it is in shutdown inside its NMI handler", shutdown),
            Self::Init => None,
            _ if cpu.stalled_since.is_some() => kept("its store to its ICR does not complete", cpu.stalled_since),
            Self::Smi => None,
            Self::Nmi => match cpu.handler(Context::Nmi) {
                Some(frame) => kept("it is in its NMI handler", Some(frame.since)),
                None if cpu.blocks_nmi() => kept("it takes no NMI before its next IRET", None),
                None => None,
            },
            Self::External(_) | Self::Requested(_) if shutdown.is_some() => kept("it is in shutdown", shutdown),
            Self::External(_) => interrupts_off(cpu),
            Self::Requested(vector) => interrupts_off(cpu).or_else(|| by_its_apic(cpu, vector)),
        }
    }
}

fn interrupts_off(cpu: &CpuState) -> Option<Kept> {
    let off = cpu.interrupts_off_since?;
    match cpu.frames.last().map(|frame| (frame.context, frame.since)) {
        Some((Context::Interrupt(vector), since)) => kept(format!("it is in its handler of {vector:02X}"), Some(since)),
        Some((Context::Nmi, since)) => kept("it is in its NMI handler", Some(since)),
        _ => kept("its interrupts are off", Some(off)),
    }
}

/// The core would take it: does its APIC offer it (SDM vol. 3 §10.8.3.1)?
fn by_its_apic(cpu: &CpuState, vector: u8) -> Option<Kept> {
    match cpu.apic.pending_vector() {
        Some(pending) if pending == vector => None,
        Some(higher) => kept(format!("{higher:02X} goes first"), None),
        None if !cpu.apic.software_enabled() => kept("its APIC is software-disabled", None),
        None => kept(format!("its processor priority is {:02X}", cpu.apic.ppr()), None),
    }
}
