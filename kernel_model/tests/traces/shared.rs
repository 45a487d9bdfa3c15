//! Section 10: IPIs that are acknowledged in shared words; locks, run queues.

use crate::recorder::{Icr, Recorder};
use kernel_model::{
    Arch, CallLock, Called, CpuMask, Kernel, Variant, Word, do_interrupt, flush_tlb_others, schedule,
    smp_call_function, spin_lock, try_to_wake_up,
};

const I386: Kernel = Kernel::new(Arch::I386Default, Variant::Before, 4);
const X86_64: Kernel = Kernel::new(Arch::X8664Flat, Variant::Before, 4);

#[test]
fn a_flush_spins_until_the_target_is_out_of_the_mask() {
    for (kernel, slot, send) in [(I386, 0, "W310=4000000 W300=8FD"), (X86_64, 1, "W310=4000000 W300=8F1")] {
        let cpu = Recorder::new(&kernel, 1, Icr::Idle).everything().limit(40);
        let mask = [1, 2].into_iter().collect();
        let (trace, returned) = cpu.run_to_end(|cpu| flush_tlb_others(&kernel, cpu, mask));
        let word = kernel.layout().flush_cpumask(slot, 0);
        assert!(!returned && trace.contains(send), "{trace}");
        assert!(trace.ends_with(&format!("load{0} P load{0} P load{0}", word.0)) || trace.ends_with(" P"), "{trace}");
        assert_eq!(cpu.word(word), 4, "this CPU is never a target");
        assert_eq!(cpu.word(kernel.layout().tlbstate_lock(slot)), 1);
        assert_eq!(trace.matches("<Acknowledgement").count(), 1);
    }
    let nobody = Recorder::new(&I386, 1, Icr::Idle).run(|cpu| flush_tlb_others(&I386, cpu, CpuMask::of(1)));
    assert_eq!(nobody, "");
}

/// i386 does not end an interrupt that finds its bit clear; x86_64 always does.
#[test]
fn the_flush_handler() {
    for (kernel, vector, slot) in [(I386, 0xFD, 0), (X86_64, 0xF3, 3)] {
        let word = kernel.layout().flush_cpumask(slot, 0);
        let asked = Recorder::new(&kernel, 2, Icr::Idle).with_word(word, 0b1100);
        assert_eq!(asked.run(|cpu| do_interrupt(&kernel, cpu, vector)), "WB0=0");
        assert_eq!(asked.word(word), 0b1000);
        let not_asked = Recorder::new(&kernel, 2, Icr::Idle).with_word(word, 0b1000);
        let expected = if kernel.arch.is_i386() { "" } else { "WB0=0" };
        assert_eq!(not_asked.run(|cpu| do_interrupt(&kernel, cpu, vector)), expected);
        assert_eq!(not_asked.word(word), 0b1000);
    }
}

#[test]
fn masks_of_many_cpus_take_several_words() {
    let kernel = Kernel::new(Arch::X8664Physflat, Variant::Before, 100);
    let cpu = Recorder::new(&kernel, 9, Icr::Idle).limit(500);
    cpu.run(|cpu| flush_tlb_others(&kernel, cpu, [33, 99].into_iter().collect()));
    let words = (0..4).map(|index| cpu.word(kernel.layout().flush_cpumask(1, index)));
    assert_eq!(words.collect::<Vec<_>>(), [0, 2, 0, 8]);
}

#[test]
fn a_call_counts_who_has_started_and_finished() {
    let cpu = Recorder::new(&I386, 3, Icr::Idle).everything().limit(30);
    let (trace, returned) = cpu.run_to_end(|cpu| smp_call_function(&I386, cpu, Called::Nothing, false, CallLock::Take));
    let started = I386.layout().call_started(3).0;
    let polls = format!("W310=7000000 W300=8FB IRQ+ <Acknowledgement load{started} P load{started}");
    assert!(!returned && trace.contains(&polls), "{trace}");

    for (wait, finished) in [(0, 0), (1, 1)] {
        let layout = I386.layout();
        let target = Recorder::new(&I386, 1, Icr::Idle).with_word(Word::CALL_DATA, 3).everything();
        let target = target.with_word(layout.call_wait(3), wait);
        let trace = target.run(|cpu| do_interrupt(&I386, cpu, 0xFB));
        assert!(trace.contains(&format!("WB0=0 add{started}=1")), "the interrupt is ended first: {trace}");
        assert_eq!((target.word(layout.call_finished(3)), target.word(layout.call_finished(0))), (finished, 0));
    }
}

