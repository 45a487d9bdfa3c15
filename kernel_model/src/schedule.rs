//! The scheduler, as far as a sick run queue and a log daemon to be woken need it.
//!
//! Not modelled: priorities, the choice and switch of tasks; that a task that is woken may move to another CPU, whose lock
//! is then taken too; and the reschedule IPI to the CPU where it is to run, which would wait for this CPU's ICR without a bound.

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

/// `try_to_wake_up` (`kernel/sched.c`, 2.6.20), of a task that last ran on CPU `task_cpu`: interrupts off, takes the lock of
/// that CPU's run queue, and lets it go. On the CPU whose `schedule` has it, code that interrupts this in an NMI handler
/// never gets it; reports name the line that prints.
#[track_caller]
pub fn try_to_wake_up(kernel: &Kernel, cpu: &impl Processor, task_cpu: u16) {
    let lock = kernel.layout().runqueue_lock(task_cpu);
    let flags = cpu.irq_save();
    spin_lock(cpu, lock);
    spin_unlock(cpu, lock);
    cpu.irq_restore(flags);
}
