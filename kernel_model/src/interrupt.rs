//! From a vector to its handler.
//!
//! Not modelled: the local timer's tick, error and thermal interrupts' own work (they are ended, nothing more), device
//! interrupts but the one that brings `SysRq`, and bottom halves.

use crate::apicdef::{LOCAL_TIMER_VECTOR, SPURIOUS_APIC_VECTOR};
use crate::crash::crash_kexec;
use crate::flush_tlb_others::smp_invalidate_interrupt;
use crate::kernel::{Kernel, this_cpu};
use crate::other;
use crate::printk::printk;
use crate::processor::Processor;
use crate::smp_call_function::smp_call_function_interrupt;
use crate::smp_send_reschedule::smp_reschedule_interrupt;
use crate::v6;
use crate::write_around::ack_APIC_irq;

/// What the interrupt gates of `arch/i386/kernel/entry.S` and `arch/x86_64/kernel/entry.S` (2.6.20) lead to: the
/// handler of each IPI, and the keyboard's. A spurious interrupt is not ended; any other vector is, and that is all. In
/// v6 the table of `arch/x86/kernel/idt.c`, v6.13, to the same effect; where the kernel is not Linux, its own end of an
/// interrupt.
pub fn do_interrupt(kernel: &Kernel, cpu: &impl Processor, vector: u8) {
    let arch = kernel.arch;
    if let Some(other) = arch.other() {
        return other::interrupt(other, cpu, vector);
    }
    let slot = u16::from(vector.wrapping_sub(arch.invalidate_tlb_vector_start()));
    if vector == SPURIOUS_APIC_VECTOR {
        return;
    }
    if arch.is_modern() && modern_interrupt(kernel, cpu, vector) {
        return;
    }
    if vector == arch.reschedule_vector() {
        smp_reschedule_interrupt(kernel, cpu);
    } else if vector == arch.call_function_vector() {
        smp_call_function_interrupt(kernel, cpu);
    } else if slot < arch.invalidate_tlb_slots() {
        smp_invalidate_interrupt(kernel, cpu, slot);
    } else {
        ack_APIC_irq(kernel, cpu);
        if vector == LOCAL_TIMER_VECTOR {
            cpu.store(kernel.layout().timer_expired(this_cpu(cpu)), 1);
        }
        if vector == kernel.sysrq_vector {
            handle_sysrq(kernel, cpu);
        }
    }
}

/// The IPIs that v6 has beside, or instead of, those of 2007. Was it one?
fn modern_interrupt(kernel: &Kernel, cpu: &impl Processor, vector: u8) -> bool {
    let arch = kernel.arch;
    if vector == arch.call_function_vector() || vector == arch.call_function_single_vector() {
        v6::generic_smp_call_function_interrupt(kernel, cpu);
    } else if vector == arch.reboot_vector() {
        v6::sysvec_reboot(kernel, cpu);
    } else if vector == arch.irq_work_vector() {
        v6::sysvec_irq_work(kernel, cpu);
    } else {
        return false;
    }
    true
}

/// `handle_sysrq` (`drivers/char/sysrq.c`, 2.6.20), for the key C: says so by an ordinary print, which wakes the
/// log daemon unless another CPU holds the console, then crashes on purpose; in v6
/// (`drivers/tty/sysrq.c`) it panics, and does not come back.
/// The interrupt that brought the key is edge-triggered, and ended before.
pub fn handle_sysrq(kernel: &Kernel, cpu: &impl Processor) {
    printk(kernel, cpu, kernel.sysrq_print_us);
    if kernel.arch.is_modern() {
        v6::panic(kernel, cpu, 0);
    }
    crash_kexec(kernel, cpu);
}
