//! Sections 7.3 and 7.4: v6.13's senders on each driver, row by row; its crash path, backtraces, calls, and the stop.

use crate::recorder::{Icr, Recorder};
use kernel_model::v6::{
    __crash_kexec, apic_send_IPI, apic_send_IPI_mask_allbutself, generic_smp_call_function_interrupt,
    native_send_call_func_ipi, native_stop_other_cpus, nmi_trigger_cpumask_backtrace, run_crash_ipi_callback,
    smp_call_function_many,
};
use kernel_model::{
    Arch, CpuMask, Kernel, NOBODY, Variant, Word, clear_local_APIC, disable_local_APIC, do_interrupt, do_nmi,
    init_apic_ldr, lapic_shutdown, send_IPI_all, send_IPI_allbutself, send_IPI_mask, send_IPI_self,
    smp_send_reschedule, sync_Arb_IDs,
};

const FLAT: Arch = Arch::ModernXapicFlat;
const PHYSFLAT: Arch = Arch::ModernXapicPhysflat;
const X2APIC_PHYS: Arch = Arch::ModernX2apicPhys;
const X2APIC_CLUSTER: Arch = Arch::ModernX2apicCluster;
const NOOP: Arch = Arch::ModernNoop;
const MODERN: [Arch; 5] = [FLAT, PHYSFLAT, X2APIC_PHYS, X2APIC_CLUSTER, NOOP];

const fn kernel(arch: Arch, cpus: u16) -> Kernel {
    Kernel::new(arch, Variant::Modern, cpus)
}

const fn no_shorthand(arch: Arch, cpus: u16) -> Kernel {
    Kernel { no_broadcast: true, ..kernel(arch, cpus) }
}

fn trace(kernel: &Kernel, code: impl FnOnce(&Recorder)) -> String {
    Recorder::new(kernel, 0, Icr::Idle).run(code)
}

fn mask(cpus: &[u16]) -> CpuMask {
    cpus.iter().copied().collect()
}

/// Shorthands: one wait, one write, no destination mode, interrupts as they are; the NMI too.
#[test]
fn shorthands() {
    for (arch, write) in
        [(FLAT, "R300 W300="), (PHYSFLAT, "R300 W300="), (X2APIC_PHYS, "WRMSR830="), (X2APIC_CLUSTER, "WRMSR830=")]
    {
        let kernel = kernel(arch, 4);
        let name = arch.name();
        assert_eq!(trace(&kernel, |cpu| send_IPI_allbutself(&kernel, cpu, 0xFC)), format!("{write}C00FC"), "{name}");
        assert_eq!(trace(&kernel, |cpu| send_IPI_allbutself(&kernel, cpu, 2)), format!("{write}C0400"), "{name}");
        assert_eq!(trace(&kernel, |cpu| send_IPI_all(&kernel, cpu, 0xFC)), format!("{write}800FC"), "{name}");
        let itself = if write.starts_with('W') { "WRMSR83F=F6" } else { "R300 W300=400F6" };
        assert_eq!(trace(&kernel, |cpu| send_IPI_self(&kernel, cpu, 0xF6)), itself, "{name}");
    }
}

/// One CPU: the flat driver sends a mask, physflat an id with interrupts off, the x2APIC drivers one write as they are.
#[test]
fn one_cpu() {
    let cases = [
        (FLAT, "IRQ- R300 W310=4000000 W300=8FD IRQ+"),
        (PHYSFLAT, "IRQ- R300 W310=2000000 W300=FD IRQ+"),
        (X2APIC_PHYS, "WRMSR830=2000000FD"),
        (X2APIC_CLUSTER, "WRMSR830=4000008FD"),
        (NOOP, ""),
    ];
    for (arch, expected) in cases {
        let kernel = kernel(arch, 4);
        assert_eq!(trace(&kernel, |cpu| smp_send_reschedule(&kernel, cpu, 2)), expected, "{}", arch.name());
        let nmi = expected.replace("8FD", "C00").replace("0FD", "400").replace("=FD", "=400");
        assert_eq!(trace(&kernel, |cpu| apic_send_IPI(&kernel, cpu, 2, 2)), nmi, "{}", arch.name());
    }
}

