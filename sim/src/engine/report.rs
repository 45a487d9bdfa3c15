//! From the machine at its end to an [`Outcome`].

use super::fabric::Fabric;
use super::message_faults::MessageFaults;
use super::milestones::Milestones;
use super::outcome::{CpuReport, Effort, Ending, Outcome, UndispatchedReport};
use super::slot::Slot;
use crate::check::Counts;
use crate::memory::Master;
use crate::processor::Core;
use crate::stream::{DIGEST_VERSION, Digest};
use crate::time::{ClockDomain, Time};

/// Everything that a machine is made of, at its end.
pub(crate) struct Parts {
    pub(crate) cores: Vec<Slot>,
    pub(crate) fabric: Fabric,
    pub(crate) master: Master,
    pub(crate) milestones: Milestones,
    pub(crate) clock: ClockDomain,
    pub(crate) proven_at: Option<Time>,
    pub(crate) interrupted_at: Option<Time>,
    pub(crate) effort: Effort,
    pub(crate) allocations_watched: bool,
    pub(crate) checked: Option<Counts>,
}

impl Outcome {
    /// Version of what [`Outcome::digest`] is computed from and how. Digests of different versions say nothing about each
    /// other, so whoever writes a digest down writes this with it.
    pub const DIGEST_VERSION: u32 = DIGEST_VERSION;
}

pub(crate) fn outcome(parts: Parts, ending: Ending) -> Outcome {
    let Parts { mut cores, mut fabric, master, milestones, clock, proven_at, interrupted_at, .. } = parts;
    let Parts { effort, allocations_watched, checked, .. } = parts;
    let undispatched = fabric.undispatched(&cores, milestones.end);
    let mut digest = Digest::of_run(cores.len());
    digest.stream(fabric.stream.digest());
    let mut last_effective = fabric.stream.last();
    let mut choices = fabric.chosen;
    for core in &cores {
        digest.stream(core.stream.digest());
        last_effective = last_effective.max(core.stream.last());
        choices += core.account.chosen;
    }
    Outcome {
        ending,
        proven_at: proven_at.filter(|_| matches!(ending, Ending::Proven(_))),
        interrupted_at,
        last_effective,
        milestones: milestones.reached,
        digest: digest.finish(),
        cpus: cores.iter_mut().map(|core| cpu_report(core, &fabric, clock)).collect(),
        undispatched: undispatched.into_iter().map(|(held, refusers)| UndispatchedReport { held, refusers }).collect(),
        in_transit: fabric.in_transit(),
        refused_once: fabric.refused,
        message_faults: fabric.message_faults.as_ref().map(MessageFaults::hits).unwrap_or_default(),
        writers: master.into_writers(),
        choices,
        allocations_watched,
        checked,
        effort,
    }
}

fn cpu_report(core: &mut Core, fabric: &Fabric, clock: ClockDomain) -> CpuReport {
    CpuReport {
        cpu: core.agent,
        site: core.site(),
        waits: std::mem::take(&mut core.account.waits),
        frames: core.nesting.frames(),
        interrupts_off_since: core.account.interrupts_off_since,
        nmi: (core.nmi_blocked, core.has_latched_nmi()),
        activity: core.activity(),
        stalled_since: core.account.stalled_since,
        period: core.proven_period().map(|cycles| clock.span(cycles)),
        suspected_period: core.suspected_period().map(|cycles| clock.span(cycles)),
        polled: core.polled(),
        busy_since: core.account.busy_since,
        queued: core.apic.queued().copied(),
        last_send: core.account.last_send,
        misdirected: core.account.pairs.misdirected,
        requested: core.apic.requested().map(|vector| (vector, core.account.provenance_of(vector))).collect(),
        in_service: core.apic.in_service().collect(),
        task_priority: core.apic.tpr(),
        finished: core.is_finished(),
        closed_program: core.is_closed_program(),
        last_effective: core.stream.last().max(Time::ZERO),
        dead: fabric.is_dead(core.agent),
    }
}
