//! Section 10: `smp_send_stop`, `panic` around it, and the request for backtraces.

use crate::recorder::{Icr, Recorder};
use kernel_model::{
    __trigger_all_cpu_backtrace, Arch, CallLock, Called, Kernel, PerformanceCounter, Release, Variant, Word,
    do_interrupt, do_nmi, panic, smp_call_function, smp_send_stop,
};

const I386: Kernel = Kernel::new(Arch::I386Default, Variant::Merged, 4);
const X86_64: Kernel = Kernel::new(Arch::X8664Flat, Variant::Merged, 4);

/// The call lock is another's: i386 of 2.6.20 spins on it and sends nothing; i386 of 2.6.22 and x86_64 send all the same.
#[test]
fn a_held_call_lock_stops_only_i386_of_2_6_20() {
    let earlier = I386.of_release(Release::V2_6_20);
    let later = earlier.with(|kernel| kernel.stop_takes_call_lock = false);
    for (kernel, goes_ahead) in [(earlier, false), (later, true), (I386, true), (X86_64, true)] {
        let cpu = Recorder::new(&kernel, 0, Icr::Idle).with_word(Word::CALL_LOCK, 1).limit(20);
        let (trace, returned) = cpu.run_to_end(|cpu| smp_send_stop(&kernel, cpu));
        assert!(!returned, "nobody answers here");
        assert_eq!(trace.contains("W310=E000000"), goes_ahead, "{trace}");
        assert_eq!(trace.starts_with("P P P"), !goes_ahead, "{trace}");
        assert_eq!(cpu.word(kernel.layout().call_function(0)), if goes_ahead { 1 } else { 0 });
        assert_eq!(cpu.word(Word::CALL_LOCK), 1, "who did not take it does not let it go");
    }
}

/// The wait for the others to start is bounded in no variant.
#[test]
fn the_wait_for_the_others_has_no_bound() {
    for variant in Variant::ALL {
        let kernel = X86_64.with(|kernel| kernel.variant = variant);
        let cpu = Recorder::new(&kernel, 0, Icr::Idle).limit(5_000);
        assert!(!cpu.run_to_end(|cpu| smp_send_stop(&kernel, cpu)).1, "{}", variant.name());
    }
}

/// With nobody to stop only the own local APIC is disabled: 2.6.20 does it with interrupts off, and has them on after it,
/// whatever they were before.
#[test]
fn the_last_cpu_disables_its_own_local_apic() {
    for arch in [Arch::I386Default, Arch::X8664Flat] {
        for irqs_on in [true, false] {
            let alone = Kernel::new(arch, Variant::Before, 1);
            let cpu = Recorder::new(&alone, 0, Icr::Idle).everything();
            cpu.state.borrow_mut().irqs_on = irqs_on;
            let trace = cpu.run(|cpu| smp_send_stop(&alone, cpu));
            assert!(trace.starts_with("xchg0=1 store0=0 IRQ- R30") && trace.ends_with("RF0 WF0=FF IRQ+"), "{trace}");
            assert!(cpu.state.borrow().irqs_on, "unconditionally");
        }
        let forced = Kernel::new(arch, Variant::Before, 1).with(|kernel| kernel.reboot_force = true);
        let trace = Recorder::new(&forced, 0, Icr::Idle).run(|cpu| smp_send_stop(&forced, cpu));
        assert_eq!(trace.is_empty(), arch == Arch::X8664Flat, "x86_64 stops nobody in a forced reboot: {trace}");
    }
}

/// The target ends the interrupt, says that it has started, and only then stops: APIC disabled, HLT, and interrupts off
/// as the gate has left them.
#[test]
fn a_stopped_cpu_has_answered_before() {
    for (kernel, vector, end) in
        [(I386, 0xFB, "WF0=FF StoppedByCall HLT HLT"), (X86_64, 0xFC, "WF0=FF IRQ+ StoppedByCall HLT HLT")]
    {
        let started = kernel.layout().call_started(0);
        let cpu = Recorder::new(&kernel, 1, Icr::Idle).everything();
        let cpu = cpu.with_word(kernel.layout().call_function(0), Called::StopThisCpu as u32);
        cpu.state.borrow_mut().irqs_on = false;
        let (trace, returned) = cpu.run_to_end(|cpu| do_interrupt(&kernel, cpu, vector));
        assert!(!cpu.state.borrow().irqs_on, "{}", kernel.arch.name());
        assert!(!returned && trace.contains(&format!("WB0=0 add{}=1 add3=1 IRQ- R30", started.0)), "{trace}");
        assert!(trace.ends_with(end), "{trace}");
    }
}

