//! Sections 3 and 8: every variant at every place that waits, against the sections' counts written out here once more.

use crate::recorder::{Icr, Recorder};
use kernel_model::Variant::{B1, Before, Merged, Modern, MpsAbort, MpsRetry, Rfc, SolutionA};
use kernel_model::{
    Arch, Bound, CpuMask, Kernel, MpsTimeout, Variant, safe_apic_wait_icr_idle_v6, send_IPI_mask, send_IPI_self,
    smp_send_nmi_allbutself, sync_Arb_IDs,
};

/// A loop of section 3's table.
#[derive(Clone, Copy, PartialEq)]
enum Loop {
    Unbounded,
    DelayFirst,
    ReadFirst,
    V6,
    None,
}

/// Reads and delays of a wait on an ICR that becomes idle `clears` µs after its begin; `None`: it never ends.
fn counts(shape: Loop, clears: u32) -> Option<(u32, u32)> {
    let hundreds = clears.div_ceil(100);
    match shape {
        Loop::None => Some((0, 0)),
        Loop::Unbounded => (clears == 0).then_some((1, 0)),
        Loop::DelayFirst => Some(if clears > 100_100 { (1001, 1001) } else { (hundreds.max(1), hundreds.max(1)) }),
        Loop::ReadFirst => Some(if clears > 100_000 { (1001, 1001) } else { (hundreds + 1, hundreds) }),
        Loop::V6 => Some(if clears > 99_900 { (1000, 1000) } else { (hundreds + 1, hundreds) }),
    }
}

/// Section 8: (variant, an NMI's wait in the senders, kdump's NMI, any other vector, `sync_Arb_IDs`).
const TABLE: [(Variant, Loop, Loop, Loop, Loop); 8] = [
    (Before, Loop::Unbounded, Loop::Unbounded, Loop::Unbounded, Loop::Unbounded),
    (SolutionA, Loop::DelayFirst, Loop::DelayFirst, Loop::DelayFirst, Loop::DelayFirst),
    (B1, Loop::Unbounded, Loop::DelayFirst, Loop::Unbounded, Loop::Unbounded),
    (Rfc, Loop::DelayFirst, Loop::DelayFirst, Loop::Unbounded, Loop::Unbounded),
    (Merged, Loop::ReadFirst, Loop::ReadFirst, Loop::Unbounded, Loop::Unbounded),
    (Modern, Loop::V6, Loop::V6, Loop::Unbounded, Loop::Unbounded),
    (MpsAbort, Loop::None, Loop::None, Loop::None, Loop::None),
    (MpsRetry, Loop::None, Loop::None, Loop::None, Loop::None),
];

type Call = fn(&Kernel, &Recorder);

/// What happens before the first write of a call.
fn wait_of(kernel: &Kernel, clears: u32, call: Call) -> Option<(u32, u32)> {
    let cpu = Recorder::new(kernel, 0, Icr::ClearsAfter(clears)).limit(3_000);
    let trace = format!(" {}", cpu.run_to_end(|cpu| call(kernel, cpu)).0);
    let before = trace.split(" W").next().unwrap_or_default();
    let count = |operation: &str| before.split(' ').filter(|entry| *entry == operation).count() as u32;
    (before != trace).then(|| (count("R300"), count("D100")))
}

#[test]
fn every_wait_of_every_variant_whenever_the_icr_clears() {
    let times = [0, 1, 20, 100, 101, 5_000, 99_900, 99_901, 100_000, 100_001, 100_100, 100_101, u32::MAX];
    for (variant, nmi, kdump, other, sync) in TABLE {
        let calls: [(&str, Loop, Call); 5] = [
            ("NMI", nmi, |kernel, cpu| send_IPI_mask(kernel, cpu, CpuMask::of(2), 2)),
            ("kdump's NMI", kdump, smp_send_nmi_allbutself),
            ("FIXED", other, |kernel, cpu| send_IPI_mask(kernel, cpu, CpuMask::of(2), 0xFC)),
            ("shorthand", other, |kernel, cpu| send_IPI_self(kernel, cpu, 0xFC)),
            ("sync_Arb_IDs", sync, sync_Arb_IDs),
        ];
        for arch in [Arch::I386Default, Arch::I386Numaq, Arch::X8664Flat, Arch::X8664Physflat] {
            let kernel = Kernel::new(arch, variant, 4);
            for (name, shape, call) in calls {
                for clears in times {
                    let case = format!("{} {} {name} {clears}", arch.name(), variant.name());
                    assert_eq!(wait_of(&kernel, clears, call), counts(shape, clears), "{case}");
                }
            }
        }
    }
}

