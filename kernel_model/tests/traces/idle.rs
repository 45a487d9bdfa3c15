//! The idle loop of v6 (`kernel/sched/idle.c`, v6.13): a look at `need_resched` with interrupts off, HLT; who is asked runs the
//! queue of calls with interrupts off (`flush_smp_call_function_queue`, `kernel/smp.c`), and then schedules.

use crate::recorder::{Icr, Recorder};
use kernel_model::v6::{cpu_startup_entry, resched_cpu};
use kernel_model::{Arch, Kernel, Variant, Word, idle_task};

const V6: Kernel = Kernel::new(Arch::ModernXapicPhysflat, Variant::Modern, 4);

fn idle(kernel: &Kernel, words: &[(Word, u32)]) -> String {
    let recorder = Recorder::new(kernel, 2, Icr::Idle).everything();
    let cpu = words.iter().fold(recorder, |cpu, &(word, value)| cpu.with_word(word, value));
    cpu.run(|cpu| idle_task(kernel, cpu))
}

#[test]
fn a_cpu_that_is_not_asked_looks_and_halts() {
    let asked = V6.layout().need_resched(2).0;
    let look = format!("IRQ- load{asked} IRQ+ HLT");
    assert_eq!(idle(&V6, &[]), format!("{look} {look}"));
    // a call in its queue alone is no reason: its IPI is
    let (queue, by) = (V6.layout().call_single_queue(2), V6.layout().queued_by(2, 0));
    assert_eq!(idle(&V6, &[(queue, 1), (by, 1 << 1)]), format!("{look} {look}"));
    // 2.6 looks at nothing
    let i386 = Kernel::new(Arch::I386Default, Variant::Before, 4);
    assert_eq!(idle(&i386, &[]), "HLT HLT");
}

/// 2.6 with a log daemon that is to run at once: `default_idle` looks with interrupts off; `schedule` forgets that it was asked, its
/// run queue locked; and the daemon, where this is its CPU, waits in its queue again, which takes that queue's lock.
#[test]
fn a_cpu_that_runs_the_log_daemon_has_it_wait_again() {
    let kernel = Kernel::new(Arch::I386Default, Variant::Before, 4).with(|kernel| {
        kernel.klogd_cpu = 2;
        kernel.klogd_reschedule = true;
    });
    let layout = kernel.layout();
    let look = format!("IRQ- load{} IRQ+", layout.need_resched(2).0);
    let idle_with = |words: &[(Word, u32)]| idle(&kernel, words);
    assert_eq!(idle_with(&[]), format!("{look} HLT {look} HLT"));
    let (asked, empty) = ((layout.need_resched(2), 1), (layout.log_wait_empty(), 1));
    let (queue, lock) = (layout.runqueue_lock(2).0, layout.log_wait_lock().0);
    let walk = format!(
        "IRQ- xchg{queue}=1 <RunQueue load{} Done> store{}=0 store{queue}=0 IRQ+",
        layout.runqueue_next(2, 0).0,
        asked.0.0
    );
    let end = |word: (Word, u32)| (layout.runqueue_next(2, 0), if word.1 == 1 { u32::MAX } else { 0 });
    let run = format!("load{e} IRQ- xchg{lock}=1 store{e}=0 store{lock}=0 IRQ+", e = empty.0.0);
    assert_eq!(idle_with(&[asked, empty, end(asked)]), format!("{look} {walk} {run} {look} HLT {look} HLT"));
    assert_eq!(
        idle_with(&[asked, end(asked)]),
        format!("{look} {walk} load{} {look} HLT {look} HLT", empty.0.0),
        "it has not been woken"
    );
}

#[test]
fn a_cpu_that_is_asked_runs_its_queue_and_forgets_that_it_was_asked() {
    let layout = V6.layout();
    let (asked, queue) = (layout.need_resched(2), layout.call_single_queue(2));
    let (by, lock) = (layout.queued_by(2, 0), layout.csd_locked(1, 0));
    let look = format!("IRQ- load{} IRQ+", asked.0);
    assert_eq!(
        idle(&V6, &[(asked, 1)]),
        format!("{look} load{} store{}=0 {look} HLT {look} HLT", queue.0, asked.0),
        "an empty queue"
    );
    assert_eq!(
        idle(&V6, &[(asked, 1), (queue, 1), (by, 1 << 1), (lock, 1 << 2)]),
        format!(
            "{look} load{q} IRQ- xchg{q}=0 xchg{}=0 and{}=0 IRQ+ store{}=0 {look} HLT {look} HLT",
            by.0,
            lock.0,
            asked.0,
            q = queue.0
        )
    );
}

/// `resched_curr`: the flag first, then the IPI.
#[test]
fn who_asks_sets_the_flag_and_sends_the_reschedule_ipi() {
    let asked = V6.layout().need_resched(2).0;
    let cpu = Recorder::new(&V6, 0, Icr::Idle).everything();
    let trace = cpu.run(|cpu| resched_cpu(&V6, cpu, 2));
    let apic: Vec<&str> = trace.split(' ').filter(|one| one.starts_with(['R', 'W'])).collect();
    assert!(trace.starts_with(&format!("or{asked}=1 ")), "{trace}");
    assert_eq!(apic, ["R300", "W310=2000000", "W300=FD"], "{trace}");
}

/// It never comes back.
#[test]
fn the_loop_has_no_end() {
    let (_, returned) = Recorder::new(&V6, 2, Icr::Idle).run_to_end(|cpu| cpu_startup_entry(&V6, cpu));
    assert!(!returned);
}
