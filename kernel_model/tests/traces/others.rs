//! `peers.md` section 5e: what kernels that are not Linux do with their ICR, access by access: idle, stuck, and busy until
//! some delay has passed.

use crate::recorder::{Icr, Recorder};
use kernel_model::other::{Other, freebsd, serenity, theseus, xv6};
use kernel_model::{Arch, CpuMask, Kernel, Variant, do_interrupt, do_nmi, send_IPI_mask};

/// Vector 55h to CPU 2, or an NMI.
fn send(arch: Arch, icr: Icr, vector: u8) -> (String, bool) {
    let kernel = Kernel::new(arch, Variant::Before, 4).with(|kernel| kernel.lapic_ipi_wait_mult = 10);
    let cpu = Recorder::new(&kernel, 0, icr).limit(40);
    cpu.run_to_end(|cpu| send_IPI_mask(&kernel, cpu, CpuMask::of(2), vector))
}

/// (kernel, its trace on an idle ICR, how it begins on a stuck one, and whether it ever comes back from that).
const SENDS: [(Arch, &str, &str, bool); 9] = [
    (Arch::OtherFreebsd, "R300 IRQ- W310=2000000 W300=4055 IRQ+", "R300 P R300 P R300 P", false),
    (Arch::OtherXv6, "W310=2000000 R20 W300=4055 R20", "W310=2000000 R20 W300=4055 R20", true),
    (Arch::OtherTheseus, "R300 W310=2000000 W300=4055 R300", "R300 R300 R300 R300", false),
    (Arch::OtherRedox, "R300 W310=2000000 W300=4055 R300", "R300 P R300 P R300 P", false),
    (Arch::OtherSerenity, "R300 W310=2000000 W300=4855", "R300 D200 R300 D200", false),
    (
        Arch::OtherAsterinas,
        "IRQ- W280=0 W310=2000000 W300=4055 R300 IRQ+",
        "IRQ- W280=0 W310=2000000 W300=4055 R300 R280 R300 R280",
        false,
    ),
    (
        Arch::OtherX86Crate,
        "W280=0 W280=0 W310=2000000 W300=4055 R300",
        "W280=0 W280=0 W310=2000000 W300=4055 R300 R280 R300 R280",
        false,
    ),
    (Arch::OtherX2apicCrate, "W310=2000000 W300=4055", "W310=2000000 W300=4055", true),
    (Arch::OtherKvmUnitTests, "R300 W310=2000000 W300=4055", "R300 R300 R300 R300", false),
];

#[test]
fn an_idle_icr() {
    for (arch, expected, ..) in SENDS {
        assert_eq!(send(arch, Icr::Idle, 0x55), (expected.to_owned(), true), "{}", arch.name());
        let nmi = expected.replace("4055", "4400").replace("4855", "4C00");
        assert_eq!(send(arch, Icr::Idle, 2), (nmi, true), "{}", arch.name());
    }
}

#[test]
fn a_stuck_icr() {
    for (arch, _, expected, returns) in SENDS {
        let (trace, returned) = send(arch, Icr::Stuck, 0x55);
        assert!(trace.starts_with(expected) && returned == returns, "{}: {trace}", arch.name());
        assert!(returns || !trace.ends_with("IRQ+"), "{}: {trace}", arch.name());
    }
}

/// Only Serenity lets time pass in its loop: so only there a busy time in delays comes to an end.
#[test]
fn an_icr_that_clears() {
    let wait = "R300 D200 R300 D200 R300 W310=2000000 W300=4855";
    assert_eq!(send(Arch::OtherSerenity, Icr::ClearsAfter(201), 0x55), (wait.to_owned(), true));
    let kernel = Kernel::new(Arch::OtherSerenity, Variant::Before, 4);
    for (clears, delays) in [(0, 0), (1, 1), (200, 1), (201, 2), (10_000, 50)] {
        let cpu = Recorder::new(&kernel, 0, Icr::ClearsAfter(clears));
        cpu.run(serenity::wait_for_pending_icr);
        assert_eq!((cpu.count("D200"), cpu.count("R300")), (delays, delays + 1), "{clears}");
    }
}

/// An error in the ESR ends the loops that look at it, with the message still there.
#[test]
fn an_error_that_can_be_read_ends_the_wait() {
    for (arch, before) in [(Arch::OtherX86Crate, "W280=0 W280=0"), (Arch::OtherAsterinas, "IRQ- W280=0")] {
        let kernel = Kernel::new(arch, Variant::Before, 4);
        let cpu = Recorder::new(&kernel, 0, Icr::Stuck).error_status(4).everything();
        let (trace, returned) = cpu.run_to_end(|cpu| send_IPI_mask(&kernel, cpu, CpuMask::of(1), 0x55));
        let wait = format!("{before} W310=1000000 W300=4055 <IcrIdle R300 R280 TimedOut>");
        assert!(returned && trace.starts_with(&wait), "{trace}");
    }
}

