//! Section 7.4: v6.13 lets go of its APIC, its crash path, the NMIs of that, and backtraces.

use crate::modern::{FLAT, PHYSFLAT, X2APIC_PHYS, kernel};
use crate::recorder::{Icr, Recorder};
use kernel_model::v6::{__crash_kexec, nmi_trigger_cpumask_backtrace, run_crash_ipi_callback};
use kernel_model::{NOBODY, Word, clear_local_APIC, disable_local_APIC, do_nmi, lapic_shutdown};

/// Letting go of the APIC: masked one by one, then reset; 32-bit kernels look at the version once more.
#[test]
fn letting_go() {
    let start = "R30 W370=100FE R320 W320=10000 R350 W350=10000 R360 W360=10000 R340 W340=10000 R330 W330=10000";
    let reset = "W320=10000 W350=10000 W360=10000 W370=10000 W340=10000";
    // The 32-bit kernel asks for the version before each look at it: twice for the number of entries.
    for (arch, twice, version) in [(PHYSFLAT, "", ""), (FLAT, "R30 ", " R30")] {
        let kernel = kernel(arch, 4);
        let run =
            |code: &dyn Fn(&Recorder)| Recorder::new(&kernel, 0, Icr::Idle).set(0x30, 0x0005_0014).run(|cpu| code(cpu));
        let clear = format!("{twice}{start} {reset}{version} W280=0 R280");
        assert_eq!(run(&|cpu| clear_local_APIC(&kernel, cpu)), clear, "{}", arch.name());
        let disable = format!("{clear} RF0 WF0=FF");
        assert_eq!(run(&|cpu| disable_local_APIC(&kernel, cpu)), disable, "{}", arch.name());
        let shutdown = if arch == FLAT { &clear } else { &disable };
        assert_eq!(run(&|cpu| lapic_shutdown(&kernel, cpu)), format!("IRQ- {shutdown} IRQ+"), "{}", arch.name());
        // Only the 32-bit kernel enables an APIC through its MSR, and so disables it there too.
        let by_msr = kernel.with(|kernel| kernel.enabled_via_apicbase = true);
        let msr = if arch == FLAT { " RDMSR1B WRMSR1B=FEE00100" } else { "" };
        let cpu = Recorder::new(&by_msr, 0, Icr::Idle).set(0x30, 0x0005_0014);
        assert_eq!(cpu.run(|cpu| disable_local_APIC(&by_msr, cpu)), format!("{disable}{msr}"), "{}", arch.name());
    }
    let kernel = kernel(X2APIC_PHYS, 4);
    let cpu = Recorder::new(&kernel, 0, Icr::Idle);
    cpu.state.borrow_mut().msr = 0x0006_0015;
    assert_eq!(
        cpu.run(|cpu| disable_local_APIC(&kernel, cpu)),
        "RDMSR803 WRMSR837=100FE RDMSR832 WRMSR832=70015 RDMSR835 WRMSR835=70015 RDMSR836 WRMSR836=70015 \
         RDMSR834 WRMSR834=70015 RDMSR833 WRMSR833=70015 RDMSR82F WRMSR82F=70015 WRMSR832=10000 WRMSR835=10000 \
         WRMSR836=10000 WRMSR837=10000 WRMSR834=10000 WRMSR828=0 RDMSR828 RDMSR80F WRMSR80F=60015"
    );
}

/// The whole crash path: callback, send, and only then the word that those who spin look at.
#[test]
fn the_crash_path() {
    let kernel = kernel(PHYSFLAT, 4);
    let issued = kernel.layout().crash_ipi_issued();
    let cpu = Recorder::new(&kernel, 1, Icr::Idle).set(0x30, 0x0005_0014).everything();
    let (trace, returned) = cpu.run_to_end(|cpu| __crash_kexec(&kernel, cpu));
    assert!(!returned);
    let lock = kernel.layout().nmi_desc_lock().0;
    let expected = format!(
        "xchg4=1 CrashEntered IRQ- IRQ- store6=1 store7=3 IRQ- xchg{lock}=1 store5=1 store{lock}=0 IRQ+ CallbackRegistered \
         <IcrIdle R300 Done> W300=C0400 NmiSendReturned store{}=1 <Shootdown load7 D1000 load7 D1000",
        issued.0
    );
    assert!(trace.starts_with(&expected), "{trace}");
    assert_eq!(trace.matches("D1000").count(), 1000);
    let end = trace.split("TimedOut> ").nth(1).expect("the shoot-down times out");
    assert!(end.starts_with("ShootdownOver R30 W370"), "{end}");
    assert_eq!(end.matches("WF0=FF").count(), 2, "disabled by kdump's shoot-down, and by the shutdown: {end}");
    assert_eq!(
        end.matches("w10=10000").count(),
        48,
        "every pin of the I/O APIC reads open, is masked and cleared: {end}"
    );
    let saved = kernel.layout().crash_notes(1);
    let last = format!(
        "IoApicDisabled store{}=1 RegistersSaved IRQ- CaptureKernelEntered R30 ArbitrationIdsSynced IRQ- \
         <IcrIdle R300 Done> W310=1000000 W300=39 IRQ+ CaptureKernelReady HLT HLT",
        saved.0
    );
    assert!(end.ends_with(&last), "{end}");
}

