//! Functions called on other CPUs, and TLB flushes, which are such calls (`kernel/smp.c`, `arch/x86/kernel/smp.c`,
//! `arch/x86/mm/tlb.c`, v6.13).
//!
//! Not modelled: the functions (they do nothing, in no time), and the lists that the queues are. A queue is a mask of
//! callers and their number; who finds that number not 0 sends no IPI, because one is on its way.

use crate::cpumask::CpuMask;
use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::v6::apic_send_ipi::{native_send_call_func_ipi, native_send_call_func_single_ipi};
use crate::v6::csd_lock_wait::csd_lock_wait;
use crate::write_around::ack_APIC_irq;

/// Adds a call to the queue of `target`. Was the queue empty?
fn llist_add(kernel: &Kernel, cpu: &impl Processor, target: u16) -> bool {
    let (layout, own) = (kernel.layout(), this_cpu(cpu));
    cpu.fetch_or(layout.csd_locked(own, target / 32), 1 << (target % 32));
    cpu.fetch_or(layout.queued_by(target, own / 32), 1 << (own % 32));
    cpu.fetch_add(layout.call_single_queue(target), 1) == 0
}

/// `smp_call_function_many_cond` (`kernel/smp.c`, v6.13): queues a call on each CPU of the mask but this one, after the
/// one before has ended there; sends an IPI to those whose queue was empty; and if `wait`, waits for each.
pub fn smp_call_function_many(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask, wait: bool) {
    let mask = mask.without(this_cpu(cpu));
    let mut ipi = CpuMask::EMPTY;
    for target in mask {
        csd_lock_wait(kernel, cpu, target);
        if llist_add(kernel, cpu, target) {
            ipi = ipi.with(target);
        }
    }
    match (ipi.count(), ipi.iter().next()) {
        (1, Some(target)) => native_send_call_func_single_ipi(kernel, cpu, target),
        (0, _) => {}
        _ => native_send_call_func_ipi(kernel, cpu, ipi),
    }
    for target in mask.iter().filter(|_| wait) {
        csd_lock_wait(kernel, cpu, target);
    }
}

/// `smp_call_function` (`kernel/smp.c`, v6.13): a call on all other CPUs.
pub fn smp_call_function(kernel: &Kernel, cpu: &impl Processor, wait: bool) {
    smp_call_function_many(kernel, cpu, kernel.cpu_online_map(cpu), wait);
}

/// `native_flush_tlb_multi` (`arch/x86/mm/tlb.c`, v6.13): a call that flushes, and that is waited for.
pub fn flush_tlb_multi(kernel: &Kernel, cpu: &impl Processor, mask: CpuMask) {
    smp_call_function_many(kernel, cpu, mask, true);
}

/// `sysvec_call_function` and `sysvec_call_function_single` with `generic_smp_call_function_single_interrupt`
/// (`arch/x86/kernel/smp.c`, `kernel/smp.c`, v6.13): ends the interrupt, and runs what is in the queue. An IPI that nobody queued a
/// call for finds nothing there.
pub fn generic_smp_call_function_interrupt(kernel: &Kernel, cpu: &impl Processor) {
    ack_APIC_irq(kernel, cpu);
    __flush_smp_call_function_queue(kernel, cpu);
}

/// `flush_smp_call_function_queue` (`kernel/smp.c`, v6.13), of the idle loop: runs what is in the queue, with interrupts off.
pub fn flush_smp_call_function_queue(kernel: &Kernel, cpu: &impl Processor) {
    if cpu.load(kernel.layout().call_single_queue(this_cpu(cpu))) == 0 {
        return;
    }
    let flags = cpu.irq_save();
    __flush_smp_call_function_queue(kernel, cpu);
    cpu.irq_restore(flags);
}

/// `__flush_smp_call_function_queue` (`kernel/smp.c`, v6.13): takes the whole queue, runs each call and says that it has ended. For the
/// debug option of [`csd_lock_wait`] it says which call it runs, and that this CPU may be dumped once more; the kernel does the latter
/// without the option too, where nobody looks.
fn __flush_smp_call_function_queue(kernel: &Kernel, cpu: &impl Processor) {
    let (layout, own) = (kernel.layout(), this_cpu(cpu));
    if kernel.csd_lock_wait_debug {
        cpu.store(layout.trigger_backtrace(own), 1);
    }
    if cpu.exchange(layout.call_single_queue(own), 0) == 0 {
        return;
    }
    for index in 0..layout.mask_words() {
        let callers = cpu.exchange(layout.queued_by(own, index), 0);
        for caller in (0..32).filter(|bit| callers & 1 << bit != 0).map(|bit| index * 32 + bit) {
            csd_lock_record(kernel, cpu, u32::from(caller) + 1);
            cpu.fetch_and(layout.csd_locked(caller, own / 32), !(1 << (own % 32)));
            csd_lock_record(kernel, cpu, 0);
        }
    }
}

/// `csd_lock_record` (`kernel/smp.c`, v6.13): which call this CPU runs, as its caller's number plus 1; 0: none.
fn csd_lock_record(kernel: &Kernel, cpu: &impl Processor, csd: u32) {
    if kernel.csd_lock_wait_debug {
        cpu.store(kernel.layout().cur_csd(this_cpu(cpu)), csd);
    }
}