/// A mask: one window of interrupts off around all messages. In the logical drivers this CPU may be in it.
#[test]
fn masks() {
    let cases = [
        (FLAT, "IRQ- R300 W310=B000000 W300=8FC IRQ+"),
        (PHYSFLAT, "IRQ- R300 W310=0 W300=FC R300 W310=1000000 W300=FC R300 W310=3000000 W300=FC IRQ+"),
        (X2APIC_PHYS, "IRQ- WRMSR830=FC WRMSR830=1000000FC WRMSR830=3000000FC IRQ+"),
        (X2APIC_CLUSTER, "IRQ- WRMSR830=B000008FC IRQ+"),
        (NOOP, ""),
    ];
    for (arch, expected) in cases {
        let kernel = kernel(arch, 4);
        assert_eq!(
            trace(&kernel, |cpu| send_IPI_mask(&kernel, cpu, mask(&[0, 1, 3]), 0xFC)),
            expected,
            "{}",
            arch.name()
        );
    }
}

/// The flat driver does not send an empty mask.
#[test]
fn an_empty_mask() {
    for (arch, expected) in
        [(FLAT, ""), (PHYSFLAT, "IRQ- IRQ+"), (X2APIC_PHYS, "IRQ- IRQ+"), (X2APIC_CLUSTER, "IRQ- IRQ+")]
    {
        let kernel = kernel(arch, 4);
        let sent = trace(&kernel, |cpu| send_IPI_mask(&kernel, cpu, CpuMask::EMPTY, 0xFC));
        assert_eq!(sent, expected, "{}", arch.name());
    }
}

/// Clusters of sixteen, ascending, a message each: cluster in the upper half of the logical id, bits in the lower.
#[test]
fn clusters_of_sixteen() {
    let kernel = kernel(X2APIC_CLUSTER, 40);
    let sent = trace(&kernel, |cpu| send_IPI_mask(&kernel, cpu, mask(&[33, 1, 17, 3, 15, 16]), 0xFC));
    assert_eq!(sent, "IRQ- WRMSR830=800A000008FC WRMSR830=10003000008FC WRMSR830=20002000008FC IRQ+");
}

/// All but self without the shorthand: each driver's own function. The flat one sends a message a CPU there.
#[test]
fn all_but_self_without_the_shorthand() {
    let cases = [
        (FLAT, "IRQ- R300 W310=2000000 W300=8FC R300 W310=4000000 W300=8FC R300 W310=8000000 W300=8FC IRQ+"),
        (PHYSFLAT, "IRQ- R300 W310=1000000 W300=FC R300 W310=2000000 W300=FC R300 W310=3000000 W300=FC IRQ+"),
        (X2APIC_PHYS, "IRQ- WRMSR830=1000000FC WRMSR830=2000000FC WRMSR830=3000000FC IRQ+"),
        (X2APIC_CLUSTER, "IRQ- WRMSR830=E000008FC IRQ+"),
        (NOOP, ""),
    ];
    for (arch, expected) in cases {
        let kernel = no_shorthand(arch, 4);
        assert_eq!(trace(&kernel, |cpu| send_IPI_allbutself(&kernel, cpu, 0xFC)), expected, "{}", arch.name());
        let nmi = expected.replace("8FC", "C00").replace("0FC", "400").replace("=FC", "=400");
        assert_eq!(trace(&kernel, |cpu| send_IPI_allbutself(&kernel, cpu, 2)), nmi, "{}", arch.name());
        let all = kernel.cpu_possible_map();
        assert_eq!(trace(&kernel, |cpu| apic_send_IPI_mask_allbutself(&kernel, cpu, all, 0xFC)), expected);
    }
    for arch in MODERN {
        for possible in [1, 4] {
            for no_broadcast in [true, false] {
                // one CPU is online, however many there could be
                let offline = CpuMask::first(possible).without(0);
                let alone = Kernel { no_broadcast, offline, ..kernel(arch, possible) };
                assert_eq!(trace(&alone, |cpu| send_IPI_allbutself(&alone, cpu, 2)), "", "{}", arch.name());
            }
        }
    }
}

