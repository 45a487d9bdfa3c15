//! The I/O APIC, as far as a crash of today disables it (`arch/x86/kernel/apic/io_apic.c`, v6.13).
//!
//! Not modelled: see [`io_apic_read`]'s module; and the message about a remote IRR that stays.

use crate::io_apic::{DELIVERY_MODE, DEST_SMI, IO_APIC_DEFAULT_PHYS_BASE, MASKED, entry, io_apic_read, io_apic_write};
use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::v6::lapic::read_apic_id;

/// Where an I/O APIC of version 20h and later is told of the end of an interrupt.
const IO_APIC_EOI: u32 = IO_APIC_DEFAULT_PHYS_BASE + 0x40;

/// Redirection entry: the interrupt has been taken and not ended; level-triggered; the vector.
const REMOTE_IRR: u32 = 0x4000;
const LEVEL: u32 = 0x8000;
const VECTOR: u32 = 0xFF;

/// `ioapic_read_entry`: the low half, then the high one.
fn ioapic_read_entry(cpu: &impl Processor, pin: u8) -> [u32; 2] {
    let low = io_apic_read(cpu, entry(pin));
    [low, io_apic_read(cpu, entry(pin) + 1)]
}

/// `ioapic_write_entry`: the high half first, since the low one may open the pin.
fn ioapic_write_entry(cpu: &impl Processor, pin: u8, [low, high]: [u32; 2]) {
    io_apic_write(cpu, entry(pin) + 1, high);
    io_apic_write(cpu, entry(pin), low);
}

/// `clear_IO_APIC_pin`: unless it is an SMI masks the pin, and only then looks whether an interrupt of it waits for its end;
/// ends that; clears the entry, the low half first, and looks once more.
pub fn clear_IO_APIC_pin(kernel: &Kernel, cpu: &impl Processor, pin: u8) {
    let [mut low, mut high] = ioapic_read_entry(cpu, pin);
    if low & DELIVERY_MODE == DEST_SMI {
        return;
    }
    if low & MASKED == 0 {
        ioapic_write_entry(cpu, pin, [low | MASKED, high]);
        [low, high] = ioapic_read_entry(cpu, pin);
    }
    if low & REMOTE_IRR != 0 {
        if low & LEVEL == 0 {
            low |= LEVEL; // an explicit end does nothing for an edge
            ioapic_write_entry(cpu, pin, [low, high]);
        }
        eoi_ioapic_pin(kernel, cpu, pin, low & VECTOR);
    }
    io_apic_write(cpu, entry(pin), MASKED);
    io_apic_write(cpu, entry(pin) + 1, 0);
    ioapic_read_entry(cpu, pin);
}

/// `__eoi_ioapic_pin`: by the register for it, or on older parts by making the pin edge-triggered for a moment.
fn eoi_ioapic_pin(kernel: &Kernel, cpu: &impl Processor, pin: u8, vector: u32) {
    if kernel.io_apic_version >= 0x20 {
        return cpu.writel(vector, IO_APIC_EOI);
    }
    let [low, high] = ioapic_read_entry(cpu, pin);
    ioapic_write_entry(cpu, pin, [(low | MASKED) & !LEVEL, high]);
    ioapic_write_entry(cpu, pin, [low, high]);
}

/// What [`restore_boot_irq_mode`](crate::restore_boot_irq_mode) writes to name this CPU: the low eight bits of its id in
/// 31:24, the next seven in 23:17.
pub(crate) fn own_destination(kernel: &Kernel, cpu: &impl Processor) -> u32 {
    let id = read_apic_id(kernel, cpu);
    (id & 0xFF) << 24 | (id >> 8 & 0x7F) << 17
}
