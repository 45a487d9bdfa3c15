//! Releases beside variants (`kernel-corrections.md`, B1, B2, smp_callin and section C).

use crate::recorder::{Icr, Recorder};
use kernel_model::{
    Arch, Kernel, Release, Variant, Word, inquire_remote_apic, send_IPI_allbutself, send_IPI_mask, setup_local_APIC,
    smp_callin, smp_send_stop, wakeup_secondary_via_INIT, was_one_kernel,
};

const I386: Arch = Arch::I386Default;
const X86_64: Arch = Arch::X8664Flat;

const fn kernel(arch: Arch, variant: Variant, release: Release) -> Kernel {
    Kernel::new(arch, variant, 4).of_release(release)
}

#[test]
fn names_and_defaults() {
    let names = Release::ALL.map(Release::name);
    assert_eq!(names, ["2.6.20", "2.6.22", "v5.4", "v6.6"]);
    for release in Release::ALL {
        assert_eq!(Release::from_name(release.name()), Some(release));
    }
    assert_eq!(Release::from_name("2.6.21"), None);
    for variant in Variant::ALL {
        let expected = match variant.name() {
            "merged" => "2.6.22",
            "modern" => "v6.6",
            _ => "2.6.20",
        };
        assert_eq!(Kernel::new(I386, variant, 4).release.name(), expected, "{}", variant.name());
        assert_eq!(Kernel::new(I386, variant, 4).stop_takes_call_lock, expected == "2.6.20", "{}", variant.name());
    }
}

/// 2.6.22: the lock is tried, interrupts are off before the call and all through its wait, restored at the end.
#[test]
fn smp_send_stop_of_2_6_22() {
    for arch in [I386, X86_64] {
        let alone = kernel(arch, Variant::Merged, Release::V2_6_22).with(|kernel| kernel.cpus = 1);
        for irqs_on in [true, false] {
            let cpu = Recorder::new(&alone, 0, Icr::Idle).everything();
            cpu.state.borrow_mut().irqs_on = irqs_on;
            let trace = cpu.run(|cpu| smp_send_stop(&alone, cpu));
            assert!(trace.starts_with("xchg0=1 IRQ- store0=0 R30") && trace.ends_with("RF0 WF0=FF IRQ+"), "{trace}");
            assert_eq!((trace.matches("IRQ").count(), cpu.state.borrow().irqs_on), (2, irqs_on), "restored");
        }
        let kernel = kernel(arch, Variant::Merged, Release::V2_6_22);
        let waits = Recorder::new(&kernel, 0, Icr::Idle).with_word(Word::CALL_LOCK, 1).limit(60);
        let (trace, returned) = waits.run_to_end(|cpu| smp_send_stop(&kernel, cpu));
        assert!(!returned && trace.starts_with("IRQ- IRQ- R300 W310=E000000") && trace.ends_with("P P P"), "{trace}");
        assert!(!waits.state.borrow().irqs_on, "the wait without a bound is with interrupts off");
        assert_eq!(waits.word(Word::CALL_LOCK), 1, "who did not take it does not let it go");
    }
    // The same sub-architecture of 2.6.20, whatever it waits for its ICR like.
    for variant in [Variant::Before, Variant::Merged] {
        let kernel = kernel(I386, variant, Release::V2_6_20);
        let cpu = Recorder::new(&kernel, 0, Icr::Idle).with_word(Word::CALL_LOCK, 1).limit(20);
        assert!(cpu.run_to_end(|cpu| smp_send_stop(&kernel, cpu)).0.starts_with("P P P"));
    }
}

/// i386 of 2.6.22 masks the timer at the end of its set-up, with an error block or without, and no more when it calls in.
#[test]
fn the_timer_of_2_6_22() {
    for (arch, error_block) in [(I386, "W280=0 R280 W370=FE W280=0 R280"), (Arch::I386Numaq, "W360=10400")] {
        for (release, end) in [(Release::V2_6_20, ""), (Release::V2_6_22, " R320 W320=300EF")] {
            let kernel = kernel(arch, Variant::Before, release);
            let cpu = Recorder::new(&kernel, 2, Icr::Idle).set(0x320, 0x2_0000);
            let trace = cpu.run(|cpu| setup_local_APIC(&kernel, cpu));
            assert!(trace.ends_with(&format!("{error_block}{end}")), "{} {}: {trace}", arch.name(), release.name());
        }
    }
    for (arch, release, hot_plug, times) in [
        (I386, Release::V2_6_20, false, 0),
        (I386, Release::V2_6_20, true, 1),
        (I386, Release::V2_6_22, false, 1),
        (I386, Release::V2_6_22, true, 1),
        (X86_64, Release::V2_6_20, false, 1),
        (X86_64, Release::V2_6_22, false, 1),
    ] {
        let kernel = kernel(arch, Variant::Before, release).with(|kernel| kernel.hot_plug = hot_plug);
        let layout = kernel.layout();
        let cpu = Recorder::new(&kernel, 2, Icr::Idle).with_word(layout.init_deasserted(), 1);
        let cpu = cpu.with_word(layout.cpu_callout(2), 1);
        let trace = cpu.run(|cpu| smp_callin(&kernel, cpu));
        assert_eq!(cpu.count("R320"), times, "{} {} {hot_plug}", arch.name(), release.name());
        let in_set_up = trace.ends_with("R320 W320=100EF RD0");
        assert_eq!(in_set_up, arch == I386 && release == Release::V2_6_22, "{trace}");
    }
    let erratum = kernel(I386, Variant::Merged, Release::V2_6_22).with(|kernel| kernel.erratum_11ap = true);
    let trace = Recorder::new(&erratum, 2, Icr::Idle).run(|cpu| setup_local_APIC(&erratum, cpu));
    assert!(trace.ends_with("R320 X320=100EF"), "{trace}");
}

