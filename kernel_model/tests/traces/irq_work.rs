//! `kernel-corrections.md` D1: work that an NMI handler defers to an interrupt of its own CPU, and the one wait after a send.

use crate::recorder::{Icr, Recorder};
use kernel_model::v6::{Laziness, arch_irq_work_raise, irq_work_queue, panic};
use kernel_model::{Arch, Kernel, NOBODY, Release, Variant, do_interrupt, do_nmi, printk};

const XAPIC: [Arch; 2] = [Arch::ModernXapicFlat, Arch::ModernXapicPhysflat];
const X2APIC: [Arch; 2] = [Arch::ModernX2apicPhys, Arch::ModernX2apicCluster];

const fn kernel(arch: Arch) -> Kernel {
    Kernel::new(arch, Variant::Modern, 4)
}

/// Read, write by the shorthand "self", read. Where the ICR is an MSR there is a register of its own, and no wait; without an
/// APIC nothing.
#[test]
fn a_wait_before_and_a_wait_after() {
    let of = |arch| {
        let kernel = kernel(arch);
        Recorder::new(&kernel, 1, Icr::Idle).run(|cpu| arch_irq_work_raise(&kernel, cpu))
    };
    XAPIC.iter().for_each(|arch| assert_eq!(of(*arch), "R300 W300=400F6 R300", "{}", arch.name()));
    X2APIC.iter().for_each(|arch| assert_eq!(of(*arch), "WRMSR83F=F6", "{}", arch.name()));
    assert_eq!(of(Arch::ModernNoop), "");
}

/// Neither has a bound, in any release that bounds NMIs, and nothing delays: it polls for ever.
#[test]
fn neither_wait_has_a_bound() {
    for arch in XAPIC {
        for release in [Release::V5_4, Release::V6_6] {
            let kernel = kernel(arch).of_release(release);
            let raise = |icr| {
                let cpu = Recorder::new(&kernel, 1, icr).limit(6_000);
                let (trace, returned) = cpu.run_to_end(|cpu| arch_irq_work_raise(&kernel, cpu));
                assert!(!returned && !trace.contains('D'), "{}", &trace[..60]);
                trace
            };
            assert!(raise(Icr::Stuck).starts_with("R300 P R300 P R300 P") && !raise(Icr::Stuck).contains("W300"));
            let after = raise(Icr::StuckOnceWritten);
            assert!(after.starts_with("R300 W300=400F6 R300 P R300 P R300 P"), "{}", &after[..60]);
            assert_eq!(after.matches("W300").count(), 1);
        }
    }
}

/// Raised if the list was empty: work that is queued already sends nothing. Lazy work only where the tick is stopped, and its
/// list is its own.
#[test]
fn raised_once_and_lazily_only_without_a_tick() {
    let running = kernel(Arch::ModernXapicPhysflat);
    let stopped = running.with(|kernel| kernel.tick_stopped = true);
    let of = |kernel: &Kernel, queued: u32, laziness| {
        let cpu = Recorder::new(kernel, 1, Icr::Idle).with_word(kernel.layout().irq_work_lists(1), queued);
        cpu.run(|cpu| irq_work_queue(kernel, cpu, laziness))
    };
    let (sent, nothing) = ("R300 W300=400F6 R300", "");
    for (kernel, queued, laziness, expected) in [
        (&running, 0b00, Laziness::Raised, sent),
        (&running, 0b01, Laziness::Raised, nothing),
        (&running, 0b10, Laziness::Raised, sent),
        (&running, 0b00, Laziness::Lazy, nothing),
        (&stopped, 0b00, Laziness::Lazy, sent),
        (&stopped, 0b01, Laziness::Lazy, sent),
        (&stopped, 0b10, Laziness::Lazy, nothing),
        (&stopped, 0b00, Laziness::Raised, sent),
    ] {
        assert_eq!(of(kernel, queued, laziness), expected, "{} {queued:b} {laziness:?}", kernel.tick_stopped);
    }
}

/// The interrupt is ended first, and takes both lists.
#[test]
fn the_interrupt_takes_all_work() {
    let kernel = kernel(Arch::ModernXapicPhysflat);
    let lists = kernel.layout().irq_work_lists(2);
    let cpu = Recorder::new(&kernel, 2, Icr::Idle).with_word(lists, 0b11).everything();
    assert_eq!(cpu.run(|cpu| do_interrupt(&kernel, cpu, 0xF6)), format!("WB0=0 xchg{}=0", lists.0));
    assert_eq!(kernel.layout().name(lists).to_string(), "irq_work lists of CPU2");
}

/// In an NMI: the counter that samples comes before the watchdog's, so that its raise comes before the report, the panic, and
/// the bounded crash NMI. An ICR that stays busy after it hangs the handler there.
#[test]
fn an_nmi_handler_raises_before_its_crash_nmi() {
    for late_ack in [false, true] {
        let kernel = kernel(Arch::ModernXapicPhysflat).with(|kernel| {
            kernel.perf_samples = true;
            kernel.watchdog_print_us = 30;
            kernel.late_ack = late_ack;
        });
        let opened = if late_ack { "" } else { "W340=400 " };
        let nmi = |icr| {
            let cpu = Recorder::new(&kernel, 1, icr).limit(2_000);
            cpu.run(|cpu| do_nmi(&kernel, cpu))
        };
        let healthy = nmi(Icr::Idle);
        let start = format!("{opened}R300 W300=400F6 R300 D30 IRQ- IRQ- IRQ- IRQ- IRQ+ R300 W300=C0400 D1000");
        assert!(healthy.starts_with(&start), "{}", &healthy[..100]);
        let hangs = nmi(Icr::StuckOnceWritten);
        assert!(hangs.starts_with(&format!("{opened}R300 W300=400F6 R300 P R300 P")), "{}", &hangs[..100]);
        assert!(!hangs.contains("D30") && !hangs.contains("C0400"), "no report, no crash NMI");
    }
    // A CPU that is not locked up comes back from it.
    let sampling = kernel(Arch::ModernXapicPhysflat).with(|kernel| kernel.perf_samples = true);
    let cpu = Recorder::new(&sampling, 1, Icr::Idle).with_word(sampling.layout().timer_goes_on(1), 1);
    assert_eq!(cpu.run_to_end(|cpu| do_nmi(&sampling, cpu)), ("W340=400 R300 W300=400F6 R300".into(), true));
}

/// printk's work is lazy: nothing as long as the tick goes on. In a panic it queues none at all, on whatever CPU.
#[test]
fn printing_raises_without_a_tick_and_never_in_a_panic() {
    let kernel = kernel(Arch::ModernXapicPhysflat);
    let of = |kernel: &Kernel, panicking: u32| {
        let cpu = Recorder::new(kernel, 1, Icr::Idle).with_word(kernel.layout().panic_cpu(), panicking);
        cpu.run(|cpu| printk(kernel, cpu, 7))
    };
    let stopped = kernel.with(|kernel| kernel.tick_stopped = true);
    assert_eq!((of(&kernel, NOBODY), of(&kernel, 1)), ("D7".into(), "D7".into()));
    assert_eq!(of(&stopped, NOBODY), "D7 R300 W300=400F6 R300");
    assert_eq!((of(&stopped, 1), of(&stopped, 3)), ("D7".into(), "D7".into()));
    let cpu = Recorder::new(&stopped, 1, Icr::Idle).limit(200);
    assert!(!cpu.run(|cpu| panic(&stopped, cpu, 7)).contains("400F6"));
}
