//! The wait until a called function has ended on another CPU, and what its debug option does when that takes too long
//! (`kernel/smp.c`, v6.13). Neither has a bound.
//!
//! Not modelled: what reports say, and how long that takes; calls whose target is not known; the other time that may be set in
//! place of 5 s (`csd_lock_timeout`). With the option the kernel looks at the word and at the clock at each PAUSE. Here it looks at
//! the word at a thousand of them, and then every 100 µs, so that it sees a call that ends later than that up to 100 µs late; and at
//! the clock when these delays alone have used up the time.

use crate::cpumask::CpuMask;
use crate::die::die;
use crate::idle::cpu_idle;
use crate::kernel::{Kernel, this_cpu};
use crate::printk::printk;
use crate::processor::{IrqFlags, Processor};
use crate::v6::apic_send_ipi::native_send_call_func_single_ipi;
use crate::v6::nmi_backtrace::nmi_trigger_cpumask_backtrace;
use crate::wait::{Wait, WaitOutcome};

/// From the beginning to the first report, in ms.
const CSD_LOCK_TIMEOUT_MS: u64 = 5_000;

/// Rounds with a PAUSE, before those with a delay.
const PAUSES: u32 = 1_000;

/// The delay of the rounds after them, in µs.
const LATER_US: u32 = 100;

/// A call that has not ended, as the debug option keeps account of it.
///
/// ```
/// use kernel_model::v6::StuckCall;
///
/// // One that is looked at from the beginning, and one of which nobody has looked how long it takes.
/// assert_ne!(StuckCall::since(7), StuckCall::unwatched(7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StuckCall {
    /// When the wait began, in ticks of the time-stamp counter.
    since: u64,
    /// When it was reported last; at first when the wait began.
    reported: u64,
    /// How often it was reported.
    messages: u64,
    /// PAUSEs since then.
    pauses: u32,
    /// How long it cannot be time to report it, in µs: until the clock is looked at.
    quiet_us: u64,
}

impl StuckCall {
    /// A wait that began at `now`, in ticks of the time-stamp counter.
    pub const fn since(now: u64) -> Self {
        Self { since: now, reported: now, messages: 0, pauses: 0, quiet_us: CSD_LOCK_TIMEOUT_MS * 1000 }
    }

    /// A wait that began at `since`, and of which nobody has looked how long it takes.
    pub const fn unwatched(since: u64) -> Self {
        Self { quiet_us: 0, ..Self::since(since) }
    }
}

/// Has this CPU's call not ended on `target`?
#[track_caller]
fn is_locked(kernel: &Kernel, cpu: &impl Processor, target: u16) -> bool {
    cpu.load(kernel.layout().csd_locked(this_cpu(cpu), target / 32)) & 1 << (target % 32) != 0
}

/// `csd_lock_wait` (`kernel/smp.c`, v6.13): spins until this CPU's call has ended on `target`. There is no bound, and nobody
/// sends again, but for the debug option (`CONFIG_CSD_LOCK_WAIT_DEBUG`): see [`__csd_lock_wait`].
pub fn csd_lock_wait(kernel: &Kernel, cpu: &impl Processor, target: u16) {
    if kernel.csd_lock_wait_debug {
        return __csd_lock_wait(kernel, cpu, target);
    }
    if !is_locked(kernel, cpu, target) {
        return;
    }
    cpu.wait_begin(Wait::Acknowledgement);
    while is_locked(kernel, cpu, target) {
        cpu.cpu_relax();
    }
    cpu.wait_end(WaitOutcome::Done);
}

/// `__csd_lock_wait` (`kernel/smp.c`, v6.13), with the debug option: the same, and looks at the clock, to report a wait that takes
/// too long, again and again.
pub fn __csd_lock_wait(kernel: &Kernel, cpu: &impl Processor, target: u16) {
    let mut stuck = StuckCall::since(cpu.rdtsc());
    if !is_locked(kernel, cpu, target) {
        return;
    }
    cpu.wait_begin(Wait::Acknowledgement);
    while !csd_lock_wait_toolong(kernel, cpu, target, &mut stuck) {
        if stuck.pauses < PAUSES {
            stuck.pauses += 1;
            cpu.cpu_relax();
        } else {
            cpu.udelay(LATER_US);
            stuck.quiet_us = stuck.quiet_us.saturating_sub(u64::from(LATER_US));
        }
    }
    cpu.wait_end(WaitOutcome::Done);
}

/// `csd_lock_wait_toolong` (`kernel/smp.c`, v6.13): has the call ended? If not, and if it is time, reports it: a BUG where
/// `panic_on_ipistall` says so; a dump of the target, if it has not been dumped since its last interrupt; and if it runs no
/// call, the call's IPI once more, by the way on which it was sent first. On an xAPIC that waits for this CPU's own ICR, without
/// a bound and with interrupts off.
pub fn csd_lock_wait_toolong(kernel: &Kernel, cpu: &impl Processor, target: u16, stuck: &mut StuckCall) -> bool {
    if !is_locked(kernel, cpu, target) {
        return true;
    }
    if stuck.quiet_us > 0 {
        return false;
    }
    let now = cpu.rdtsc();
    let ticks = |ms: u64| kernel.tsc_ticks_per_ms * ms;
    if now.wrapping_sub(stuck.reported) <= ticks(patience_ms(kernel, cpu, stuck.messages)) {
        return false;
    }
    cpu.wait_end(WaitOutcome::Reported);
    let layout = kernel.layout();
    let cur_csd = cpu.load(layout.cur_csd(target));
    printk(kernel, cpu, 0);
    stuck.messages += 1;
    let bound_ms = u64::from(kernel.panic_on_ipistall_ms);
    if bound_ms != 0 && now.wrapping_sub(stuck.since) > ticks(bound_ms) {
        bug(kernel, cpu);
    }
    if cpu.compare_exchange(layout.trigger_backtrace(target), 1, 0) == 1 {
        nmi_trigger_cpumask_backtrace(kernel, cpu, CpuMask::of(target));
    }
    if cur_csd == 0 {
        native_send_call_func_single_ipi(kernel, cpu, target);
    }
    stuck.reported = now;
    stuck.pauses = 0;
    let took_us = cpu.rdtsc().wrapping_sub(now).saturating_mul(1000) / kernel.tsc_ticks_per_ms.max(1);
    stuck.quiet_us = (patience_ms(kernel, cpu, stuck.messages) * 1000).saturating_sub(took_us);
    cpu.wait_begin(Wait::Acknowledgement);
    false
}

/// How long after so many reports the next one comes, in ms: each time 5 s more, and on machines of many CPUs a multiple.
fn patience_ms(kernel: &Kernel, cpu: &impl Processor, messages: u64) -> u64 {
    let crowd = if messages == 0 { 1 } else { u64::from(kernel.cpu_online_map(cpu).count().ilog2() / 2 + 1) };
    CSD_LOCK_TIMEOUT_MS * (messages + 1) * crowd
}

/// `BUG` (`arch/x86/include/asm/bug.h`, v6.13): an oops. If the crash path comes back the task is dead, and the CPU idle.
fn bug(kernel: &Kernel, cpu: &impl Processor) -> ! {
    die(kernel, cpu, 0);
    cpu.irq_restore(IrqFlags(true));
    cpu_idle(cpu)
}
