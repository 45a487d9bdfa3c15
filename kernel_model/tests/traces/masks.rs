//! Sections 4.3 and 5.3: sends to masks, idle and stuck, and the crash NMI's tables.

use crate::recorder::{Icr, Recorder};
use kernel_model::{
    Arch, Call, CpuMask, Given, Kernel, Variant, send_IPI_mask, smp_send_nmi_allbutself, smp_send_reschedule,
};

/// One message of a trace, with its wait.
fn message(wait: &str, id: u8, icr: &str) -> String {
    format!("{wait} W310={id:X}000000 W300={icr}")
}

/// The concrete tables for 4 CPUs, CPU 0 crashing: what comes before, destinations, ICR.
const NMI_OF_CPU0: [(Arch, &str, &[u8], &str); 9] = [
    (Arch::I386Default, "R20 ", &[0x0E], "C00"),
    (Arch::I386Bigsmp, "R20 ", &[1, 2, 3], "400"),
    (Arch::I386Es7000, "R20 ", &[1, 2, 3], "400"),
    (Arch::I386Es7000Clustered, "R20 ", &[2, 4, 8], "C00"),
    (Arch::I386Numaq, "R20 ", &[2, 4, 8], "C00"),
    (Arch::I386Summit, "R20 ", &[2, 4, 8], "C00"),
    (Arch::X8664Flat, "", &[0x0E], "C00"),
    (Arch::X8664Cluster, "", &[1, 2, 3], "400"),
    (Arch::X8664Physflat, "", &[1, 2, 3], "400"),
];

#[test]
fn the_crash_nmi_on_an_idle_icr() {
    for (arch, before, ids, icr) in NMI_OF_CPU0 {
        for (variant, wait) in [(Variant::Before, "R300"), (Variant::Rfc, "D100 R300"), (Variant::Merged, "R300")] {
            let kernel = Kernel::new(arch, variant, 4);
            let messages: Vec<String> = ids.iter().map(|&id| message(wait, id, icr)).collect();
            let expected = format!("{before}IRQ- {} IRQ+", messages.join(" "));
            let trace = Recorder::new(&kernel, 0, Icr::Idle).run(|cpu| smp_send_nmi_allbutself(&kernel, cpu));
            assert_eq!(trace, expected, "{} {}", arch.name(), variant.name());
        }
    }
}

#[test]
fn the_crash_nmi_on_a_stuck_icr_hangs_before_the_fix_and_takes_100_ms_a_message_after_it() {
    for (arch, before, ids, icr) in NMI_OF_CPU0 {
        let kernel = Kernel::new(arch, Variant::Before, 4);
        let cpu = Recorder::new(&kernel, 0, Icr::Stuck).limit(40);
        let (trace, returned) = cpu.run_to_end(|cpu| smp_send_nmi_allbutself(&kernel, cpu));
        assert!(!returned && trace.starts_with(&format!("{before}IRQ- R300 P R300 P")), "{} {trace}", arch.name());
        assert!(!trace.contains('W'), "{}", arch.name());

        for (variant, wait) in [(Variant::Rfc, "D100 R300"), (Variant::Merged, "R300 D100")] {
            let kernel = Kernel::new(arch, variant, 4);
            let wait = vec![wait; 1001].join(" ");
            let messages: Vec<String> = ids.iter().map(|&id| message(&wait, id, icr)).collect();
            let cpu = Recorder::new(&kernel, 0, Icr::Stuck);
            let trace = cpu.run(|cpu| smp_send_nmi_allbutself(&kernel, cpu));
            assert!(trace == format!("{before}IRQ- {} IRQ+", messages.join(" ")), "{} {}", arch.name(), variant.name());
            assert_eq!(cpu.count("R300"), 1001 * ids.len());
            assert_eq!(cpu.now_us() as usize, 100_100 * ids.len());
        }
    }
}

/// Section 3, callers: whatever was proposed for NMIs leaves every other vector to the unbounded wait. Solution A does
/// not, and the MP specification has no wait before a message.
#[test]
fn a_vector_that_is_no_nmi_waits_without_bound_but_in_solution_a() {
    for arch in Arch::OF_2007 {
        for variant in Variant::ALL {
            let kernel = Kernel::new(arch, variant, 4);
            let cpu = Recorder::new(&kernel, 0, Icr::Stuck).limit(5);
            let trace = cpu.run(|cpu| send_IPI_mask(&kernel, cpu, CpuMask::of(2), 0xFC));
            match variant {
                Variant::SolutionA => assert_eq!(trace, "IRQ- D100 R300 D100 R300", "{}", arch.name()),
                Variant::MpsAbort | Variant::MpsRetry => assert!(trace.starts_with("IRQ- W310="), "{trace}"),
                _ => assert_eq!(trace, "IRQ- R300 P R300 P", "{} {}", arch.name(), variant.name()),
            }
        }
    }
}

/// Section 4.3, last row of the table, and T-i1 to T-i4 with W read as an exchange. x86_64 has no such build.
#[test]
fn the_erratum_build_exchanges() {
    for (arch, expected) in [
        (Arch::I386Default, "R20 IRQ- R300 X310=E000000 X300=C00 IRQ+"),
        (Arch::X8664Flat, "IRQ- R300 W310=E000000 W300=C00 IRQ+"),
    ] {
        let kernel = Kernel::new(arch, Variant::Merged, 4).with(|kernel| kernel.erratum_11ap = true);
        let trace = Recorder::new(&kernel, 0, Icr::Idle).run(|cpu| smp_send_nmi_allbutself(&kernel, cpu));
        assert_eq!(trace, expected);
    }
}