/// A stuck ICR. An NMI's wait is bounded by 1000 rounds, by shorthand too; any other is not. What 2007 merged does not
/// bound the shorthand. x2APIC mode has no wait.
#[test]
fn waits() {
    let bounded = format!("{} W300=C0400", vec!["R300 D100"; 1000].join(" "));
    for arch in [FLAT, PHYSFLAT] {
        let kernel = kernel(arch, 4);
        let stuck = |kernel: &Kernel, vector| {
            let cpu = Recorder::new(kernel, 0, Icr::Stuck);
            cpu.run_to_end(|cpu| send_IPI_allbutself(kernel, cpu, vector))
        };
        assert_eq!(stuck(&kernel, 2), (bounded.clone(), true), "{}", arch.name());
        assert!(!stuck(&kernel, 0xFC).1, "{}", arch.name());
        assert!(!stuck(&Kernel { variant: Variant::Merged, ..kernel }, 2).1, "{}", arch.name());
        let sequence = Kernel { variant: Variant::Merged, ..no_shorthand(arch, 4) };
        let (trace, returned) = stuck(&sequence, 2);
        assert!(returned && trace.matches("D100").count() == 3 * 1001, "{}", arch.name());
    }
    for arch in [X2APIC_PHYS, X2APIC_CLUSTER] {
        for variant in Variant::ALL {
            let kernel = Kernel { variant, ..kernel(arch, 4) };
            let cpu = Recorder::new(&kernel, 0, Icr::Stuck);
            assert_eq!(cpu.run(|cpu| send_IPI_allbutself(&kernel, cpu, 2)), "WRMSR830=C0400", "{}", arch.name());
        }
    }
}

/// What each driver's set-up does to the logical id, and `sync_Arb_IDs` on parts that have none.
#[test]
fn set_up() {
    let cases =
        [(FLAT, "WE0=FFFFFFFF RD0 WD0=8000000"), (PHYSFLAT, ""), (X2APIC_PHYS, ""), (X2APIC_CLUSTER, ""), (NOOP, "")];
    for (arch, expected) in cases {
        let kernel = kernel(arch, 4);
        assert_eq!(
            Recorder::new(&kernel, 3, Icr::Idle).run(|cpu| init_apic_ldr(&kernel, cpu)),
            expected,
            "{}",
            arch.name()
        );
    }
    let kernel = kernel(PHYSFLAT, 4);
    let cpu = Recorder::new(&kernel, 0, Icr::Idle).set(0x30, 0x0005_0014);
    assert_eq!(cpu.run(|cpu| sync_Arb_IDs(&kernel, cpu)), "R30");
}

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
        let by_msr = Kernel { enabled_via_apicbase: true, ..kernel };
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
        let kernel = Kernel { late_ack, hardlockup_panic: false, ..kernel(PHYSFLAT, 2) };
        for goes_on in [0, 1] {
            let cpu = Recorder::new(&kernel, 1, Icr::Idle).with_word(kernel.layout().timer_goes_on(1), goes_on);
            assert_eq!(cpu.run(|cpu| do_nmi(&kernel, cpu)), "W340=400");
        }
        let panics = Kernel { hardlockup_panic: true, watchdog_print_us: 30, ..kernel };
        let lost = Recorder::new(&panics, 1, Icr::Idle).with_word(panics.layout().panic_cpu(), 0).limit(5);
        let first = if late_ack { "D30 P P P P" } else { "W340=400 D30 P P P" };
        assert_eq!(lost.run(|cpu| do_nmi(&panics, cpu)), first);
    }
    let kernel = Kernel { hardlockup_all_cpu_backtrace: true, ..kernel(PHYSFLAT, 2) };
    let warned = kernel.layout().hard_lockup_nmi_warn();
    for (panic, held_after) in [(false, 0), (true, 1)] {
        let kernel = Kernel { hardlockup_panic: panic, ..kernel };
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
    let kernel = Kernel { hardlockup_panic: false, hardlockup_all_cpu_backtrace: true, ..kernel(PHYSFLAT, 2) };
    let mask = kernel.layout().backtrace_mask(0);
    let asked = Recorder::new(&kernel, 1, Icr::Idle).with_word(mask, 0b11);
    assert_eq!((asked.run(|cpu| do_nmi(&kernel, cpu)), asked.word(mask)), (String::new(), 0b01));

    let watchdog = Recorder::new(&kernel, 1, Icr::Idle);
    let trace = watchdog.run(|cpu| do_nmi(&kernel, cpu));
    assert!(trace.starts_with("W340=400 IRQ- R300 W310=0 W300=400 IRQ+ D1000"), "{trace}");

    let off = Kernel { nmi_watchdog: false, ..kernel };
    assert_eq!(Recorder::new(&off, 1, Icr::Idle).run(|cpu| do_nmi(&off, cpu)), "IN61", "any CPU, not only CPU 0");
    // its turn does not come: it looks for the crash between two tries
    let cpu = Recorder::new(&off, 1, Icr::Idle).with_word(off.layout().nmi_reason_lock(), 1).limit(20);
    assert_eq!(cpu.run(|cpu| do_nmi(&off, cpu)), vec!["P"; 20].join(" "));
}

