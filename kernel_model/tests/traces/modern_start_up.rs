//! How v6.13 starts a CPU and sets up its local APIC (`kernel-corrections.md` B4 to B6).

use crate::recorder::{Icr, Recorder};
use kernel_model::v6::wakeup_secondary_cpu_via_init;
use kernel_model::{Arch, Kernel, Variant, do_boot_cpu, setup_local_APIC};

const FLAT: Arch = Arch::ModernXapicFlat;
const PHYSFLAT: Arch = Arch::ModernXapicPhysflat;

fn kernel(arch: Arch) -> Kernel {
    Kernel::new(arch, Variant::Modern, 4).with(|kernel| {
        kernel.trampoline = 0x9A;
        kernel.apic_version = 0x14;
        kernel.init_udelay = 0;
    })
}

const IRR: &str = "R200 R210 R220 R230 R240 R250 R260 R270";
const ISR: &str = "R100 R110 R120 R130 R140 R150 R160 R170";
const ERRORS: &str = "W280=0 R280 W370=FE W280=0 R280";

/// Off first; destination; priority 1; what is pending; on; the performance counter's entry; pins; errors. The 32-bit kernel
/// asks for the version before its destination, before LINT1, and three times before the errors, and masks its timer.
#[test]
fn the_local_apic_of_a_started_cpu() {
    for (arch, expected) in [
        (
            PHYSFLAT,
            format!("RF0 WF0=FF R80 W80=10 {IRR} {ISR} RF0 WF0=1FF W340=400 R350 W350=10700 W360=10400 R30 {ERRORS}"),
        ),
        (
            FLAT,
            format!(
                "RF0 WF0=FF R30 WE0=FFFFFFFF RD0 WD0=4000000 R80 W80=10 {IRR} {ISR} RF0 WF0=1FF W340=400 \
                 R350 W350=10700 R30 W360=10400 R30 R30 R30 {ERRORS} R320 W320=100EC"
            ),
        ),
        (Arch::ModernNoop, String::new()),
    ] {
        let kernel = kernel(arch);
        let cpu = Recorder::new(&kernel, 2, Icr::Idle).set(0x30, 0x0005_0014);
        assert_eq!(cpu.run(|cpu| setup_local_APIC(&kernel, cpu)), expected, "{}", arch.name());
    }
}

/// On the boot CPU the pins are open, LINT0 unless it was masked, and the performance counters are not up yet.
#[test]
fn the_local_apic_of_the_boot_cpu() {
    for (lint0, expected) in [(0x700, "W350=700"), (0x1_0700, "W350=10700")] {
        let kernel = kernel(PHYSFLAT);
        let cpu = Recorder::new(&kernel, 0, Icr::Idle).set(0x30, 0x0005_0014).set(0x350, lint0);
        let trace = cpu.run(|cpu| setup_local_APIC(&kernel, cpu));
        assert!(trace.ends_with(&format!("RF0 WF0=1FF R350 {expected} W360=400 R30 {ERRORS}")), "{trace}");
    }
}

/// The same by MSRs. The cluster driver does not read its logical id.
#[test]
fn the_local_apic_in_x2apic_mode() {
    let bank = |first: u32| (first..first + 8).map(|msr| format!("RDMSR{msr:X} ")).collect::<String>();
    for arch in [Arch::ModernX2apicPhys, Arch::ModernX2apicCluster] {
        let kernel = kernel(arch);
        let cpu = Recorder::new(&kernel, 2, Icr::Idle);
        cpu.state.borrow_mut().msr = 0;
        assert_eq!(
            cpu.run(|cpu| setup_local_APIC(&kernel, cpu)),
            format!(
                "RDMSR80F WRMSR80F=0 RDMSR808 WRMSR808=10 {}{}RDMSR80F WRMSR80F=1FF WRMSR834=400 RDMSR835 WRMSR835=10700 \
                 WRMSR836=10400 RDMSR803 RDMSR828 WRMSR837=FE RDMSR828",
                bank(0x820),
                bank(0x810)
            ),
            "{}",
            arch.name()
        );
    }
}

/// Rounds of all requests, all in service, an end for each of these, at most 512; a request alone is looked at again too.
#[test]
fn what_is_pending_is_ended_in_at_most_512_rounds() {
    let kernel = kernel(PHYSFLAT);
    let rounds = |register, value| {
        let cpu = Recorder::new(&kernel, 2, Icr::Idle).set(0x30, 0x0005_0014).set(register, value);
        let trace = cpu.run(|cpu| setup_local_APIC(&kernel, cpu));
        (cpu.count("R200"), cpu.count("WB0=0"), trace)
    };
    let (reads, ends, trace) = rounds(0x110, 0b101);
    assert_eq!((reads, ends), (512, 1024));
    assert!(
        trace.contains(&format!("W80=10 {IRR} {ISR} WB0=0 WB0=0 {IRR} {ISR} WB0=0 WB0=0 {IRR}")),
        "{}",
        &trace[..200]
    );
    let (reads, ends, _) = rounds(0x270, 1);
    assert_eq!((reads, ends), (512, 0));
}

/// The error status is cleared before the messages, whatever the number of entries, if the APIC has one and the boot went by
/// the warm-reset vector; the CPU has 10 s to come.
#[test]
fn the_start_of_a_cpu() {
    let usual = kernel(PHYSFLAT);
    for (kernel, lvr, clear) in [
        (usual, 0x0005_0014, "W280=0 R280 "),
        (usual, 0x0003_0010, "W280=0 R280 "),
        (usual.with(|kernel| kernel.warm_reset = false), 0x0005_0014, ""),
        (usual.with(|kernel| kernel.apic_version = 0x01), 0x0002_0001, ""),
    ] {
        let recorder = || Recorder::new(&kernel, 0, Icr::Idle).set(0x30, lvr);
        let messages = recorder().run(|cpu| assert_eq!(wakeup_secondary_cpu_via_init(&kernel, cpu, 2), 0));
        let come = recorder().with_word(kernel.layout().cpu_callin(2), 1);
        let trace = come.run(|cpu| assert_eq!(do_boot_cpu(&kernel, cpu, 2), 0));
        assert_eq!(trace, format!("{clear}{messages}"), "{lvr:X}");

        let absent = recorder().limit(300_000);
        absent.run(|cpu| assert_eq!(do_boot_cpu(&kernel, cpu, 2), 1));
        assert_eq!(absent.now_us() - come.now_us(), 10_000_000);
    }
    let flat = kernel(FLAT);
    let cpu = Recorder::new(&flat, 0, Icr::Idle).set(0x30, 0x0005_0014);
    let trace = cpu.run(|cpu| assert_eq!(wakeup_secondary_cpu_via_init(&flat, cpu, 2), 0));
    assert!(trace.starts_with("R30 R30 R30 R30 W280=0 R280 IRQ- W310=2000000 W300=C500 "), "{trace}");
}
