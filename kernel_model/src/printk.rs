//! Printing: one CPU at a time writes to the consoles, and nobody waits for that.
//!
//! Not modelled: the text, and the log's own lock, which is held for moments; what others add while a CPU prints, which
//! makes it print for longer; that interrupts are off meanwhile in some releases; and printing inside one's own printing.

use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::v6::{Laziness, irq_work_queue};
use crate::wake_up_klogd::wake_up_klogd;
use crate::words::NOBODY;

/// `printk` (`kernel/printk.c`, 2.6.20): tries `console_sem`. Who gets it prints, which takes `print_us` on a slow console,
/// and lets it go; where another CPU has it, that one will print this text, and there is nothing more to do. v6 prints,
/// its console locks are not modelled, and has the log daemon woken later (`wake_up_klogd` of v6).
#[track_caller]
pub fn printk(kernel: &Kernel, cpu: &impl Processor, print_us: u32) {
    let owns = kernel.arch.is_modern() || cpu.exchange(kernel.layout().console_sem(), 1) == 0;
    if owns && print_us != 0 {
        cpu.udelay(print_us);
    }
    if kernel.arch.is_modern() {
        v6_wake_up_klogd(kernel, cpu);
    } else if owns {
        release_console_sem(kernel, cpu);
    }
}

/// `__wake_up_klogd` (`kernel/printk/printk.c`, v6.13): lazy work, which a tick would do. Where the tick is stopped that is an
/// interrupt to itself, from an NMI handler too. Not while a CPU panics: others are silent then, and that one defers nothing.
/// Work that waits for a tick is not queued here: nothing that is modelled would see it.
fn v6_wake_up_klogd(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.tick_stopped && cpu.load(kernel.layout().panic_cpu()) == NOBODY {
        irq_work_queue(kernel, cpu, Laziness::Lazy);
    }
}

/// `release_console_sem` (`kernel/printk.c`, 2.6.20): lets the consoles go, *then* wakes the log daemon.
#[track_caller]
fn release_console_sem(kernel: &Kernel, cpu: &impl Processor) {
    cpu.exchange(kernel.layout().console_sem(), 0);
    wake_up_klogd(kernel, cpu);
}