/// Calls: the single vector to one CPU, the other one to several, a shorthand to all others; nothing to a CPU whose
/// queue is not empty.
#[test]
fn calls() {
    let kernel = kernel(PHYSFLAT, 4);
    let layout = kernel.layout();
    let call = |targets: &[u16], queued: Option<u16>| {
        let mut cpu = Recorder::new(&kernel, 0, Icr::Idle);
        if let Some(target) = queued {
            cpu = cpu.with_word(layout.call_single_queue(target), 1);
        }
        cpu.run(|cpu| smp_call_function_many(&kernel, cpu, mask(targets), false))
    };
    assert_eq!(call(&[2], None), "IRQ- R300 W310=2000000 W300=FB IRQ+");
    assert_eq!(call(&[1, 2], None), "IRQ- R300 W310=1000000 W300=FC R300 W310=2000000 W300=FC IRQ+");
    assert_eq!(call(&[1, 2, 3], None), "R300 W300=C00FC");
    assert_eq!(call(&[1, 2], Some(1)), "IRQ- R300 W310=2000000 W300=FB IRQ+");
    assert_eq!(call(&[2], Some(2)), "");
    assert_eq!(call(&[0], None), "");
    let everybody = trace(&kernel, |cpu| native_send_call_func_ipi(&kernel, cpu, kernel.cpu_possible_map()));
    assert_eq!(everybody, "R300 W300=800FC");
}

/// The handler ends the interrupt first, takes the whole queue, and lets each caller go; an IPI for nothing does nothing.
#[test]
fn the_handler_of_calls() {
    let kernel = kernel(PHYSFLAT, 40);
    let layout = kernel.layout();
    let cpu = Recorder::new(&kernel, 2, Icr::Idle)
        .with_word(layout.call_single_queue(2), 2)
        .with_word(layout.queued_by(2, 0), 1 << 1)
        .with_word(layout.queued_by(2, 1), 1 << 3)
        .with_word(layout.csd_locked(1, 0), 0b1100)
        .with_word(layout.csd_locked(35, 0), 0b0100)
        .everything();
    let trace = cpu.run(|cpu| do_interrupt(&kernel, cpu, 0xFB));
    assert!(trace.starts_with("WB0=0 xchg"), "{trace}");
    assert_eq!((cpu.word(layout.csd_locked(1, 0)), cpu.word(layout.csd_locked(35, 0))), (0b1000, 0));
    assert_eq!((cpu.word(layout.call_single_queue(2)), cpu.word(layout.queued_by(2, 1))), (0, 0));

    let idle = Recorder::new(&kernel, 3, Icr::Idle);
    assert_eq!(idle.run(|cpu| generic_smp_call_function_interrupt(&kernel, cpu)), "WB0=0");
    let x2apic = self::kernel(X2APIC_PHYS, 4);
    assert_eq!(self::trace(&x2apic, |cpu| do_interrupt(&x2apic, cpu, 0xFD)), "WRMSR80B=0");
}