/// Two callers at once: each counts in words of its own, and who goes ahead without the lock takes no answer from the other.
#[test]
fn calls_count_apart() {
    let cpu = Recorder::new(&I386, 2, Icr::Idle).with_word(I386.layout().call_started(3), 3).limit(60);
    assert!(!cpu.run_to_end(|cpu| smp_call_function(&I386, cpu, Called::Nothing, false, CallLock::Callers)).1);
    assert_eq!((cpu.word(Word::CALL_DATA), cpu.word(I386.layout().call_started(3))), (2, 3));
}

/// `panic` prints, tries the crash path, and where that comes back stops the others.
#[test]
fn a_panic_without_an_image_goes_on_to_stop_the_others() {
    let kernel = Kernel::new(Arch::I386Default, Variant::Merged, 1).with(|kernel| kernel.crash_image = false);
    let cpu = Recorder::new(&kernel, 0, Icr::Idle).everything().limit(60);
    let trace = cpu.run(|cpu| panic(&kernel, cpu, 7));
    assert!(trace.contains(" D7 ") && trace.contains("xchg4=1 xchg4=0 xchg0=1 IRQ- store0=0 R30"), "{trace}");
    assert!(trace.contains("OthersStopped IRQ+ D1000 D1000"), "{trace}");
    let with_image = Recorder::new(&I386, 0, Icr::Idle).everything();
    assert!(with_image.run(|cpu| panic(&I386, cpu, 0)).ends_with("CaptureKernelReady HLT HLT"));
}

/// No IPI: a mask, and at most 10 000 ms. A tick of the watchdog takes a CPU out, prints under a lock, and arms the
/// counter's entry again.
#[test]
fn backtraces_are_asked_for_by_a_mask() {
    let asking = Recorder::new(&I386, 0, Icr::Idle).everything();
    let (trace, returned) = asking.run_to_end(|cpu| __trigger_all_cpu_backtrace(&I386, cpu));
    let mask = I386.layout().backtrace_mask(0);
    assert!(returned && asking.count("D1000") == 10_000 && asking.now_us() == 10_000_000);
    assert!(trace.starts_with(&format!("store{}=15 <Backtrace load{} D1000", mask.0, mask.0)), "{}", &trace[..60]);
    assert!(trace.ends_with("D1000 TimedOut> BacktracesOver") && !trace.contains("W3"), "no IPI");

    for (goes_on, returns) in [(1, true), (0, false)] {
        let ticking = Recorder::new(&I386, 2, Icr::Stuck).with_word(mask, 0b1111).everything().limit(60);
        let ticking = ticking.with_word(I386.layout().timer_goes_on(2), goes_on);
        let (trace, returned) = ticking.run_to_end(|cpu| do_nmi(&I386, cpu));
        assert_eq!((returned, ticking.word(mask)), (returns, 0b1011), "{trace}");
        assert_eq!(trace.ends_with("W340=400"), returns, "{trace}");
    }
}

/// The counter's entry is opened again by a plain write, on parts that want it: Pentium 4, architectural counters, on i386
/// P6; and only if the counter has overflowed.
#[test]
fn the_watchdog_opens_the_counter_s_entry() {
    use PerformanceCounter::{Architectural, IoApic, K7, P4, P6};
    for (kernel, counter, opens) in [
        (I386, P6, true),
        (I386, P4, true),
        (I386, Architectural, true),
        (I386, K7, false),
        (I386, IoApic, false),
        (X86_64, P6, false),
        (X86_64, P4, true),
        (X86_64, Architectural, true),
        (X86_64, K7, false),
        (X86_64, IoApic, false),
    ] {
        for erratum_11ap in [false, true] {
            let kernel = kernel.with(|kernel| {
                kernel.performance_counter = counter;
                kernel.erratum_11ap = erratum_11ap;
            });
            let layout = kernel.layout();
            for runs_on in [0, 1] {
                let cpu = Recorder::new(&kernel, 2, Icr::Idle).with_word(layout.timer_goes_on(2), 1);
                let cpu = cpu.with_word(layout.counter_runs_on(2), runs_on);
                let expected = if opens && runs_on == 0 { "W340=400" } else { "" };
                assert_eq!(cpu.run(|cpu| do_nmi(&kernel, cpu)), expected, "{} {counter:?}", kernel.arch.name());
            }
        }
    }
}
