//! Waking who waits for the log's text: the one wait queue that a crash meets.
//!
//! Not modelled: the list of waiting tasks. The log daemon is taken to wait always, also when it has just been woken.

use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::schedule::try_to_wake_up;
use crate::spinlock::{spin_lock, spin_unlock};

/// `__wake_up` (`kernel/sched.c`, 2.6.20), of `log_wait`: interrupts off and the queue's lock taken, wakes the log daemon.
/// Who does not get the lock of the daemon's run queue keeps this one, too.
#[track_caller]
pub fn __wake_up(kernel: &Kernel, cpu: &impl Processor) {
    let lock = kernel.layout().log_wait_lock();
    let flags = cpu.irq_save();
    spin_lock(cpu, lock);
    try_to_wake_up(kernel, cpu, kernel.klogd_cpu);
    spin_unlock(cpu, lock);
    cpu.irq_restore(flags);
}