/// The 32-bit kernel asks its APIC who it is, and that for its version, at the start of the shoot-down and before it saves
/// its own registers; the CPU is the one that has the id.
#[test]
fn the_32_bit_kernel_asks_who_it_is() {
    let kernel = kernel(FLAT, 4);
    let cpu = Recorder::new(&kernel, 1, Icr::Idle).set(0x30, 0x0005_0014).set(0x20, 0x0200_0000).everything();
    let (trace, _) = cpu.run_to_end(|cpu| __crash_kexec(&kernel, cpu));
    assert!(trace.starts_with("xchg4=1 CrashEntered IRQ- IRQ- R20 R30 store6=2 store7=3 IRQ- "), "{trace}");
    let saved = kernel.layout().crash_notes(2).0;
    assert!(trace.contains(&format!("IoApicDisabled R20 R30 store{saved}=1 RegistersSaved")), "{trace}");
    assert_eq!(trace.matches("R20").count(), 2, "{trace}");
    let nobody = Recorder::new(&kernel, 1, Icr::Idle).set(0x20, 0x0F00_0000).everything();
    assert!(nobody.run_to_end(|cpu| __crash_kexec(&kernel, cpu)).0.contains("R20 R30 store6=0 "));
}

/// A CPU that spins in NMI context: nothing until the NMI was sent, then the callback. The crashing CPU goes on.
#[test]
fn the_poll_in_nmi_context() {
    let kernel = kernel(PHYSFLAT, 4);
    let issued = kernel.layout().crash_ipi_issued();
    let poll = |number, value| {
        let cpu = Recorder::new(&kernel, number, Icr::Idle).with_word(issued, value).with_word(Word::CRASHING_CPU, 0);
        let cpu = cpu.with_word(Word::WAITING_FOR_CRASH_IPI, 3).limit(60);
        let (trace, returned) = cpu.run_to_end(|cpu| run_crash_ipi_callback(&kernel, cpu));
        (trace, returned, cpu.word(Word::WAITING_FOR_CRASH_IPI))
    };
    assert_eq!(poll(2, 0), (String::new(), true, 3));
    assert_eq!(poll(0, 1), (String::new(), true, 3));
    let (trace, returned, waiting) = poll(2, 1);
    assert!(!returned && waiting == 2);
    assert!(trace.starts_with("IRQ- R30 W370") && trace.contains("WF0=FF HLT P P P"), "{trace}");
}

/// The watchdog's NMI: who loses the race polls; who has it already goes on; the first goes to the capture kernel.
#[test]
fn the_race_for_the_panic() {
    let kernel = kernel(PHYSFLAT, 4);
    let panic_cpu = kernel.layout().panic_cpu();
    let nmi = |owner| {
        let cpu = Recorder::new(&kernel, 2, Icr::Idle).with_word(panic_cpu, owner).limit(40);
        let (trace, returned) = cpu.run_to_end(|cpu| do_nmi(&kernel, cpu));
        (trace, returned, cpu.word(panic_cpu))
    };
    assert_eq!(nmi(2), ("W340=400".into(), true, 2));
    assert_eq!(nmi(0), (format!("W340=400 {}", vec!["P"; 39].join(" ")), false, 0));
    let (trace, returned, owner) = nmi(NOBODY);
    assert!(trace.starts_with("W340=400 IRQ- IRQ- IRQ- IRQ- IRQ+ R300 W300=C0400 D1000"), "{trace}");
    assert_eq!((returned, owner), (false, 2));
}

