//! Backtraces of all CPUs: the one request of 2007's kernels that waits with a bound, and that sends no IPI.
//!
//! Not modelled: the backtrace itself.

use crate::kernel::{Kernel, this_cpu};
use crate::printk::printk;
use crate::processor::Processor;
use crate::spinlock::{spin_lock, spin_unlock};
use crate::v6;
use crate::wait::{Point, Wait, WaitOutcome};
use crate::words::Word;

/// How often the asking CPU waits a millisecond.
const BACKTRACE_MS: u32 = 10 * 1000;

/// `__trigger_all_cpu_backtrace` (`arch/i386/kernel/nmi.c`, `arch/x86_64/kernel/nmi.c`, 2.6.20): asks all CPUs, this one
/// too, and waits until each has had a tick of its NMI watchdog, at most 10 000 ms. Nobody is sent anything. In v6
/// [`v6::nmi_trigger_cpumask_backtrace`], which does send.
pub fn __trigger_all_cpu_backtrace(kernel: &Kernel, cpu: &impl Processor) {
    let layout = kernel.layout();
    let words = 0..layout.mask_words();
    let online = kernel.cpu_online_map(cpu);
    if kernel.arch.is_modern() {
        v6::nmi_trigger_cpumask_backtrace(kernel, cpu, online);
        return cpu.reached(Point::BacktracesOver);
    }
    for index in words.clone() {
        cpu.store(layout.backtrace_mask(index), online.word(index));
    }
    cpu.wait_begin(Wait::Backtrace);
    let mut outcome = WaitOutcome::TimedOut;
    for _ in 0..BACKTRACE_MS {
        if words.clone().all(|index| cpu.load(layout.backtrace_mask(index)) == 0) {
            outcome = WaitOutcome::Done;
            break;
        }
        cpu.udelay(1000);
    }
    cpu.wait_end(outcome);
    cpu.reached(Point::BacktracesOver);
}

/// The part of `nmi_watchdog_tick` (the same files) that answers: prints under a lock, then takes this CPU out of the
/// mask.
pub(crate) fn print_backtrace_if_asked(kernel: &Kernel, cpu: &impl Processor) {
    let own = this_cpu(cpu);
    let (word, bit) = (kernel.layout().backtrace_mask(own / 32), 1 << (own % 32));
    if cpu.load(word) & bit == 0 {
        return;
    }
    spin_lock(cpu, Word::BACKTRACE_LOCK);
    printk(kernel, cpu, 0);
    spin_unlock(cpu, Word::BACKTRACE_LOCK);
    cpu.fetch_and(word, !bit);
    cpu.reached(Point::BacktracePrinted);
}
