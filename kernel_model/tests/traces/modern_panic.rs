//! v6.13's panics (`kernel-corrections.md` A3): who may, what comes of it without a crash image, and the stop.

use crate::recorder::{Icr, Recorder};
use kernel_model::v6::{native_stop_other_cpus, nmi_panic};
use kernel_model::{Arch, Kernel, NOBODY, Variant, Word, do_interrupt, do_nmi, panic};

const WITHOUT_IMAGE: Kernel = {
    let mut kernel = Kernel::new(Arch::ModernXapicPhysflat, Variant::Modern, 4);
    kernel.crash_image = false;
    kernel
};

fn recorder(number: u16, icr: Icr) -> Recorder {
    Recorder::new(&WITHOUT_IMAGE, number, icr).set(0x30, 0x0005_0014)
}

/// Interrupts off, the race won, only then the print, the crash path, which finds no image, the stop; at the end interrupts
/// on and a loop.
#[test]
fn a_panic_prints_once_it_has_won() {
    let panic_cpu = WITHOUT_IMAGE.layout().panic_cpu().0;
    let (stopping, mask) = (WITHOUT_IMAGE.layout().stopping_cpu().0, WITHOUT_IMAGE.layout().cpus_stop_mask(0).0);
    let cpu = recorder(1, Icr::Idle).everything().limit(60);
    let (trace, returned) = cpu.run_to_end(|cpu| panic(&WITHOUT_IMAGE, cpu, 7));
    let start = format!(
        "IRQ- cmpxchg{panic_cpu}=1 D7 xchg4=1 store4=0 cmpxchg{stopping}=1 store{mask}=13 <IcrIdle R300 Done> W300=C00F8 \
         <Stop load{mask} D1"
    );
    assert!(!returned && trace.starts_with(&start), "{trace}");

    let alone = WITHOUT_IMAGE.with(|kernel| kernel.cpus = 1);
    let cpu = Recorder::new(&alone, 0, Icr::Idle).everything().limit(60);
    let trace = cpu.run(|cpu| panic(&alone, cpu, 0));
    assert!(trace.contains("WF0=FF IRQ+ OthersStopped IRQ+ D1000 D1000"), "{trace}");
    assert!(cpu.state.borrow().irqs_on);
}

/// Who loses prints nothing and PAUSEs for ever. Who panics already may do it again.
#[test]
fn who_loses_a_panic_is_silent() {
    let panic_cpu = WITHOUT_IMAGE.layout().panic_cpu();
    let of =
        |owner| recorder(2, Icr::Idle).with_word(panic_cpu, owner).limit(6).run(|cpu| panic(&WITHOUT_IMAGE, cpu, 7));
    assert_eq!(of(0), "IRQ- P P P P P");
    assert!(of(2).starts_with("IRQ- D7 R300 W300=C00F8"), "{}", of(2));
}

/// SysRq-C is a panic: without an image it stops the others and never resumes what it interrupted.
#[test]
fn sysrq_c_is_a_panic() {
    let kernel = WITHOUT_IMAGE.with(|kernel| kernel.sysrq_print_us = 40);
    let cpu = recorder(0, Icr::Idle).limit(1_100_000);
    let (trace, returned) = cpu.run_to_end(|cpu| do_interrupt(&kernel, cpu, 0x39));
    assert!(!returned && trace.starts_with("WB0=0 D40 IRQ- R300 W300=C00F8 D1 D1"), "{}", &trace[..60]);
    assert!(trace.contains("WF0=FF IRQ+ IRQ+ D1000 D1000") && trace.ends_with("D1000"), "the end of a panic");
}

/// `nmi_panic` is a panic, which comes back only where this CPU panics already; a loser looks for the crash.
#[test]
fn an_nmi_s_panic() {
    let layout = WITHOUT_IMAGE.layout();
    let of = |owner, code: &dyn Fn(&Recorder)| {
        let cpu = recorder(2, Icr::Idle).with_word(layout.panic_cpu(), owner).everything().limit(14);
        cpu.run_to_end(|cpu| code(cpu))
    };
    let (panic_cpu, issued) = (layout.panic_cpu().0, layout.crash_ipi_issued().0);
    let direct: &dyn Fn(&Recorder) = &|cpu| nmi_panic(&WITHOUT_IMAGE, cpu);
    assert_eq!(of(2, direct), (format!("cmpxchg{panic_cpu}=2"), true));
    let (loser, returned) = of(0, direct);
    assert!(
        !returned && loser.starts_with(&format!("cmpxchg{panic_cpu}=0 <SelfStop load{issued} P load{issued} P")),
        "{loser}"
    );
    let (winner, returned) = of(NOBODY, direct);
    let start = format!("cmpxchg{panic_cpu}=2 IRQ- cmpxchg{panic_cpu}=2 xchg4=1 store4=0 cmpxchg");
    assert!(!returned && winner.starts_with(&start), "it does not resume: {winner}");

    let cpu = recorder(2, Icr::Idle).limit(2_000_000);
    assert!(!cpu.run_to_end(|cpu| do_nmi(&WITHOUT_IMAGE, cpu)).1, "nor does the watchdog's NMI");
}

/// The stop's vector is no NMI: with a stuck ICR its wait has no bound, whatever comes after it would have.
#[test]
fn the_stop_hangs_on_a_stuck_icr() {
    for (no_broadcast, start) in [(false, "R300 P R300 P R300 P"), (true, "IRQ- R300 P R300 P R300")] {
        let kernel = WITHOUT_IMAGE.with(|kernel| kernel.no_broadcast = no_broadcast);
        let cpu = recorder(0, Icr::Stuck).limit(2_000);
        let (trace, returned) = cpu.run_to_end(|cpu| native_stop_other_cpus(&kernel, cpu, false));
        assert!(!returned && trace.starts_with(start) && cpu.count("D100") == 0, "{}", &trace[..60]);
    }
}

/// CPUs that the vector does not stop: the handler is registered under the list's lock, then a bounded wait and an NMI each.
/// In a forced reboot nobody is stopped.
#[test]
fn the_stop_s_handler_is_registered_under_a_lock() {
    let layout = WITHOUT_IMAGE.layout();
    let (lock, handler) = (layout.nmi_desc_lock(), layout.stop_handler());
    let cpu = recorder(0, Icr::Idle).everything().limit(3_000_000);
    let trace = cpu.run(|cpu| native_stop_other_cpus(&WITHOUT_IMAGE, cpu, false));
    let registers = format!("TimedOut> IRQ- xchg{0}=1 store{1}=1 store{0}=0 IRQ+ load", lock.0, handler.0);
    assert!(trace.contains(&registers));
    let held = recorder(0, Icr::Idle).with_word(lock, 1).limit(1_100_000);
    let (trace, returned) = held.run_to_end(|cpu| native_stop_other_cpus(&WITHOUT_IMAGE, cpu, false));
    assert!(
        !returned && trace.ends_with("P P P") && !trace.contains("W300=400"),
        "no NMI while another holds the list"
    );

    let forced = WITHOUT_IMAGE.with(|kernel| kernel.reboot_force = true);
    let cpu = recorder(0, Icr::Idle);
    assert_eq!(cpu.run(|cpu| native_stop_other_cpus(&forced, cpu, false)), "");
    assert_eq!((cpu.word(layout.stopping_cpu()), cpu.word(Word::KEXEC_LOCK)), (NOBODY, 0));
}
