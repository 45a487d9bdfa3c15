//! Section 7.1: the crash path, its losers and its victims.

use crate::recorder::{Icr, Recorder};
use kernel_model::{Arch, Kernel, Release, Variant, Word, crash_kexec, die, die_nmi, do_interrupt, do_nmi};

const I386: Kernel = Kernel::new(Arch::I386Default, Variant::Before, 4);
const X86_64: Kernel = Kernel::new(Arch::X8664Flat, Variant::Before, 4);

/// The trace without shared words and the accesses of `clear_local_APIC`.
fn outline(trace: &str) -> String {
    let keep = |entry: &&str| {
        let first = entry.chars().next().expect("an entry has a first character");
        let local = ["R320", "R340", "R350", "R360", "R370", "R280", "W3", "W280"].iter().any(|p| entry.starts_with(p));
        let send = entry.starts_with("W300") || entry.starts_with("W310");
        !first.is_lowercase() && (send || !local)
    };
    trace.split(' ').filter(keep).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_winner_comes_to_the_capture_kernel() {
    let cases = [
        (
            I386,
            "CrashEntered IRQ- R20 CallbackRegistered R20 IRQ- <IcrIdle R300 Done> W310=E000000 W300=C00 IRQ+ \
             NmiSendReturned <Shootdown",
            "TimedOut> ShootdownOver R30 R30 RF0 WF0=FF IRQ- R30 R30 IRQ+ RF0 WF0=10F IoApicDisabled R20 \
             RegistersSaved IRQ- CaptureKernelEntered R30 <IcrIdle R300 Done> W300=88500 ArbitrationIdsSynced \
             <IcrIdle R300 Done> W300=40839 CaptureKernelReady HLT HLT",
        ),
        (
            X86_64,
            "CrashEntered IRQ- CallbackRegistered IRQ- <IcrIdle R300 Done> W310=E000000 W300=C00 IRQ+ \
             NmiSendReturned <Shootdown",
            "TimedOut> ShootdownOver R30 RF0 WF0=FF R30 RF0 WF0=FF RF0 WF0=10F IoApicDisabled \
             RegistersSaved IRQ- CaptureKernelEntered R30 <IcrIdle R300 Done> W300=88500 ArbitrationIdsSynced IRQ- \
             <IcrIdle R300 Done> W310=1000000 W300=839 IRQ+ CaptureKernelReady HLT HLT",
        ),
    ];
    for (kernel, start, end) in cases {
        let cpu = Recorder::new(&kernel, 0, Icr::Idle).everything();
        let (trace, returned) = cpu.run_to_end(|cpu| crash_kexec(&kernel, cpu));
        let wait = vec!["D1000"; 1000].join(" ");
        assert!(!returned);
        // The second R30 of x86_64's clear does not exist; LVT accesses are checked in `local_apic`.
        assert_eq!(
            outline(&trace).replace(&wait, "1000 ms"),
            format!("{start} 1000 ms {end}"),
            "{}",
            kernel.arch.name()
        );
        assert_eq!(cpu.word(Word::WAITING_FOR_CRASH_IPI), 3);
        assert_eq!((cpu.word(Word::CRASH_CALLBACK), cpu.word(Word::CRASHING_CPU)), (1, 0));
        let saved = |number| cpu.word(kernel.layout().crash_notes(number));
        assert_eq!([saved(0), saved(1)], [1, 0], "its own registers, nobody else's");
    }
}

/// Without a crash image everybody comes back, with the lock free.
#[test]
fn without_an_image_nothing_happens() {
    let kernel = I386.with(|kernel| kernel.crash_image = false);
    let cpu = Recorder::new(&kernel, 0, Icr::Stuck).everything();
    assert_eq!(cpu.run_to_end(|cpu| crash_kexec(&kernel, cpu)), ("xchg4=1 xchg4=0".into(), true));
}

#[test]
fn the_shootdown_ends_when_nobody_is_left() {
    let alone = Kernel::new(Arch::I386Default, Variant::Before, 1);
    let cpu = Recorder::new(&alone, 0, Icr::Idle).everything();
    let trace = cpu.run(|cpu| crash_kexec(&alone, cpu));
    assert!(trace.contains("R20 NmiSendReturned <Shootdown load7 Done> ShootdownOver"), "{trace}");
    assert_eq!(cpu.now_us(), 0);
}

#[test]
fn the_loser_returns_at_once() {
    for kernel in [I386, X86_64] {
        let cpu = Recorder::new(&kernel, 1, Icr::Idle).with_word(Word::KEXEC_LOCK, 1);
        assert_eq!(cpu.run_to_end(|cpu| crash_kexec(&kernel, cpu)), (String::new(), true));
    }
}

#[test]
fn the_symptom_is_before_the_bound() {
    let cpu = Recorder::new(&I386, 0, Icr::Stuck).everything().limit(60);
    let trace = cpu.run(|cpu| do_interrupt(&I386, cpu, 0x39));
    assert!(trace.starts_with("WB0=0 "), "the keyboard's interrupt is ended before: {trace}");
    assert!(trace.contains("CallbackRegistered R20 IRQ- <IcrIdle R300 P R300 P"), "{trace}");
    assert!(!trace.contains("NmiSendReturned"), "{trace}");
}

/// The local APIC is disabled before the counter drops; i386 halts once and then PAUSEs.
#[test]
fn the_callback_stops_the_others_and_swallows_on_the_crashing_cpu() {
    for (kernel, end) in [(I386, "add7=2 Stopped HLT P P"), (X86_64, "add7=2 Stopped HLT HLT")] {
        let cpu = Recorder::new(&kernel, 1, Icr::Idle)
            .with_word(Word::CRASH_CALLBACK, 1)
            .with_word(Word::CRASHING_CPU, 0)
            .with_word(Word::WAITING_FOR_CRASH_IPI, 3)
            .everything()
            .limit(if kernel.arch.is_i386() { 30 } else { 100 });
        let (trace, returned) = cpu.run_to_end(|cpu| do_nmi(&kernel, cpu));
        assert!(!returned && trace.contains("RF0 WF0=FF add7=2"), "{trace}");
        let saved = kernel.layout().crash_notes(1);
        assert!(trace.contains(&format!("IRQ- store{}=1 RegistersSaved R30", saved.0)), "saved first: {trace}");
        assert!(trace.contains(end), "{trace}");

        let crashing =
            Recorder::new(&kernel, 0, Icr::Idle).with_word(Word::CRASH_CALLBACK, 1).with_word(Word::CRASHING_CPU, 0);
        assert_eq!(crashing.run_to_end(|cpu| do_nmi(&kernel, cpu)), ("IN61".into(), true));
    }
}

/// CPU 0 alone asks the chipset; with a reason there, the callback is not offered the NMI.
#[test]
fn a_parity_error_hides_the_nmi() {
    let cpu = Recorder::new(&I386, 0, Icr::Idle).with_word(Word::CRASH_CALLBACK, 1).with_word(Word::CRASHING_CPU, 2);
    cpu.state.borrow_mut().port = 0x80;
    assert!(cpu.run_to_end(|cpu| do_nmi(&I386, cpu)).1);
    let off = I386.with(|kernel| kernel.nmi_watchdog = false);
    let cpu = Recorder::new(&off, 1, Icr::Idle);
    assert_eq!(
        cpu.run_to_end(|cpu| do_nmi(&off, cpu)),
        ("IRQ- IRQ- IRQ+ IRQ+".into(), true),
        "an NMI of nobody is a message"
    );
}

/// Section 7.1, consequences: i386 lets go of its lock before the crash path, x86_64 holds `die_lock`.
#[test]
fn locks_on_the_way_into_the_crash_path() {
    for (kernel, lock, held) in [(I386, Word::NMI_PRINT_LOCK, 0), (X86_64, Word::DIE_LOCK, 1)] {
        let winner = Recorder::new(&kernel, 2, Icr::Stuck).limit(20);
        winner.run(|cpu| die_nmi(&kernel, cpu));
        assert_eq!((winner.word(Word::KEXEC_LOCK), winner.word(lock)), (1, held), "{}", kernel.arch.name());

        let loser = Recorder::new(&kernel, 2, Icr::Idle).with_word(Word::KEXEC_LOCK, 1).limit(20);
        assert!(!loser.run_to_end(|cpu| die_nmi(&kernel, cpu)).1, "does not leave its handler");
        assert_eq!(loser.word(lock), 0);
    }
    for (kernel, held) in [(I386, 0), (X86_64, 1)] {
        let cpu = Recorder::new(&kernel, 0, Icr::Stuck).limit(20);
        let trace = cpu.run(|cpu| die(&kernel, cpu, 7));
        assert!(trace.starts_with("IRQ- D7 IRQ-"), "{trace}");
        assert_eq!((cpu.word(Word::KEXEC_LOCK), cpu.word(Word::DIE_LOCK)), (1, held));

        let loser = Recorder::new(&kernel, 1, Icr::Idle).with_word(Word::KEXEC_LOCK, 1);
        assert!(loser.run_to_end(|cpu| die(&kernel, cpu, 0)).1);
        assert_eq!((loser.word(Word::DIE_LOCK), loser.word(Word::DIE_OWNER)), (0, u32::MAX));
    }
}

/// x86_64: another CPU's watchdog spins on `die_lock` for ever; the owner's own comes through.
#[test]
fn oopses_nest_on_their_own_cpu_only() {
    let held_by = |owner| {
        let cpu = Recorder::new(&X86_64, 2, Icr::Stuck).limit(30);
        let cpu = cpu.with_word(Word::DIE_LOCK, 1).with_word(Word::DIE_OWNER, owner).with_word(Word::DIE_NEST_COUNT, 1);
        cpu.run(|cpu| do_nmi(&X86_64, cpu));
        cpu.word(Word::KEXEC_LOCK)
    };
    assert_eq!((held_by(0), held_by(2)), (0, 1));
}

/// Reports name the line that waits, not the lock's own code: `die_nmi` and `oops_begin` of the stories.
#[test]
fn a_wait_for_a_lock_is_at_the_line_that_wants_it() {
    let site = |kernel: Kernel, held: Word| {
        let cpu = Recorder::new(&kernel, 2, Icr::Idle).with_word(held, 1).limit(20);
        cpu.run(|cpu| do_nmi(&kernel, cpu));
        let site = cpu.state.borrow().wait_site.expect("it waits");
        let line = include_str!("../../src/die.rs").lines().nth(site.line() as usize - 1).expect("a line");
        assert!(site.file().ends_with("die.rs"), "{site}");
        line.trim()
    };
    let run_queue = I386.layout().runqueue_lock(2);
    for release in [Release::V2_6_20, Release::V2_6_22] {
        let kernel = I386.with(|kernel| kernel.klogd_cpu = 2).of_release(release);
        assert_eq!(site(kernel, run_queue), "bust_spinlocks(kernel, cpu, false);");
        assert_eq!(site(kernel, kernel.layout().log_wait_lock()), "bust_spinlocks(kernel, cpu, false);");
    }
    assert_eq!(site(I386, Word::NMI_PRINT_LOCK), "spin_lock(cpu, Word::NMI_PRINT_LOCK);");
    assert_eq!(site(X86_64, Word::DIE_LOCK), "spin_lock(cpu, Word::DIE_LOCK);");
}

#[test]
fn printing_takes_its_time_before_the_log_daemon_is_woken() {
    let kernel = I386.with(|kernel| {
        kernel.klogd_cpu = 2;
        kernel.watchdog_print_us = 30;
        kernel.sysrq_print_us = 40;
    });
    let locked_up = Recorder::new(&kernel, 2, Icr::Idle).with_word(kernel.layout().runqueue_lock(2), 1).limit(5);
    assert_eq!(locked_up.run(|cpu| do_nmi(&kernel, cpu)), "D30 IRQ- IRQ- P P");
    let sysrq = Recorder::new(&kernel, 2, Icr::Idle).limit(4);
    assert_eq!(sysrq.run(|cpu| do_interrupt(&kernel, cpu, 0x39)), "WB0=0 D40 IRQ- IRQ-");
}