/// The counter's entry: the generic handler of NMIs opens it first, Intel's late one at the end, and so not at all where the
/// watchdog panics. With backtraces of all a second CPU that is locked up prints nothing and panics no more.
#[test]
fn the_watchdog_s_nmi() {
    for late_ack in [false, true] {
        let kernel = kernel(PHYSFLAT, 2).with(|kernel| {
            kernel.late_ack = late_ack;
            kernel.hardlockup_panic = false;
        });
        for goes_on in [0, 1] {
            let cpu = Recorder::new(&kernel, 1, Icr::Idle).with_word(kernel.layout().timer_goes_on(1), goes_on);
            assert_eq!(cpu.run(|cpu| do_nmi(&kernel, cpu)), "W340=400");
        }
        let panics = kernel.with(|kernel| {
            kernel.hardlockup_panic = true;
            kernel.watchdog_print_us = 30;
        });
        let lost = Recorder::new(&panics, 1, Icr::Idle).with_word(panics.layout().panic_cpu(), 0).limit(5);
        let first = if late_ack { "D30 P P P P" } else { "W340=400 D30 P P P" };
        assert_eq!(lost.run(|cpu| do_nmi(&panics, cpu)), first);
    }
    let kernel = kernel(PHYSFLAT, 2).with(|kernel| kernel.hardlockup_all_cpu_backtrace = true);
    let warned = kernel.layout().hard_lockup_nmi_warn();
    for (panic, held_after) in [(false, 0), (true, 1)] {
        let kernel = kernel.with(|kernel| kernel.hardlockup_panic = panic);
        let second = Recorder::new(&kernel, 1, Icr::Idle).with_word(warned, 1);
        assert_eq!(second.run_to_end(|cpu| do_nmi(&kernel, cpu)), ("W340=400".into(), true), "no nmi_panic");
        let first = Recorder::new(&kernel, 1, Icr::Idle).limit(20_000);
        let trace = first.run(|cpu| do_nmi(&kernel, cpu));
        assert!(trace.starts_with("W340=400 IRQ- R300 W310=0 W300=400 IRQ+ D1000"), "{trace}");
        assert_eq!(first.word(warned), held_after, "let go of only where nobody panics");
    }
}

/// A backtrace goes by the mask sender even where there is a shorthand, waits at most 10 s, and is one at a time.
#[test]
fn backtraces_of_all_others() {
    let kernel = kernel(PHYSFLAT, 4);
    let flag = kernel.layout().backtrace_flag();
    let cpu = Recorder::new(&kernel, 1, Icr::Idle);
    let trace = cpu.run(|cpu| nmi_trigger_cpumask_backtrace(&kernel, cpu, kernel.cpu_possible_map()));
    let sends = "IRQ- R300 W310=0 W300=400 R300 W310=2000000 W300=400 R300 W310=3000000 W300=400 IRQ+";
    assert_eq!(trace, format!("{sends} {}", vec!["D1000"; 10_000].join(" ")));
    assert_eq!((cpu.word(kernel.layout().backtrace_mask(0)), cpu.word(flag)), (0b1101, 0));

    let second = Recorder::new(&kernel, 1, Icr::Idle).with_word(flag, 1);
    assert_eq!(second.run(|cpu| nmi_trigger_cpumask_backtrace(&kernel, cpu, kernel.cpu_possible_map())), "");
}

/// Who is asked for a backtrace answers and claims the NMI; else the watchdog has it, or nobody asks the chipset.
#[test]
fn an_nmi_is_offered_to_one_after_the_other() {
    let kernel = kernel(PHYSFLAT, 2).with(|kernel| {
        kernel.hardlockup_panic = false;
        kernel.hardlockup_all_cpu_backtrace = true;
    });
    let mask = kernel.layout().backtrace_mask(0);
    let asked = Recorder::new(&kernel, 1, Icr::Idle).with_word(mask, 0b11);
    assert_eq!((asked.run(|cpu| do_nmi(&kernel, cpu)), asked.word(mask)), (String::new(), 0b01));

    let watchdog = Recorder::new(&kernel, 1, Icr::Idle);
    let trace = watchdog.run(|cpu| do_nmi(&kernel, cpu));
    assert!(trace.starts_with("W340=400 IRQ- R300 W310=0 W300=400 IRQ+ D1000"), "{trace}");

    let off = kernel.with(|kernel| kernel.nmi_watchdog = false);
    assert_eq!(Recorder::new(&off, 1, Icr::Idle).run(|cpu| do_nmi(&off, cpu)), "IN61", "any CPU, not only CPU 0");
    // its turn does not come: it looks for the crash between two tries
    let cpu = Recorder::new(&off, 1, Icr::Idle).with_word(off.layout().nmi_reason_lock(), 1).limit(20);
    assert_eq!(cpu.run(|cpu| do_nmi(&off, cpu)), vec!["P"; 20].join(" "));
}
