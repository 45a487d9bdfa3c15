//! How v6.13 clears the I/O APIC's pins and gives the 8259 its way back (`kernel-corrections.md` B4, B7, B8).

use crate::recorder::{Icr, Recorder};
use kernel_model::{Arch, Kernel, Variant, clear_IO_APIC, disable_IO_APIC, restore_boot_irq_mode};

fn kernel(arch: Arch) -> Kernel {
    Kernel::new(arch, Variant::Modern, 32).with(|kernel| {
        kernel.io_apic_pins = 1;
        kernel.i8259_pin = Some(0);
    })
}

/// The one pin, whose halves are registers 10h and 11h, as `low` and 0F000000h.
fn clear(version: u8, low: u32) -> String {
    let kernel = kernel(Arch::ModernXapicPhysflat).with(|kernel| kernel.io_apic_version = version);
    let cpu = Recorder::new(&kernel, 0, Icr::Idle);
    cpu.state.borrow_mut().io_apic.extend([(0x10, low), (0x11, 0x0F00_0000)]);
    cpu.run(|cpu| clear_IO_APIC(&kernel, cpu))
}

const READ: &str = "w0=10 r10 w0=11 r10";
const CLEAR: &str = "w0=10 w10=10000 w0=11 w10=0 w0=10 r10 w0=11 r10";

fn write(low: &str) -> String {
    format!("w0=11 w10=F000000 w0=10 w10={low}")
}

#[test]
fn a_masked_pin_is_read_cleared_and_read() {
    assert_eq!(clear(0x11, 0x1_0031), format!("{READ} {CLEAR}"));
    assert_eq!(clear(0x20, 0x0000_0200), READ, "one that brings an SMI is left alone");
    assert_eq!(clear(0x20, 0x0001_0200), READ);
}

#[test]
fn a_pin_is_masked_and_looked_at_again_first() {
    assert_eq!(clear(0x11, 0x31), format!("{READ} {} {READ} {CLEAR}", write("10031")));
    assert_eq!(clear(0x20, 0x8031), format!("{READ} {} {READ} {CLEAR}", write("18031")), "no remote IRR, no EOI");
}

/// Remote IRR: level first, if it says edge; then the EOI register, or where there is none edge, and back.
#[test]
fn a_remote_irr_is_taken_away() {
    assert_eq!(clear(0x20, 0x1_C031), format!("{READ} w40=31 {CLEAR}"));
    assert_eq!(clear(0x20, 0x1_4031), format!("{READ} {} w40=31 {CLEAR}", write("1C031")));
    let by_edge = format!("{READ} {} {}", write("14031"), write("1C031"));
    assert_eq!(clear(0x11, 0x1_C031), format!("{READ} {by_edge} {CLEAR}"));
    assert_eq!(clear(0x1F, 0x1_4031), format!("{READ} {} {by_edge} {CLEAR}", write("1C031")));
    assert_eq!(clear(0x20, 0xC031), format!("{READ} {} {READ} w40=31 {CLEAR}", write("1C031")));
}

/// Where the 8259 is wired through a pin, that goes to this CPU: by the id's low eight bits in 31:24, and in x2APIC mode,
/// where the id is not shifted, by the next seven in 23:17. The 32-bit kernel reads the version to know how wide it is.
#[test]
fn the_8259_s_pin_goes_to_this_cpu() {
    for (arch, cpu, expected) in [
        (Arch::ModernXapicPhysflat, 19, "R20 w0=11 w10=13000000 w0=10 w10=700 RF0"),
        (Arch::ModernXapicFlat, 3, "R20 R30 w0=11 w10=3000000 w0=10 w10=700 RF0"),
        (Arch::ModernX2apicPhys, 0, "RDMSR802 w0=11 w10=23020000 w0=10 w10=700 RDMSR80F"),
        (Arch::ModernX2apicCluster, 0, "RDMSR802 w0=11 w10=23020000 w0=10 w10=700 RDMSR80F"),
    ] {
        let kernel = kernel(arch);
        let cpu = Recorder::new(&kernel, cpu, Icr::Idle);
        cpu.state.borrow_mut().msr = 0x123;
        let trace = cpu.run(|cpu| restore_boot_irq_mode(&kernel, cpu));
        assert!(trace.starts_with(expected), "{}: {trace}", arch.name());
        let without = kernel.with(|kernel| kernel.i8259_pin = None);
        let trace = Recorder::new(&without, 3, Icr::Idle).run(|cpu| restore_boot_irq_mode(&without, cpu));
        assert!(!trace.contains("R20") && !trace.contains('w'), "{trace}");
    }
}

/// In 2.6 that field has four bits on i386 (27:24), whatever ids the sub-architecture has, and eight on x86_64.
#[test]
fn the_field_of_2_6_has_four_bits_on_i386() {
    for (arch, high) in
        [(Arch::I386Bigsmp, "3000000"), (Arch::X8664Physflat, "13000000"), (Arch::X8664Flat, "13000000")]
    {
        let kernel = kernel(arch).with(|kernel| kernel.variant = Variant::Before);
        let trace = Recorder::new(&kernel, 19, Icr::Idle).run(|cpu| disable_IO_APIC(&kernel, cpu));
        assert!(trace.contains(&format!(" R20 w0=11 w10={high} w0=10 w10=700 RF0 ")), "{}: {trace}", arch.name());
    }
}
