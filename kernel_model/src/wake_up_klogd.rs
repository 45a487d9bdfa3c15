//! When the log daemon is woken.
//!
//! Not modelled: that it may have read all there is; where a CPU prints there is text for it.

use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::wake_up::{__wake_up, waitqueue_active};

/// `wake_up_klogd` (`kernel/printk.c`, 2.6.22; in 2.6.20 the end of `release_console_sem`): not while an oops is printed,
/// on whatever CPU, and not while the daemon has yet to run.
#[track_caller]
pub fn wake_up_klogd(kernel: &Kernel, cpu: &impl Processor) {
    if cpu.load(kernel.layout().oops_in_progress()) == 0 && waitqueue_active(kernel, cpu) {
        __wake_up(kernel, cpu);
    }
}
