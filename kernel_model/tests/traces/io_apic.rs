//! Disabling the I/O APIC, and what the capture kernel sends: `disable_IO_APIC`, `disconnect_bsp_APIC`, the self-IPI.

use crate::recorder::{Icr, Recorder};
use kernel_model::{Arch, Kernel, Variant, clear_IO_APIC_pin, disable_IO_APIC, ioapic_retrigger_irq, up_send_IPI_self};

const I386: Kernel = Kernel::new(Arch::I386Default, Variant::Before, 4);

/// 24 pins, each read in two halves, then the mask before the destination; then LINT0 for the 8259, LINT1 for NMIs, and
/// an APIC that is enabled again. Vector 0Fh; delivery modes 7 and 4, not masked; the status bits are written as ones.
#[test]
fn every_pin_is_masked_and_the_local_apic_goes_to_virtual_wire_mode() {
    let cpu = Recorder::new(&I386, 0, Icr::Idle).set(0xF0, 0xFF).set(0x350, 0x1_0000).set(0x360, 0x1_0000);
    let trace = cpu.run(|cpu| disable_IO_APIC(&I386, cpu));
    let pin = |n: u32| {
        let (low, high) = (0x10 + 2 * n, 0x11 + 2 * n);
        format!("w0={low:X} r10 w0={high:X} r10 w0={low:X} w10=10000 w0={high:X} w10=0 ")
    };
    let pins: String = (0..24).map(pin).collect();
    assert_eq!(trace, pins + "RF0 WF0=10F R350 W350=5700 R360 W360=5400");
}

#[test]
fn a_pin_that_brings_an_smi_is_left_alone() {
    let cpu = Recorder::new(&I386, 0, Icr::Idle);
    cpu.state.borrow_mut().io_apic.insert(0x14, 0x200);
    assert_eq!(cpu.run(|cpu| clear_IO_APIC_pin(cpu, 2)), "w0=14 r10 w0=15 r10");
}

/// Where the 8259 comes through the I/O APIC its pin stays open, in mode 7 to this CPU, and LINT0 is masked.
#[test]
fn the_pin_of_the_8259_stays_open() {
    let kernel = I386.with(|kernel| {
        kernel.io_apic_pins = 1;
        kernel.i8259_pin = Some(0);
    });
    let cpu = Recorder::new(&kernel, 3, Icr::Idle).set(0xF0, 0xFF).set(0x360, 0x1_0000);
    assert_eq!(
        cpu.run(|cpu| disable_IO_APIC(&kernel, cpu)),
        "w0=10 r10 w0=11 r10 w0=10 w10=10000 w0=11 w10=0 R20 w0=11 w10=3000000 w0=10 w10=700 \
         RF0 WF0=10F W350=10000 R360 W360=5400"
    );
    assert_eq!(cpu.state.borrow().io_apic.get(&0x11), Some(&0x0300_0000));
}

/// A machine without an I/O APIC has no pin to mask.
#[test]
fn no_io_apic_no_pins() {
    let kernel = I386.with(|kernel| kernel.io_apic_pins = 0);
    let cpu = Recorder::new(&kernel, 0, Icr::Idle);
    assert!(cpu.run(|cpu| disable_IO_APIC(&kernel, cpu)).starts_with("RF0 WF0="));
}

/// The self-IPI of kernels for one CPU: logical destination mode everywhere, and a wait that only solution A bounds. The
/// MP specification's waits stand after it.
#[test]
fn the_self_ipi_of_kernels_for_one_cpu() {
    for arch in [Arch::I386Default, Arch::I386Bigsmp, Arch::I386Summit] {
        let kernel = Kernel::new(arch, Variant::Merged, 4);
        let idle = Recorder::new(&kernel, 0, Icr::Idle);
        assert_eq!(idle.run(|cpu| up_send_IPI_self(&kernel, cpu, 0x39)), "R300 W300=40839");
    }
    for variant in Variant::ALL {
        let kernel = I386.with(|kernel| kernel.variant = variant);
        let stuck = Recorder::new(&kernel, 0, Icr::Stuck).limit(3_000);
        let (trace, returned) = stuck.run_to_end(|cpu| up_send_IPI_self(&kernel, cpu, 0x39));
        let bounded = matches!(variant, Variant::SolutionA | Variant::MpsAbort | Variant::MpsRetry);
        assert_eq!(returned, bounded, "{}", variant.name());
        assert_eq!(trace.starts_with("R300 P R300 P"), !bounded, "{}", variant.name());
    }
}

/// x86_64 sends it to a mask of one: logical on flat, by its id on physflat.
#[test]
fn x86_64_sends_an_interrupt_again_by_mask() {
    for (arch, sent) in [
        (Arch::X8664Flat, "IRQ- R300 W310=4000000 W300=839 IRQ+"),
        (Arch::X8664Physflat, "IRQ- R300 W310=2000000 W300=39 IRQ+"),
    ] {
        let kernel = Kernel::new(arch, Variant::Merged, 4);
        let cpu = Recorder::new(&kernel, 2, Icr::Idle);
        assert_eq!(cpu.run(|cpu| ioapic_retrigger_irq(&kernel, cpu, 0x39)), sent);
    }
}
