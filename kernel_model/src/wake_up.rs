//! Waking who waits for the log's text: the one wait queue that a crash meets.
//!
//! Not modelled: the list of waiting tasks. The log daemon is taken to wait always, also when it has just been woken, but
//! where [`Kernel::klogd_reschedule`] says how it comes to run: there it is out of the queue from when it is woken until it has run.

use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::schedule::try_to_wake_up;
use crate::spinlock::{spin_lock, spin_unlock};

/// `waitqueue_active` (`include/linux/wait.h`, 2.6.20), of `log_wait`: a look without the queue's lock.
#[track_caller]
pub(crate) fn waitqueue_active(kernel: &Kernel, cpu: &impl Processor) -> bool {
    !kernel.klogd_reschedule || cpu.load(kernel.layout().log_wait_empty()) == 0
}

/// `__wake_up` (`kernel/sched.c`, 2.6.20), of `log_wait`: interrupts off and the queue's lock taken, wakes the log daemon.
/// Who does not get the lock of the daemon's run queue keeps this one, too, and so does who waits for its ICR there: the daemon
/// leaves the queue afterwards (`autoremove_wake_function`, `kernel/wait.c`).
#[track_caller]
pub fn __wake_up(kernel: &Kernel, cpu: &impl Processor) {
    let lock = kernel.layout().log_wait_lock();
    let flags = cpu.irq_save();
    spin_lock(cpu, lock);
    if waitqueue_active(kernel, cpu) {
        try_to_wake_up(kernel, cpu, kernel.klogd_cpu);
        if kernel.klogd_reschedule {
            cpu.store(kernel.layout().log_wait_empty(), 1);
        }
    }
    spin_unlock(cpu, lock);
    cpu.irq_restore(flags);
}