/// 1 s for the vector, an NMI each to those that are left, 10 ms for them.
#[test]
fn stopping_the_others() {
    let kernel = kernel(PHYSFLAT, 4);
    let cpu = Recorder::new(&kernel, 0, Icr::Idle).set(0x30, 0x0005_0014).limit(2_000_000);
    let trace = cpu.run(|cpu| native_stop_other_cpus(&kernel, cpu, false));
    assert!(trace.starts_with("R300 W300=C00F8 D1 D1"), "shorthand");
    // registers the handler, under the list's lock with interrupts off
    let (by_vector, by_nmi) = trace.split_once(" IRQ- IRQ+ IRQ- ").expect("NMIs follow");
    assert_eq!(by_vector.matches("D1").count(), 1_000_000);
    let sends =
        "R300 W310=1000000 W300=400 IRQ+ IRQ- R300 W310=2000000 W300=400 IRQ+ IRQ- R300 W310=3000000 W300=400 IRQ+";
    assert!(by_nmi.starts_with(sends), "one by one");
    assert_eq!(by_nmi.matches("D1 ").count(), 10_000);
    assert!(by_nmi.ends_with("RF0 WF0=FF IRQ+"));
    // a second CPU that comes here does nothing
    let late = Recorder::new(&kernel, 1, Icr::Idle).with_word(kernel.layout().stopping_cpu(), 0);
    assert_eq!(late.run(|cpu| native_stop_other_cpus(&kernel, cpu, true)), "");
}

/// A CPU that is stopped, by vector or NMI, disables its APIC before it says so. The stopping CPU ignores the NMI.
#[test]
fn being_stopped() {
    let kernel = kernel(PHYSFLAT, 4);
    let layout = kernel.layout();
    let victim = || {
        let cpu = Recorder::new(&kernel, 2, Icr::Idle).set(0x30, 0x0005_0014).everything();
        cpu.with_word(layout.stopping_cpu(), 0).with_word(layout.cpus_stop_mask(0), 0b1110)
    };
    let by_vector = victim();
    let (trace, returned) = by_vector.run_to_end(|cpu| do_interrupt(&kernel, cpu, 0xF8));
    assert!(trace.starts_with("WB0=0 IRQ- R30") && !returned, "{trace}");
    assert!(trace.ends_with(&format!("WF0=FF and{}=10 Stopped HLT HLT", layout.cpus_stop_mask(0).0)), "{trace}");

    let by_nmi = victim().with_word(layout.stop_handler(), 1);
    assert!(!by_nmi.run_to_end(|cpu| do_nmi(&kernel, cpu)).1);
    assert_eq!(by_nmi.word(layout.cpus_stop_mask(0)), 0b1010);
    let stopper = Recorder::new(&kernel, 0, Icr::Idle).with_word(layout.stop_handler(), 1);
    let stopper = stopper.with_word(layout.stopping_cpu(), 0);
    assert_eq!(stopper.run_to_end(|cpu| do_nmi(&kernel, cpu)), (String::new(), true));
}

/// Vectors, ids, and words with a name each.
#[test]
fn tables() {
    for arch in MODERN {
        assert_eq!(Arch::from_name(arch.name()), Some(arch));
        assert!(arch.is_modern() && !arch.is_i386());
        assert_eq!((arch.reschedule_vector(), arch.call_function_vector()), (0xFD, 0xFC));
        assert_eq!((arch.call_function_single_vector(), arch.reboot_vector()), (0xFB, 0xF8));
    }
    let ids = [0, 15, 16, 31, 254].map(|cpu| X2APIC_CLUSTER.x2apic_logical_id(cpu));
    assert_eq!(ids, [0x1, 0x8000, 0x1_0001, 0x1_8000, 0xF_4000]);
    let layout = kernel(PHYSFLAT, 40).layout();
    let named = [
        (layout.panic_cpu(), "panic_cpu"),
        (layout.nmi_reason_lock(), "nmi_reason_lock"),
        (layout.backtrace_mask(1), "backtrace_mask, CPUs from 32"),
        (layout.cpus_stop_mask(0), "cpus_stop_mask, CPUs from 0"),
        (layout.call_single_queue(39), "call_single_queue of CPU39"),
        (layout.queued_by(3, 1), "call_single_queue of CPU3, callers from 32"),
        (layout.csd_locked(39, 1), "csd lock of CPU39, targets from 32"),
    ];
    for (word, name) in named {
        assert_eq!(layout.name(word).to_string(), name);
    }
    assert_eq!(layout.csd_locked(39, 1).0 + 1, layout.trampoline_data().0, "then the words by which CPUs are started");
}
