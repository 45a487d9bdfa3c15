//! From the machine at its end to an [`Outcome`].

use super::fabric::Fabric;
use super::hardware::Hardware;
use super::outcome::{CpuReport, Effort, Ending, Outcome, UndispatchedReport};
use super::slot::Slot;
use crate::processor::Core;
use crate::stream::{DIGEST_VERSION, Digest};
use crate::time::{ClockDomain, Time};

impl Outcome {
    /// Version of what [`Outcome::digest`] is computed from and how. Digests of different versions say nothing about each
    /// other, so whoever writes a digest down writes this with it.
    pub const DIGEST_VERSION: u32 = DIGEST_VERSION;
}

/// What has come of the machine so far; the checker, what it took, and who watches allocations are none of its business.
pub(super) fn outcome(hardware: &mut Hardware, ending: Ending) -> Outcome {
    let end = hardware.milestones.end;
    let Hardware { cpus: cores, fabric, master, milestones, clock, proven_at, interrupted_at, .. } = hardware;
    let undispatched = fabric.undispatched(cores, end);
    let mut digest = Digest::of_run(cores.len());
    digest.stream(fabric.stream.digest());
    let mut choices = fabric.chosen;
    for core in &*cores {
        digest.stream(core.stream.digest());
        choices += core.account.chosen;
    }
    Outcome {
        ending,
        proven_at: proven_at.filter(|_| matches!(ending, Ending::Proven(_))),
        interrupted_at: *interrupted_at,
        last_effective: last_effective(cores, fabric),
        milestones: milestones.reached.clone(),
        digest: digest.finish(),
        cpus: cores.iter_mut().map(|core| cpu_report(core, fabric, *clock)).collect(),
        undispatched: undispatched.into_iter().map(|(held, refusers)| UndispatchedReport { held, refusers }).collect(),
        in_transit: fabric.in_transit(),
        refused_once: fabric.refused,
        message_faults: fabric.message_faults.as_ref().map(|faults| faults.hits()).unwrap_or_default(),
        writers: master.writers().to_vec(),
        choices,
        allocations_watched: false,
        checked: None,
        effort: Effort::default(),
    }
}

/// The last effective event of any source.
pub(super) fn last_effective(cores: &[Slot], fabric: &Fabric) -> Time {
    cores.iter().map(|core| core.stream.last()).max().unwrap_or(Time::ZERO).max(fabric.stream.last())
}

fn cpu_report(core: &mut Core, fabric: &Fabric, clock: ClockDomain) -> CpuReport {
    CpuReport {
        cpu: core.agent,
        site: core.site(),
        waits: core.account.waits.clone(),
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