/// FreeBSD: so many rounds a µs, for a second; then it says so and stops with interrupts off. The bound of `delay` µs is
/// `lapic_ipi_wait_mult * delay` rounds.
#[test]
fn freebsd_panics_after_its_bound() {
    let kernel = Kernel::new(Arch::OtherFreebsd, Variant::Before, 4).with(|kernel| kernel.lapic_ipi_wait_mult = 3);
    let cpu = Recorder::new(&kernel, 0, Icr::Stuck);
    cpu.run(|cpu| assert!(!freebsd::lapic_ipi_wait(&kernel, cpu, 50)));
    assert_eq!((cpu.count("R300"), cpu.count("P")), (150, 150));
    let cpu = Recorder::new(&kernel, 0, Icr::Idle);
    assert_eq!(cpu.run(|cpu| assert!(freebsd::lapic_ipi_wait(&kernel, cpu, 50))), "R300");
    assert_eq!(freebsd::DS_IDLE_TIMEOUT_US, 1_000_000);

    let (trace, returned) = Recorder::new(&kernel, 0, Icr::Stuck).everything().run_to_end(|cpu| freebsd::panic(cpu));
    assert_eq!((trace.as_str(), returned), ("IRQ- Panicked HLT HLT", false));

    // A round of 41 ticks of 500 MHz is 82 ns; one of 240 ticks of 2.4 GHz is 100 ns; never none at all.
    let rounds = [(500_000_000, 41), (2_400_000_000, 240), (100_000_000, 200)];
    assert_eq!(rounds.map(|(hz, ticks)| freebsd::lapic_ipi_wait_mult(hz, ticks)), [12, 10, 1]);
}

/// xv6 waits for one message in its life, at boot, and for none of those that start a CPU.
#[test]
fn xv6_at_boot() {
    let kernel = Kernel::new(Arch::OtherXv6, Variant::Before, 4);
    let init = "W310=0 R20 W300=88500 R20 R300";
    assert_eq!(Recorder::new(&kernel, 0, Icr::Idle).run(xv6::lapicinit), init);
    let (trace, returned) = Recorder::new(&kernel, 0, Icr::Stuck).limit(20).run_to_end(xv6::lapicinit);
    assert!(!returned && trace.starts_with(&format!("{init} R300 R300 R300")), "{trace}");
    let startup = "W310=3000000 R20 W300=607 R20";
    let expected = format!("W310=3000000 R20 W300=C500 R20 W300=8500 R20 {startup} {startup}");
    let trace = Recorder::new(&kernel, 0, Icr::Stuck).run(|cpu| xv6::lapicstartap(cpu, 3, 0x7000));
    assert_eq!(trace, expected);
}

/// One message a target, ascending; who waits after each waits after the last one, too.
#[test]
fn several_targets() {
    let kernel = Kernel::new(Arch::OtherTheseus, Variant::Before, 4);
    let trace =
        Recorder::new(&kernel, 0, Icr::Idle).run(|cpu| send_IPI_mask(&kernel, cpu, [3, 1].into_iter().collect(), 0x41));
    assert_eq!(trace, "R300 W310=1000000 W300=4041 R300 R300 W310=3000000 W300=4041 R300");
    let by_hand = Recorder::new(&kernel, 0, Icr::Idle).run(|cpu| {
        theseus::set_icr(cpu, 0x0100_0000, 0x4041);
        theseus::set_icr(cpu, 0x0300_0000, 0x4041);
    });
    assert_eq!(trace, by_hand);
}

/// Serenity's logical ids are numbers: CPU 3's LDR has both bits that CPUs 1 and 2 have, CPU 0's has none.
#[test]
fn serenitys_logical_ids_are_no_bits() {
    let arch = Arch::OtherSerenity;
    assert_eq!([0, 1, 2, 3].map(|cpu| arch.ldr(cpu) >> 24), [0, 1, 2, 3]);
    for arch in Arch::ALL {
        let mine = Other::ALL.into_iter().position(|other| arch.other() == Some(other));
        assert_eq!(
            mine,
            Arch::ALL[Arch::ALL.len() - Other::ALL.len()..].iter().position(|one| *one == arch),
            "{}",
            arch.name()
        );
    }
}

/// Interrupts are ended, as that kernel ends them; nothing of Linux runs.
#[test]
fn interrupts_are_ended_and_no_more() {
    for (arch, expected) in [(Arch::OtherXv6, "WB0=0 R20"), (Arch::OtherFreebsd, "WB0=0")] {
        let kernel = Kernel::new(arch, Variant::Before, 4);
        for vector in [0x31, 0x39, 0xFB, 0xFC, 0xFD] {
            let cpu = Recorder::new(&kernel, 1, Icr::Idle).everything();
            assert_eq!(cpu.run(|cpu| do_interrupt(&kernel, cpu, vector)), expected, "{vector:X}");
        }
        let cpu = Recorder::new(&kernel, 1, Icr::Idle).everything();
        assert_eq!(cpu.run(|cpu| do_interrupt(&kernel, cpu, 0xFF)), "", "a spurious interrupt");
        assert_eq!(cpu.run(|cpu| do_nmi(&kernel, cpu)), "");
    }
}
