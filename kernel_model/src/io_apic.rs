//! The I/O APIC, as far as a crash disables it (`arch/i386/kernel/io_apic.c`, `arch/x86_64/kernel/io_apic.c`, 2.6.20; of
//! v6.13 what is alike).
//!
//! Not modelled: setting it up, more than one of them, `ioapic_lock` (nobody else touches it), the mode in which the
//! 8259 passes it by (PIC mode, IMCR).

use crate::apic_access::apic_read;
use crate::apicdef::{
    APIC_LVT_MASKED, APIC_LVT_PIN_FIELDS, APIC_LVT_STATUS_BITS, APIC_MODE_EXINT, APIC_MODE_NMI, APIC_SPIV_APIC_ENABLED,
    APIC_VECTOR_MASK, Register,
};
use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::v6;
use crate::wait::Point;
use crate::write_around::apic_write_around;

/// Where the I/O APIC is: its register select.
pub(crate) const IO_APIC_DEFAULT_PHYS_BASE: u32 = 0xFEC0_0000;

/// The window onto the selected register.
const IO_APIC_WINDOW: u32 = IO_APIC_DEFAULT_PHYS_BASE + 0x10;

/// Redirection entry: delivery mode, as a field and its values.
pub(crate) const DELIVERY_MODE: u32 = 0x700;
pub(crate) const DEST_SMI: u32 = 0x200;
const DEST_EXTINT: u32 = 0x700;

/// Redirection entry: masked.
pub(crate) const MASKED: u32 = 0x1_0000;

/// `io_apic_read` (`include/asm-i386/io_apic.h`, 2.6.20): selects a register, then reads the window.
#[track_caller]
pub fn io_apic_read(cpu: &impl Processor, register: u8) -> u32 {
    cpu.writel(u32::from(register), IO_APIC_DEFAULT_PHYS_BASE);
    cpu.readl(IO_APIC_WINDOW)
}

/// `io_apic_write` (the same file): selects a register, then writes the window.
#[track_caller]
pub fn io_apic_write(cpu: &impl Processor, register: u8, value: u32) {
    cpu.writel(u32::from(register), IO_APIC_DEFAULT_PHYS_BASE);
    cpu.writel(value, IO_APIC_WINDOW);
}

/// The register of the low half of a pin's redirection entry; the next one is the high half.
pub(crate) const fn entry(pin: u8) -> u8 {
    0x10 + 2 * pin
}

/// `clear_IO_APIC_pin` (`io_apic.c`): reads the entry, and unless it is an SMI masks it: the low half first, which holds
/// the mask.
pub fn clear_IO_APIC_pin(cpu: &impl Processor, pin: u8) {
    let low = io_apic_read(cpu, entry(pin));
    io_apic_read(cpu, entry(pin) + 1);
    if low & DELIVERY_MODE == DEST_SMI {
        return;
    }
    io_apic_write(cpu, entry(pin), MASKED);
    io_apic_write(cpu, entry(pin) + 1, 0);
}

/// `clear_IO_APIC` (`io_apic.c`): masks every pin. v6 takes more trouble over each, [`v6::clear_IO_APIC_pin`].
pub fn clear_IO_APIC(kernel: &Kernel, cpu: &impl Processor) {
    for pin in 0..kernel.io_apic_pins {
        if kernel.arch.is_modern() {
            v6::clear_IO_APIC_pin(kernel, cpu, pin);
        } else {
            clear_IO_APIC_pin(cpu, pin);
        }
    }
}

/// `disable_IO_APIC` (`io_apic.c`, 2.6.20): masks every pin, then as [`restore_boot_irq_mode`].
pub fn disable_IO_APIC(kernel: &Kernel, cpu: &impl Processor) {
    clear_IO_APIC(kernel, cpu);
    restore_boot_irq_mode(kernel, cpu);
}

/// `restore_boot_irq_mode` (`arch/x86/kernel/apic/io_apic.c`, v6.13; in 2.6.20 the end of `disable_IO_APIC`): where the
/// 8259 is wired through the I/O APIC leaves that pin open for it, to this CPU; then the local APIC goes back to what
/// firmware had it do.
pub fn restore_boot_irq_mode(kernel: &Kernel, cpu: &impl Processor) {
    if let Some(pin) = kernel.i8259_pin {
        let destination = own_destination(kernel, cpu);
        io_apic_write(cpu, entry(pin) + 1, destination);
        io_apic_write(cpu, entry(pin), DEST_EXTINT);
    }
    disconnect_bsp_APIC(kernel, cpu, kernel.i8259_pin.is_some());
    cpu.reached(Point::IoApicDisabled);
}

/// This CPU, as the high half of an entry names it: eight bits of its id, of which i386 has a field for four; in v6 up to
/// fifteen.
fn own_destination(kernel: &Kernel, cpu: &impl Processor) -> u32 {
    if kernel.arch.is_modern() {
        return v6::own_destination(kernel, cpu);
    }
    let field = if kernel.arch.is_i386() { 0x0F00_0000 } else { 0xFF00_0000 };
    apic_read(kernel, cpu, Register::ID) & field
}

/// `disconnect_bsp_APIC` (`arch/i386/kernel/apic.c`, `arch/x86_64/kernel/apic.c`, 2.6.20): virtual wire mode. The local
/// APIC is *enabled* again, with spurious vector 0Fh; LINT0 takes the 8259's interrupts unless they come through the
/// I/O APIC, LINT1 takes NMIs.
pub fn disconnect_bsp_APIC(kernel: &Kernel, cpu: &impl Processor, virt_wire_setup: bool) {
    let value = apic_read(kernel, cpu, Register::SPIV) & !APIC_VECTOR_MASK;
    apic_write_around(kernel, cpu, Register::SPIV, value | APIC_SPIV_APIC_ENABLED | 0x0F);
    if virt_wire_setup {
        apic_write_around(kernel, cpu, Register::LVT0, APIC_LVT_MASKED);
    } else {
        open_pin(kernel, cpu, Register::LVT0, APIC_MODE_EXINT);
    }
    open_pin(kernel, cpu, Register::LVT1, APIC_MODE_NMI);
}

/// A pin's entry becomes edge-triggered and active high, in `mode`, not masked.
fn open_pin(kernel: &Kernel, cpu: &impl Processor, entry: Register, mode: u32) {
    let value = apic_read(kernel, cpu, entry) & !APIC_LVT_PIN_FIELDS;
    apic_write_around(kernel, cpu, entry, value | APIC_LVT_STATUS_BITS | mode);
}
