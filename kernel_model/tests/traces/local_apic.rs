//! Sections 7.2 (clear, disable, shut down), 4.2 (LDR) and 4.4 (arbitration ids).

use crate::recorder::{Icr, Recorder};
use kernel_model::{
    Arch, Call, CpuMask, Given, Kernel, Register, Takes, Variant, ack_APIC_irq, apic_read_around, clear_local_APIC,
    disable_local_APIC, init_apic_ldr, lapic_shutdown, send_IPI_self, sync_Arb_IDs,
};
use std::fs;
use std::path::Path;

const I386: Kernel = Kernel::new(Arch::I386Default, Variant::Merged, 4);
const X86_64: Kernel = Kernel::new(Arch::X8664Flat, Variant::Merged, 4);

/// With LVTT 200EF, LVTPC 400, LINT0 700, LINT1 400 and five entries (and SPIV 30F, for `disable_local_APIC`).
const CLEAR: &str = "R30 W370=100FE R320 W320=300EF R350 W350=10700 R360 W360=10400 R340 W340=10400 \
                     W320=10000 W350=10000 W360=10000 W370=10000 W340=10000";

fn recorder(kernel: &Kernel) -> Recorder {
    let entries = [(0x320, 0x200EF), (0x340, 0x400), (0x350, 0x700), (0x360, 0x400), (0x330, 0xFA), (0xF0, 0x30F)];
    entries.into_iter().fold(Recorder::new(kernel, 0, Icr::Idle), |cpu, (entry, value)| cpu.set(entry, value))
}

#[test]
fn clear() {
    let i386 = recorder(&I386).run(|cpu| clear_local_APIC(&I386, cpu));
    assert_eq!(i386, format!("{CLEAR} R30 W280=0 R280"));
    let x86_64 = recorder(&X86_64).run(|cpu| clear_local_APIC(&X86_64, cpu));
    assert_eq!(x86_64, format!("{CLEAR} W280=0 R280"));
}

/// By version and number of LVT entries: 82489DX, Pentium, Pentium 4 without and with the thermal option, erratum.
#[test]
fn clear_on_other_parts() {
    let thermal = I386.with(|kernel| kernel.thermal_interrupt = true);
    let erratum = I386.with(|kernel| kernel.erratum_11ap = true);
    let without_thermal = format!("{CLEAR} R30 W280=0 R280");
    let with_thermal = "R30 W370=100FE R320 W320=300EF R350 W350=10700 R360 W360=10400 R340 W340=10400 \
                        R330 W330=100FA W320=10000 W350=10000 W360=10000 W370=10000 W340=10000 W330=10000 \
                        R30 W280=0 R280";
    let cases = [
        (I386, 0x0000_0001, "R30 R320 W320=300EF R350 W350=10700 R360 W360=10400 W320=10000 W350=10000 W360=10000 R30"),
        (
            I386,
            0x0003_0010,
            "R30 W370=100FE R320 W320=300EF R350 W350=10700 R360 W360=10400 \
             W320=10000 W350=10000 W360=10000 W370=10000 R30 R280",
        ),
        (I386, 0x0005_0014, &without_thermal),
        (thermal, 0x0005_0014, with_thermal),
        (thermal, 0x0004_0011, &without_thermal),
        (
            erratum,
            0x0003_0010,
            "R30 X370=100FE R320 X320=300EF R350 X350=10700 R360 X360=10400 \
             X320=10000 X350=10000 X360=10000 X370=10000 R30 R280",
        ),
        (erratum, 0x0004_0010, &without_thermal.replace('W', "X").replace("X280", "W280")),
    ];
    for (kernel, lvr, expected) in cases {
        let trace = recorder(&kernel).set(0x30, lvr).run(|cpu| clear_local_APIC(&kernel, cpu));
        assert_eq!(trace, expected, "{lvr:X}");
    }
}

