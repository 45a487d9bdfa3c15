//! Sections 7.3 and 7.4: v6.13's senders on each driver, row by row, and what the drivers are made of.

use crate::recorder::{Icr, Recorder};
use kernel_model::v6::{apic_send_IPI, apic_send_IPI_mask_allbutself};
use kernel_model::{
    Arch, CpuMask, Kernel, Variant, init_apic_ldr, send_IPI_all, send_IPI_allbutself, send_IPI_mask, send_IPI_self,
    smp_send_reschedule, sync_Arb_IDs,
};

pub(crate) const FLAT: Arch = Arch::ModernXapicFlat;
pub(crate) const PHYSFLAT: Arch = Arch::ModernXapicPhysflat;
pub(crate) const X2APIC_PHYS: Arch = Arch::ModernX2apicPhys;
const X2APIC_CLUSTER: Arch = Arch::ModernX2apicCluster;
const NOOP: Arch = Arch::ModernNoop;
const MODERN: [Arch; 5] = [FLAT, PHYSFLAT, X2APIC_PHYS, X2APIC_CLUSTER, NOOP];

pub(crate) const fn kernel(arch: Arch, cpus: u16) -> Kernel {
    Kernel::new(arch, Variant::Modern, cpus)
}

fn no_shorthand(arch: Arch, cpus: u16) -> Kernel {
    kernel(arch, cpus).with(|kernel| kernel.no_broadcast = true)
}

pub(crate) fn trace(kernel: &Kernel, code: impl FnOnce(&Recorder)) -> String {
    Recorder::new(kernel, 0, Icr::Idle).run(code)
}

pub(crate) fn mask(cpus: &[u16]) -> CpuMask {
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

/// A write of the x2APIC's ICR orders no stores, so each sender begins with one fence: before the window of interrupts off, and
/// whatever the number of messages (x2apic_phys.c and x2apic_cluster.c of v5.4 and v6.13). The page needs none.
#[test]
fn x2apic_senders_begin_with_a_fence() {
    let all = |arch, code: &dyn Fn(&Kernel, &Recorder)| {
        let kernel = kernel(arch, 4);
        Recorder::new(&kernel, 0, Icr::Idle).everything().run(|cpu| code(&kernel, cpu))
    };
    let to = mask(&[1, 3]);
    for arch in [X2APIC_PHYS, X2APIC_CLUSTER] {
        let masks = all(arch, &|kernel, cpu| send_IPI_mask(kernel, cpu, to, 0xFC));
        assert!(masks.starts_with("fence IRQ- WRMSR830=") && masks.matches("fence").count() == 1, "{masks}");
        assert_eq!(all(arch, &|kernel, cpu| send_IPI_allbutself(kernel, cpu, 0xFC)), "fence WRMSR830=C00FC");
        assert_eq!(all(arch, &|kernel, cpu| send_IPI_self(kernel, cpu, 0xF6)), "WRMSR83F=F6", "nobody else is told");
    }
    assert_eq!(all(X2APIC_PHYS, &|kernel, cpu| apic_send_IPI(kernel, cpu, 2, 0xFD)), "fence WRMSR830=2000000FD");
    let page = all(PHYSFLAT, &|kernel, cpu| send_IPI_mask(kernel, cpu, to, 0xFC));
    assert!(!page.contains("fence"), "{page}");
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
                let alone = kernel(arch, possible).with(|kernel| {
                    kernel.no_broadcast = no_broadcast;
                    kernel.offline = offline;
                });
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
        assert!(!stuck(&kernel.with(|kernel| kernel.variant = Variant::Merged), 2).1, "{}", arch.name());
        let sequence = no_shorthand(arch, 4).with(|kernel| kernel.variant = Variant::Merged);
        let (trace, returned) = stuck(&sequence, 2);
        assert!(returned && trace.matches("D100").count() == 3 * 1001, "{}", arch.name());
    }
    for arch in [X2APIC_PHYS, X2APIC_CLUSTER] {
        for variant in Variant::ALL {
            let kernel = kernel(arch, 4).with(|kernel| kernel.variant = variant);
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
