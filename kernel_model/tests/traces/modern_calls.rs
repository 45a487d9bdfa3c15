//! Section 7.4: v6.13's calls of other CPUs, and how it stops them.

use crate::modern::{PHYSFLAT, X2APIC_PHYS, kernel, mask, trace};
use crate::recorder::{Icr, Recorder};
use kernel_model::v6::{
    generic_smp_call_function_interrupt, native_send_call_func_ipi, native_stop_other_cpus, smp_call_function_many,
};
use kernel_model::{do_interrupt, do_nmi};

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
