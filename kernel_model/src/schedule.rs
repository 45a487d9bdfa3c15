//! The scheduler, as far as a sick run queue and a log daemon to be woken need it.
//!
//! Not modelled: priorities, the choice and switch of tasks, waking on another CPU's run queue.

use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::spinlock::{spin_lock, spin_unlock};
use crate::wait::{Wait, WaitOutcome};
use crate::words::TASKS;

/// `schedule` (`kernel/sched.c`, 2.6.20): interrupts off and this CPU's run queue locked, walks the list of tasks to
/// its end. The ring that a corrupted run queue is has none.
pub fn schedule(kernel: &Kernel, cpu: &impl Processor) {
    let layout = kernel.layout();
    let own = this_cpu(cpu);
    let flags = cpu.irq_save();
    spin_lock(cpu, layout.runqueue_lock(own));
    cpu.wait_begin(Wait::RunQueue);
    let mut task = 0;
    while task < u32::from(TASKS) {
        task = cpu.load(layout.runqueue_next(own, task as u16));
    }
    cpu.wait_end(WaitOutcome::Done);
    spin_unlock(cpu, layout.runqueue_lock(own));
    cpu.irq_restore(flags);
}

/// `try_to_wake_up` (`kernel/sched.c`, 2.6.20): interrupts off, takes the run queue's lock, and lets it go. Code that
/// interrupts `schedule` in an NMI handler never gets it; reports name the line that prints.
#[track_caller]
pub fn try_to_wake_up(kernel: &Kernel, cpu: &impl Processor) {
    let lock = kernel.layout().runqueue_lock(this_cpu(cpu));
    let flags = cpu.irq_save();
    spin_lock(cpu, lock);
    spin_unlock(cpu, lock);
    cpu.irq_restore(flags);
}

/// `wake_up_klogd` (`kernel/printk.c`; a part of `release_console_sem` in 2.6.20): wakes the log daemon, taken to have
/// run last on this CPU.
#[track_caller]
pub fn wake_up_klogd(kernel: &Kernel, cpu: &impl Processor) {
    try_to_wake_up(kernel, cpu);
}

/// `printk` (`kernel/printk.c`, 2.6.20): takes `print_us` on a slow console, then wakes the log daemon. v6 has the
/// daemon woken later, by an interrupt to itself that is not modelled.
#[track_caller]
pub fn printk(kernel: &Kernel, cpu: &impl Processor, print_us: u32) {
    if print_us != 0 {
        cpu.udelay(print_us);
    }
    if !kernel.arch.is_modern() {
        wake_up_klogd(kernel, cpu);
    }
}
