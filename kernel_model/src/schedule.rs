//! The scheduler, as far as a sick run queue and a log daemon to be woken need it.
//!
//! Not modelled: priorities and loads ([`Kernel::klogd_reschedule`] says what they decide), the switch of tasks, moves to other CPUs.

use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::smp_send_reschedule::smp_send_reschedule;
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
    if kernel.klogd_reschedule {
        cpu.store(layout.need_resched(own), 0);
    }
    spin_unlock(cpu, layout.runqueue_lock(own));
    cpu.irq_restore(flags);
}

/// `try_to_wake_up` (`kernel/sched.c`, 2.6.20), of a task that last ran on CPU `task_cpu`: interrupts off, takes the lock of
/// that CPU's run queue, asks the CPU to schedule where the task is to run at once, and lets it go. On the CPU whose `schedule` has it, code that interrupts this in an NMI handler
/// never gets it; reports name the line that prints.
#[track_caller]
pub fn try_to_wake_up(kernel: &Kernel, cpu: &impl Processor, task_cpu: u16) {
    let lock = kernel.layout().runqueue_lock(task_cpu);
    let flags = cpu.irq_save();
    spin_lock(cpu, lock);
    if kernel.klogd_reschedule {
        resched_task(kernel, cpu, task_cpu);
    }
    spin_unlock(cpu, lock);
    cpu.irq_restore(flags);
}

/// `resched_task` (`kernel/sched.c`, 2.6.20), of what runs on CPU `target`: it is to schedule. Another CPU that has not been asked
/// yet gets a reschedule IPI, this one's run-queue lock held; it is no NMI, and so the wait for the ICR before it is the old one in
/// every kernel that was released in 2007. (A CPU that polls the flag gets none: there the daemon is not one that reschedules.)
pub(crate) fn resched_task(kernel: &Kernel, cpu: &impl Processor, target: u16) {
    let need_resched = kernel.layout().need_resched(target);
    if cpu.load(need_resched) != 0 {
        return;
    }
    cpu.fetch_or(need_resched, 1);
    if target != this_cpu(cpu) {
        smp_send_reschedule(kernel, cpu, target);
    }
}