#[test]
fn disable() {
    let i386 = recorder(&I386).run(|cpu| disable_local_APIC(&I386, cpu));
    assert_eq!(i386, format!("{CLEAR} R30 W280=0 R280 RF0 WF0=20F"));
    let x86_64 = recorder(&X86_64).run(|cpu| disable_local_APIC(&X86_64, cpu));
    assert_eq!(x86_64, format!("{CLEAR} W280=0 R280 RF0 WF0=20F"));
    let by_msr = I386.with(|kernel| kernel.enabled_via_apicbase = true);
    let trace = recorder(&by_msr).run(|cpu| disable_local_APIC(&by_msr, cpu));
    assert_eq!(trace, format!("{CLEAR} R30 W280=0 R280 RF0 WF0=20F RDMSR1B WRMSR1B=FEE00100"));
}

#[test]
fn shut_down() {
    let trace = recorder(&I386).run(|cpu| lapic_shutdown(&I386, cpu));
    assert_eq!(trace, format!("IRQ- {CLEAR} R30 W280=0 R280 IRQ+"));

    // Section 7.2: the entries are masked already when the clear inside `disable_local_APIC` reads them.
    let by_msr = I386.with(|kernel| kernel.enabled_via_apicbase = true);
    let trace = recorder(&by_msr).run(|cpu| lapic_shutdown(&by_msr, cpu));
    assert!(trace.starts_with(&format!("IRQ- {CLEAR} R30 W280=0 R280 R30 W370=100FE R320 W320=10000 ")), "{trace}");
    assert!(trace.ends_with(" R30 W280=0 R280 RF0 WF0=20F RDMSR1B WRMSR1B=FEE00100 IRQ+"), "{trace}");
}

#[test]
fn arbitration_ids() {
    for (arch, lvr, expected) in [
        (Arch::I386Default, 0x0004_0011, "R30 R300 W300=88500"),
        (Arch::X8664Flat, 0x0004_0013, "R30 R300 W300=88500"),
        (Arch::I386Summit, 0x0005_0014, "R30"),
        (Arch::X8664Flat, 0x0005_0014, "R30"),
    ] {
        let kernel = Kernel::new(arch, Variant::Merged, 4);
        let trace = Recorder::new(&kernel, 0, Icr::Idle).set(0x30, lvr).run(|cpu| sync_Arb_IDs(&kernel, cpu));
        assert_eq!(trace, expected, "{}", arch.name());
    }
    let (trace, returned) = Recorder::new(&I386, 0, Icr::Stuck).limit(5).run_to_end(|cpu| sync_Arb_IDs(&I386, cpu));
    assert_eq!((trace.as_str(), returned), ("R30 R300 P R300 P", false), "unbounded in every variant");
}

/// Section 4.2, CPU 2, with an old LDR that shows what is kept.
#[test]
fn logical_destination() {
    let cases = [
        (Arch::I386Default, "WE0=FFFFFFFF RD0 WD0=4000123"),
        (Arch::I386Bigsmp, "WE0=FFFFFFFF RD0 WD0=2000123"),
        (Arch::I386Es7000, "WE0=FFFFFFFF WD0=2000000"),
        (Arch::I386Es7000Clustered, "WE0=FFFFFFF WD0=4000000"),
        (Arch::I386Numaq, ""),
        (Arch::I386Summit, "R20 WE0=FFFFFFF RD0 WD0=4000123"),
        (Arch::X8664Flat, "WE0=FFFFFFFF RD0 WD0=4000123"),
        (Arch::X8664Cluster, "R20 WE0=FFFFFFF RD0 WD0=4000123"),
        (Arch::X8664Physflat, "WE0=FFFFFFFF RD0 WD0=4000123"),
    ];
    for (arch, expected) in cases {
        let kernel = Kernel::new(arch, Variant::Before, 4);
        let trace = Recorder::new(&kernel, 2, Icr::Idle).set(0xD0, 0xFF00_0123).run(|cpu| init_apic_ldr(&kernel, cpu));
        assert_eq!(trace, expected, "{}", arch.name());
    }
}