/// Sections 4.3 and 5.3: other values.
#[test]
fn reschedule_to_cpu_2() {
    let cases = [
        (Arch::I386Default, 0x04, "8FC"),
        (Arch::I386Bigsmp, 0x02, "FC"),
        (Arch::I386Es7000, 0x02, "FC"),
        (Arch::I386Es7000Clustered, 0x04, "8FC"),
        (Arch::I386Numaq, 0x04, "8FC"),
        (Arch::I386Summit, 0x04, "8FC"),
        (Arch::X8664Flat, 0x04, "8FD"),
        (Arch::X8664Cluster, 0x02, "FD"),
        (Arch::X8664Physflat, 0x02, "FD"),
    ];
    for (arch, id, icr) in cases {
        let kernel = Kernel::new(arch, Variant::Merged, 4);
        let trace = Recorder::new(&kernel, 0, Icr::Idle).run(|cpu| smp_send_reschedule(&kernel, cpu, 2));
        assert_eq!(trace, format!("IRQ- {} IRQ+", message("R300", id, icr)), "{}", arch.name());
    }
}

/// T-i3 and section 4.1: an empty mask goes out to nobody, bits beyond the eighth are lost. T-i4: nothing is sent.
#[test]
fn odd_masks() {
    let flat = Kernel::new(Arch::I386Default, Variant::Before, 4);
    let send =
        |kernel: &Kernel, mask| Recorder::new(kernel, 0, Icr::Idle).run(|cpu| send_IPI_mask(kernel, cpu, mask, 0xFC));
    assert_eq!(send(&flat, CpuMask::EMPTY), "IRQ- R300 W310=0 W300=8FC IRQ+");
    assert_eq!(send(&flat, [1, 9].into_iter().collect()), "IRQ- R300 W310=2000000 W300=8FC IRQ+");
    let summit = Kernel::new(Arch::I386Summit, Variant::Before, 8);
    assert_eq!(send(&summit, CpuMask::EMPTY), "IRQ- IRQ+");
    assert_eq!(
        send(&summit, [5, 0, 9].into_iter().collect()),
        "IRQ- R300 W310=1000000 W300=8FC R300 W310=12000000 W300=8FC R300 W310=FF000000 W300=8FC IRQ+",
        "ascending; a CPU without an id would address everybody (section 4.2)"
    );
}

/// T-i8: who crashes is read from the APIC; an id of nobody means CPU 0. NUMA-Q looks at four bits of the id
/// (include/asm-i386/mach-numaq/mach_apicdef.h, `get_apic_id`), and searches for them among cluster ids, so that a CPU of
/// another quad takes itself for one of the first.
#[test]
fn the_crashing_cpu_leaves_itself_out() {
    let kernel = Kernel::new(Arch::I386Default, Variant::Before, 4);
    for (number, id, mask) in [(2, 0x0200_0000, "B"), (2, 0xFF00_0000, "E"), (1, 0x5100_0000, "D")] {
        let trace =
            Recorder::new(&kernel, number, Icr::Idle).set(0x20, id).run(|cpu| smp_send_nmi_allbutself(&kernel, cpu));
        assert_eq!(trace, format!("R20 IRQ- R300 W310={mask}000000 W300=C00 IRQ+"), "{id:X}");
    }
    for arch in Arch::OF_2007 {
        let kernel = Kernel::new(arch, Variant::Before, arch.facts().max_cpus.min(8));
        for number in 0..kernel.cpus {
            let cpu = Recorder::new(&kernel, number, Icr::Idle);
            let found = if arch == Arch::I386Numaq { number % 4 } else { number };
            cpu.run(|cpu| assert_eq!(kernel_model::safe_smp_processor_id(&kernel, cpu), found, "{}", arch.name()));
        }
    }
}

/// By name, where the sub-architecture itself sends to masks: i386/default names a CPU by its bit (`cpu_to_logical_apicid` of
/// `mach-default/mach_apic.h`, 2.6.20), x86_64's sequence goes to physical ids (`include/asm-x86_64/ipi.h`).
#[test]
fn calls_by_name_name_the_cpus_that_they_are_given() {
    let trace = |arch, call: Call| {
        let kernel = Kernel::new(arch, Variant::Before, 4);
        let given = Given { mask: [1, 2].into_iter().collect(), target: 2, vector: 0xFC };
        Recorder::new(&kernel, 0, Icr::Idle).run(|cpu| call.run(&kernel, cpu, &given))
    };
    let one = Call::__send_IPI_dest_field;
    let sequence = Call::send_IPI_mask_sequence;
    for (arch, call, expected) in [
        (Arch::I386Default, one, "R300 W310=4000000 W300=8FC"),
        (Arch::X8664Flat, one, "R300 W310=4000000 W300=8FC"),
        (Arch::I386Bigsmp, one, "R300 W310=2000000 W300=FC"),
        (Arch::I386Summit, one, "R300 W310=4000000 W300=8FC"),
        (Arch::X8664Physflat, one, "R300 W310=2000000 W300=FC"),
        (Arch::I386Default, sequence, "IRQ- R300 W310=2000000 W300=8FC R300 W310=4000000 W300=8FC IRQ+"),
        (Arch::X8664Flat, sequence, "IRQ- R300 W310=1000000 W300=FC R300 W310=2000000 W300=FC IRQ+"),
        (Arch::I386Bigsmp, sequence, "IRQ- R300 W310=1000000 W300=FC R300 W310=2000000 W300=FC IRQ+"),
    ] {
        assert_eq!(trace(arch, call), expected, "{arch:?} {}", call.name());
    }
}
