//! Sections 4.3 (T-i1, T-i5 to T-i7) and 5.2, 5.3 (T-x1, T-x4, T-x5): all, all but self, self.

use crate::recorder::{Icr, Recorder};
use kernel_model::{Arch, Kernel, Variant, send_IPI_all, send_IPI_allbutself, send_IPI_self};

const I386_SEQUENCES: [Arch; 5] =
    [Arch::I386Bigsmp, Arch::I386Es7000, Arch::I386Es7000Clustered, Arch::I386Numaq, Arch::I386Summit];

fn kernel(arch: Arch, cpus: u16, no_broadcast: bool) -> Kernel {
    Kernel::new(arch, Variant::Merged, cpus).with(|kernel| kernel.no_broadcast = no_broadcast)
}

fn trace(kernel: &Kernel, code: impl FnOnce(&Recorder)) -> String {
    Recorder::new(kernel, 0, Icr::Idle).run(code)
}

#[test]
fn all_but_self() {
    let cases = [
        (Arch::I386Default, true, 0xFB, "IRQ- R300 W310=E000000 W300=8FB IRQ+"),
        (Arch::I386Default, false, 0xFB, "R300 W300=C08FB"),
        (Arch::I386Default, false, 2, "IRQ- R300 W310=E000000 W300=C00 IRQ+"),
        (Arch::X8664Flat, true, 0xFC, "IRQ- R300 W310=E000000 W300=8FC IRQ+"),
        (Arch::X8664Flat, false, 0xFC, "R300 W300=C08FC"),
        (Arch::X8664Flat, false, 2, "IRQ- R300 W310=E000000 W300=C00 IRQ+"),
        (
            Arch::X8664Physflat,
            false,
            0xFC,
            "IRQ- R300 W310=1000000 W300=FC R300 W310=2000000 W300=FC R300 W310=3000000 W300=FC IRQ+",
        ),
    ];
    for (arch, no_broadcast, vector, expected) in cases {
        let kernel = kernel(arch, 4, no_broadcast);
        assert_eq!(trace(&kernel, |cpu| send_IPI_allbutself(&kernel, cpu, vector)), expected, "{}", arch.name());
    }
}

/// T-i5, section 5.2: of all drivers only physflat does not look whether there is anybody.
#[test]
fn all_but_self_of_one_cpu() {
    for arch in Arch::OF_2007 {
        for no_broadcast in [false, true] {
            let kernel = kernel(arch, 1, no_broadcast);
            let expected = if arch == Arch::X8664Physflat { "IRQ- IRQ+" } else { "" };
            assert_eq!(trace(&kernel, |cpu| send_IPI_allbutself(&kernel, cpu, 0xFB)), expected, "{}", arch.name());
        }
    }
}

#[test]
fn all() {
    let cases = [
        (Arch::I386Default, true, 0xFB, "IRQ- R300 W310=F000000 W300=8FB IRQ+"),
        (Arch::I386Default, false, 0xFB, "R300 W300=808FB"),
        (Arch::I386Default, false, 2, "IRQ- R300 W310=F000000 W300=C00 IRQ+"),
        (Arch::X8664Flat, true, 0xFC, "R300 W300=808FC"),
        (Arch::X8664Flat, true, 2, "IRQ- R300 W310=F000000 W300=C00 IRQ+"),
        (Arch::X8664Cluster, true, 0xFC, "IRQ- R300 W310=0 W300=FC R300 W310=1000000 W300=FC IRQ+"),
    ];
    for (arch, no_broadcast, vector, expected) in cases {
        let kernel = kernel(arch, if arch == Arch::X8664Cluster { 2 } else { 4 }, no_broadcast);
        assert_eq!(trace(&kernel, |cpu| send_IPI_all(&kernel, cpu, vector)), expected, "{}", arch.name());
    }
    for arch in I386_SEQUENCES {
        let kernel = kernel(arch, 4, false);
        let cpu = Recorder::new(&kernel, 0, Icr::Idle);
        cpu.run(|cpu| send_IPI_all(&kernel, cpu, 0xFB));
        assert_eq!(cpu.count("R300"), 4, "{}", arch.name());
    }
}

/// T-i7, T-x4, and T-i1: the wait is unbounded even for an NMI.
#[test]
fn oneself() {
    let cases = [
        (Arch::I386Default, "R300 W300=40831"),
        (Arch::I386Bigsmp, "R300 W300=40031"),
        (Arch::I386Summit, "R300 W300=40831"),
        (Arch::X8664Flat, "R300 W300=40031"),
        (Arch::X8664Physflat, "R300 W300=40031"),
    ];
    for (arch, expected) in cases {
        let kernel = kernel(arch, 4, true);
        assert_eq!(trace(&kernel, |cpu| send_IPI_self(&kernel, cpu, 0x31)), expected, "{}", arch.name());
        let stuck = Recorder::new(&kernel, 0, Icr::Stuck).limit(4).run(|cpu| send_IPI_self(&kernel, cpu, 2));
        assert_eq!(stuck, "R300 P R300 P", "{}", arch.name());
    }
}