/// The cover letter leaves the loop of its solutions A and B-1 open.
#[test]
fn the_open_loop_is_a_choice() {
    for variant in [SolutionA, B1] {
        let kernel = Kernel::new(Arch::I386Default, variant, 4).with(|kernel| kernel.wait_shape = Bound::ReadFirst);
        assert_eq!(wait_of(&kernel, 150, smp_send_nmi_allbutself), Some((3, 2)));
    }
}

/// Section 3, last row of the table: a time-out ends with a delay and gives 1000h without another read.
#[test]
fn the_wait_of_v6_makes_a_thousand_rounds() {
    for (clears, reads, status) in [(0, 1, 0), (99_900, 1000, 0), (99_901, 1000, 0x1000), (u32::MAX, 1000, 0x1000)] {
        let cpu = Recorder::new(&Kernel::new(Arch::I386Default, Modern, 4), 0, Icr::ClearsAfter(clears));
        let trace = cpu.run(|cpu| assert_eq!(safe_apic_wait_icr_idle_v6(cpu), status, "{clears}"));
        assert_eq!((cpu.count("R300"), trace.ends_with("D100")), (reads, status != 0), "{clears}");
    }
}

/// A trace of the MP specification's variants, from one send to CPU 2 (x86_64, physical).
fn mps(variant: Variant, timeout: MpsTimeout, icr: Icr) -> (String, bool) {
    let kernel = Kernel::new(Arch::X8664Physflat, variant, 4).with(|kernel| kernel.mps_timeout = timeout);
    let cpu = Recorder::new(&kernel, 0, icr).limit(200);
    cpu.run_to_end(|cpu| send_IPI_mask(&kernel, cpu, CpuMask::of(2), 0xFD))
}

/// MP specification 1.4, page B-4: 20 µs, then nothing, or the low half once more.
#[test]
fn the_specification_looks_after_the_message() {
    let write = "IRQ- W310=2000000 W300=FD";
    let looked = format!("{}R300", "R300 D1 ".repeat(20));
    let loops = MpsTimeout::InstructionLoop;
    for variant in [MpsAbort, MpsRetry] {
        assert_eq!(mps(variant, loops, Icr::Idle), (format!("{write} R300 IRQ+"), true));
        assert_eq!(
            mps(variant, loops, Icr::ClearsAfter(3)),
            (format!("{write} R300 D1 R300 D1 R300 D1 R300 IRQ+"), true)
        );
    }
    assert_eq!(mps(MpsAbort, loops, Icr::Stuck), (format!("{write} {looked} IRQ+"), true));
    assert_eq!(mps(MpsRetry, loops, Icr::Stuck), (format!("{write} {looked} W300=FD {looked} IRQ+"), true));
    assert_eq!(mps(MpsRetry, loops, Icr::ClearsAfter(21)).0, format!("{write} {looked} W300=FD R300 D1 R300 IRQ+"));
}

/// The other two clocks of that page. The recorder's counter has one tick a µs and a reading takes one.
#[test]
fn the_specifications_other_clocks() {
    let counter = mps(MpsAbort, MpsTimeout::TimeStampCounter, Icr::Stuck);
    assert!(!counter.1, "the kernel's calibration says 500 ticks a µs, so that 20 µs are 10 000 readings");
    let kernel = Kernel::new(Arch::X8664Physflat, MpsAbort, 4).with(|kernel| {
        kernel.mps_timeout = MpsTimeout::TimeStampCounter;
        kernel.tsc_ticks_per_ms = 1_000;
    });
    let cpu = Recorder::new(&kernel, 0, Icr::Stuck);
    let trace = cpu.run(|cpu| send_IPI_mask(&kernel, cpu, CpuMask::of(2), 0xFD));
    let rounds = "R300 TSC P ".repeat(19);
    assert_eq!(trace, format!("IRQ- W310=2000000 W300=FD TSC {rounds}R300 TSC IRQ+"));

    // Interrupts are off, as in every send to a mask: the timer's interrupt cannot come, and nothing bounds the wait.
    let (trace, returned) = mps(MpsAbort, MpsTimeout::ExternalInterrupt, Icr::Stuck);
    assert!(
        !returned && trace.starts_with("IRQ- W310=2000000 W300=FD W320=EF W3E0=B W380=7D0 R300 P R300 P"),
        "{trace}"
    );
    let (trace, returned) = mps(MpsAbort, MpsTimeout::ExternalInterrupt, Icr::Idle);
    assert!(returned && trace.ends_with("W380=7D0 R300 W320=100EF IRQ+"), "{trace}");
}