/// v5.4: 1001 rounds, in the places of 2.6.22 and before an NMI by shorthand. v6.6: 1000. 2.6.22: no bound by shorthand.
#[test]
fn the_waits_of_v5_4() {
    const MODERN: Arch = Arch::ModernXapicPhysflat;
    for (variant, release, rounds) in [
        (Variant::Merged, Release::V2_6_22, None),
        (Variant::Merged, Release::V5_4, Some(1001)),
        (Variant::Modern, Release::V5_4, Some(1001)),
        (Variant::Modern, Release::V6_6, Some(1000)),
        (Variant::Before, Release::V5_4, None),
    ] {
        let kernel = kernel(MODERN, variant, release);
        let cpu = Recorder::new(&kernel, 0, Icr::Stuck).limit(5_000);
        let (trace, returned) = cpu.run_to_end(|cpu| send_IPI_allbutself(&kernel, cpu, 2));
        assert_eq!(returned.then(|| cpu.count("R300")), rounds, "{} {}", variant.name(), release.name());
        if let Some(rounds) = rounds {
            assert_eq!(trace, format!("{} W300=C0400", vec!["R300 D100"; rounds].join(" ")));
        }
        let fixed = Recorder::new(&kernel, 0, Icr::Stuck).limit(5_000);
        assert!(!fixed.run_to_end(|cpu| send_IPI_allbutself(&kernel, cpu, 0xFC)).1, "no NMI, no bound");
    }
    type Call = fn(&Kernel, &Recorder);
    let places: [(Arch, usize, Call); 3] = [
        (MODERN, 1, |kernel, cpu| send_IPI_mask(kernel, cpu, [1].into_iter().collect(), 2)),
        (I386, 3, |kernel, cpu| _ = wakeup_secondary_via_INIT(kernel, cpu, 1)),
        (I386, 3, |kernel, cpu| inquire_remote_apic(kernel, cpu, 1)),
    ];
    for (arch, waits, call) in places {
        for (variant, release, rounds) in [
            (Variant::Merged, Release::V2_6_22, 1001),
            (Variant::Merged, Release::V5_4, 1001),
            (Variant::Modern, Release::V5_4, 1001),
            (Variant::Modern, Release::V6_6, 1000),
        ] {
            let kernel = kernel(arch, variant, release);
            let cpu = Recorder::new(&kernel, 0, Icr::Stuck);
            cpu.run(|cpu| call(&kernel, cpu));
            // the inquiry looks once more a message, for its answer
            let looks = cpu.count("R300") - cpu.count("W300=302") * 3;
            assert_eq!(looks, waits * rounds, "{} {}", variant.name(), release.name());
        }
    }
}

/// Section C: the proposals never were, nor clustered x86_64 from 2.6.22 on, nor today's code with the waits of 2007.
#[test]
fn which_kernels_there_were() {
    let mut were = Vec::new();
    for arch in Arch::ALL.into_iter().filter(|arch| arch.other().is_none()) {
        for variant in Variant::ALL {
            for release in Release::ALL {
                if was_one_kernel(arch, variant, release) {
                    were.push((arch.name(), variant.name(), release.name()));
                }
            }
        }
    }
    let of = |arch: &str| -> Vec<(&str, &str)> {
        were.iter().filter(|(name, ..)| *name == arch).map(|&(_, variant, release)| (variant, release)).collect()
    };
    for arch in Arch::OF_2007 {
        let expected: &[_] = match arch {
            Arch::X8664Cluster => &[("before", "2.6.20")],
            _ => &[("before", "2.6.20"), ("merged", "2.6.22")],
        };
        assert_eq!(of(arch.name()), expected, "{}", arch.name());
    }
    for arch in ["xapic-flat", "xapic-physflat", "x2apic-phys", "x2apic-cluster", "noop"] {
        let expected = [("merged", "v5.4"), ("modern", "v5.4"), ("modern", "v6.6")];
        assert_eq!(of(&format!("modern/{arch}")), expected, "{arch}");
    }
    assert!(was_one_kernel(Arch::OtherXv6, Variant::Before, Release::V2_6_20));
}