/// The lock comes first, then who is online is counted, then the message goes out; with nobody left none does. A CPU that
/// comes up sets its bit under the same lock, so that it is either counted and sent to, or neither.
#[test]
fn who_is_online_is_counted_under_the_call_lock() {
    for arch in [Arch::I386Default, Arch::X8664Flat] {
        let alone = Kernel::new(arch, Variant::Before, 1);
        let call =
            |kernel: &Kernel, cpu: &Recorder| smp_call_function(kernel, cpu, Called::Nothing, true, CallLock::Take);
        let cpu = Recorder::new(&alone, 0, Icr::Idle).everything();
        assert_eq!(cpu.run(|cpu| call(&alone, cpu)), "xchg0=1 store0=0", "{}", arch.name());

        let one_to_come = alone.with(|kernel| {
            kernel.offline = CpuMask::of(1);
            kernel.cpus = 2;
        });
        let online = one_to_come.layout().cpu_online(1).0;
        let cpu = Recorder::new(&one_to_come, 0, Icr::Idle).everything();
        let trace = cpu.run(|cpu| call(&one_to_come, cpu));
        assert_eq!(trace, format!("xchg0=1 load{online} store0=0"), "{}", arch.name());
    }
}

#[test]
fn other_vectors() {
    for (kernel, vector, expected) in [
        (I386, 0xFC, "WB0=0"),
        (X86_64, 0xFD, "WB0=0"),
        (I386, 0xFF, ""),
        (I386, 0xEF, "WB0=0"),
        (I386, 0x31, "WB0=0"),
        (I386.with(|kernel| kernel.erratum_11ap = true), 0xFC, "XB0=0"),
    ] {
        let trace = Recorder::new(&kernel, 0, Icr::Idle).run(|cpu| do_interrupt(&kernel, cpu, vector));
        assert_eq!(trace, expected, "{vector:X}");
    }
}

#[test]
fn a_lock_is_tried_once_then_watched() {
    let free = Recorder::new(&I386, 0, Icr::Idle).everything();
    assert_eq!(free.run(|cpu| spin_lock(cpu, Word::CALL_LOCK)), "xchg0=1", "no wait where nothing is waited for");
    let held = Recorder::new(&I386, 0, Icr::Idle).with_word(Word::CALL_LOCK, 1).everything().limit(6);
    assert_eq!(held.run(|cpu| spin_lock(cpu, Word::CALL_LOCK)), "xchg0=1 <Lock P load0 P load0");
}

#[test]
fn a_healthy_run_queue_ends_and_a_corrupted_one_does_not() {
    let layout = I386.layout();
    let healthy = Recorder::new(&I386, 2, Icr::Idle);
    assert_eq!(healthy.run_to_end(|cpu| schedule(&I386, cpu)), ("IRQ- IRQ+".into(), true));
    assert_eq!(healthy.word(layout.runqueue_lock(2)), 0);

    let sick = layout
        .corrupt_run_queue(2)
        .fold(Recorder::new(&I386, 2, Icr::Idle), |cpu, (word, value)| cpu.with_word(word, value))
        .everything()
        .limit(50);
    let (trace, returned) = sick.run_to_end(|cpu| schedule(&I386, cpu));
    let next: Vec<u16> = (0..3).map(|task| layout.runqueue_next(2, task).0).collect();
    let round = format!("load{} load{} load{}", next[0], next[1], next[2]);
    assert!(!returned && trace.contains(&format!("<RunQueue {round} {round} {round}")), "{trace}");
    assert_eq!(sick.word(layout.runqueue_lock(2)), 1);

    let nested = Recorder::new(&I386, 2, Icr::Idle).with_word(layout.runqueue_lock(2), 1).limit(20);
    assert!(!nested.run_to_end(|cpu| try_to_wake_up(&I386, cpu, 2)).1);
    let elsewhere = Recorder::new(&I386, 2, Icr::Idle).with_word(layout.runqueue_lock(2), 1).limit(20);
    assert!(elsewhere.run_to_end(|cpu| try_to_wake_up(&I386, cpu, 1)).1, "the lock of the CPU where the task last ran");
}