/// Sections 2.1 and 4.2: every write here is a write-around too.
#[test]
fn the_erratum_build_exchanges() {
    let kernel = I386.with(|kernel| kernel.erratum_11ap = true);
    let trace = |code: fn(&Kernel, &Recorder)| recorder(&kernel).run(|cpu| code(&kernel, cpu));
    let disabled = trace(disable_local_APIC);
    assert!(disabled.ends_with("R30 W280=0 R280 RF0 XF0=20F"), "{disabled}");
    assert_eq!(trace(sync_Arb_IDs), "R30 R300 X300=88500");
    assert_eq!(trace(init_apic_ldr), "XE0=FFFFFFFF RD0 XD0=1000000");
    assert_eq!(trace(|kernel, cpu| ack_APIC_irq(kernel, cpu)), "XB0=0");
    assert_eq!(trace(|kernel, cpu| send_IPI_self(kernel, cpu, 0x31)), "R300 X300=40831");
    assert_eq!(trace(|kernel, cpu| apic_read_around(kernel, cpu, Register::SPIV)), "RF0");
    assert_eq!(recorder(&I386).run(|cpu| apic_read_around(&I386, cpu, Register::SPIV)), "");
}

/// Section 7.2: neither the thermal entry nor the MSR is a matter of x86_64.
#[test]
fn options_of_i386_change_nothing_on_x86_64() {
    let odd = X86_64.with(|kernel| {
        kernel.thermal_interrupt = true;
        kernel.enabled_via_apicbase = true;
        kernel.erratum_11ap = true;
    });
    let trace = |kernel: &Kernel| recorder(kernel).set(0x30, 0x0005_0014).run(|cpu| disable_local_APIC(kernel, cpu));
    assert_eq!(trace(&odd), trace(&X86_64));
}

/// Kernel `no_broadcast` off, so that each of the senders has a trace of its own.
#[test]
fn calls_by_name() {
    let kernel = I386.with(|kernel| kernel.no_broadcast = false);
    let clear = format!("{CLEAR} R30 W280=0 R280");
    let disable = format!("{clear} RF0 WF0=20F");
    let cases = [
        ("send_IPI_mask", "IRQ- R300 W310=2000000 W300=8FC IRQ+", true, true),
        ("send_IPI_allbutself", "R300 W300=C08FC", false, true),
        ("send_IPI_all", "R300 W300=808FC", false, true),
        ("send_IPI_self", "R300 W300=408FC", false, true),
        ("smp_send_nmi_allbutself", "R20 IRQ- R300 W310=E000000 W300=C00 IRQ+", false, false),
        ("clear_local_APIC", &clear, false, false),
        ("disable_local_APIC", &disable, false, false),
        ("sync_Arb_IDs", "R30 R300 W300=88500", false, false),
    ];
    let given = Given { mask: CpuMask::of(1), target: 1, vector: 0xFC };
    for (name, expected, takes_mask, takes_vector) in cases {
        let call = Call::from_name(name).expect(name);
        assert_eq!(recorder(&kernel).run(|cpu| call.run(&kernel, cpu, &given)), expected, "{name}");
        let takes = |what| call.takes().contains(&what);
        assert_eq!((takes(Takes::Mask), takes(Takes::Vector)), (takes_mask, takes_vector), "{name}");
    }
    assert_eq!(Call::from_name("send_ipi_mask"), None);
}

/// A name that can be called is the name of a function here, and stands in the table once.
#[test]
fn every_name_is_a_function_s() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files =
        [source.clone(), source.join("v6")].into_iter().flat_map(|folder| fs::read_dir(folder).expect("sources"));
    let sources: String = files
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| fs::read_to_string(path).expect("a source"))
        .collect();
    for (place, name) in Call::NAMES.iter().enumerate() {
        assert!(sources.contains(&format!("pub fn {name}(")), "{name}");
        assert_eq!(Call::from_name(name), Some(Call::ALL[place]), "{name} stands there twice");
    }
}
